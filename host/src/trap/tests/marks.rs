//! Marks tell what was reached, and the driver does what it did without them.

use iced_x86::code_asm::*;

use super::World;
use crate::pe::testing::Builder;
use crate::trap::peek;

/// `(rcx: memory, rdx: count)`: the body of the loop, its end, and what needs rdx 0 begin at 7, 18 and 19.
fn driver() -> Builder {
    let mut b = Builder::new();
    b.function("Loop", None, |a| {
        let (mut again, mut none) = (a.create_label(), a.create_label());
        a.xor(eax, eax)?;
        a.test(rdx, rdx)?;
        a.jz(none)?;
        a.set_label(&mut again)?;
        a.add(eax, dword_ptr(rcx + 0x100))?;
        a.dec(rdx)?;
        a.jnz(again)?;
        a.ret()?;
        a.set_label(&mut none)?;
        a.mov(eax, 77)?;
        a.ret()
    });
    b
}

/// The register access that is patched is itself marked, and one mark is behind the end of the code's section.
#[test]
fn each_is_reached_once_and_nothing_changes() {
    let mut world = World::new();
    let start = crate::pe::testing::TEXT;
    let (body, behind, none) = (start + 7, start + 18, start + 19);
    world.area.mark(&[none, start, body, behind, body, 0x5000]);
    let image = world.load(&driver(), &[]);
    let _entered = world.area.enter().unwrap();
    let (base, window) = world.memory(0x200);
    window.borrow_mut()[0x100] = 3;
    assert!(world.area.reached().is_empty());
    assert_eq!(world.run(&image, "Loop", [base, 100, 0, 0]).unwrap(), 300);
    assert_eq!(world.area.reached(), [start, body, behind]);
    assert_eq!(world.area.stats().sites, 1, "patched as without marks");
    assert_eq!(world.run(&image, "Loop", [base, 0, 0, 0]).unwrap(), 77);
    assert_eq!(world.area.reached(), [start, body, behind, none]);
}

/// An image that goes away has no breakpoints left, and what was reached in it stays known.
#[test]
fn an_image_that_goes_is_as_it_was() {
    let mut world = World::new();
    let start = crate::pe::testing::TEXT;
    let plain = world.load(&driver(), &[]);
    let code = |image: &crate::pe::Mapped| {
        let mut bytes = [0; 24];
        peek(image.entry(), &mut bytes).unwrap();
        bytes
    };
    let original = code(&plain);
    world.area.mark(&[start, start + 19]);
    let image = world.load(&driver(), &[]);
    assert_ne!(code(&image), original);
    {
        let _entered = world.area.enter().unwrap();
        assert_eq!(world.run(&image, "Loop", [0, 0, 0, 0]).unwrap(), 77);
    }
    assert_eq!(code(&image), original, "both were reached");
    world.area.mark(&[start, start + 19]);
    let other = world.load(&driver(), &[]);
    assert!(world.area.unregister_image(&other));
    assert_eq!(code(&other), original);
    assert!(world.area.unregister_image(&image));
    assert_eq!(world.area.reached(), [start, start + 19]);
}
