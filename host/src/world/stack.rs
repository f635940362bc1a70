//! The kernel's stack: what is said of a driver that uses too much of it.

use super::World;
use crate::{
    sched::Overflow,
    symbols::Start,
    trap::{FaultInfo, Registers},
    verify::rules,
};

fn describe(Overflow { used, budget }: Overflow) -> String {
    format!("{used} bytes of stack in the driver's frames; a kernel stack has {budget} for them")
}

impl World {
    /// The driver has called an import, which is noted among the calls in progress.
    pub(crate) fn measure_call(&self, rsp: u64) {
        if let Some(over) = self.sched.measure(rsp) {
            self.violation(&rules::STACK, describe(over));
        }
    }

    /// The driver is in the middle of an instruction that was taken over.
    pub(crate) fn measure_at(&self, registers: &Registers) {
        if let Some(over) = self.sched.measure(registers.rsp()) {
            let limits = self.sched.current().map_or((0, 0), |thread| thread.stack_limits());
            let stack = self.stack_from(&Start::from_registers(registers), limits);
            self.violation_at(&rules::STACK, describe(over), stack);
        }
    }

    /// What a fault is for the lack of stack: a frame that `__chkstk` refused, or the end of the real stack.
    pub(super) fn overflow(&self, info: &FaultInfo, chkstk: bool) -> Option<String> {
        use crate::trap::{FaultKind, Origin, Reg};
        let wanted = info.registers.get(Reg::Rax);
        match info.kind {
            FaultKind::IllegalInstruction | FaultKind::StackOverflow if chkstk => {
                let rsp = info.registers.rsp().saturating_add(8).saturating_sub(wanted);
                let over = self.sched.measure(rsp).map_or_else(|| "more than there is".into(), describe);
                Some(format!("a frame of {wanted} bytes: {over}"))
            }
            FaultKind::StackOverflow if info.origin == Origin::Image => {
                let over = self.sched.measure(info.registers.rsp());
                Some(over.map_or_else(|| info.to_string(), describe))
            }
            _ => None,
        }
    }
}
