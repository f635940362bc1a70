//! Exceptions and unwinding: an exception that reaches the kernel here ends the run.

use crate::{abi::Import, imports, pe, verify::rules, world::world};

fn raised(what: &str, code: u32) -> ! {
    world().violation(
        &rules::EXCEPTION,
        format!("{what}: exception {code:#010x}, and handlers are not searched here"),
    )
}

fn refused(what: &str) -> ! {
    world().violation(&rules::UNSUPPORTED, format!("{what}: drivers are not unwound here"))
}

imports! {
    /// Exceptions.
    TABLE from "ntoskrnl.exe";

    fn ExRaiseStatus(status: u32) {
        raised("ExRaiseStatus", status);
    }

    fn RtlRaiseStatus(status: u32) {
        raised("RtlRaiseStatus", status);
    }

    fn ExRaiseAccessViolation() {
        raised("ExRaiseAccessViolation", 0xC000_0005);
    }

    fn ExRaiseDatatypeMisalignment() {
        raised("ExRaiseDatatypeMisalignment", 0x8000_0002);
    }

    fn RtlRaiseException(record: u64) {
        raised("RtlRaiseException", crate::abi::read(record));
    }

    fn RtlUnwind(_frame: u64, _ip: u64, _record: u64, _value: u64) {
        refused("RtlUnwind");
    }

    fn RtlUnwindEx(_frame: u64, _ip: u64, _record: u64, _value: u64, _context: u64, _history: u64) {
        refused("RtlUnwindEx");
    }

    fn RtlVirtualUnwind(_kind: u32, _base: u64, _pc: u64, _entry: u64, _context: u64, _data: u64, _frame: u64, _pointers: u64) -> u64 {
        refused("RtlVirtualUnwind");
    }

    fn RtlLookupFunctionEntry(_pc: u64, base: u64, _history: u64) -> u64 {
        crate::abi::write_out(base, 0_u64);
        0
    }

    fn RtlPcToFileHeader(pc: u64, base: u64) -> u64 {
        let image = world().image.borrow().as_ref().filter(|image| image.mapped.contains(pc)).map_or(0, |image| image.mapped.base());
        crate::abi::write_out(base, image);
        image
    }

    fn RtlCaptureContext(_context: u64) {
        refused("RtlCaptureContext");
    }

    fn __C_specific_handler(_record: u64, _frame: u64, _context: u64, _dispatcher: u64) -> u32 {
        refused("__C_specific_handler");
    }

    fn __GSHandlerCheck(_record: u64, _frame: u64, _context: u64, _dispatcher: u64) -> u32 {
        refused("__GSHandlerCheck");
    }

    fn _local_unwind(_frame: u64, _ip: u64) {
        refused("_local_unwind");
    }

    fn _purecall() {
        world().violation(&rules::BUG_CHECK, "a pure virtual function was called".into());
    }
}

/// Functions with a calling convention of their own.
pub static RAW: &[Import] = &[Import::raw("ntoskrnl.exe", "__chkstk", pe::chkstk as *const ())];
