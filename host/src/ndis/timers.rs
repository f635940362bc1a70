//! Timer objects.

use super::{check, objects::Object};
use crate::{
    abi::{self, NDIS_TIMER_CHARACTERISTICS as Chars, Ptr, constants as c},
    clock::Time,
    cpu::{DISPATCH, Dpc, PASSIVE},
    imports,
    verify::rules,
    world::{TimerId, call, world},
};
use std::{cell::Cell, rc::Rc, time::Duration};

/// A timer object.
pub struct Timer {
    owner: u64,
    function: u64,
    context: u64,
    set: Cell<Option<TimerId>>,
    periodic: Cell<bool>,
    /// Expired and waiting for its CPU.
    queued: Cell<bool>,
    /// In its function.
    running: Cell<bool>,
}

impl Object for Timer {
    fn what(&self) -> &'static str {
        "timer"
    }
    fn owner(&self) -> u64 {
        self.owner
    }
}

fn timer(handle: u64, what: &str) -> Rc<Timer> {
    world().verify.watch(&rules::HANDLE_TIMER);
    match world().ndis.objects.get::<Timer>(handle) {
        Some(timer) => timer,
        None => world().violation(&rules::HANDLE_TIMER, format!("{what}: {handle:#x} is not a timer")),
    }
}

/// Negative is from now, positive an absolute system time; both in 100 ns.
pub fn due_time(due: i64) -> Time {
    let world = world();
    let now = world.clock.now();
    let wait = if due < 0 {
        due.unsigned_abs()
    } else {
        due.unsigned_abs().saturating_sub(world.clock.system_time())
    };
    now.after(Duration::from_nanos(wait.saturating_mul(100)))
}

fn set(handle: u64, due: i64, period: i32, context: u64) -> u8 {
    let world = world();
    let timer = timer(handle, "NdisSetTimerObject");
    world.hold(&rules::TIMER_PERIOD, period >= 0, || {
        format!("NdisSetTimerObject with a period of {period} ms")
    });
    let was = cancel(&timer);
    let period = u64::try_from(period).ok().filter(|&p| p > 0).map(Duration::from_millis);
    timer.periodic.set(period.is_some());
    let target = Rc::clone(&timer);
    let cpu = world.cpu().number;
    let context = if context == 0 { timer.context } else { context };
    let fire = Rc::new(move || {
        if !target.periodic.get() {
            target.set.set(None);
        }
        if target.queued.replace(true) {
            return; // one instance in the queue (NDIS-TMR-01)
        }
        let this = Rc::clone(&target);
        let run = move || {
            this.queued.set(false);
            this.running.set(true);
            call("NdisTimerFunction", this.function, &[0, context, 0, 0]);
            this.running.set(false);
        };
        if let Some(cpu) = crate::world::world().cpu_at(cpu) {
            cpu.queue_dpc(Dpc { object: handle, run: Box::new(run) });
        }
    });
    timer.set.set(Some(world.timers.set(due_time(due), period, fire)));
    u8::from(was)
}

/// Takes a timer out of the queue; whether it was there.
fn cancel(timer: &Timer) -> bool {
    timer.set.take().is_some_and(|id| world().timers.cancel(id))
}

imports! {
    /// Timers.
    TABLE from "ndis.sys";

    fn NdisAllocateTimerObject(handle: u64, chars: u64, out: u64) -> u32 {
        check::sized(&rules::TIMER_HEADER, chars, "NDIS_TIMER_CHARACTERISTICS", c::NDIS_OBJECT_TYPE_TIMER_CHARACTERISTICS, 1, c::NDIS_SIZEOF_TIMER_CHARACTERISTICS_REVISION_1);
        let p: Ptr<Chars> = Ptr::new(chars);
        world().hold(&rules::TIMER_FUNCTION, p.get(Chars::TimerFunction) != 0, || "a timer without a function".into());
        let timer = Timer {
            owner: handle,
            function: p.get(Chars::TimerFunction),
            context: p.get(Chars::FunctionContext),
            set: Cell::new(None),
            periodic: Cell::new(false),
            queued: Cell::new(false),
            running: Cell::new(false),
        };
        let Some(id) = world().ndis.objects.add(Rc::new(timer), "NdisAllocateTimerObject") else { return c::NDIS_STATUS_RESOURCES };
        abi::write(out, id);
        c::NDIS_STATUS_SUCCESS
    }

    fn NdisFreeTimerObject(handle: u64) {
        let world = world();
        let gone = timer(handle, "NdisFreeTimerObject");
        let idle = gone.set.get().is_none() && !gone.queued.get() && !gone.running.get();
        world.hold(&rules::TIMER_FREED, idle, || "a timer freed while it is set, queued or running".into());
        world.ndis.objects.remove::<Timer>(handle);
    }

    fn NdisSetTimerObject(handle: u64, due: i64, period: i32, context: u64) -> u8 {
        set(handle, due, period, context)
    }

    fn NdisSetCoalescableTimerObject(handle: u64, due: i64, period: i32, context: u64, _tolerance: u32) -> u8 {
        set(handle, due, period, context)
    }

    fn NdisCancelTimerObject(handle: u64) -> u8 {
        let world = world();
        let timer = timer(handle, "NdisCancelTimerObject");
        let irql = world.cpu().irql();
        world.hold(&rules::IRQL_TIMER, irql <= DISPATCH, || format!("NdisCancelTimerObject at IRQL {irql}"));
        if timer.periodic.get() {
            world.hold(&rules::PERIODIC_TIMER, irql == PASSIVE, || {
                format!("a periodic timer cancelled at IRQL {irql}")
            });
        }
        let was = cancel(&timer);
        if timer.periodic.replace(false) {
            // A periodic timer's cancel flushes the DPC.
            world.sched.block("the timer's DPC", None, &|| !timer.queued.get() && !timer.running.get());
        }
        u8::from(was)
    }
}
