//! Comparing memory; moving it is the C run time's.

use crate::{
    abi::{constants as c, read},
    imports,
    verify::rules,
    world::world,
};

imports! {
    /// Memory.
    TABLE from "ntoskrnl.exe";

    fn RtlCompareMemoryUlong(addr: u64, len: u64, pattern: u32) -> u64 {
        4 * (0..len / 4).take_while(|i| read::<u32>(addr + 4 * i) == pattern).count() as u64
    }

    fn RtlCaptureStackBackTrace(_skip: u32, _amount: u32, _out: u64, hash: u64) -> u16 {
        // The trace is a debugging aid that may be empty.
        crate::abi::write_out(hash, 0_u32);
        0
    }

    fn RtlAssert(assertion: u64, file: u64, line: u32, _message: u64) {
        let text = format!("{} ({}:{line})", crate::abi::c_string(assertion), crate::abi::c_string(file));
        world().violation(&rules::BREAKPOINT, format!("assertion failed: {text}"));
    }

    fn RtlLengthRequiredSid(count: u32) -> u32 {
        8 + 4 * count
    }

    fn ExVerifySuite(_suite: u32) -> u8 {
        0
    }

    fn ExIsProcessorFeaturePresent(feature: u32) -> u8 {
        // What every x64 processor has: CMPXCHG8B, MMX, SSE, RDTSC, PAE, SSE2, NX, CMPXCHG16B.
        u8::from(matches!(feature, 2 | 3 | 6 | 8 | 9 | 10 | 12 | 14))
    }

    fn ExGetFirmwareEnvironmentVariable(_name: u64, _guid: u64, _value: u64, _len: u64, _attributes: u64) -> u32 {
        c::STATUS_NOT_IMPLEMENTED
    }
}
