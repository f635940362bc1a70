use super::*;
use crate::{abi::c_string, verify::rules};

/// A UTF-16 string from memory.
fn wide_text(addr: u64) -> String {
    let units: Vec<u16> = (0..256).map(|i| read(addr + 2 * i)).take_while(|&unit: &u16| unit != 0).collect();
    String::from_utf16_lossy(&units)
}

#[test]
fn formatting_functions_take_their_arguments_from_registers_and_stack() {
    run(|| {
        let out = own(128);
        let template = narrow("%s %d %x %I64u %S|%c");
        let args = [
            out,
            128,
            template,
            narrow("nic"),
            0xFFFF_FFFE,
            0x82574,
            u64::MAX,
            wide("wide"),
            u64::from(b'z'),
        ];
        let len = k32("_snprintf", &args);
        assert_eq!(c_string(out), "nic -2 82574 18446744073709551615 wide|z");
        assert_eq!(len as usize, c_string(out).len());
        assert_eq!(k32("_snprintf", &[out, 3, narrow("abcd")]), u32::MAX, "too long");
        assert_eq!(k32("swprintf", &[out, wide("%s-%S-%04x"), wide("w"), narrow("n"), 10]), 8);
        assert_eq!(wide_text(out), "w-n-000a");
        let list = own(16);
        write(list, 5_u64);
        assert_eq!(k32("_vsnprintf", &[out, 16, narrow("%u!"), list]), 2);
        assert_eq!(c_string(out), "5!");
    })
    .expect("no violation");
}

#[test]
fn what_the_driver_says_is_kept() {
    run(|| {
        k("DbgPrint", &[narrow("link %s\n"), narrow("up")]);
        k("DbgPrintEx", &[77, 0, narrow("%d of %d at %p\n"), 1, 2, 0x10]);
        assert_eq!(world().nt.debug.lines(), ["link up\n", "1 of 2 at 0000000000000010\n"]);
    })
    .expect("no violation");
}

#[test]
fn a_bug_check_ends_the_run_with_its_code() {
    breaks(&rules::BUG_CHECK, "bug check 0x0000007c (0x1, 0x2, 0x3, 0x4)", || {
        k("KeBugCheckEx", &[0x7C, 1, 2, 3, 4]);
    });
    breaks(&rules::BREAKPOINT, "assertion failed: x > 0 (a.c:7)", || {
        k("RtlAssert", &[narrow("x > 0"), narrow("a.c"), 7, 0]);
    });
}

#[test]
fn strings_of_both_widths_compare_copy_and_convert() {
    run(|| {
        assert_eq!(k32("_stricmp", &[narrow("Intel"), narrow("iNTEL")]), 0);
        assert_eq!(k32("wcscmp", &[wide("a"), wide("b")]) as i32, -1);
        assert_eq!(k32("atoi", &[narrow("  -12x")]) as i32, -12);
        let text = narrow("abcabc");
        assert_eq!(k("strrchr", &[text, u64::from(b'b')]), text + 4);
        assert_eq!(k("strstr", &[text, narrow("ca")]), text + 2);
        let out = own(16);
        assert_eq!(k32("strcpy_s", &[out, 4, narrow("abcd")]), 34);
        assert_eq!(c_string(out), "");
        assert_eq!(k32("strncpy_s", &[out, 4, narrow("abcd"), u64::MAX]), 80);
        assert_eq!(c_string(out), "abc");
        k("memset", &[out, 0x41, 5]);
        k("memmove", &[out + 1, out, 4]);
        assert_eq!(k32("memcmp", &[out, narrow("AAAAA"), 5]), 0);
    })
    .expect("no violation");
}

#[test]
fn sorting_and_searching_call_the_drivers_comparison() {
    extern "win64" fn order(a: u64, b: u64) -> i32 {
        read::<i32>(a).cmp(&read::<i32>(b)) as i32
    }
    run(|| {
        let function = order as *const () as u64;
        let numbers = [5, -3, 9, 0, 7, 7, -3, 2, 11, 1];
        let base = own(40);
        for (number, at) in numbers.into_iter().zip((base..).step_by(4)) {
            write::<i32>(at, number);
        }
        k("qsort", &[base, 10, 4, function]);
        let mut sorted = numbers;
        sorted.sort_unstable();
        let found: Vec<i32> = (0..10).map(|i| read(base + 4 * i)).collect();
        assert_eq!(found, sorted);
        let key = own(4);
        write(key, 9_i32);
        assert_eq!(k("bsearch", &[key, base, 10, 4, function]), base + 32);
        write(key, 8_i32);
        assert_eq!(k("bsearch", &[key, base, 10, 4, function]), 0);
    })
    .expect("no violation");
}

#[test]
fn counted_strings_convert_both_ways() {
    run(|| {
        let out = own(16);
        k("RtlInitUnicodeString", &[out, 0]);
        assert_eq!(k32("RtlAnsiStringToUnicodeString", &[out, ansi("Gr\u{f6}\u{df}e"), 1]), 0);
        assert_eq!(crate::abi::unicode(crate::abi::Ptr::new(out)).chars().count(), 7, "a unit a byte");
        k("RtlFreeUnicodeString", &[out]);
        assert!(world().mem.drivers_blocks().is_empty());
        assert_eq!(k8("RtlEqualUnicodeString", &[counted("ETHERNET"), counted("Ethernet"), 1]), 1);
        assert_eq!(k8("RtlEqualUnicodeString", &[counted("ETHERNET"), counted("Ethernet"), 0]), 0);
        let small = own(16);
        write(small + 2, 6_u16);
        write(small + 8, own(6));
        assert_eq!(
            k32("RtlIntegerToUnicodeString", &[1234, 10, small]),
            crate::abi::constants::STATUS_BUFFER_OVERFLOW
        );
        assert_eq!(k32("RtlIntegerToUnicodeString", &[0xABC, 16, small]), 0);
        assert_eq!(crate::abi::unicode(crate::abi::Ptr::new(small)), "ABC");
        let value = own(4);
        assert_eq!(k32("RtlUnicodeStringToInteger", &[counted("0x1f"), 0, value]), 0);
        assert_eq!(read::<u32>(value), 31);
    })
    .expect("no violation");
}

fn ansi(text: &str) -> u64 {
    let addr = own(16);
    k("RtlInitAnsiString", &[addr, narrow(text)]);
    addr
}
