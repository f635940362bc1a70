//! Sections that are paged out or discarded.

use crate::{
    machine::*,
    rows::mutants,
    testing::{Builder, reg_at},
};
use ferrite_host::{
    cpu::{DISPATCH, PASSIVE},
    mem::Kind,
    verify::{Rule, Violation, rules},
    world::world,
};
use iced_x86::{Code, Register, code_asm::*};
use object::pe;
use std::{cell::Cell, rc::Rc};

/// An image with pageable code and data, in sections with these flags besides the usual ones, and functions that use both.
pub fn paged(flags: u32) -> Builder {
    let mut image = image();
    let code = image.section("PAGE", pe::SectionFlags(CODE.0 | flags));
    let data = image.section("PAGEdata", pe::SectionFlags(DATA.0 | flags));
    let paged = image.function_in(code, "Paged", Some(UNWIND), |a| {
        a.sub(rsp, FRAME)?;
        a.mov(eax, 5)?;
        a.add(rsp, FRAME)?;
        a.ret()
    });
    image.function("Touch", None, |a| {
        a.add_instruction(reg_at(Code::Mov_r32_rm32, Register::EAX, data + 8))?;
        a.ret()
    });
    image.function("Where", None, |a| {
        a.add_instruction(reg_at(Code::Lea_r64_m, Register::RAX, data))?;
        a.ret()
    });
    // Raises the IRQL, calls the function in PAGE if its argument says so, and lowers the IRQL.
    let raise = image.import("ntoskrnl.exe", "KfRaiseIrql");
    let lower = image.import("ntoskrnl.exe", "KeLowerIrql");
    image.function("Raise", Some(&[1, 5, 2, 0, 5, 0x32, 1, 0x30]), |a| {
        let mut over = a.create_label();
        a.push(rbx)?;
        a.nop()?;
        a.nop()?;
        a.nop()?;
        a.sub(rsp, 0x20)?;
        a.mov(rbx, rcx)?;
        a.mov(ecx, u32::from(DISPATCH))?;
        import(a, raise)?;
        a.test(ebx, ebx)?;
        a.je(over)?;
        local(a, paged)?;
        a.set_label(&mut over)?;
        a.mov(ecx, u32::from(PASSIVE))?;
        import(a, lower)?;
        a.add(rsp, 0x20)?;
        a.pop(rbx)?;
        a.ret()
    });
    for name in [
        "KeInitializeDpc",
        "KeInsertQueueDpc",
        "KeInitializeEvent",
        "MmLockPagableDataSection",
        "MmLockPagableSectionByHandle",
        "MmUnlockPagableImageSection",
        "MmPageEntireDriver",
        "MmResetDriverPaging",
    ] {
        forward(&mut image, name);
    }
    image
}

fn dpc() -> u64 {
    world().mem.allocate(Kind::Host, 0, 64, "a test").expect("memory")
}

#[track_caller]
fn breaks(rule: &'static Rule, what: &str, body: impl FnOnce() + 'static) -> Violation {
    caught(&paged(0), rule, what, body)
}

mutants! {
    calling_pageable_code_at_raised_irql breaks PAGEABLE_CODE: |rule| {
        let violation = breaks(rule, "section PAGE of test.sys is pageable", || {
            go("Raise", &[1]);
        });
        let functions: Vec<&str> = violation.stack.iter().map(|line| line.function.as_str()).collect();
        assert_eq!(functions.len(), 2, "Paged, from Raise: {violation}");
        assert!(functions[0].starts_with("test.sys+0x9"), "{violation}");
        assert!(violation.detail.contains("execution of inaccessible memory"), "{violation}");
    };
    reading_pageable_data_at_raised_irql breaks PAGEABLE_DATA: |rule| {
        let violation = breaks(rule, "read of inaccessible memory", || {
            go_raised("Touch", &[]);
        });
        assert!(violation.detail.contains("section PAGEdata of test.sys is pageable"), "{violation}");
        assert_eq!(violation.calls, ["Touch"]);
        assert_eq!(violation.stack.len(), 1, "{violation}");
    };
    calling_what_was_discarded breaks DISCARDED: |rule| {
        breaks(rule, "section INIT of test.sys was discarded after DriverEntry", || {
            go("DriverEntry", &[]);
        });
    };
    locking_what_is_no_section breaks SECTION_LOCK: |rule| {
        let violation = breaks(rule, "(0x1000)", || {
            go("MmLockPagableDataSection", &[0x1000]);
        });
        assert_eq!(violation.calls.first().map(String::as_str), Some("MmLockPagableDataSection"));
    };
    unlocking_what_is_not_locked breaks SECTION_UNLOCK: |rule| {
        breaks(rule, "a section that is not locked", || {
            let handle = go("MmLockPagableDataSection", &[address("Paged")]);
            go("MmUnlockPagableImageSection", &[handle]);
            go("MmUnlockPagableImageSection", &[handle]);
        });
    };
    leaving_a_section_locked breaks SECTION_LOCKED: |rule| {
        breaks(rule, "sections locked: PAGE", || {
            go("MmLockPagableDataSection", &[address("Paged")]);
        });
    };
}

