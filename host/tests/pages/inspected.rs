//! What `ferrite-host inspect` says of sections and of the stack, without running anything.

use crate::{
    machine::*,
    paging, stack,
    testing::{BASE, Builder},
};
use ferrite_host::{inspect, pe::Image, symbols::Depths};
use iced_x86::code_asm::*;

/// `push rbx; sub rsp, 100h`.
const BIG: &[u8] = &[1, 8, 3, 0, 8, 1, 0x20, 0, 1, 0x30, 0, 0];

/// Functions that call each other. What each needs: `Leaf` nothing, `Big` its frame and an import's return address,
/// `Outer` its frame and `Big`, `Tail` only `Big`, which it jumps to.
fn calls() -> Builder {
    let mut image = image();
    let irql = image.import("ntoskrnl.exe", "KeGetCurrentIrql");
    let leaf = image.function("Leaf", None, |a| {
        let mut again = a.create_label();
        a.set_label(&mut again)?;
        a.sub(rcx, 1)?;
        a.jne(again)?;
        a.ret()
    });
    let big = image.function("Big", Some(BIG), |a| {
        a.push(rbx)?;
        a.sub(rsp, 0x100)?;
        local(a, leaf)?;
        import(a, irql)?;
        a.add(rsp, 0x100)?;
        a.pop(rbx)?;
        a.ret()
    });
    image.function("Outer", Some(UNWIND), |a| {
        a.sub(rsp, FRAME)?;
        a.call(rax)?;
        local(a, big)?;
        a.add(rsp, FRAME)?;
        a.ret()
    });
    image.function("Tail", None, |a| a.jmp(BASE + u64::from(big)));
    image
}

/// The deepest stack from an export, by the unwind data and the calls in the code.
#[track_caller]
fn needs(image: &Image, name: &str) -> Option<u64> {
    let export = image.exports().iter().find(|export| export.name == name).expect(name);
    Depths::new(image, std::iter::empty()).deepest(export.rva).bytes
}

#[test]
fn frames_and_calls_add_up() {
    let image = calls().image();
    let big = 8 + 8 + 0x100 + 8;
    assert_eq!(needs(&image, "Leaf"), Some(8));
    assert_eq!(needs(&image, "Big"), Some(big));
    assert_eq!(needs(&image, "Outer"), Some(8 + 0x28 + big));
    assert_eq!(needs(&image, "Tail"), Some(big));
    let report = inspect::describe("calls.sys", &calls().build(), &|_, _| true).expect("an image").stack;
    assert_eq!((report.deepest, report.path.len(), report.indirect), (8 + 0x28 + big, 2, 1));
    assert!(report.recursive.is_empty(), "{report:?}");
}

#[test]
fn what_calls_itself_has_no_bound() {
    let image = stack::deep().image();
    assert_eq!((needs(&image, "Descend"), needs(&image, "Sink")), (None, None));
    let report = inspect::describe("deep.sys", &stack::deep().build(), &|_, _| true).expect("an image");
    assert_eq!(report.stack.recursive.len(), 2, "{:?}", report.stack);
    assert!(report.to_string().contains("; without bound: 0x1"), "{report}");
}

/// What runs goes as deep as the code says, where all calls are direct and made.
#[test]
fn the_bound_is_what_runs() {
    let life = live(&calls(), || {
        go("Big", &[1]);
    });
    assert!(life.ended.is_ok(), "{}", life.ended.unwrap_err());
    assert_eq!(Some(life.stack.thread), needs(&calls().image(), "Big"));
}

#[test]
fn sections_are_told() {
    let report = inspect::describe("paged.sys", &paging::paged(0).build(), &|_, _| true).expect("an image");
    let of = |name| report.sections.iter().find(|section| section.name == name).expect(name);
    let told = |name| (of(name).pageable, of(name).discardable);
    assert_eq!(
        [told(".text"), told("PAGE"), told("PAGEdata")],
        [(false, false), (true, false), (true, false)]
    );
    assert_eq!(told("INIT"), (false, true));
    assert!(report.to_string().contains("r-x  pageable"), "{report}");
}
