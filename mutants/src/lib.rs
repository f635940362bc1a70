//! Small drivers that do one thing wrong, or nothing: a miniport that sends into the void and indicates the same frames
//! again and again, a WDM driver, and a NetDMA provider.
//!
//! The value `Fault` of its service's key names what: a fault of the [miniport](fault::Fault), a
//! [misuse](fault::Memory) of memory, a [routine](routine::ALL) that is all that the driver does, or a fault of the
//! [WDM driver](wdm) or of the [provider](netdma). Without the value it is sound: the miniport, or what the value `Driver` names. Never install it on
//! a machine.

#![no_std]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::bool_to_int_with_if,
    reason = "the driver writes structures with integers"
)]

extern crate alloc;

mod abi;
mod fault;
mod heap;
mod miniport;
mod netdma;
mod registry;
mod routine;
mod wdm;

use abi::import;
use core::panic::{Location, PanicInfo};
use fault::{Fault, Memory, Pool, Turn};

/// `STATUS_OBJECT_NAME_NOT_FOUND`: there is no such fault.
const UNKNOWN: u64 = 0xC000_0034;
/// A tag.
const TAG: u64 = 0x6461_6221;

/// A fault's name says which driver has it.
const _: () = assert!(fault::are_distinct(&[Fault::NAMES, Memory::NAMES, wdm::FAULTS, netdma::FAULTS]));

/// Runs what the registry names.
///
/// # Safety
/// NDIS's and the kernel's promises to a driver hold.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn DriverEntry(object: u64, path: u64) -> u64 {
    let name = registry::text(path, "Fault");
    let (wdm, netdma) = (wdm::choose(&name), netdma::choose(&name));
    let sound = name.is_empty();
    match registry::text(path, "Driver").as_str() {
        "" if wdm => return wdm::entry(object, path),
        "" if netdma => return netdma::entry(object),
        "" => {}
        "Wdm" if wdm || sound => return wdm::entry(object, path),
        "Router" if wdm || sound => return wdm::router::entry(object, path),
        "NetDma" if netdma || sound => return netdma::entry(object),
        _ => return UNKNOWN,
    }
    let turn = registry::text(path, "Turn");
    if !turn.is_empty() && !Turn::choose(&turn) {
        return UNKNOWN;
    }
    Pool::choose(&registry::text(path, "Pool"));
    if let Some(routine) = routine::find(&name) {
        return routine::add(object, routine);
    }
    let chosen = name.is_empty() || Fault::choose(&name) || Memory::choose(&name);
    if chosen { miniport::entry(object, path) } else { UNKNOWN }
}

/// What the driver itself did not expect. `DRIVER_VIOLATION` and the line of this source.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let line = info.location().map_or(0, Location::line);
    import!(KeBugCheckEx, 0x121, line.into(), 0, 0, 0);
    loop {
        core::hint::spin_loop();
    }
}

/// Code that mentions floating point refers to it; nothing here computes with such numbers.
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals, reason = "the compiler's name")]
pub static _fltused: i32 = 0;
