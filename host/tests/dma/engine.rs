//! The provider's handlers, and the thread that works for its channel a descriptor at a time.

use crate::{
    descriptor::{self, Descriptor, copy_all, descriptor, source},
    fault::{Fault, is},
    provider::import,
};
use ferrite_host::{
    abi::{NET_DMA_CHANNEL_PARAMETERS as Parameters, Ptr, constants as c, write},
    cpu::DISPATCH,
    dma::{LONGEST, copies::flags},
    world::world,
};
use std::{cell::Cell, rc::Rc, time::Duration};

/// What a descriptor takes at least: calls meet a chain that is at work.
const PACE: Duration = Duration::from_micros(2);
/// States of the completion word.
const ACTIVE: u64 = 0;
const IDLE: u64 = 1;
const SUSPENDED: u64 = 2;
const HALTED: u64 = 3;

type Handler = extern "win64" fn(u64, u64, u64, u64) -> u64;

/// The handlers.
pub struct Entries {
    pub set_affinity: Handler,
    pub allocate: Handler,
    pub free: Handler,
    pub start: Handler,
    pub append: Handler,
    pub suspend: Handler,
    pub resume: Handler,
    pub abort: Handler,
    pub reset: Handler,
}

/// See [`Entries`].
pub const ENTRIES: Entries =
    Entries { set_affinity, allocate, free, start, append, suspend, resume, abort, reset };

/// What the channel is at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Halted,
    Running,
    Suspended,
}

/// The channel. Descriptors are meant by their physical addresses; 0 is none.
#[derive(Clone, Copy, Default)]
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
    /// Nothing but a new channel takes a chain.
    broken: bool,
    /// A chain that was abandoned: its next descriptor, and how many are left.
    old: (u64, u64),
    /// The last descriptor of the chain before.
    stale: u64,
}

thread_local! {
    static CHANNEL: Cell<Channel> = Cell::default();
}

/// As at the start of the machine.
pub fn forget() {
    CHANNEL.set(Channel::default());
    descriptor::forget();
}

/// The handle of the channel.
pub fn handle() -> u64 {
    CHANNEL.get().handle
}

fn change(what: impl FnOnce(&mut Channel)) {
    let mut channel = CHANNEL.get();
    what(&mut channel);
    CHANNEL.set(channel);
}

fn status(good: bool) -> u64 {
    u64::from(if good { c::STATUS_SUCCESS } else { c::STATUS_UNSUCCESSFUL })
}

extern "win64" fn set_affinity(_: u64, _: u64, _: u64, _: u64) -> u64 {
    0
}

extern "win64" fn allocate(_: u64, parameters: u64, handle: u64, context_out: u64) -> u64 {
    if CHANNEL.get().handle != 0 {
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
    CHANNEL.set(Channel { handle, word, cpu, ..Channel::default() });
    world().sched.spawn("engine", cpu as usize, work);
    status(true)
}

extern "win64" fn free(_: u64, _: u64, _: u64, _: u64) -> u64 {
    change(|channel| channel.handle = 0);
    0
}

extern "win64" fn start(_: u64, _: u64, first: u64, count: u64) -> u64 {
    let before = CHANNEL.get();
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
        (channel.last, channel.before, channel.held) = (0, 0, 0);
    });
    status(true)
}

extern "win64" fn append(_: u64, _: u64, _: u64, count: u64) -> u64 {
    let state = CHANNEL.get().state;
    if state == State::Halted && is(Fault::RefusesStrangely) {
        return c::STATUS_INVALID_PARAMETER.into();
    }
    if state == State::Halted || is(Fault::RefusesAppend) {
        return status(state == State::Halted && is(Fault::AppendsToStopped));
    }
    let lost = match (state, CHANNEL.get().left) {
        (State::Suspended, _) => is(Fault::LosesAppend),
        (_, 0) => is(Fault::StaysIdle),
        _ => is(Fault::AppendsNothing),
    };
    change(|channel| channel.left += if lost { 0 } else { count });
    status(true)
}

extern "win64" fn suspend(_: u64, out: u64, _: u64, _: u64) -> u64 {
    let channel = CHANNEL.get();
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
}