/// What is pageable comes back at PASSIVE_LEVEL, whatever was done at raised IRQL before, and is what it was.
#[test]
fn pageable_sections_come_back() {
    let life = live(&paged(0), || {
        for _ in 0..3 {
            assert_eq!(go("Paged", &[]), 5);
            go("Raise", &[0]);
            go("Touch", &[]);
            // A write stays.
            go("KeInitializeEvent", &[go("Where", &[]), 1, 0]);
            go("Raise", &[0]);
            assert_eq!(ferrite_host::abi::read::<u8>(go("Where", &[])), 1);
        }
    });
    assert!(life.ended.is_ok(), "{}", life.ended.unwrap_err());
    let watched = |rule: &Rule| life.coverage[rule.number];
    // The code once a round, the data before and after it was paged out.
    assert_eq!((watched(&rules::PAGEABLE_CODE), watched(&rules::PAGEABLE_DATA)), (3, 6));
}

/// A routine in a pageable section is caught where it is called at DISPATCH_LEVEL, not where it is registered.
#[test]
fn a_pageable_dpc_routine() {
    let violation = breaks(&rules::PAGEABLE_CODE, "section PAGE", || {
        let dpc = dpc();
        go("KeInitializeDpc", &[dpc, address("Paged"), 0]);
        go("KeInsertQueueDpc", &[dpc, 0, 0]);
        panic!("the DPC runs");
    });
    assert_eq!(violation.calls.first().map(String::as_str), Some("KDEFERRED_ROUTINE"), "{violation}");
}

/// An import that is handed pageable data at DISPATCH_LEVEL touches it for the driver.
#[test]
fn pageable_data_given_to_an_import() {
    let violation = breaks(&rules::PAGEABLE_DATA, "in host code", || {
        let data = go("Where", &[]);
        go_raised("KeInitializeEvent", &[data, 1, 0]);
    });
    assert_eq!(violation.calls, ["KeInitializeEvent", "KeInitializeEvent"], "{violation}");
    assert_eq!(violation.stack.len(), 1, "{violation}");
}

/// What one CPU at DISPATCH_LEVEL may not touch, another at PASSIVE_LEVEL may: they take turns on one mapping.
#[test]
fn each_cpu_has_its_own_level() {
    let life = live(&paged(0), || {
        let ended = Rc::new(Cell::new(false));
        let end = Rc::clone(&ended);
        world().sched.spawn("the other CPU", 1, move || {
            for _ in 0..50 {
                assert_eq!(go("Paged", &[]), 5);
            }
            end.set(true);
        });
        world().cpu().set_irql(DISPATCH);
        for _ in 0..10_000 {
            if ended.get() {
                break;
            }
            world().sched.yield_point();
        }
        world().cpu().set_irql(PASSIVE);
        assert!(ended.get(), "the other CPU gets no turn");
    });
    assert!(life.ended.is_ok(), "{}", life.ended.unwrap_err());
    assert!(life.coverage[rules::PAGEABLE_CODE.number] > 5, "it was paged out between turns");
}

/// A section with IMAGE_SCN_MEM_NOT_PAGED is not pageable, whatever its name.
#[test]
fn a_section_that_is_not_paged() {
    let life = live(&paged(pe::IMAGE_SCN_MEM_NOT_PAGED.0), || {
        assert_eq!(go_raised("Paged", &[]), 5);
        go_raised("Touch", &[]);
    });
    assert!(life.ended.is_ok(), "{}", life.ended.unwrap_err());
    assert_eq!(life.coverage[rules::PAGEABLE_CODE.number], 0);
}

/// A locked section stays, until it has been unlocked as often as it was locked.
#[test]
fn a_locked_section() {
    let life = live(&paged(0), || {
        let handle = go("MmLockPagableDataSection", &[address("Paged")]);
        go("MmLockPagableSectionByHandle", &[handle]);
        assert_eq!(go_raised("Paged", &[]), 5);
        go("MmUnlockPagableImageSection", &[handle]);
        go("Raise", &[1]);
        go("MmUnlockPagableImageSection", &[handle]);
    });
    assert!(life.ended.is_ok(), "{}", life.ended.unwrap_err());
    breaks(&rules::PAGEABLE_CODE, "section PAGE", || {
        let handle = go("MmLockPagableDataSection", &[address("Paged")]);
        assert_eq!(go_raised("Paged", &[]), 5);
        go("MmUnlockPagableImageSection", &[handle]);
        go_raised("Paged", &[]);
    });
}

/// A driver that makes itself pageable as a whole may not run at DISPATCH_LEVEL, until it takes that back.
#[test]
fn a_driver_that_is_paged_entirely() {
    let life = live(&paged(0), || {
        let base = go("MmPageEntireDriver", &[address("Raise")]);
        assert_ne!(base, 0);
        assert_eq!(go("Paged", &[]), 5);
        go("MmResetDriverPaging", &[base]);
        go("Raise", &[0]);
    });
    assert!(life.ended.is_ok(), "{}", life.ended.unwrap_err());
    breaks(&rules::PAGEABLE_CODE, "section .text", || {
        go("MmPageEntireDriver", &[address("Raise")]);
        go("Raise", &[0]);
    });
}
