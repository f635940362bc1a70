//! Deferred procedure calls: KDPC objects in the driver's memory.

use crate::{
    abi::{KDPC, PROCESSOR_NUMBER, Ptr, constants as c},
    cpu::Dpc,
    imports,
    nt::layout::object,
    verify::rules,
    world::{call, world},
};
use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, HashSet},
};

/// KDPC.Number of a DPC that has a target processor: its number above this.
const TARGETED: u16 = 0x500;
const HIGH_IMPORTANCE: u8 = 2;

/// The driver's DPCs that are queued or running.
#[derive(Default)]
pub struct Dpcs {
    /// Object and CPU.
    queued: RefCell<HashMap<u64, usize>>,
    running: RefCell<HashSet<u64>>,
    /// KDPC routines that were run.
    pub run: Cell<u64>,
}

impl Dpcs {
    /// A DPC object in a range of memory that is queued.
    #[must_use]
    pub fn queued_in(&self, addr: u64, len: usize) -> Option<u64> {
        self.queued.borrow().keys().copied().find(|dpc| dpc.wrapping_sub(addr) < len as u64)
    }

    /// DPC objects that are queued or running.
    #[must_use]
    pub fn active(&self) -> Vec<u64> {
        let running = self.running.borrow();
        self.queued.borrow().keys().chain(running.iter()).copied().collect()
    }
}

/// Whether `addr` is an initialised DPC object.
#[must_use]
pub fn is_dpc(addr: u64) -> bool {
    let kind = Ptr::<KDPC>::new(addr).get(KDPC::Type);
    kind == object::DPC || kind == object::THREADED_DPC
}

fn checked(addr: u64, what: &str) -> Ptr<KDPC> {
    world().hold(&rules::DPC_OBJECT, addr != 0 && is_dpc(addr), || {
        format!("{what}: {addr:#x} is not an initialised KDPC")
    });
    Ptr::new(addr)
}

/// Queues a DPC on its target CPU, or on `cpu`; false if it is queued already.
///
/// Runs in the scheduler, too, when a timer is due.
pub fn queue(addr: u64, first: u64, second: u64, cpu: usize) -> bool {
    let world = world();
    let p: Ptr<KDPC> = Ptr::new(addr);
    let number = p.get(KDPC::Number);
    let target = if number >= TARGETED { usize::from(number - TARGETED) } else { cpu };
    let Some(cpu) = world.cpu_at(target) else { return false };
    if world.nt.dpcs.queued.borrow().contains_key(&addr) {
        return false;
    }
    world.nt.dpcs.queued.borrow_mut().insert(addr, target);
    p.set(KDPC::SystemArgument1, first);
    p.set(KDPC::SystemArgument2, second);
    p.set(KDPC::DpcData, cpu.kpcr.base());
    let dpc = Dpc { object: addr, run: Box::new(move || run(addr)) };
    if p.get(KDPC::Importance) == HIGH_IMPORTANCE {
        cpu.queue_dpc_first(dpc);
    } else {
        cpu.queue_dpc(dpc);
    }
    true
}

fn run(addr: u64) {
    let nt = &world().nt;
    nt.dpcs.queued.borrow_mut().remove(&addr);
    let p: Ptr<KDPC> = Ptr::new(addr);
    p.set(KDPC::DpcData, 0);
    let routine = p.get(KDPC::DeferredRoutine);
    let args =
        [addr, p.get(KDPC::DeferredContext), p.get(KDPC::SystemArgument1), p.get(KDPC::SystemArgument2)];
    // From here on the object is the routine's: it may queue it again, or free it.
    nt.dpcs.running.borrow_mut().insert(addr);
    call("KDEFERRED_ROUTINE", routine, &args);
    nt.dpcs.running.borrow_mut().remove(&addr);
    nt.dpcs.run.set(nt.dpcs.run.get() + 1);
}

