//! The provider's handlers, and the thread that works for its channel a descriptor at a time.

use super::{
    descriptor::{Descriptor, LONGEST, copy_all, descriptor, flags},
    fault::{Fault, is},
};
use crate::abi::{
    NET_DMA_CHANNEL_PARAMETERS as Parameters, Ptr, address, c, import, netdma as entries, read, write,
};
use core::cell::Cell;

/// What a descriptor takes at least, in units of 100 ns: calls meet a chain that is at work.
const PACE: i64 = 20;
/// How long a thread with a channel that was freed waits, until the channel is gone.
const LINGER: i64 = 1000;
/// States of the completion word.
const ACTIVE: u64 = 0;
const IDLE: u64 = 1;
const SUSPENDED: u64 = 2;
const HALTED: u64 = 3;
/// `THREAD_ALL_ACCESS`.
const ALL_ACCESS: u64 = 0x1F_FFFF;
const DISPATCH: u64 = 2;

/// What the channel is at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Halted,
    Running,
    Suspended,
}

/// The channel. Descriptors are meant by their physical addresses; 0 is none.
#[derive(Clone, Copy)]
struct Channel {
    /// NetDMA's handle; 0 once it is freed.
    handle: u64,
    word: u64,
    cpu: u32,
    state: State,
    /// The first descriptor of a chain that has not begun.
    begins: u64,
    /// Descriptors that are left.
    left: u64,
    /// The last one done, and the one before.
    last: u64,
    before: u64,
    /// A descriptor that is done and not yet reported.
    held: u64,
    /// Some of the chain was lost: a word that says idle would tell too early.
    lost: bool,
    /// Nothing but a new channel takes a chain.
    broken: bool,
    /// A chain that was abandoned: its next descriptor, and how many are left.
    old: (u64, u64),
    /// The last descriptor of the chain before.
    stale: u64,
}

