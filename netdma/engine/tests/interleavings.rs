//! What the channel's lock does not order, under every interleaving that loom finds:
//! `RUSTFLAGS="--cfg loom" cargo test -p ferrite-netdma-engine --profile host --test interleavings`.
//!
//! Each scene is also played with a weakened part, and must fail then: the models notice what they are for.
#![cfg(loom)]

#[path = "model/calls.rs"]
mod calls;
#[path = "model/device.rs"]
mod device;
#[path = "model/scenes.rs"]
mod scenes;

use ferrite_netdma_engine::Calls;
use std::panic;

/// The scene fails under some interleaving.
fn must_fail(scene: fn()) {
    assert!(panic::catch_unwind(|| loom::model(scene)).is_err(), "the weakened part is not noticed");
}

/// Doorbell against completion: an append while the interrupt for what came before is served. Nothing that was done is
/// reported as older than it is, and nothing stays unreported (NDMA-INT-01, NDMA-XFER-07).
#[test]
fn doorbell_against_completion() {
    loom::model(scenes::doorbell_against_completion::<scenes::Ring>);
}

/// A service routine that trusts the word although a doorbell is being rung.
#[test]
fn doorbell_against_completion_notices() {
    must_fail(scenes::doorbell_against_completion::<scenes::RingWithoutNotice>);
}

/// Suspend against completion: the worker copies while another CPU suspends. The current descriptor is whole, and the
/// address is the last one's (NDMA-SUS-01, -02).
#[test]
fn suspend_against_completion() {
    loom::model(|| scenes::suspend_against_completion(true));
}

/// A suspension that does not finish the current descriptor.
#[test]
fn suspend_against_completion_notices() {
    must_fail(|| scenes::suspend_against_completion(false));
}

/// Abort against interrupt: a channel is aborted and started anew while its service routine and its DPC run. An abort is
/// no error, and none is reported; the new chain is (NDMA-ABT-01, NDMA-INT-03).
#[test]
fn abort_against_interrupt() {
    loom::model(|| scenes::abort_against_interrupt(false));
}

/// A DPC that asks the service routine once more whether there is an error.
#[test]
fn abort_against_interrupt_notices() {
    must_fail(|| scenes::abort_against_interrupt(true));
}

/// Free against an interrupt: no call with the handle after it was given back (NDMA-INT-05).
#[test]
fn free_against_interrupt() {
    loom::model(scenes::free_against_interrupt::<Calls>);
}

/// Who frees and does not wait for a call in progress; who calls without asking.
#[test]
fn free_against_interrupt_notices() {
    must_fail(scenes::free_against_interrupt::<calls::Impatient>);
    must_fail(scenes::free_against_interrupt::<calls::Unasked>);
}