/// Takes a DPC out of its queue; whether it was there.
pub fn remove(addr: u64) -> bool {
    let world = world();
    let cpu = world.nt.dpcs.queued.borrow_mut().remove(&addr);
    let Some(cpu) = cpu.and_then(|number| world.cpu_at(number)) else { return false };
    Ptr::<KDPC>::new(addr).set(KDPC::DpcData, 0);
    cpu.remove_dpc(addr)
}

fn initialize(addr: u64, kind: u8, routine: u64, context: u64) {
    let queued = world().nt.dpcs.queued_in(addr, 1).is_some();
    world().hold(&rules::DPC_QUEUED, !queued, || format!("KDPC {addr:#x} initialised while it is queued"));
    let p: Ptr<KDPC> = Ptr::new(addr);
    p.set(KDPC::Type, kind);
    p.set(KDPC::Importance, 1);
    p.set(KDPC::Number, 0);
    p.set(KDPC::DpcData, 0);
    p.set(KDPC::ProcessorHistory, 0);
    p.set(KDPC::DeferredRoutine, routine);
    p.set(KDPC::DeferredContext, context);
}

imports! {
    /// DPCs.
    TABLE from "ntoskrnl.exe";

    fn KeInitializeDpc(dpc: u64, routine: u64, context: u64) {
        initialize(dpc, object::DPC, routine, context);
    }

    fn KeInitializeThreadedDpc(dpc: u64, routine: u64, context: u64) {
        // Windows may run them at DISPATCH_LEVEL; here it always does.
        initialize(dpc, object::THREADED_DPC, routine, context);
    }

    fn KeInsertQueueDpc(dpc: u64, first: u64, second: u64) -> u8 {
        let _ = checked(dpc, "KeInsertQueueDpc");
        u8::from(queue(dpc, first, second, world().cpu().number))
    }

    fn KeRemoveQueueDpc(dpc: u64) -> u8 {
        let _ = checked(dpc, "KeRemoveQueueDpc");
        u8::from(remove(dpc))
    }

    fn KeRemoveQueueDpcEx(dpc: u64, wait: u8) -> u8 {
        let _ = checked(dpc, "KeRemoveQueueDpcEx");
        let removed = remove(dpc);
        if wait != 0 {
            let dpcs = &world().nt.dpcs;
            world().sched.block("KeRemoveQueueDpcEx", None, &|| !dpcs.running.borrow().contains(&dpc));
        }
        u8::from(removed)
    }

    fn KeSetTargetProcessorDpc(dpc: u64, number: u8) {
        let p = checked(dpc, "KeSetTargetProcessorDpc");
        world().hold(&rules::DPC_PROCESSOR, world().cpu_at(usize::from(number)).is_some(), || {
            format!("KeSetTargetProcessorDpc: there is no processor {number}")
        });
        p.set(KDPC::Number, TARGETED + u16::from(number));
    }

    fn KeSetTargetProcessorDpcEx(dpc: u64, processor: u64) -> u32 {
        let p = checked(dpc, "KeSetTargetProcessorDpcEx");
        let processor: Ptr<PROCESSOR_NUMBER> = Ptr::new(processor);
        let number = processor.get(PROCESSOR_NUMBER::Number);
        if processor.get(PROCESSOR_NUMBER::Group) != 0 || world().cpu_at(usize::from(number)).is_none() {
            return c::STATUS_INVALID_PARAMETER;
        }
        p.set(KDPC::Number, TARGETED + u16::from(number));
        c::STATUS_SUCCESS
    }

    fn KeSetImportanceDpc(dpc: u64, importance: u32) {
        checked(dpc, "KeSetImportanceDpc").set(KDPC::Importance, importance as u8);
    }

    fn KeFlushQueuedDpcs() {
        world().sched.flush_dpcs();
    }

    fn KeShouldYieldProcessor() -> u32 {
        u32::from(world().cpu().has_queued_dpcs())
    }

    fn KeQueryDpcWatchdogInformation(out: u64) -> u32 {
        // DpcTimeLimit, DpcTimeCount, DpcWatchdogLimit, DpcWatchdogCount, Reserved: no limits are set.
        crate::abi::fill(out, 0, 20);
        c::STATUS_SUCCESS
    }
}
