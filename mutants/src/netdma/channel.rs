//! The channel, and what its handlers and its thread do it with.

use super::descriptor::descriptor;
use crate::abi::import;
use core::cell::Cell;

/// `THREAD_ALL_ACCESS`.
const ALL_ACCESS: u64 = 0x1F_FFFF;

/// What the channel is at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum State {
    Halted,
    Running,
    Suspended,
}

/// The channel. Descriptors are meant by their physical addresses; 0 is none.
#[derive(Clone, Copy)]
pub struct Channel {
    /// NetDMA's handle; 0 once it is freed.
    pub handle: u64,
    pub word: u64,
    pub cpu: u32,
    pub state: State,
    /// The first descriptor of a chain that has not begun.
    pub begins: u64,
    /// Descriptors that are left.
    pub left: u64,
    /// The last one done, and the one before.
    pub last: u64,
    pub before: u64,
    /// A descriptor that is done and not yet reported.
    pub held: u64,
    /// Some of the chain was lost: a word that says idle would tell too early.
    pub lost: bool,
    /// Nothing but a new channel takes a chain.
    pub broken: bool,
    /// A chain that was abandoned: its next descriptor, and how many are left.
    pub old: (u64, u64),
    /// The last descriptor of the chain before.
    pub stale: u64,
}

pub const FREE: Channel = Channel {
    handle: 0,
    word: 0,
    cpu: 0,
    state: State::Halted,
    begins: 0,
    left: 0,
    last: 0,
    before: 0,
    held: 0,
    lost: false,
    broken: false,
    old: (0, 0),
    stale: 0,
};

pub struct Engine {
    pub channel: Cell<Channel>,
    /// A spin lock: calls see a descriptor done or not.
    pub lock: Cell<u64>,
    /// The channel's thread, and the event that wakes it.
    pub thread: Cell<u64>,
    pub work: Cell<[u64; 3]>,
    /// A DPC on another processor has ended.
    pub done: Cell<[u64; 3]>,
}

// SAFETY: the channel changes under the lock, the thread's object where NetDMA allocates and frees, one at a time.
unsafe impl Sync for Engine {}

pub static ENGINE: Engine = Engine {
    channel: Cell::new(FREE),
    lock: Cell::new(0),
    thread: Cell::new(0),
    work: Cell::new([0; 3]),
    done: Cell::new([0; 3]),
};

/// Makes the lock and the events.
pub fn prepare() {
    import!(KeInitializeSpinLock, ENGINE.lock.as_ptr() as u64);
    for event in [&ENGINE.work, &ENGINE.done] {
        // A synchronization event.
        import!(KeInitializeEvent, event.as_ptr() as u64, 1, 0);
    }
}

/// With the lock, at `DISPATCH_LEVEL`.
pub fn locked<T>(body: impl FnOnce() -> T) -> T {
    let lock = ENGINE.lock.as_ptr() as u64;
    let level = import!(KeAcquireSpinLockRaiseToDpc, lock) & 0xFF;
    let value = body();
    import!(KeReleaseSpinLock, lock, level);
    value
}

/// Changes the channel, under the lock, and wakes its thread.
pub fn change(what: impl FnOnce(&mut Channel)) {
    let mut channel = ENGINE.channel.get();
    what(&mut channel);
    ENGINE.channel.set(channel);
    import!(KeSetEvent, ENGINE.work.as_ptr() as u64, 0, 0);
}

pub fn halt() {
    change(|channel| (channel.state, channel.left) = (State::Halted, 0));
}

/// The next descriptor's address.
pub fn next(channel: &Channel) -> u64 {
    if channel.last == 0 { channel.begins } else { descriptor(channel.last).next }
}

/// Waits for a dispatcher object.
pub fn wait(object: u64) {
    import!(KeWaitForSingleObject, object, 0, 0, 0, 0);
}

/// Lets time pass, in units of 100 ns.
pub fn sleep(units: i64) {
    let interval = -units;
    import!(KeDelayExecutionThread, 0, 0, &raw const interval as u64);
}

/// Starts a thread; its object.
pub fn spawn(routine: u64, context: u64) -> u64 {
    let (handle, object) = (Cell::new(0_u64), Cell::new(0_u64));
    let out = handle.as_ptr() as u64;
    assert_eq!(import!(PsCreateSystemThread, out, ALL_ACCESS, 0, 0, 0, routine, context) as u32, 0);
    import!(ObReferenceObjectByHandle, handle.get(), ALL_ACCESS, 0, 0, object.as_ptr() as u64, 0);
    import!(ZwClose, handle.get());
    object.get()
}
