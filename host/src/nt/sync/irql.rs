//! Raising and lowering the interrupt request level.

use crate::{
    cpu::{DISPATCH, HIGH},
    imports,
    verify::rules,
    world::world,
};

/// Sets the level down to `level`, if that is where the driver may go.
pub fn lower(what: &str, level: u8) {
    let world = world();
    let cpu = world.cpu();
    let now = cpu.irql();
    world.hold(&rules::IRQL_LOWER, level <= now, || {
        format!("{what}({level}) at IRQL {now}: that is not lower")
    });
    let thread = world.sched.current();
    let floor = thread.as_ref().map_or(0, |thread| thread.floor.get());
    world.hold(&rules::IRQL_LOWER_FLOOR, level >= floor, || {
        format!("{what}({level}) in a handler that was called at IRQL {floor}")
    });
    let locks = thread.map_or(0, |thread| thread.locks.get());
    if level < DISPATCH && now >= DISPATCH {
        world.hold(&rules::LOCK_LOWERED, locks == 0, || {
            format!("{what}({level}) with {locks} spin locks held")
        });
    }
    cpu.set_irql(level);
    // What waited for the level to fall comes now, as on a machine, not when the import returns.
    world.sched.deliver();
}

/// Sets the level up to `level` and answers the former one.
pub fn raise(what: &str, level: u8) -> u8 {
    let world = world();
    let cpu = world.cpu();
    let now = cpu.irql();
    world.hold(&rules::IRQL_RAISE, (now..=HIGH).contains(&level), || {
        format!("{what}({level}) at IRQL {now}: that is not higher")
    });
    cpu.set_irql(level)
}

imports! {
    /// Interrupt request level.
    TABLE from "hal.dll";

    fn KeGetCurrentIrql() -> u8 {
        world().cpu().irql()
    }

    fn KfRaiseIrql(level: u8) -> u8 {
        raise("KeRaiseIrql", level)
    }

    fn KeRaiseIrqlToDpcLevel() -> u8 {
        raise("KeRaiseIrqlToDpcLevel", DISPATCH)
    }

    fn KeRaiseIrqlToSynchLevel() -> u8 {
        // SYNCH_LEVEL of a multiprocessor x64 kernel.
        raise("KeRaiseIrqlToSynchLevel", 12)
    }

    fn KeLowerIrql(level: u8) {
        lower("KeLowerIrql", level);
    }

    fn KfLowerIrql(level: u8) {
        lower("KeLowerIrql", level);
    }
}
