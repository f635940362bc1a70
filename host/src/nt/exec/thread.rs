//! System threads, and where and how urgently threads run.

use crate::{
    abi::{DISPATCHER_HEADER as Header, GROUP_AFFINITY, Ptr, constants as c, write, write_out},
    cpu::PASSIVE,
    imports,
    mem::Kind,
    nt::{
        handles::Target,
        layout::{CLIENT_ID, object},
        sync::dispatcher::{self, current_thread},
    },
    verify::rules,
    world::{call, world},
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

/// Bytes of the block that stands for a thread: as much as a KTHREAD of Windows has.
const THREAD_SIZE: usize = 0x480;
/// 32-bit words of it, as far as the header can say.
const THREAD_WORDS: u8 = 0xFF;
/// LOW_REALTIME_PRIORITY - 8: what a system thread starts with.
const PRIORITY: i32 = 8;

/// The driver's threads and their settings.
#[derive(Default)]
pub struct Threads {
    /// Threads that PsCreateSystemThread made and that run.
    alive: RefCell<Vec<u64>>,
    /// What KeSetSystemAffinityThreadEx set; 0 for nothing.
    affinity: RefCell<BTreeMap<u64, u64>>,
    priority: RefCell<BTreeMap<u64, i32>>,
    created: Cell<u64>,
}

impl Threads {
    /// System threads of the driver that have not ended.
    #[must_use]
    pub fn alive(&self) -> Vec<u64> {
        self.alive.borrow().clone()
    }
}

/// The current thread ends: it must be as it began.
fn terminate() -> ! {
    let world = world();
    let thread = current_thread();
    let locks = world.sched.current().map_or(0, |thread| thread.locks.get());
    let irql = world.cpu().irql();
    world.hold(&rules::IRQL_RETURN, irql == PASSIVE && locks == 0, || {
        format!("a system thread ends at IRQL {irql} with {locks} spin locks held")
    });
    let own = world.nt.threads.alive.borrow().contains(&thread);
    world.hold(&rules::THREAD_FOREIGN, own, || {
        "PsTerminateSystemThread in a thread that the driver did not create".into()
    });
    world.nt.threads.alive.borrow_mut().retain(|&known| known != thread);
    world.nt.threads.affinity.borrow_mut().remove(&thread);
    Ptr::<Header>::new(thread).set(Header::SignalState, 1);
    world.nt.dispatcher.signal(thread);
    world.nt.objects.release("a thread's end", thread);
    world.sched.exit()
}

/// Moves the current thread to a CPU of `mask` and answers the former mask; 0 goes back to where it was.
fn set_affinity(what: &str, mask: u64) -> u64 {
    let world = world();
    let thread = current_thread();
    let all = super::processor::active();
    world.hold(&rules::THREAD_AFFINITY, mask == 0 || mask & all != 0, || {
        format!("{what}({mask:#x}): the active processors are {all:#x}")
    });
    let old = if mask == 0 {
        world.nt.threads.affinity.borrow_mut().remove(&thread)
    } else {
        world.nt.threads.affinity.borrow_mut().insert(thread, mask)
    };
    let here = 1_u64 << (world.cpu().number & 63);
    if mask != 0 && mask & here == 0 {
        world.sched.move_to((mask & all).trailing_zeros() as usize);
    }
    old.unwrap_or(0)
}

fn group_mask(affinity: u64) -> u64 {
    let p: Ptr<GROUP_AFFINITY> = Ptr::new(affinity);
    if p.get(GROUP_AFFINITY::Group) != 0 { 0 } else { p.get(GROUP_AFFINITY::Mask) }
}

fn put_group(out: u64, mask: u64) {
    if out != 0 {
        crate::abi::fill(out, 0, 16);
        Ptr::<GROUP_AFFINITY>::new(out).set(GROUP_AFFINITY::Mask, mask);
    }
}

imports! {
    /// Threads.
    TABLE from "ntoskrnl.exe";

    fn PsCreateSystemThread(handle: u64, _access: u32, _attributes: u64, _process: u64, client: u64, start: u64, context: u64) -> u32 {
        let world = world();
        let Some(object) = world.mem.allocate(Kind::Host, 0, THREAD_SIZE, "PsCreateSystemThread") else {
            return c::STATUS_INSUFFICIENT_RESOURCES;
        };
        crate::abi::fill(object, 0, THREAD_SIZE);
        dispatcher::initialize(object, object::THREAD, THREAD_WORDS, 0);
        // One reference of the running thread, one of the handle.
        world.nt.objects.add(object, "thread", || {});
        world.nt.objects.reference("PsCreateSystemThread", object);
        let threads = &world.nt.threads;
        let number = threads.created.get() + 1;
        threads.created.set(number);
        threads.alive.borrow_mut().push(object);
        write(handle, world.nt.handles.open(Target::Object(object)));
        if client != 0 {
            let p: Ptr<CLIENT_ID> = Ptr::new(client);
            p.set(CLIENT_ID::UniqueProcess, 4);
            p.set(CLIENT_ID::UniqueThread, 4 * (number + 1));
        }
        let cpu = world.cpu().number;
        let thread = world.sched.spawn(&format!("system thread {number}"), cpu, move || {
            call("KSTART_ROUTINE", start, &[context]);
            terminate();
        });
        thread.object.set(object);
        c::STATUS_SUCCESS
    }

    fn PsTerminateSystemThread(_status: u32) -> u32 {
        terminate()
    }

    fn PsGetCurrentThread() -> u64 {
        current_thread()
    }

    fn KeGetCurrentThread() -> u64 {
        current_thread()
    }

    fn PsGetCurrentThreadId() -> u64 {
        current_thread() >> 4 & 0xFFFC
    }

    fn PsGetCurrentProcessId() -> u64 {
        4
    }

    fn PsGetCurrentProcess() -> u64 {
        world().nt.variable_value("PsInitialSystemProcess")
    }

    fn IoGetCurrentProcess() -> u64 {
        world().nt.variable_value("PsInitialSystemProcess")
    }

    fn PsIsSystemThread(_thread: u64) -> u8 {
        1
    }

    fn ExGetPreviousMode() -> u8 {
        0
    }

    fn KeSetPriorityThread(thread: u64, priority: i32) -> i32 {
        world().nt.threads.priority.borrow_mut().insert(thread, priority).unwrap_or(PRIORITY)
    }

    fn KeSetBasePriorityThread(thread: u64, increment: i32) -> i32 {
        let old = world().nt.threads.priority.borrow_mut().insert(thread, PRIORITY.saturating_add(increment));
        old.unwrap_or(PRIORITY) - PRIORITY
    }

    fn KeQueryPriorityThread(thread: u64) -> i32 {
        world().nt.threads.priority.borrow().get(&thread).copied().unwrap_or(PRIORITY)
    }

    fn KeSetSystemAffinityThread(mask: u64) {
        set_affinity("KeSetSystemAffinityThread", mask);
    }

    fn KeSetSystemAffinityThreadEx(mask: u64) -> u64 {
        set_affinity("KeSetSystemAffinityThreadEx", mask)
    }

    fn KeRevertToUserAffinityThread() {
        set_affinity("KeRevertToUserAffinityThread", 0);
    }

    fn KeRevertToUserAffinityThreadEx(mask: u64) {
        set_affinity("KeRevertToUserAffinityThreadEx", mask);
    }

    fn KeSetSystemGroupAffinityThread(affinity: u64, previous: u64) {
        let mask = group_mask(affinity);
        if mask & super::processor::active() == 0 {
            // Windows leaves the thread where it is, and says so with an empty former affinity.
            put_group(previous, 0);
            return;
        }
        put_group(previous, set_affinity("KeSetSystemGroupAffinityThread", mask));
    }

    fn KeRevertToUserGroupAffinityThread(previous: u64) {
        set_affinity("KeRevertToUserGroupAffinityThread", group_mask(previous));
    }

    fn IoGetStackLimits(low: u64, high: u64) {
        let stack = world().sched.stack_range();
        write_out(low, stack.start);
        write_out(high, stack.end);
    }

    fn IoGetInitialStack() -> u64 {
        world().sched.current().map_or(0, |thread| thread.stack_limits().1)
    }

    fn IoGetRemainingStackSize() -> u64 {
        world().sched.stack_left()
    }
}
