//! EX_TIMER: timers that the kernel allocates (Windows 8.1 and later).

use super::time;
use crate::{
    cpu::Dpc,
    imports,
    mem::Kind,
    verify::rules,
    world::{TimerId, call, world},
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    time::Duration,
};

/// Tag of the blocks that stand for them.
const TAG: u32 = u32::from_le_bytes(*b"ExTm");

struct Timer {
    callback: u64,
    context: u64,
    set: Cell<Option<TimerId>>,
    periodic: Cell<bool>,
    queued: Cell<bool>,
    running: Cell<bool>,
}

/// The allocated timers of a world.
#[derive(Default)]
pub struct ExtTimers {
    all: RefCell<BTreeMap<u64, Rc<Timer>>>,
}

impl ExtTimers {
    fn get(&self, what: &str, handle: u64) -> Rc<Timer> {
        let known = self.all.borrow().get(&handle).cloned();
        world().verify.watch(&rules::EX_TIMER_OBJECT);
        match known {
            Some(timer) => timer,
            None => world().violation(
                &rules::EX_TIMER_OBJECT,
                format!("{what}: {handle:#x} is no timer, or a deleted one"),
            ),
        }
    }

    /// Timers that are set.
    #[must_use]
    pub fn active(&self) -> Vec<u64> {
        let all = self.all.borrow();
        all.iter().filter(|(_, timer)| timer.set.get().is_some()).map(|(&handle, _)| handle).collect()
    }
}

/// The timer is due. Runs in the scheduler.
fn expire(handle: u64, timer: &Rc<Timer>, cpu: usize) {
    if !timer.periodic.get() {
        timer.set.set(None);
    }
    if timer.callback == 0 || timer.queued.replace(true) {
        return;
    }
    let timer = Rc::clone(timer);
    let run = move || {
        timer.queued.set(false);
        timer.running.set(true);
        call("EXT_CALLBACK", timer.callback, &[handle, timer.context]);
        timer.running.set(false);
    };
    if let Some(cpu) = world().cpu_at(cpu) {
        cpu.queue_dpc(Dpc { object: handle, run: Box::new(run) });
    }
}

/// Takes a timer back; whether it was set.
fn cancel(timer: &Timer) -> bool {
    timer.set.take().is_some_and(|id| world().timers.cancel(id))
}

imports! {
    /// Allocated timers.
    TABLE from "ntoskrnl.exe";

    fn ExAllocateTimer(callback: u64, context: u64, _attributes: u32) -> u64 {
        let world = world();
        let Some(handle) = world.mem.allocate(Kind::Object, TAG, 64, "ExAllocateTimer") else { return 0 };
        let timer = Timer {
            callback,
            context,
            set: Cell::new(None),
            periodic: Cell::new(false),
            queued: Cell::new(false),
            running: Cell::new(false),
        };
        world.nt.ext_timers.all.borrow_mut().insert(handle, Rc::new(timer));
        handle
    }

    fn ExSetTimer(handle: u64, due: i64, period: i64, _parameters: u64) -> u8 {
        let world = world();
        let timer = world.nt.ext_timers.get("ExSetTimer", handle);
        let was = cancel(&timer);
        let every = (period > 0).then(|| Duration::from_nanos(period.unsigned_abs().saturating_mul(100)));
        timer.periodic.set(every.is_some());
        let (cpu, fired) = (world.cpu().number, Rc::clone(&timer));
        let id = world.timers.set(time::due(due), every, Rc::new(move || expire(handle, &fired, cpu)));
        timer.set.set(Some(id));
        u8::from(was)
    }

    fn ExCancelTimer(handle: u64, _parameters: u64) -> u8 {
        u8::from(cancel(&world().nt.ext_timers.get("ExCancelTimer", handle)))
    }

    fn ExDeleteTimer(handle: u64, cancel_it: u8, wait: u8, _parameters: u64) -> u8 {
        let world = world();
        let timer = world.nt.ext_timers.get("ExDeleteTimer", handle);
        world.hold(&rules::EX_TIMER_WAIT, wait == 0 || cancel_it != 0, || {
            "ExDeleteTimer with Wait and without Cancel".into()
        });
        let was = cancel(&timer);
        if wait != 0 {
            world.sched.block("ExDeleteTimer", None, &|| !timer.queued.get() && !timer.running.get());
        }
        world.nt.ext_timers.all.borrow_mut().remove(&handle);
        let _ = world.mem.free(Kind::Object, handle);
        u8::from(was)
    }
}
