//! Images that lie.

use std::sync::Arc;

use iced_x86::code_asm::*;
use proptest::prelude::*;

use crate::pe::testing::Builder;
use crate::pe::{Binding, CallSite, Image, Mapped};

fn valid() -> Vec<u8> {
    let mut b = Builder::new();
    b.import("ntoskrnl.exe", "A");
    b.import("ndis.sys", "B");
    let f = b.function("DriverEntry", Some(&[1, 4, 1, 0, 4, 0x42, 0, 0]), |a| {
        a.sub(rsp, 40)?;
        a.add(rsp, 40)?;
        a.ret()
    });
    b.pointer(0, f);
    b.pointer(16, f);
    b.build()
}

/// Parsing and loading must end without a panic, and touch nothing outside the image's own memory.
fn exercise(bytes: &[u8]) {
    let Ok(image) = Image::parse("hostile.sys", bytes) else { return };
    let image = Arc::new(image);
    let mut site = CallSite::default();
    let mut count = 0;
    let resolver = &mut |_: &str, _: &str| {
        count += 1;
        Some(if count % 2 == 0 { Binding::Code(1) } else { Binding::Data(2) })
    };
    // SAFETY: nothing of the image is run.
    let Ok(mapped) = (unsafe { Mapped::load(&image, &raw mut site, resolver) }) else { return };
    assert_eq!(mapped.size(), image.memory().len() as u64);
    for export in image.exports() {
        assert!(mapped.contains(mapped.export(&export.name).unwrap()), "{} is outside", export.name);
    }
    for section in image.sections() {
        assert!(section.rva + section.size <= image.size());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_images_are_refused_or_harmless(
        changes in prop::collection::vec((0usize..0x1400, any::<u8>()), 1..12),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = valid();
        for (at, value) in changes {
            let len = bytes.len();
            bytes[at % len] = value;
        }
        if let Some(cut) = cut {
            let len = cut.index(bytes.len());
            bytes.truncate(len);
        }
        exercise(&bytes);
    }

    /// Numbers in the headers and tables, where a changed byte is not enough to hit the edges.
    #[test]
    fn extreme_numbers_are_refused_or_harmless(
        changes in prop::collection::vec(
            (0usize..0x500, prop::sample::select(vec![0u32, 1, 7, 0xfff, 0x1000, 0x7fff_ffff, 0x8000_0000, 0xffff_f000, u32::MAX])),
            1..4,
        ),
    ) {
        let mut bytes = valid();
        for (word, value) in changes {
            let at = word * 4 % (bytes.len() - 4);
            bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
        exercise(&bytes);
    }

    #[test]
    fn noise_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
        prop_assert!(Image::parse("noise", &bytes).is_err());
    }
}

#[test]
fn every_truncation_is_told() {
    let bytes = valid();
    for len in 0..bytes.len() - 0x200 {
        let error = Image::parse("short.sys", &bytes[..len]).unwrap_err().to_string();
        assert!(error.starts_with("short.sys: "), "{error}");
    }
}

/// Offsets from the PE signature.
const OPTIONAL: usize = 24;
const SECTIONS: usize = OPTIONAL + 240;

#[test]
fn messages_say_what_and_where() {
    let at = |offset: usize, bytes: &[u8], expected: &str| {
        let mut file = valid();
        let pe = u32::from_le_bytes(file[0x3c..0x40].try_into().unwrap()) as usize;
        let offset = pe + offset;
        file[offset..offset + bytes.len()].copy_from_slice(bytes);
        let error = Image::parse("x.sys", &file).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    at(0, b"XX", "the PE signature is missing");
    at(OPTIONAL, &0x10bu16.to_le_bytes(), "optional header magic 0x10b is not PE32+");
    at(OPTIONAL + 32, &512u32.to_le_bytes(), "section alignment 0x200");
    at(OPTIONAL + 56, &u32::MAX.to_le_bytes(), "image size 0xffffffff");
    at(OPTIONAL + 60, &0x100u32.to_le_bytes(), "the section table ends at 0x");
    at(OPTIONAL + 16, &0u32.to_le_bytes(), "no entry point");
    at(OPTIONAL + 16, &0x5000u32.to_le_bytes(), "the entry point (RVA 0x5000) is in no executable section");
    at(22, &1u16.to_le_bytes(), "relocations are stripped");
    at(SECTIONS + 12, &0x1001u32.to_le_bytes(), "section 0 (.text): RVA 0x1001 is not page-aligned");
    at(SECTIONS + 40 + 12, &0x1000u32.to_le_bytes(), "section 1 (.data): RVA 0x1000 overlaps");
    at(SECTIONS + 16, &0x10_0000u32.to_le_bytes(), "section 0 (.text): 0x100000 bytes at file offset");
    at(SECTIONS + 120 + 8, &0x10_0000u32.to_le_bytes(), "section 3 (.reloc): 0x100000 bytes at RVA");
    // Directories: 112 bytes into the optional header, 8 bytes each.
    at(OPTIONAL + 112 + 8, &0xff_0000u32.to_le_bytes(), "import directory: ");
    at(OPTIONAL + 112 + 40, &0xff_0000u32.to_le_bytes(), "relocation directory: ");
}

#[test]
fn ordinal_imports_are_refused() {
    let mut file = valid();
    // Both tables of the first import name it by its hint's RVA; make the lookup table's an ordinal.
    let image = Image::parse("x.sys", &file).unwrap();
    let slot = image.imports()[0].slot as usize;
    let hint: [u8; 8] = image.memory()[slot..slot + 8].try_into().unwrap();
    let lookup = (slot + 16..image.memory().len() - 8)
        .find(|at| image.memory()[*at..at + 8] == hint)
        .expect("the lookup table");
    let rdata = &image.sections()[2];
    let at = rdata.file.start + (lookup - rdata.rva as usize);
    file[at..at + 8].copy_from_slice(&(1u64 << 63 | 5).to_le_bytes());
    let error = Image::parse("x.sys", &file).unwrap_err().to_string();
    assert!(error.contains("ntoskrnl.exe: imports ordinal 5; only names can be bound"), "{error}");
}
