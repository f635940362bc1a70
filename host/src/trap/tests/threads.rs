//! Several worlds in one process, each on its thread.

use iced_x86::code_asm::*;

use super::World;
use crate::pe::testing::Builder;
use crate::trap::FaultKind;

#[test]
fn worlds_do_not_meet() {
    let threads: Vec<_> = (1..=4u64)
        .map(|id| {
            std::thread::spawn(move || {
                let mut world = World::new();
                let mut b = Builder::new();
                b.function("Count", None, |a| {
                    let mut again = a.create_label();
                    a.set_label(&mut again)?;
                    a.add(qword_ptr(rcx), rdx)?;
                    a.add(qword_ptr(rcx + 0x108), rdx)?;
                    a.dec(r8)?;
                    a.jnz(again)?;
                    a.mov(rax, qword_ptr(rcx))?;
                    a.ret()
                });
                let image = world.load(&b, &[]);
                let _entered = world.area.enter().unwrap();
                let (base, window) = world.memory(0x200);
                for round in 1..=20 {
                    assert_eq!(world.run(&image, "Count", [base, id, 50, 0]).unwrap(), round * 50 * id);
                    let info = world.run(&image, "Count", [8, 0, 1, 0]).unwrap_err();
                    assert!(matches!(info.kind, FaultKind::AccessViolation(_)));
                }
                let total = u64::from_le_bytes(window.borrow()[0x108..0x110].try_into().unwrap());
                assert_eq!(total, 20 * 50 * id);
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

/// The innermost area has the thread, and the one before gets it back.
#[test]
fn areas_nest_on_a_thread() {
    let mut b = Builder::new();
    b.function("Load", None, |a| {
        a.mov(rax, qword_ptr(rcx))?;
        a.ret()
    });
    let (mut outer, mut inner) = (World::new(), World::new());
    let (image, other) = (outer.load(&b, &[]), inner.load(&b, &[]));
    let (base, window) = outer.memory(8);
    let (second, content) = inner.memory(8);
    (window.borrow_mut()[0], content.borrow_mut()[0]) = (1, 2);
    let _entered = outer.area.enter().unwrap();
    assert_eq!(outer.run(&image, "Load", [base, 0, 0, 0]).unwrap(), 1);
    {
        let _entered = inner.area.enter().unwrap();
        assert_eq!(inner.run(&other, "Load", [second, 0, 0, 0]).unwrap(), 2);
    }
    assert_eq!(outer.run(&image, "Load", [base, 0, 0, 0]).unwrap(), 1);
}
