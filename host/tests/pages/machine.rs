//! A machine for an image of a test's.

use crate::testing::{Builder, at};
use ferrite_host::{
    cpu::{DISPATCH, PASSIVE},
    device::Ram,
    mem::Region,
    sched::StackUse,
    verify::{End, Rule, Violation},
    world::{Config, World, call, world},
};
use iced_x86::{Code, IcedError, code_asm::*};
use object::pe;
use std::rc::Rc;

/// A section's flags.
pub const CODE: pe::SectionFlags =
    pe::SectionFlags(pe::IMAGE_SCN_CNT_CODE.0 | pe::IMAGE_SCN_MEM_EXECUTE.0 | pe::IMAGE_SCN_MEM_READ.0);
/// The same of data.
pub const DATA: pe::SectionFlags = pe::SectionFlags(
    pe::IMAGE_SCN_CNT_INITIALIZED_DATA.0 | pe::IMAGE_SCN_MEM_READ.0 | pe::IMAGE_SCN_MEM_WRITE.0,
);

/// What came of an image's life.
pub struct Life {
    pub ended: Result<(), End>,
    pub coverage: Vec<u64>,
    pub stack: StackUse,
}

/// Calls a function of the image.
pub fn go(name: &'static str, args: &[u64]) -> u64 {
    call(name, address(name), args)
}

/// The same with the CPU at DISPATCH_LEVEL.
pub fn go_raised(name: &'static str, args: &[u64]) -> u64 {
    world().cpu().set_irql(DISPATCH);
    let result = go(name, args);
    world().cpu().set_irql(PASSIVE);
    result
}

/// Where an export of the image is.
pub fn address(name: &str) -> u64 {
    let image = world().image.borrow();
    let mapped = &image.as_ref().expect("an image").mapped;
    mapped.export(name).unwrap_or_else(|| panic!("the image has no {name}"))
}

/// Takes an image through its life: DriverEntry, `body`, unload.
pub fn live(image: &Builder, body: impl FnOnce() + 'static) -> Life {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("test.sys");
    std::fs::write(&path, image.build()).expect("a file");
    let ram = Ram::new(4 << 20, 0).expect("memory");
    let regions = ram.ranges().iter().map(|&range| Region::from(range)).collect();
    let world: Rc<World> = World::new(Config { seed: Some(1), ..Config::new(regions) }).expect("a world");
    let ended = world.run(move || {
        let world = ferrite_host::world::world();
        world.load(&path).expect("an image");
        go("DriverEntry", &[]);
        world.discard_initialization();
        body();
        world.unload();
    });
    Life { ended, coverage: world.verify.coverage(), stack: world.sched.stack_use() }
}

/// The image ends the run by this rule, and the report says `what`.
#[track_caller]
pub fn caught(image: &Builder, rule: &'static Rule, what: &str, body: impl FnOnce() + 'static) -> Violation {
    let violation = match live(image, body).ended {
        Err(End::Violation(violation)) => *violation,
        Err(End::Failure(what)) => panic!("the run ends otherwise: {what}"),
        Ok(()) => panic!("it is not caught"),
    };
    assert!(std::ptr::eq(violation.rule, rule), "caught as {}: {violation}", violation.rule.ident);
    assert!(violation.to_string().contains(what), "{violation} does not say {what:?}");
    violation
}

/// Calls an import by its slot, or a function that is reached through one.
pub fn import(a: &mut CodeAssembler, slot: u32) -> Result<(), IcedError> {
    a.add_instruction(at(Code::Call_rm64, slot))
}

/// Calls a function of the image.
pub fn local(a: &mut CodeAssembler, function: u32) -> Result<(), IcedError> {
    a.call(crate::testing::BASE + u64::from(function))
}

/// A function's frame that calls others: home space for their arguments, and the stack aligned.
pub const FRAME: i32 = 0x28;
/// The same as unwind data tell it.
pub const UNWIND: &[u8] = &[1, 4, 1, 0, 4, 0x42, 0, 0];

/// An image whose DriverEntry, in section INIT, does nothing.
pub fn image() -> Builder {
    let mut image = Builder::new();
    // The first function is the entry point.
    let init = image.section("INIT", CODE);
    let entry = image.function_in(init, "DriverEntry", None, |a| {
        a.xor(eax, eax)?;
        a.ret()
    });
    // An image without relocations is none that is inspected.
    image.pointer(0, entry);
    image
}

/// Adds a function that calls an import with its own arguments and returns what that does.
pub fn forward(image: &mut Builder, name: &str) {
    let slot = image.import("ntoskrnl.exe", name);
    image.function(name, Some(UNWIND), |a| {
        a.sub(rsp, FRAME)?;
        import(a, slot)?;
        a.add(rsp, FRAME)?;
        a.ret()
    });
}
