//! Processors: one group, one NUMA node, all active.

use crate::{
    abi::{
        GROUP_AFFINITY, KFLOATING_SAVE, PROCESSOR_NUMBER, Ptr, constants as c, fill, read, write, write_out,
    },
    cpu::Interrupt,
    imports,
    mem::Kind,
    nt::layout::KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT as Change,
    verify::rules,
    world::{call, world},
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

/// IPI_LEVEL of x64.
const IPI: u8 = 14;
/// Vectors of broadcast calls: beyond any device's.
const IPI_VECTORS: u32 = 0xFFFF_0000;
/// Flags of KeRegisterProcessorChangeCallback.
const ADD_EXISTING: u32 = 1;
/// KeProcessorAddStartNotify and KeProcessorAddCompleteNotify.
const ADD_STATES: [u32; 2] = [0, 1];
/// Tag of the handles of processor change callbacks.
const TAG: u32 = u32::from_le_bytes(*b"KePC");

/// Registered processor change callbacks.
#[derive(Default)]
pub struct Processors {
    callbacks: RefCell<BTreeMap<u64, u64>>,
    broadcasts: Cell<u32>,
}

impl Processors {
    /// Callbacks that were not deregistered.
    #[must_use]
    pub fn left(&self) -> Vec<u64> {
        self.callbacks.borrow().keys().copied().collect()
    }
}

/// How many processors there are.
#[must_use]
pub fn count() -> u32 {
    world().cpus().len() as u32
}

/// A bit for each.
#[must_use]
pub fn active() -> u64 {
    u64::MAX >> (64 - count().clamp(1, 64))
}

fn put_number(out: u64, index: usize) {
    if out != 0 {
        write(out, 0_u32);
        Ptr::<PROCESSOR_NUMBER>::new(out).set(PROCESSOR_NUMBER::Number, index as u8);
    }
}

fn put_affinity(out: u64) {
    if out != 0 {
        fill(out, 0, 16);
        Ptr::<GROUP_AFFINITY>::new(out).set(GROUP_AFFINITY::Mask, active());
    }
}

fn in_group(group: u16) -> u32 {
    if group == 0 || u32::from(group) == c::ALL_PROCESSOR_GROUPS { count() } else { 0 }
}

/// Runs `function` on every CPU at IPI_LEVEL; what it answers on this one.
fn broadcast(function: u64, argument: u64) -> u64 {
    let world = world();
    let number = world.nt.processors.broadcasts.get();
    world.nt.processors.broadcasts.set(number.wrapping_add(1));
    let here = world.cpu().number;
    let left = Rc::new(Cell::new(world.cpus().len().saturating_sub(1)));
    for cpu in world.cpus().iter().filter(|cpu| cpu.number != here) {
        let left = Rc::clone(&left);
        let service = move || {
            call("KIPI_BROADCAST_WORKER", function, &[argument]);
            left.set(left.get().saturating_sub(1));
        };
        let vector = IPI_VECTORS | number & 0xFFFF;
        cpu.interrupt(Interrupt { level: IPI, vector, service: Rc::new(service) });
    }
    let old = world.cpu().set_irql(IPI);
    world.sched.wait("KeIpiGenericCall", None, &|| left.get() == 0);
    let result = call("KIPI_BROADCAST_WORKER", function, &[argument]);
    world.cpu().set_irql(old);
    result
}

/// Tells a new callback of the processors that are there; the first error ends it.
fn announce(callback: u64, context: u64) -> u32 {
    let Some(block) = world().mem.allocate(Kind::Host, 0, 32, "KeRegisterProcessorChangeCallback") else {
        return c::STATUS_INSUFFICIENT_RESOURCES;
    };
    let status = block + 16;
    write(status, c::STATUS_SUCCESS);
    for state in ADD_STATES {
        for cpu in world().cpus() {
            fill(block, 0, 16);
            let p: Ptr<Change> = Ptr::new(block);
            p.set(Change::State, state);
            p.set(Change::NtNumber, cpu.number as u32);
            p.set(Change::ProcNumber, cpu.number as u8);
            call("PROCESSOR_CALLBACK_FUNCTION", callback, &[context, block, status]);
        }
    }
    let result = read(status);
    let _ = world().mem.free(Kind::Host, block);
    result
}

imports! {
    /// Processors.
    TABLE from "ntoskrnl.exe";

    fn KeQueryActiveProcessorCount(out: u64) -> u32 {
        write_out(out, active());
        count()
    }

    fn KeQueryActiveProcessorCountEx(group: u16) -> u32 {
        in_group(group)
    }

    fn KeQueryMaximumProcessorCount() -> u32 {
        count()
    }

    fn KeQueryMaximumProcessorCountEx(group: u16) -> u32 {
        in_group(group)
    }

    fn KeQueryActiveProcessors() -> u64 {
        active()
    }

    fn KeQueryGroupAffinity(group: u16) -> u64 {
        if group == 0 { active() } else { 0 }
    }

    fn KeQueryActiveGroupCount() -> u16 {
        1
    }

    fn KeQueryMaximumGroupCount() -> u16 {
        1
    }

    fn KeQueryHighestNodeNumber() -> u16 {
        0
    }

    fn KeGetCurrentNodeNumber() -> u16 {
        0
    }

    fn KeQueryNodeActiveAffinity(node: u16, affinity: u64, amount: u64) {
        if node == 0 {
            put_affinity(affinity);
            write_out(amount, count() as u16);
        } else {
            if affinity != 0 {
                fill(affinity, 0, 16);
            }
            write_out(amount, 0_u16);
        }
    }

    fn KeQueryNodeMaximumProcessorCount(node: u16) -> u16 {
        if node == 0 { count() as u16 } else { 0 }
    }

    fn KeGetCurrentProcessorNumberEx(out: u64) -> u32 {
        let number = world().cpu().number;
        put_number(out, number);
        number as u32
    }

    fn KeGetProcessorNumberFromIndex(index: u32, out: u64) -> u32 {
        if index >= count() {
            return c::STATUS_INVALID_PARAMETER;
        }
        put_number(out, index as usize);
        c::STATUS_SUCCESS
    }

    fn KeGetProcessorIndexFromNumber(number: u64) -> u32 {
        let p: Ptr<PROCESSOR_NUMBER> = Ptr::new(number);
        let index = u32::from(p.get(PROCESSOR_NUMBER::Number));
        let exists = p.get(PROCESSOR_NUMBER::Group) == 0 && index < count();
        // INVALID_PROCESSOR_INDEX otherwise.
        if exists { index } else { u32::MAX }
    }

    fn KeGetRecommendedSharedDataAlignment() -> u32 {
        64
    }

    fn KeInvalidateAllCaches() -> u8 {
        1
    }

    fn KeFlushWriteBuffer() {}

    fn KeFlushIoBuffers(_mdl: u64, _read: u8, _dma: u8) {}

    fn KeIpiGenericCall(function: u64, argument: u64) -> u64 {
        if world().cpu().irql() >= IPI {
            world().violation(&rules::IRQL, format!("KeIpiGenericCall at IRQL {}", world().cpu().irql()));
        }
        broadcast(function, argument)
    }

    fn KeGenericCallDpc(_routine: u64, _context: u64) {
        world().violation(&rules::UNSUPPORTED, "KeGenericCallDpc".into());
    }

    fn KeRegisterProcessorChangeCallback(callback: u64, context: u64, flags: u32) -> u64 {
        let world = world();
        if flags & ADD_EXISTING != 0 && announce(callback, context) >= 0x8000_0000 {
            return 0;
        }
        let Some(handle) = world.mem.allocate(Kind::Object, TAG, 16, "KeRegisterProcessorChangeCallback") else { return 0 };
        world.nt.processors.callbacks.borrow_mut().insert(handle, callback);
        handle
    }

    fn KeDeregisterProcessorChangeCallback(handle: u64) {
        let world = world();
        let known = world.nt.processors.callbacks.borrow_mut().remove(&handle);
        world.hold(&rules::PROCESSOR_CALLBACK, known.is_some(), || {
            format!("KeDeregisterProcessorChangeCallback({handle:#x}): not registered")
        });
        let _ = world.mem.free(Kind::Object, handle);
    }

    // The host's own code keeps to the registers that the win64 convention lets it change.
    fn KeSaveFloatingPointState(save: u64) -> u32 {
        Ptr::<KFLOATING_SAVE>::new(save).set(KFLOATING_SAVE::Dummy, 0);
        c::STATUS_SUCCESS
    }

    fn KeRestoreFloatingPointState(_save: u64) -> u32 {
        c::STATUS_SUCCESS
    }

    fn KeSaveExtendedProcessorState(_mask: u64, save: u64) -> u32 {
        fill(save, 0, 56);
        c::STATUS_SUCCESS
    }

    fn KeRestoreExtendedProcessorState(_save: u64) {}
}
