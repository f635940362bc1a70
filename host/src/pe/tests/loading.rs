//! What a good image says, and how it is mapped.

use std::sync::Arc;

use iced_x86::code_asm::*;
use iced_x86::{Code, Register};
use object::pe::{IMAGE_SCN_MEM_WRITE, IMAGE_SUBSYSTEM_WINDOWS_CUI};

use crate::pe::testing::{BASE, Builder, DATA, TEXT, at, reg_at};
use crate::pe::{Binding, CallSite, Image, LoadError, Mapped, MissingImport, Remark};
use crate::trap::{peek, poke};

/// A little of everything: two imports of code, one of data, a relocated pointer.
fn sample() -> Builder {
    let mut b = Builder::new();
    let first = b.import("ntoskrnl.exe", "ExFirst");
    b.import("NDIS.SYS", "NdisSecond");
    let number = b.import("ntoskrnl.exe", "NtNumber");
    b.function("DriverEntry", None, |a| {
        a.sub(rsp, 40)?;
        a.add_instruction(at(Code::Call_rm64, first))?;
        a.add(rsp, 40)?;
        a.ret()
    });
    b.function("Number", None, |a| {
        a.add_instruction(reg_at(Code::Mov_r64_rm64, Register::RAX, number))?;
        a.mov(eax, dword_ptr(rax))?;
        a.ret()
    });
    let third = b.function("Third", None, |a| {
        a.mov(eax, 3)?;
        a.ret()
    });
    b.pointer(8, third);
    b.put_data(0, &0x55aau64.to_le_bytes());
    b
}

fn bind_all(_: &str, name: &str) -> Option<Binding> {
    static NUMBER: u32 = 7601;
    extern "win64" fn first() -> u64 {
        11
    }
    match name {
        "ExFirst" => Some(Binding::Code(first as *const () as u64)),
        "NdisSecond" => Some(Binding::Raw(first as *const () as u64)),
        "NtNumber" => Some(Binding::Data(&raw const NUMBER as u64)),
        _ => None,
    }
}

/// Calls a function of the image without arguments.
fn call(image: &Mapped, name: &str) -> u64 {
    let address = image.export(name).unwrap();
    // SAFETY: a test function of this signature.
    let function = unsafe { std::mem::transmute::<u64, extern "win64" fn() -> u64>(address) };
    function()
}

#[test]
fn tells_what_the_file_says() {
    let image = sample().image();
    assert_eq!(image.name(), "test.sys");
    assert_eq!(image.preferred_base(), BASE);
    assert_eq!((image.entry(), image.timestamp(), image.os_version()), (TEXT, 0x1234_5678, (6, 1)));
    let imports: Vec<_> = image.imports().iter().map(|i| format!("{}!{}", i.module, i.name)).collect();
    assert_eq!(imports, ["ntoskrnl.exe!ExFirst", "NDIS.SYS!NdisSecond", "ntoskrnl.exe!NtNumber"]);
    let exports: Vec<_> = image.exports().iter().map(|e| e.name.as_str()).collect();
    assert_eq!(exports, ["DriverEntry", "Number", "Third"]);
    let sections: Vec<_> =
        image.sections().iter().map(|s| (s.name.as_str(), s.readable, s.writable, s.executable)).collect();
    assert_eq!(
        sections,
        [
            (".text", true, false, true),
            (".data", true, true, false),
            (".rdata", true, false, false),
            (".reloc", true, false, false),
        ]
    );
    // The writer leaves the checksum 0, which no file of this size has.
    assert!(matches!(image.remarks(), [Remark::Checksum { stored: 0, computed }] if *computed != 0));
}

#[test]
fn checksum_is_the_linkers() {
    let mut file = sample().build();
    let Some(Remark::Checksum { computed, .. }) =
        Image::parse("a.sys", &file).unwrap().remarks().first().cloned()
    else {
        panic!("no checksum remark");
    };
    // The field is zero yet. Folding the carry of 16-bit words is counting modulo 0xffff, with 1 to 0xffff as results.
    let words = file.chunks(2).map(|w| u64::from(u16::from_le_bytes([w[0], w[1]])));
    let expected = (words.sum::<u64>() - 1) % 0xffff + 1 + file.len() as u64;
    assert_eq!(u64::from(computed), expected);
    // The field lies 88 bytes behind the PE signature.
    let field = u32::from_le_bytes(file[0x3c..0x40].try_into().unwrap()) as usize + 88;
    file[field..field + 4].copy_from_slice(&computed.to_le_bytes());
    assert_eq!(Image::parse("a.sys", &file).unwrap().remarks(), []);
    // One more byte anywhere changes it.
    file[0x60] ^= 1;
    assert_eq!(Image::parse("a.sys", &file).unwrap().remarks().len(), 1);
}

