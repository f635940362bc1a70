//! Events, sleeping, read/write locks.

use super::objects::Object;
use crate::{
    abi::{self, LOCK_STATE_EX, Ptr},
    cpu::DISPATCH,
    imports,
    mem::Kind,
    verify::rules,
    world::world,
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    rc::Rc,
    time::Duration,
};

/// Offset of `DISPATCHER_HEADER.SignalState` in a KEVENT.
const SIGNAL_STATE: u64 = 4;
/// `NDIS_OBJECT_TYPE_GENERIC_OBJECT`.
const GENERIC_OBJECT: u8 = 0x8F;
/// `LOCK_STATE_EX.LockState` of a reader.
const READER: u8 = 1;
/// `LOCK_STATE_EX.LockState` of a writer.
const WRITER: u8 = 2;

/// A read/write lock.
struct RwLock {
    owner: u64,
    writer: Cell<Option<usize>>,
    readers: RefCell<BTreeSet<usize>>,
}

impl Object for RwLock {
    fn what(&self) -> &'static str {
        "read/write lock"
    }
    fn owner(&self) -> u64 {
        self.owner
    }
}

fn lock(handle: u64, what: &str) -> Rc<RwLock> {
    world().verify.watch(&rules::HANDLE_RW_LOCK);
    match world().ndis.objects.get::<RwLock>(handle) {
        Some(lock) => lock,
        None => {
            world().violation(&rules::HANDLE_RW_LOCK, format!("{what}: {handle:#x} is not a read/write lock"))
        }
    }
}

fn acquire(handle: u64, state: u64, write: bool) {
    let world = world();
    let lock = lock(handle, "NdisAcquireRWLock");
    let old = world.cpu().set_irql(DISPATCH.max(world.cpu().irql()));
    let cpu = world.cpu().number;
    let mine = lock.writer.get() == Some(cpu) || (write && lock.readers.borrow().contains(&cpu));
    world.hold(&rules::RW_LOCK_TWICE, !mine, || {
        format!("read/write lock {handle:#x} acquired by the CPU that holds it")
    });
    let free = || lock.writer.get().is_none() && (!write || lock.readers.borrow().is_empty());
    world.sched.wait("a read/write lock", None, &free);
    if write {
        lock.writer.set(Some(cpu));
    } else {
        lock.readers.borrow_mut().insert(cpu);
    }
    held(1);
    let p: Ptr<LOCK_STATE_EX> = Ptr::new(state);
    p.set(LOCK_STATE_EX::OldIrql, old);
    p.set(LOCK_STATE_EX::LockState, if write { WRITER } else { READER });
}

/// Changes the number of locks that the running thread holds.
fn held(by: i32) {
    if let Some(thread) = world().sched.current() {
        thread.locks.set(thread.locks.get().wrapping_add_signed(by));
    }
}

imports! {
    /// Synchronisation.
    TABLE from "ndis.sys";

    fn NdisInitializeEvent(event: u64) {
        abi::fill(event, 0, 24);
        abi::write(event, 0_u8);
        // An empty wait list points at itself.
        abi::write(event + 8, event + 8);
        abi::write(event + 16, event + 8);
    }

    fn NdisSetEvent(event: u64) {
        abi::write(event + SIGNAL_STATE, 1_i32);
    }

    fn NdisResetEvent(event: u64) {
        abi::write(event + SIGNAL_STATE, 0_i32);
    }

    fn NdisWaitEvent(event: u64, milliseconds: u32) -> u8 {
        let world = world();
        let deadline = (milliseconds != 0).then(|| world.clock.now().after(Duration::from_millis(milliseconds.into())));
        u8::from(world.sched.block("an event", deadline, &|| abi::read::<i32>(event + SIGNAL_STATE) != 0))
    }

    fn NdisMSleep(microseconds: u32) {
        world().sched.sleep(Duration::from_micros(microseconds.into()));
    }

    fn NdisAllocateRWLock(handle: u64) -> u64 {
        let lock = RwLock { owner: handle, writer: Cell::new(None), readers: RefCell::default() };
        world().ndis.objects.add(Rc::new(lock), "NdisAllocateRWLock").unwrap_or(0)
    }

    fn NdisFreeRWLock(handle: u64) {
        let world = world();
        let gone = lock(handle, "NdisFreeRWLock");
        let free = gone.writer.get().is_none() && gone.readers.borrow().is_empty();
        world.hold(&rules::RW_LOCK_FREED, free, || "a read/write lock freed while it is held".into());
        world.ndis.objects.remove::<RwLock>(handle);
    }

    fn NdisAcquireRWLockRead(handle: u64, state: u64, _flags: u8) {
        acquire(handle, state, false);
    }

    fn NdisAcquireRWLockWrite(handle: u64, state: u64, _flags: u8) {
        acquire(handle, state, true);
    }

    fn NdisReleaseRWLock(handle: u64, state: u64) {
        let world = world();
        let lock = lock(handle, "NdisReleaseRWLock");
        let p: Ptr<LOCK_STATE_EX> = Ptr::new(state);
        let cpu = world.cpu().number;
        let released = match p.get(LOCK_STATE_EX::LockState) {
            WRITER => lock.writer.take() == Some(cpu),
            _ => lock.readers.borrow_mut().remove(&cpu),
        };
        world.hold(&rules::RW_LOCK_NOT_HELD, released, || {
            format!("read/write lock {handle:#x} released by a CPU that does not hold it")
        });
        held(-1);
        world.cpu().set_irql(p.get(LOCK_STATE_EX::OldIrql));
    }

    fn NdisInitializeString(string: u64, text: u64) {
        let text = abi::c_string(text);
        let units: Vec<u16> = text.encode_utf16().chain([0]).collect();
        let Some(buffer) = world().mem.allocate(Kind::NdisMemory, 0, units.len() * 2, "NdisInitializeString") else { return };
        units.iter().enumerate().for_each(|(i, &unit)| abi::write(buffer + 2 * i as u64, unit));
        let p: Ptr<abi::UNICODE_STRING> = Ptr::new(string);
        let bytes = u16::try_from((units.len() - 1) * 2).unwrap_or(u16::MAX);
        p.set(abi::UNICODE_STRING::Length, bytes);
        p.set(abi::UNICODE_STRING::MaximumLength, bytes.saturating_add(2));
        p.set(abi::UNICODE_STRING::Buffer, buffer);
    }

    fn NdisAllocateGenericObject(_driver: u64, tag: u32, size: u16) -> u64 {
        let Some(at) = world().mem.allocate(Kind::NdisMemory, tag, usize::from(size).max(32), "NdisAllocateGenericObject") else { return 0 };
        abi::fill(at, 0, 32);
        abi::write(at, GENERIC_OBJECT);
        abi::write(at + 1, 1_u8);
        abi::write(at + 2, size);
        at
    }

    fn NdisFreeGenericObject(object: u64) {
        let bad = world().mem.free(Kind::NdisMemory, object).err();
        world().hold(&rules::GENERIC_OBJECT, bad.is_none(), || format!("NdisFreeGenericObject({object:#x}): {bad:?}"));
    }
}
