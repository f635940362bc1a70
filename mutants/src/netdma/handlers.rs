//! What NetDMA calls.

use super::{
    channel::{Channel, ENGINE, FREE, State, change, halt, locked, next, spawn, wait},
    descriptor::{descriptor, flags},
    fault::{Fault, is},
    work::work,
};
use crate::abi::{NET_DMA_CHANNEL_PARAMETERS as Parameters, Ptr, address, c, import, write};

/// State of the completion word.
const SUSPENDED: u64 = 2;

fn status(good: bool) -> u64 {
    u64::from(if good { c::STATUS_SUCCESS } else { c::STATUS_UNSUCCESSFUL })
}

pub extern "system" fn set_affinity(_: u64, _: u64, _: u64, _: u64) -> u64 {
    0
}

pub extern "system" fn allocate(_: u64, parameters: u64, handle: u64, context_out: u64) -> u64 {
    if locked(|| ENGINE.channel.get()).handle != 0 {
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
