//! Calls into the driver.

use super::world;
use crate::{
    cpu::DISPATCH,
    pe::CallSite,
    sched::stack::{self, stack_pointer},
    verify::{Rule, rules},
};

/// Up to eight arguments of a handler; what it does not take it does not see.
pub type Args<'a> = &'a [u64];

/// What a handler must leave behind.
#[derive(Clone, Copy, Debug)]
pub struct After {
    /// The IRQL.
    pub irql: u8,
    /// Spin locks held.
    pub locks: u32,
}

/// Calls one of the driver's functions and checks what it must leave as it was: IRQL and locks.
///
/// The result is `rax`; callers cut it to the function's return type.
#[allow(clippy::must_use_candidate, reason = "many handlers return nothing")]
pub fn call(name: &'static str, address: u64, args: Args) -> u64 {
    let world = world();
    let locks = world.sched.current().map_or(0, |thread| thread.locks.get());
    call_to(name, address, args, After { irql: world.cpu().irql(), locks })
}

/// The rule that a handler returns at the level at which it was called.
fn level_of(handler: &str) -> &'static Rule {
    match handler {
        "MiniportInterrupt"
        | "MiniportMessageInterrupt"
        | "KSERVICE_ROUTINE"
        | "KMESSAGE_SERVICE_ROUTINE" => &rules::IRQL_RETURN_ISR,
        "work item routine" | "IO_WORKITEM_ROUTINE" | "IO_WORKITEM_ROUTINE_EX" | "WORKER_THREAD_ROUTINE" => {
            &rules::IRQL_RETURN_WORKER
        }
        _ => &rules::IRQL_RETURN,
    }
}

/// The same for the few handlers that leave IRQL and locks otherwise than they found them.
#[allow(clippy::must_use_candidate, reason = "many handlers return nothing")]
pub fn call_to(name: &'static str, address: u64, args: Args, after: After) -> u64 {
    let world = world();
    let (cpu, level) = (world.cpu().number, world.cpu().irql());
    let thread = world.sched.current();
    let floor = thread.as_ref().map_or(0, |thread| thread.floor.replace(after.irql));
    world.sched.push_handler(name);
    world.sched.yield_point();
    let arg = |i: usize| args.get(i).copied().unwrap_or(0);
    // SAFETY: the address is one that the driver registered as a function of this kind. It runs with
    // the Windows x64 convention, in which the caller removes the arguments, so surplus ones do no harm.
    let function: extern "win64" fn(u64, u64, u64, u64, u64, u64, u64, u64) -> u64 =
        unsafe { std::mem::transmute(address as *const ()) };
    let painted = world.image.borrow().as_ref().is_some_and(|image| image.mapped.contains(address));
    let site = world.call_site();
    if painted {
        world.set_call_site(CallSite::default());
    }
    let top = stack_pointer();
    let segment = world.sched.enter_driver(top);
    if painted {
        stack::paint(top);
    }
    let result = function(arg(0), arg(1), arg(2), arg(3), arg(4), arg(5), arg(6), arg(7));
    // No host code ran below: what is there is the driver's.
    if painted && world.sched.is_unmeasured(&segment) && world.call_site().rsp == 0 {
        let low = stack::painted_over(top);
        world.measure_call(low);
    }
    if world.sched.leave_driver(segment) {
        world.verify.watch(&rules::STACK);
    }
    if painted {
        world.set_call_site(site);
    }
    let now = world.cpu();
    // Below DISPATCH_LEVEL a thread may have moved to another CPU.
    let kept = now.irql() == after.irql && (after.irql < DISPATCH || now.number == cpu);
    world.hold(level_of(name), kept, || format!("{name} called at IRQL {level}, returned at {}", now.irql()));
    if let Some(thread) = thread {
        thread.floor.set(floor);
        let locks = thread.locks.get();
        world.hold(&rules::LOCK_HELD, locks == after.locks, || {
            format!("{name} returned with {locks} spin locks held")
        });
    }
    world.sched.pop_call();
    // It came back: it neither faulted nor stopped the machine.
    for rule in [&rules::FAULT, &rules::EXCEPTION, &rules::BUG_CHECK, &rules::BREAKPOINT] {
        world.verify.watch(rule);
    }
    world.sched.yield_point();
    result
}
