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
    if level > now {
        world.violation(&rules::IRQL_ORDER, format!("{what}({level}) at IRQL {now}: that is not lower"));
    }
    let thread = world.sched.current();
    let floor = thread.as_ref().map_or(0, |thread| thread.floor.get());
    if level < floor {
        let text = format!("{what}({level}) in a handler that was called at IRQL {floor}");
        world.violation(&rules::IRQL_ORDER, text);
    }
    let locks = thread.map_or(0, |thread| thread.locks.get());
    if level < DISPATCH && locks > 0 {
        world.violation(&rules::LOCK_HELD, format!("{what}({level}) with {locks} spin locks held"));
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
    if level < now || level > HIGH {
        world.violation(&rules::IRQL_ORDER, format!("{what}({level}) at IRQL {now}: that is not higher"));
    }
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