#[test]
fn relocates_and_binds() {
    let mut site = CallSite::default();
    let image = sample().load(&raw mut site, bind_all);
    assert_ne!(image.base(), BASE);
    assert_eq!(call(&image, "DriverEntry"), 11);
    assert_eq!(call(&image, "Number"), 7601);
    let mut pointer = [0; 8];
    peek(image.base() + u64::from(DATA) + 8, &mut pointer).unwrap();
    assert_eq!(u64::from_le_bytes(pointer), image.export("Third").unwrap());
    assert_eq!(image.entry(), image.export("DriverEntry").unwrap());
    assert!(image.contains(image.entry()) && !image.contains(image.base() + image.size()));
    assert!(image.in_stubs(image.base() + image.size()) && !image.in_stubs(image.base()));
    assert_eq!(image.rva(image.entry()), Some(TEXT));
    assert_eq!(image.rva(image.base().wrapping_sub(1)), None);
}

#[test]
fn sections_have_their_own_protection() {
    let mut site = CallSite::default();
    let handler = crate::trap::TrapArea::new(Box::new(crate::trap::tests::NoHandler)).unwrap();
    let image = sample().load(&raw mut site, bind_all);
    let writable = |rva: u32| {
        let address = image.base() + u64::from(rva);
        let mut byte = [0];
        peek(address, &mut byte).is_ok_and(|()| {
            // SAFETY: it writes back what is there.
            unsafe { poke(address, &byte) }.is_ok()
        })
    };
    let read = |rva: u32| peek(image.base() + u64::from(rva), &mut [0]).is_ok();
    assert!(writable(DATA) && writable(DATA + 0x1fff));
    assert!(!writable(TEXT) && read(TEXT));
    assert!(!writable(0) && read(0));
    let rdata = image.image().sections()[2].rva;
    assert!(!writable(rdata) && read(rdata));
    let stub = u32::try_from(image.size()).unwrap();
    assert!(!writable(stub) && read(stub));
    drop(handler);
}

#[test]
fn all_missing_imports_are_named() {
    let mut site = CallSite::default();
    let only_first = &mut |_: &str, name: &str| (name == "ExFirst").then_some(Binding::Data(8));
    // SAFETY: nothing is loaded.
    let error = unsafe { Mapped::load(&sample().image(), &raw mut site, only_first) }.unwrap_err();
    let LoadError::Missing { ref missing, .. } = error else { panic!("{error}") };
    let name = |module: &str, name: &str| MissingImport { module: module.into(), name: name.into() };
    assert_eq!(*missing, [name("NDIS.SYS", "NdisSecond"), name("ntoskrnl.exe", "NtNumber")]);
    let text = "test.sys: 2 imports are missing: NDIS.SYS!NdisSecond, ntoskrnl.exe!NtNumber";
    assert_eq!(error.to_string(), text);
}

#[test]
fn dropping_unmaps() {
    let area = crate::trap::TrapArea::new(Box::new(crate::trap::tests::NoHandler)).unwrap();
    let mut site = CallSite::default();
    let image = sample().load(&raw mut site, bind_all);
    let base = image.base();
    assert!(peek(base, &mut [0]).is_ok());
    drop(image);
    // Another thread may have mapped something there meanwhile, but hardly the same headers.
    let mut magic = [0; 2];
    assert!(peek(base, &mut magic).is_err() || magic != *b"MZ");
    drop(area);
}

#[test]
fn unsuitable_images_are_told_apart() {
    let refuse = |change: &dyn Fn(&mut Builder), expected: &str| {
        let mut b = sample();
        change(&mut b);
        let text = Image::parse("x.sys", &b.build()).unwrap_err().to_string();
        assert!(text.starts_with("x.sys: ") && text.contains(expected), "{text}");
    };
    refuse(&|b| b.machine = object::pe::IMAGE_FILE_MACHINE_I386, "machine 0x014c (i386) is not AMD64");
    refuse(&|b| b.subsystem = IMAGE_SUBSYSTEM_WINDOWS_CUI, "subsystem 3 (Windows console) is not NATIVE");
    let mut b = sample();
    b.text_flags |= IMAGE_SCN_MEM_WRITE;
    let image = Image::parse("x.sys", &b.build()).unwrap();
    assert_eq!(image.remarks()[0], Remark::WritableCode { section: ".text".into() });
    let image = Arc::new(image);
    assert_eq!(image.remarks()[0].to_string(), "section .text is both writable and executable");
}