extern "win64" fn resume(_: u64, _: u64, _: u64, _: u64) -> u64 {
    if CHANNEL.get().state != State::Suspended || is(Fault::RefusesResume) {
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
}

extern "win64" fn abort(_: u64, _: u64, _: u64, _: u64) -> u64 {
    if !is(Fault::AbortsNothing) {
        halt();
    }
    status(!is(Fault::RefusesAbort))
}

extern "win64" fn reset(_: u64, _: u64, _: u64, _: u64) -> u64 {
    if !is(Fault::ResetsNothing) {
        halt();
    }
    status(!is(Fault::RefusesReset))
}

fn halt() {
    change(|channel| (channel.state, channel.left) = (State::Halted, 0));
}

/// The thread.
fn work() {
    loop {
        let has_work = || {
            let channel = CHANNEL.get();
            let runs = match channel.state {
                State::Running => true,
                State::Suspended => is(Fault::WorksSuspended),
                State::Halted => false,
            };
            channel.handle == 0 || runs && channel.left > 0
        };
        world().sched.block("descriptors", None, &has_work);
        if CHANNEL.get().handle == 0 {
            return;
        }
        step();
        world().sched.sleep(PACE);
    }
}

/// The next descriptor's address.
fn next(channel: &Channel) -> u64 {
    if channel.last == 0 { channel.begins } else { descriptor(channel.last).next }
}

/// The next descriptor: copied, then said to be.
fn step() {
    let channel = CHANNEL.get();
    let address = next(&channel);
    let this = descriptor(address);
    if channel.old.1 > 0 {
        copy_all(channel.old.0, channel.old.1);
        change(|channel| channel.old = (0, 0));
    }
    if channel.last == 0 && channel.stale != 0 && is(Fault::ReportsStale) {
        report(&channel, channel.stale);
    }
    let unasked = is(Fault::FailsUnasked) && channel.left == 2;
    if (this.size > LONGEST || unasked) && !is(Fault::PassesOverErrors) {
        return fail(&channel, &this, address);
    }
    if this.size <= LONGEST {
        this.copy(channel.left, source(address, &this, channel.left));
    }
    let (before, left) = (channel.last, channel.left - 1);
    change(|channel| (channel.before, channel.last, channel.left) = (before, address, left));
    let named = |older| if older && before != 0 { before } else { address };
    if this.asks(flags::STATUS) && !is(Fault::NoWord) || is(Fault::WordUnasked) {
        let idle = left == 0 && !is(Fault::NeverIdle) || is(Fault::AlwaysIdle);
        let state = if idle { IDLE } else { ACTIVE };
        write(channel.word, named(is(Fault::WordOfAnother)) | state);
    }
    if this.asks(flags::INTERRUPT) && !is(Fault::NoInterrupt) || is(Fault::InterruptUnasked) {
        let told = if is(Fault::ReportsNobody) { address + 8 } else { named(is(Fault::ReportsOlder)) };
        if is(Fault::ReportsLate) && left > 0 && channel.held == 0 {
            change(|channel| channel.held = told);
            return;
        }
        report(&channel, told);
        if channel.held != 0 {
            change(|channel| channel.held = 0);
            report(&channel, channel.held);
        }
        if left == 0 && is(Fault::Twice) {
            report(&channel, told);
        }
    }
}

/// A descriptor that cannot be done.
fn fail(channel: &Channel, this: &Descriptor, address: u64) {
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
        report(channel, address);
    }
    if !is(Fault::FailsSilently) {
        report(channel, 0);
    }
    if is(Fault::FailsTwice) {
        report(channel, 0);
    }
}

/// The interrupt and its DPC; this thread is on the channel's CPU.
fn report(channel: &Channel, address: u64) {
    let named = Cell::new(channel.cpu);
    let handle = channel.handle + if is(Fault::StrangeChannel) { 8 } else { 0 };
    if !is(Fault::DpcWithoutIsr) {
        at(if is(Fault::IsrAtDispatch) { DISPATCH } else { DISPATCH + 1 }, || {
            import("NetDmaIsr", [handle, address, named.as_ptr() as u64]);
        });
        assert_eq!(named.get(), channel.cpu, "NetDMA names the processor that the channel is for");
    }
    let level = if is(Fault::DpcAtPassive) { 0 } else { DISPATCH };
    let dpc = move || {
        at(level, || {
            import("NetDmaInterruptDpc", [handle, address, 0]);
        });
    };
    if is(Fault::DpcOnAnotherCpu) { elsewhere(1 - channel.cpu as usize, dpc) } else { dpc() }
}

/// A report of a channel that is gone.
pub fn report_of(handle: u64) {
    report(&Channel { handle, cpu: world().cpu().number as u32, ..Channel::default() }, 0);
}

/// On another CPU, to the end.
fn elsewhere(cpu: usize, body: impl FnOnce() + 'static) {
    let done = Rc::new(Cell::new(false));
    let theirs = Rc::clone(&done);
    world().sched.spawn("DPC", cpu, move || {
        body();
        theirs.set(true);
    });
    world().sched.block("a DPC", None, &|| done.get());
}

/// At another IRQL.
fn at(level: u8, body: impl FnOnce()) {
    let before = world().cpu().set_irql(level);
    body();
    world().cpu().set_irql(before);
}
