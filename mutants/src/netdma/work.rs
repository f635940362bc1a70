//! The thread that works for the channel, a descriptor at a time.

use super::{
    channel::{Channel, ENGINE, State, change, halt, locked, next, sleep, wait},
    descriptor::{Descriptor, LONGEST, copy_all, descriptor, flags},
    fault::{Fault, is},
    report::report,
};
use crate::abi::{import, write};

/// What a descriptor takes at least, in units of 100 ns: calls meet a chain that is at work.
const PACE: i64 = 20;
/// How long a thread with a channel that was freed waits, until the channel is gone.
const LINGER: i64 = 1000;
/// States of the completion word.
const ACTIVE: u64 = 0;
const IDLE: u64 = 1;
const HALTED: u64 = 3;

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
pub extern "system" fn work(_: u64) {
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
