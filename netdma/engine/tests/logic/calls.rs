//! Calls with a channel's handle and their end; the interleavings are in the model check.

use ferrite_netdma_engine::Calls;

/// NDMA-INT-05: none before there is a handle, none after it was closed; who closes waits for those in progress.
#[test]
fn calls_begin_and_end_with_the_handle() {
    let calls = Calls::new();
    assert!(!calls.enter());
    assert!(calls.is_quiet());
    calls.open();
    assert!(calls.enter() && calls.enter());
    assert!(!calls.close(), "two are in progress");
    assert!(!calls.enter());
    calls.leave();
    assert!(!calls.is_quiet());
    calls.leave();
    assert!(calls.is_quiet() && calls.close());
    calls.open();
    assert!(calls.enter());
    calls.leave();
    assert!(calls.close());
}
