//! Which sections Windows pages and discards, and what that does to them.

use iced_x86::code_asm::CodeAssembler;
use object::pe;

use crate::pe::testing::Builder;
use crate::pe::{Binding, CallSite};

const CODE: pe::SectionFlags =
    pe::SectionFlags(pe::IMAGE_SCN_CNT_CODE.0 | pe::IMAGE_SCN_MEM_EXECUTE.0 | pe::IMAGE_SCN_MEM_READ.0);

/// An image with sections of these names and flags, each with a function.
fn with(sections: &[(&str, u32)]) -> Builder {
    let mut b = Builder::new();
    b.function("Entry", None, CodeAssembler::ret);
    for (name, flags) in sections {
        let section = b.section(name, pe::SectionFlags(CODE.0 | flags));
        b.function_in(section, name, None, CodeAssembler::ret);
    }
    b
}

#[test]
fn names_and_flags_decide() {
    let (kept, dropped) = (pe::IMAGE_SCN_MEM_NOT_PAGED.0, pe::IMAGE_SCN_MEM_DISCARDABLE.0);
    let sections = [
        ("PAGE", 0, (true, false)),
        ("PAGELK", 0, (true, false)),
        ("PAGENOT", kept, (false, false)),
        ("PAGEinit", dropped, (true, true)),
        ("page", 0, (false, false)),
        (".PAGE", 0, (false, false)),
        ("INIT", 0, (false, true)),
        ("other", dropped, (false, true)),
    ];
    let image = with(&sections.map(|(name, flags, _)| (name, flags))).image();
    for (name, _, expected) in sections {
        let section = image.sections().iter().find(|section| section.name == name).expect(name);
        assert_eq!((section.is_pageable(), section.is_initialization()), expected, "{name}");
    }
}

#[test]
fn sections_go_and_come_back() {
    let mut site = Box::new(CallSite::default());
    let none = |_: &str, _: &str| None::<Binding>;
    let image = with(&[("PAGE", 0), ("PAGELK", 0), ("INIT", 0)]).load(&raw mut *site, none);
    let at = |name| image.export(name).expect(name);
    let names = ["Entry", "PAGE", "PAGELK", "INIT"];
    let there = || names.map(|name| image.absent(at(name)).is_none());
    assert!(image.is_paged() && there() == [true; 4]);
    let handle = image.lock(at("PAGELK") + 1).expect("a handle");
    image.trim();
    assert_eq!(there(), [true, false, true, true]);
    assert_eq!(image.page_in(at("Entry")), None);
    assert_eq!(image.page_in(at("PAGE")), Some(true));
    assert_eq!(image.locked(), ["PAGELK"]);
    assert_eq!(
        (image.unlock(handle + 1), image.unlock(handle), image.unlock(handle)),
        (None, Some(true), Some(false))
    );
    image.trim();
    assert_eq!(there(), [true, false, false, true]);
    image.page_entirely(true);
    image.trim();
    assert_eq!(there(), [false; 4]);
    image.page_entirely(false);
    assert_eq!(there(), [true, false, false, true]);
    assert!(image.discard());
    image.page_in(at("INIT"));
    assert!(image.absent(at("INIT")).is_some_and(|absent| absent.discarded && absent.section == "INIT"));
    assert_eq!(image.lock(at("INIT")), None);
}
