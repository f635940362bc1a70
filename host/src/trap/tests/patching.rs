//! Patched instructions do what they did before.

use iced_x86::code_asm::*;

use super::World;
use crate::pe::testing::Builder;
use crate::trap::peek;

/// `(rcx: memory, rdx: count)`: reads, adds and writes, with instructions long and short.
fn driver() -> Builder {
    let mut b = Builder::new();
    b.function("Loop", None, |a| {
        let mut again = a.create_label();
        a.xor(eax, eax)?;
        a.set_label(&mut again)?;
        a.add(eax, dword_ptr(rcx + 0x100))?;
        a.mov(dword_ptr(rcx + 0x104), eax)?;
        a.mov(r8d, dword_ptr(rcx))?;
        a.dec(rdx)?;
        a.jnz(again)?;
        a.ret()
    });
    b
}

#[test]
fn patched_from_the_second_access_on() {
    let mut world = World::new();
    let image = world.load(&driver(), &[]);
    let _entered = world.area.enter().unwrap();
    let (base, window) = world.memory(0x200);
    window.borrow_mut()[0x100] = 3;
    assert_eq!(world.run(&image, "Loop", [base, 100, 0, 0]).unwrap(), 300);
    assert_eq!(window.borrow()[0x104..0x108], 300u32.to_le_bytes());
    let stats = world.area.stats();
    // Two instructions are long enough; the third traps every time.
    assert_eq!((stats.sites, stats.signals, stats.patched), (2, 102, 198));
}

#[test]
fn not_patched_if_not_wanted() {
    let mut world = World::new();
    let image = world.load(&driver(), &[]);
    let _entered = world.area.enter().unwrap();
    world.area.set_patching(false);
    let (base, window) = world.memory(0x200);
    window.borrow_mut()[0x100] = 3;
    assert_eq!(world.run(&image, "Loop", [base, 100, 0, 0]).unwrap(), 300);
    assert_eq!(world.area.stats().signals, 300);
    assert_eq!(world.area.stats().sites, 0);
}

/// The same instruction on memory: it is put back, and atomic again.
#[test]
fn patched_instruction_on_memory_is_restored() {
    let mut world = World::new();
    let image = world.load(&driver(), &[]);
    let _entered = world.area.enter().unwrap();
    let (base, _) = world.memory(0x200);
    let code = |len| {
        let mut bytes = vec![0; len];
        peek(image.entry(), &mut bytes).unwrap();
        bytes
    };
    let original = code(24);
    world.run(&image, "Loop", [base, 2, 0, 0]).unwrap();
    assert_ne!(code(24), original);
    let mut memory = vec![0u8; 0x200];
    memory[0x100] = 5;
    assert_eq!(world.run(&image, "Loop", [memory.as_mut_ptr() as u64, 10, 0, 0]).unwrap(), 50);
    assert_eq!(code(24), original);
    // And it traps as before, without being patched again.
    let before = world.area.stats();
    world.run(&image, "Loop", [base, 2, 0, 0]).unwrap();
    let after = world.area.stats();
    assert_eq!((after.signals - before.signals, after.patched), (6, before.patched));
}

/// An image that leaves the area is as it was loaded, and can enter another.
#[test]
fn unregistered_image_is_as_it_was() {
    let mut world = World::new();
    let image = world.load(&driver(), &[]);
    let mut original = [0; 24];
    peek(image.entry(), &mut original).unwrap();
    {
        let _entered = world.area.enter().unwrap();
        let (base, _) = world.memory(0x200);
        world.run(&image, "Loop", [base, 3, 0, 0]).unwrap();
    }
    assert!(world.area.unregister_image(&image) && !world.area.unregister_image(&image));
    let mut now = [0; 24];
    peek(image.entry(), &mut now).unwrap();
    assert_eq!(now, original);
    drop(world);
    let other = World::new();
    other.area.register_image(&image);
    let _entered = other.area.enter().unwrap();
    let (base, window) = other.memory(0x200);
    window.borrow_mut()[0x100] = 1;
    assert_eq!(other.run(&image, "Loop", [base, 7, 0, 0]).unwrap(), 7);
    assert_eq!(other.area.stats().sites, 2);
}