const FREE: Channel = Channel {
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

struct Engine {
    channel: Cell<Channel>,
    /// A spin lock: calls see a descriptor done or not.
    lock: Cell<u64>,
    /// The channel's thread, and the event that wakes it.
    thread: Cell<u64>,
    work: Cell<[u64; 3]>,
    /// A DPC on another processor has ended.
    done: Cell<[u64; 3]>,
}

// SAFETY: the driver is called as if there were one CPU only: where it runs on several, they wait for each other.
unsafe impl Sync for Engine {}

static ENGINE: Engine = Engine {
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
fn locked<T>(body: impl FnOnce() -> T) -> T {
    let lock = ENGINE.lock.as_ptr() as u64;
    let level = import!(KeAcquireSpinLockRaiseToDpc, lock) & 0xFF;
    let value = body();
    import!(KeReleaseSpinLock, lock, level);
    value
}

/// Changes the channel, under the lock, and wakes its thread.
fn change(what: impl FnOnce(&mut Channel)) {
    let mut channel = ENGINE.channel.get();
    what(&mut channel);
    ENGINE.channel.set(channel);
    import!(KeSetEvent, ENGINE.work.as_ptr() as u64, 0, 0);
}

fn wait(object: u64) {
    import!(KeWaitForSingleObject, object, 0, 0, 0, 0);
}

fn sleep(units: i64) {
    let interval = -units;
    import!(KeDelayExecutionThread, 0, 0, &raw const interval as u64);
}

fn status(good: bool) -> u64 {
    u64::from(if good { c::STATUS_SUCCESS } else { c::STATUS_UNSUCCESSFUL })
}

/// Starts a thread; its object.
fn spawn(routine: u64, context: u64) -> u64 {
    let (handle, object) = (Cell::new(0_u64), Cell::new(0_u64));
    let out = handle.as_ptr() as u64;
    assert_eq!(import!(PsCreateSystemThread, out, ALL_ACCESS, 0, 0, 0, routine, context) as u32, 0);
    import!(ObReferenceObjectByHandle, handle.get(), ALL_ACCESS, 0, 0, object.as_ptr() as u64, 0);
    import!(ZwClose, handle.get());
    object.get()
}

pub extern "system" fn set_affinity(_: u64, _: u64, _: u64, _: u64) -> u64 {
    0
}

pub extern "system" fn allocate(_: u64, parameters: u64, handle: u64, context_out: u64) -> u64 {
    if ENGINE.channel.get().handle != 0 {
        let strange = is(Fault::StrangeStatus);
        return u64::from(if strange {
            c::STATUS_INVALID_PARAMETER
        } else {
            c::STATUS_INSUFFICIENT_RESOURCES
        });
    }
    let p: Ptr<Parameters> = Ptr::new(parameters);
    let cpu = p.get(Parameters::ProcessorAffinityMask).trailing_zeros();
    if !is(Fault::NoCpu) {
        p.set(Parameters::CpuNumber, cpu);
    }
    write(context_out, 1_u64);
    let word = p.get(Parameters::CompletionVirtualAddress);
    locked(|| ENGINE.channel.set(Channel { handle, word, cpu, ..FREE }));
    ENGINE.thread.set(spawn(address!(work), 0));
    status(true)
}

/// The thread has ended when the channel is free.
pub extern "system" fn free(_: u64, _: u64, _: u64, _: u64) -> u64 {
    locked(|| change(|channel| channel.handle = 0));
    let thread = ENGINE.thread.take();
    if !is(Fault::UsesFreedChannel) {
        wait(thread);
    }
    import!(ObfDereferenceObject, thread);
    0
}

pub extern "system" fn start(_: u64, _: u64, first: u64, count: u64) -> u64 {
    locked(|| {
        let before = ENGINE.channel.get();
        let works = before.state == State::Running && before.left > 0;
        if before.broken || works && is(Fault::RefusesRestart) {
            return status(false);
        }
        change(|channel| {
            if works && is(Fault::KeepsOldChain) {
                channel.old = (next(channel), channel.left);
            }
            channel.stale = channel.last;
            (channel.state, channel.begins, channel.left) = (State::Running, first, count);
            (channel.last, channel.before, channel.held, channel.lost) = (0, 0, 0, false);
        });
        status(true)
    })
}

pub extern "system" fn append(_: u64, _: u64, _: u64, count: u64) -> u64 {
    locked(|| {
        let state = ENGINE.channel.get().state;
        if state == State::Halted && is(Fault::RefusesStrangely) {
            return c::STATUS_INVALID_PARAMETER.into();
        }
        if state == State::Halted || is(Fault::RefusesAppend) {
            return status(state == State::Halted && is(Fault::AppendsToStopped));
        }
        let lost = match (state, ENGINE.channel.get().left) {
            (State::Suspended, _) => is(Fault::LosesAppend),
            (_, 0) => is(Fault::StaysIdle),
            _ => is(Fault::AppendsNothing),
        };
        change(|channel| {
            channel.left += if lost { 0 } else { count };
            channel.lost |= lost && is(Fault::AppendsNothing);
        });
        status(true)
    })
}

pub extern "system" fn suspend(_: u64, out: u64, _: u64, _: u64) -> u64 {
    locked(|| {
        let channel = ENGINE.channel.get();
        if channel.state == State::Halted || is(Fault::RefusesSuspend) {
            return status(false);
        }
        change(|channel| channel.state = State::Suspended);
        let asked = channel.last != 0 && descriptor(channel.last).asks(flags::STATUS);
        if asked && !is(Fault::SuspensionNotInWord) {
            write(channel.word, channel.last | SUSPENDED);
        }
        let address = if is(Fault::SuspendsAfterAnother) && channel.before != 0 {
            channel.before
        } else if is(Fault::SuspendsNowhere) {
            channel.last + 8
        } else {
            channel.last
        };
        write(out, address);
        status(true)
    })
}

pub extern "system" fn resume(_: u64, _: u64, _: u64, _: u64) -> u64 {
    locked(|| {
        if ENGINE.channel.get().state != State::Suspended || is(Fault::RefusesResume) {
            return status(false);
        }
        change(|channel| {
            channel.state = State::Running;
            if channel.left > 1 && channel.last != 0 && is(Fault::ResumesBehind) {
                channel.left -= 1;
                channel.last = descriptor(channel.last).next;
            }
            // An interrupt would tell.
            let tells = channel.last != 0 && descriptor(channel.last).asks(flags::INTERRUPT);
            if channel.before != 0 && !tells && is(Fault::ResumesBefore) {
                channel.left += 1;
                channel.last = channel.before;
            }
        });
        status(true)
    })
}

pub extern "system" fn abort(_: u64, _: u64, _: u64, _: u64) -> u64 {
    if !is(Fault::AbortsNothing) {
        locked(halt);
    }
    status(!is(Fault::RefusesAbort))
}

pub extern "system" fn reset(_: u64, _: u64, _: u64, _: u64) -> u64 {
    if !is(Fault::ResetsNothing) {
        locked(halt);
    }
    status(!is(Fault::RefusesReset))
}

fn halt() {
    change(|channel| (channel.state, channel.left) = (State::Halted, 0));
}

/// Whether the thread has something to do.
fn has_work(channel: &Channel) -> bool {
    let runs = match channel.state {
        State::Running => true,
        State::Suspended => is(Fault::WorksSuspended),
        State::Halted => false,
    };
    channel.handle != 0 && runs && channel.left > 0
}

/// What is to be reported after a descriptor: an error is 0.
#[derive(Default)]
struct Reports {
    list: [u64; 4],
    count: usize,
}

impl Reports {
    fn push(&mut self, address: u64) {
        self.list[self.count] = address;
        self.count += 1;
    }

    fn iter(&self) -> impl Iterator<Item = u64> {
        self.list.into_iter().take(self.count)
    }
}

/// The thread, on the channel's processor.
extern "system" fn work(_: u64) {
    let own = locked(|| ENGINE.channel.get());
    import!(KeSetSystemAffinityThreadEx, 1 << own.cpu);
    loop {
        let mut reports = Reports::default();
        let channel = locked(|| {
            let channel = ENGINE.channel.get();
            if has_work(&channel) {
                step(&mut reports);
            }
            channel
        });
        if channel.handle == 0 {
            break;
        }
        reports.iter().for_each(|address| report(&channel, address));
        if has_work(&channel) {
            sleep(PACE);
        } else {
            wait(ENGINE.work.as_ptr() as u64);
        }
    }
    if is(Fault::UsesFreedChannel) {
        sleep(LINGER);
        report(&own, 0);
    }
    import!(PsTerminateSystemThread, 0);
}

/// The next descriptor's address.
fn next(channel: &Channel) -> u64 {
    if channel.last == 0 { channel.begins } else { descriptor(channel.last).next }
}

/// The next descriptor: copied, then said to be.
fn step(reports: &mut Reports) {
    let channel = ENGINE.channel.get();
    let address = next(&channel);
    let this = descriptor(address);
    if channel.old.1 > 0 {
        copy_all(channel.old.0, channel.old.1);
        change(|channel| channel.old = (0, 0));
    }
    if channel.last == 0 && channel.stale != 0 && is(Fault::ReportsStale) {
        reports.push(channel.stale);
    }
    let unasked = is(Fault::FailsUnasked) && channel.left == 2;
    if (this.size > LONGEST || unasked) && !is(Fault::PassesOverErrors) {
        return fail(reports, &channel, &this, address);
    }
    if this.size <= LONGEST {
        this.copy(address, channel.left);
    }
    let (before, left) = (channel.last, channel.left - 1);
    change(|channel| (channel.before, channel.last, channel.left) = (before, address, left));
    let named = |older| if older && before != 0 { before } else { address };
    if this.asks(flags::STATUS) && !is(Fault::NoWord) || is(Fault::WordUnasked) {
        let idle = left == 0 && !channel.lost && !is(Fault::NeverIdle) || is(Fault::AlwaysIdle);
        let state = if idle { IDLE } else { ACTIVE };
        write(channel.word, named(is(Fault::WordOfAnother)) | state);
    }
    if this.asks(flags::INTERRUPT) && !is(Fault::NoInterrupt) || is(Fault::InterruptUnasked) {
        let told = if is(Fault::ReportsNobody) { address + 8 } else { named(is(Fault::ReportsOlder)) };
        if is(Fault::ReportsLate) && left > 0 && channel.held == 0 {
            change(|channel| channel.held = told);
            return;
        }
        reports.push(told);
        if channel.held != 0 {
            change(|channel| channel.held = 0);
            reports.push(channel.held);
        }
        if left == 0 && is(Fault::Twice) {
            reports.push(told);
        }
    }
}

/// A descriptor that cannot be done.
fn fail(reports: &mut Reports, channel: &Channel, this: &Descriptor, address: u64) {
    let last = channel.last;
    if this.asks(flags::STATUS) {
        write(channel.word, last | if is(Fault::ErrorNotInWord) { IDLE } else { HALTED });
    }
    if is(Fault::CopiesBehindErrors) {
        copy_all(this.next, channel.left - 1);
    }
    halt();
    change(|channel| channel.broken = is(Fault::ResetMendsNothing));
    if is(Fault::ReportsFailed) {
        reports.push(address);
    }
    if !is(Fault::FailsSilently) {
        reports.push(0);
    }
    if is(Fault::FailsTwice) {
        reports.push(0);
    }
}

/// A call of `NetDmaInterruptDpc`.
#[derive(Clone, Copy)]
struct Dpc {
    cpu: u32,
    level: u64,
    handle: u64,
    address: u64,
}

impl Dpc {
    fn call(&self) {
        at(self.level, || {
            entries::DPC.call(&[self.handle, self.address]);
        });
    }
}

/// The interrupt and its DPC; this thread is on the channel's CPU.
fn report(channel: &Channel, address: u64) {
    let named = Cell::new(channel.cpu);
    let handle = channel.handle + if is(Fault::StrangeChannel) { 8 } else { 0 };
    if !is(Fault::DpcWithoutIsr) {
        at(if is(Fault::IsrAtDispatch) { DISPATCH } else { DISPATCH + 1 }, || {
            entries::ISR.call(&[handle, address, named.as_ptr() as u64]);
        });
        assert!(named.get() == channel.cpu, "NetDMA names the processor that the channel is for");
    }
    let level = if is(Fault::DpcAtPassive) { 0 } else { DISPATCH };
    let mut dpc = Dpc { cpu: channel.cpu, level, handle, address };
    if is(Fault::DpcOnAnotherCpu) {
        dpc.cpu = 1 - channel.cpu;
        // To the end: the thread has what is on this stack.
        let thread = spawn(address!(elsewhere), &raw const dpc as u64);
        wait(ENGINE.done.as_ptr() as u64);
        import!(ObfDereferenceObject, thread);
    } else {
        dpc.call();
    }
}

/// A thread on another processor.
extern "system" fn elsewhere(context: u64) {
    let dpc: Dpc = read(context);
    import!(KeSetSystemAffinityThreadEx, 1 << dpc.cpu);
    dpc.call();
    import!(KeSetEvent, ENGINE.done.as_ptr() as u64, 0, 0);
    import!(PsTerminateSystemThread, 0);
}

/// At a higher IRQL, or as it is.
fn at(level: u64, body: impl FnOnce()) {
    if level == 0 {
        return body();
    }
    let before = import!(KfRaiseIrql, level);
    body();
    import!(KeLowerIrql, before & 0xFF);
}
