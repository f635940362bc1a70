//! KTIMER: timer objects in the driver's memory.

use super::{dpc, time};
use crate::{
    abi::{DISPATCHER_HEADER as Header, KTIMER, Ptr, write},
    imports,
    nt::{layout::object, sync::dispatcher},
    verify::rules,
    world::{TimerId, world},
};
use std::{cell::RefCell, collections::HashMap, rc::Rc, time::Duration};

const TIMERS: &[u8] = &[object::NOTIFICATION_TIMER, object::SYNCHRONIZATION_TIMER];
/// 32-bit words of a KTIMER.
const TIMER_WORDS: u8 = 16;

/// The driver's timers that are set.
#[derive(Default)]
pub struct KernelTimers {
    set: RefCell<HashMap<u64, TimerId>>,
}

impl KernelTimers {
    /// A timer in a range of memory that is set.
    #[must_use]
    pub fn set_in(&self, addr: u64, len: usize) -> Option<u64> {
        self.set.borrow().keys().copied().find(|timer| timer.wrapping_sub(addr) < len as u64)
    }

    /// Every timer that is set.
    #[must_use]
    pub fn active(&self) -> Vec<u64> {
        self.set.borrow().keys().copied().collect()
    }

    fn forget(&self, timer: u64) -> bool {
        let id = self.set.borrow_mut().remove(&timer);
        id.is_some_and(|id| world().timers.cancel(id))
    }
}

fn initialize(what: &str, timer: u64, kind: u8) {
    let set = world().nt.timers.set_in(timer, 1).is_some();
    world().hold(&rules::TIMER_SET, !set, || format!("{what}({timer:#x}) while the timer is set"));
    dispatcher::initialize(timer, kind, TIMER_WORDS, 0);
    let p: Ptr<KTIMER> = Ptr::new(timer);
    write(p.at(&KTIMER::DueTime), 0_u64);
    p.set(KTIMER::Dpc, 0);
    p.set(KTIMER::Period, 0);
}

/// Sets a timer; whether it was set before.
fn set(what: &str, timer: u64, due: i64, period: u32, dpc_object: u64) -> u8 {
    let world = world();
    let header = dispatcher::header(&rules::TIMER_OBJECT, timer, TIMERS, what);
    if dpc_object != 0 {
        world.hold(&rules::TIMER_DPC, dpc::is_dpc(dpc_object), || {
            format!("{what}: {dpc_object:#x} is not an initialised KDPC")
        });
    }
    let was = world.nt.timers.forget(timer);
    let at = time::due(due);
    let p: Ptr<KTIMER> = Ptr::new(timer);
    header.set(Header::SignalState, 0);
    write(p.at(&KTIMER::DueTime), at.in_100ns());
    p.set(KTIMER::Dpc, dpc_object);
    p.set(KTIMER::Period, period);
    let cpu = world.cpu().number;
    let every = (period != 0).then(|| Duration::from_millis(u64::from(period)));
    let id = world.timers.set(at, every, Rc::new(move || expire(timer, cpu)));
    world.nt.timers.set.borrow_mut().insert(timer, id);
    u8::from(was)
}

/// The timer is due. Runs in the scheduler.
fn expire(timer: u64, cpu: usize) {
    let nt = &world().nt;
    let p: Ptr<KTIMER> = Ptr::new(timer);
    if p.get(KTIMER::Period) == 0 {
        nt.timers.set.borrow_mut().remove(&timer);
    }
    Ptr::<Header>::new(timer).set(Header::SignalState, 1);
    nt.dispatcher.signal(timer);
    let dpc_object = p.get(KTIMER::Dpc);
    if dpc_object != 0 {
        let now = time::system_time();
        dpc::queue(dpc_object, now & u64::from(u32::MAX), now >> 32, cpu);
    }
}

imports! {
    /// Timers.
    TABLE from "ntoskrnl.exe";

    fn KeInitializeTimer(timer: u64) {
        initialize("KeInitializeTimer", timer, object::NOTIFICATION_TIMER);
    }

    fn KeInitializeTimerEx(timer: u64, kind: u32) {
        let kind = if kind == 0 { object::NOTIFICATION_TIMER } else { object::SYNCHRONIZATION_TIMER };
        initialize("KeInitializeTimerEx", timer, kind);
    }

    fn KeSetTimer(timer: u64, due: i64, dpc: u64) -> u8 {
        set("KeSetTimer", timer, due, 0, dpc)
    }

    fn KeSetTimerEx(timer: u64, due: i64, period: i32, dpc: u64) -> u8 {
        set("KeSetTimerEx", timer, due, period.max(0) as u32, dpc)
    }

    fn KeSetCoalescableTimer(timer: u64, due: i64, period: u32, _tolerable: u32, dpc: u64) -> u8 {
        set("KeSetCoalescableTimer", timer, due, period, dpc)
    }

    fn KeCancelTimer(timer: u64) -> u8 {
        let _ = dispatcher::header(&rules::TIMER_OBJECT, timer, TIMERS, "KeCancelTimer");
        u8::from(world().nt.timers.forget(timer))
    }

    fn KeReadStateTimer(timer: u64) -> u8 {
        u8::from(dispatcher::header(&rules::TIMER_OBJECT, timer, TIMERS, "KeReadStateTimer").get(Header::SignalState) != 0)
    }
}
