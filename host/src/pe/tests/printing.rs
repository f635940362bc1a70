//! Format strings, against what C and Windows print.

use crate::pe::printf;

/// Memory of a driver: 64 KiB at 0x10000, filled from the beginning.
struct Driver {
    memory: Vec<u8>,
}

const BASE: u64 = 0x10000;

impl Driver {
    fn new() -> Self {
        Self { memory: Vec::new() }
    }

    fn add(&mut self, bytes: &[u8]) -> u64 {
        self.memory.resize(self.memory.len().next_multiple_of(8), 0);
        let at = BASE + self.memory.len() as u64;
        self.memory.extend(bytes);
        at
    }

    fn text(&mut self, text: &str) -> u64 {
        let bytes: Vec<u8> = text.bytes().chain([0]).collect();
        self.add(&bytes)
    }

    fn wide(&mut self, text: &str) -> u64 {
        let bytes: Vec<u8> = text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
        self.add(&bytes)
    }

    /// `ANSI_STRING` or `UNICODE_STRING`
    fn counted(&mut self, length: u16, buffer: u64) -> u64 {
        let mut bytes = vec![];
        bytes.extend(length.to_le_bytes());
        bytes.extend(length.to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(buffer.to_le_bytes());
        self.add(&bytes)
    }

    fn print(mut self, template: &str, args: &[u64]) -> String {
        let template = self.text(template);
        let args: Vec<u8> = args.iter().flat_map(|a| a.to_le_bytes()).collect();
        let args = self.add(&args);
        self.memory.resize(self.memory.len() + 64, 0);
        printf::format(template, args, &mut |at, to| {
            let start = usize::try_from(at.wrapping_sub(BASE)).unwrap();
            let Some(from) = start.checked_add(to.len()).and_then(|end| self.memory.get(start..end)) else {
                return false;
            };
            to.copy_from_slice(from);
            true
        })
    }
}

fn print(template: &str, args: &[u64]) -> String {
    Driver::new().print(template, args)
}

#[test]
fn numbers() {
    let minus = 0xffff_ffff_ffff_ffffu64;
    for (template, args, expected) in [
        ("plain", &[][..], "plain"),
        ("100%%", &[], "100%"),
        ("%d %i %u", &[0x1_ffff_ffff, 5, minus], "-1 5 4294967295"),
        ("%ld %lu", &[minus, minus], "-1 4294967295"),
        ("%lld %I64d %llu", &[minus, minus, minus], "-1 -1 18446744073709551615"),
        ("%hd %hu %hhd %hhx", &[0x1_ffff, 0x1_ffff, 0x80, 0x1ab], "-1 65535 -128 ab"),
        ("%x %X %#x %#X %#o", &[0xbeef, 0xbeef, 255, 255, 8], "beef BEEF 0xff 0XFF 010"),
        ("%I64x %llx %Ix %zx", &[1 << 40; 4], "10000000000 10000000000 10000000000 10000000000"),
        ("%I32x", &[minus], "ffffffff"),
        ("%02x:%02X", &[5, 0xab], "05:AB"),
        ("%08lx|%8x|%-8x|", &[0x12, 0x12, 0x12], "00000012|      12|12      |"),
        ("%+d % d %+d", &[5, 5, minus], "+5  5 -1"),
        ("%05d|%-5d|%.3d", &[0xffff_fff6, 7, 7], "-0010|7    |007"),
        ("%*d|%-*d|%.*x", &[4, 7, 4, 7, 4, 0xa], "   7|7   |000a"),
        ("%*d|%.*d", &[minus - 3, 7, minus, 7], "7   |7"),
        ("%p", &[0xffff_f800_1234_abcd], "FFFFF8001234ABCD"),
        ("%c%c%C", &[0x41, 0x142, 0x20ac], "AB€"),
        ("%3c|%-3c|", &[0x41, 0x42], "  A|B  |"),
    ] {
        assert_eq!(print(template, args), expected, "{template}");
    }
}

#[test]
fn strings() {
    let mut d = Driver::new();
    let (narrow, wide) = (d.text("narrow"), d.wide("wïde€"));
    let args = [narrow, wide, wide, wide, narrow, wide, narrow];
    assert_eq!(d.print("%s|%S|%ws|%ls|%hs|%wS|%hS", &args), "narrow|wïde€|wïde€|wïde€|narrow|wïde€|narrow");
    let mut d = Driver::new();
    let text = d.text("abcdef");
    assert_eq!(d.print("%8s|%-8s|%.3s|%5.2s", &[text; 4]), "  abcdef|abcdef  |abc|   ab");
    assert_eq!(print("%s|%ws|%wZ", &[0, 0, 0]), "(null)|(null)|(null)");
}

#[test]
fn counted_strings() {
    let mut d = Driver::new();
    let (narrow, wide) = (d.text("narrowxyz"), d.wide("widexyz"));
    let (ansi, unicode) = (d.counted(6, narrow), d.counted(8, wide));
    assert_eq!(
        d.print("<%Z> <%wZ> <%lZ> <%hZ>", &[ansi, unicode, unicode, ansi]),
        "<narrow> <wide> <wide> <narrow>"
    );
    // A counted string need not end in a zero, nor stop at one.
    let mut d = Driver::new();
    let buffer = d.add(b"a\0b");
    let ansi = d.counted(3, buffer);
    assert_eq!(d.print("%Z", &[ansi]), "a\0b");
}

#[test]
fn floats() {
    for (template, value, expected) in [
        ("%f", 1.5, "1.500000"),
        ("%.2f", -2.34567, "-2.35"),
        ("%8.1f|", 2.25, "     2.2|"),
        ("%e", 12345.678, "1.234568e+04"),
        ("%E", 0.00012, "1.200000E-04"),
        ("%g", 0.0001, "0.0001"),
        ("%g", 1e-5, "1e-05"),
        ("%g", 1_000_000.0, "1e+06"),
        ("%g", 100.0, "100"),
    ] {
        assert_eq!(print(template, &[f64::to_bits(value)]), expected, "{template}");
    }
}

#[test]
fn bad_memory_and_unknown_types() {
    assert_eq!(print("%s!", &[0x40_0000]), "<bad pointer 0x400000>!");
    assert_eq!(print("%wZ!", &[0x40_0000]), "<bad pointer 0x400000>!");
    assert_eq!(printf::format(0x10, 0, &mut |_, _| false), "<bad pointer 0x10>");
    // Printed as they are, and taking no argument.
    assert_eq!(print("%y %d", &[4]), "%y 4");
    assert_eq!(print("%5é%d", &[4]), "%5é4");
    assert_eq!(print("end %", &[]), "end %");
    assert_eq!(print("end %-08l", &[]), "end %-08l");
    // Widths no terminal has are cut.
    assert_eq!(print("%999999999999d", &[1]).len(), 4096);
    assert_eq!(print("%n%d", &[0, 7]), "7");
}
