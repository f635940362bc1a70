//! Work items and the system worker threads that run them at PASSIVE_LEVEL.

use crate::{
    abi::{Ptr, constants as c},
    imports,
    mem::Kind,
    nt::layout::{IO_WORKITEM, WORK_QUEUE_ITEM},
    verify::rules,
    world::{call, world},
};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
};

/// Worker threads at most: more would wait for each other.
const MOST_WORKERS: usize = 32;
/// Tag of the work items that the kernel allocates.
const TAG: u32 = u32::from_le_bytes(*b"IoWI");
/// IO_WORKITEM.State.
const IDLE: u64 = 0x4449_0001;
const QUEUED: u64 = 0x4449_0002;

struct Job {
    object: u64,
    run: Box<dyn FnOnce()>,
}

/// The queue of a world and its workers: one a CPU at first, more when those are blocked.
#[derive(Default)]
pub struct Work {
    queue: RefCell<VecDeque<Job>>,
    workers: Cell<usize>,
    idle: Cell<usize>,
}

impl Work {
    /// Queues a call for a worker thread. `object` names the driver's item.
    pub fn queue(&self, object: u64, run: impl FnOnce() + 'static) {
        let world = world();
        self.queue.borrow_mut().push_back(Job { object, run: Box::new(run) });
        let waiting = self.queue.borrow().len();
        if waiting > self.idle.get() && self.workers.get() < MOST_WORKERS {
            let number = self.workers.get();
            self.workers.set(number + 1);
            self.idle.set(self.idle.get() + 1);
            let cpu = (world.cpu().number + number) % world.cpus().len();
            world.sched.spawn("system worker", cpu, worker);
        }
    }

    /// Whether an item is queued.
    #[must_use]
    pub fn is_queued(&self, object: u64) -> bool {
        self.queue.borrow().iter().any(|job| job.object == object)
    }

    /// A queued item in a range of memory.
    #[must_use]
    pub fn queued_in(&self, addr: u64, len: usize) -> Option<u64> {
        self.queue.borrow().iter().map(|job| job.object).find(|object| object.wrapping_sub(addr) < len as u64)
    }

    /// Items that are queued or running.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.queue.borrow().len() + self.workers.get().saturating_sub(self.idle.get())
    }

    fn take(&self) -> Option<Job> {
        self.queue.borrow_mut().pop_front()
    }
}

/// The life of a worker thread.
fn worker() {
    let world = world();
    let work = &world.nt.work;
    loop {
        world.sched.wait("work", None, &|| !work.queue.borrow().is_empty());
        let Some(job) = work.take() else { continue };
        work.idle.set(work.idle.get().saturating_sub(1));
        (job.run)();
        work.idle.set(work.idle.get() + 1);
    }
}

fn item(addr: u64, what: &str) -> Ptr<IO_WORKITEM> {
    let p: Ptr<IO_WORKITEM> = Ptr::new(addr);
    let state = if addr == 0 { 0 } else { p.get(IO_WORKITEM::State) };
    world().hold(&rules::WORK_ITEM, state == IDLE || state == QUEUED, || {
        format!("{what}: {addr:#x} is no work item, or not initialised")
    });
    p
}

fn initialize(addr: u64, object: u64) {
    let p: Ptr<IO_WORKITEM> = Ptr::new(addr);
    p.set(IO_WORKITEM::IoObject, object);
    p.set(IO_WORKITEM::State, IDLE);
}

/// Queues an IO_WORKITEM. `extended` tells which of the two routines it has.
fn queue_io(what: &str, addr: u64, routine: u64, context: u64, extended: bool) {
    let p = item(addr, what);
    world().hold(&rules::WORK_ITEM_TWICE, p.get(IO_WORKITEM::State) != QUEUED, || {
        format!("{what}: work item {addr:#x} is queued already")
    });
    p.set(IO_WORKITEM::State, QUEUED);
    p.set(IO_WORKITEM::Routine, routine);
    p.set(IO_WORKITEM::Context, context);
    world().nt.work.queue(addr, move || {
        // The routine may free the item or queue it again.
        p.set(IO_WORKITEM::State, IDLE);
        let object = p.get(IO_WORKITEM::IoObject);
        if extended {
            call("IO_WORKITEM_ROUTINE_EX", routine, &[object, context, addr]);
        } else {
            call("IO_WORKITEM_ROUTINE", routine, &[object, context]);
        }
    });
}

fn retire(what: &str, addr: u64) {
    let idle = item(addr, what).get(IO_WORKITEM::State) != QUEUED;
    world().hold(&rules::WORK_ITEM_FREED, idle, || format!("{what}: work item {addr:#x} is queued"));
    Ptr::<IO_WORKITEM>::new(addr).set(IO_WORKITEM::State, 0);
}

imports! {
    /// Work items.
    TABLE from "ntoskrnl.exe";

    fn IoAllocateWorkItem(device: u64) -> u64 {
        let Some(addr) = world().mem.allocate(Kind::Object, TAG, 64, "IoAllocateWorkItem") else { return 0 };
        initialize(addr, device);
        addr
    }

    fn IoFreeWorkItem(addr: u64) {
        retire("IoFreeWorkItem", addr);
        if let Err(bad) = world().mem.free(Kind::Object, addr) {
            world().violation(&rules::WORK_ITEM, format!("IoFreeWorkItem({addr:#x}): {bad:?}"));
        }
    }

    fn IoSizeofWorkItem() -> u32 {
        64
    }

    fn IoInitializeWorkItem(object: u64, addr: u64) {
        initialize(addr, object);
    }

    fn IoUninitializeWorkItem(addr: u64) {
        retire("IoUninitializeWorkItem", addr);
    }

    fn IoQueueWorkItem(addr: u64, routine: u64, _queue: u32, context: u64) {
        queue_io("IoQueueWorkItem", addr, routine, context, false);
    }

    fn IoQueueWorkItemEx(addr: u64, routine: u64, _queue: u32, context: u64) {
        queue_io("IoQueueWorkItemEx", addr, routine, context, true);
    }

    fn IoTryQueueWorkItem(addr: u64, routine: u64, _queue: u32, context: u64) -> u8 {
        if item(addr, "IoTryQueueWorkItem").get(IO_WORKITEM::State) == QUEUED {
            return 0;
        }
        queue_io("IoTryQueueWorkItem", addr, routine, context, true);
        1
    }

    fn ExQueueWorkItem(addr: u64, queue: u32) {
        let world = world();
        let known = !(c::MaximumWorkQueue..c::CustomPriorityWorkQueue).contains(&queue);
        world.hold(&rules::WORK_QUEUE, known, || format!("ExQueueWorkItem to queue {queue}: there is none"));
        world.hold(&rules::EX_WORK_ITEM_TWICE, !world.nt.work.is_queued(addr), || {
            format!("ExQueueWorkItem: work item {addr:#x} is queued already")
        });
        let p: Ptr<WORK_QUEUE_ITEM> = Ptr::new(addr);
        let (routine, parameter) = (p.get(WORK_QUEUE_ITEM::WorkerRoutine), p.get(WORK_QUEUE_ITEM::Parameter));
        world.nt.work.queue(addr, move || {
            call("WORKER_THREAD_ROUTINE", routine, &[parameter]);
        });
    }
}
