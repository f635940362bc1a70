//! Tests of traps.

use super::*;

/// For tests that need no traps but the signal handlers.
pub(crate) struct NoHandler;

impl Handler for NoHandler {
    fn read_cr8(&self, _: &Registers) -> u64 {
        0
    }

    fn write_cr8(&self, _: u64, _: &Registers) {}

    fn fault(&self, info: &FaultInfo) -> ! {
        eprintln!("unexpected fault: {info}");
        std::process::abort()
    }
}
