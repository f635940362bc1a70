//! What a world does when the driver faults: it is a finding, reported with the driver's stack.

use super::{try_world, world};
use crate::{
    pe,
    symbols::Start,
    trap::{FaultInfo, Handler, Origin, Registers},
    verify::rules,
};

/// The trap handler of every world.
pub(super) struct Faults;

impl Handler for Faults {
    fn read_cr8(&self, at: &Registers) -> u64 {
        world().measure_at(at);
        u64::from(world().cpu().irql())
    }

    fn write_cr8(&self, value: u64, at: &Registers) {
        let world = world();
        world.measure_at(at);
        world.cpu().set_irql(u8::try_from(value & 15).unwrap_or(0));
        world.sched.deliver();
    }

    fn bring_in(&self, address: u64) -> bool {
        try_world().is_some_and(|world| world.page_in(address))
    }

    fn fault(&self, info: &FaultInfo) -> ! {
        let world = world();
        let limits = world.sched.current().map_or((0, 0), |thread| thread.stack_limits());
        let chkstk = pe::in_chkstk(info.rip);
        // In host code it is an import that was handed a bad pointer: the driver's stack is its caller's.
        let start = match info.origin {
            Origin::Host if !chkstk => Start::from_call(&world.call_site()),
            _ => Start::from_registers(&info.registers),
        };
        let stack = world.stack_from(&start, limits);
        let what = format!("{info} at IRQL {}", world.cpu().irql());
        if let Some(over) = world.overflow(info, chkstk) {
            world.violation_at(&rules::STACK, over, stack);
        }
        let found = |address| world.trespass(address).or_else(|| world.absent(address));
        match info.address.and_then(found) {
            Some((rule, block)) => world.violation_at(rule, format!("{what}: {block}"), stack),
            None => world.violation_at(&rules::FAULT, what, stack),
        }
    }
}
