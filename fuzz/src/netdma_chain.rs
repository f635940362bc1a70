//! Chains of `NetDMA` descriptors in a memory made of the input, which the CPU engine executes while its client writes
//! and calls what the input says.
//!
//! [`World`] is the memory and sees every act of the engine: it knows from the descriptors what the act has to be. The
//! memory has holes, descriptors can lie anywhere, copies can overwrite them, links can lead anywhere.

mod judge;
mod model;
mod ram;
mod world;

use ferrite_netdma_engine::cpu::{Channel, Step};
use ferrite_netdma_engine::{BYTES, Chains, Descriptor, Engine, Limits, Refusal, check_publication};

use crate::input::Input;
use model::State;
use ram::{BASE, END};
use world::World;

/// Steps that bring any chain to rest: every descriptor of the memory three times around a loop, each of a few pieces.
const MOST_STEPS: u32 = 1 << 16;

/// Runs one input.
///
/// # Panics
/// A property does not hold.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let first = input.u8();
    let chains = if first & 1 == 0 { Chains::Counted } else { Chains::Terminated };
    let limits = Limits {
        // Less than there is, all of it, or more.
        highest: [END - 1, END - 4097, u64::MAX, END + 4095][usize::from(first >> 1 & 3)],
        largest: [4096, 1 << 14, 1 << 16, u32::MAX][usize::from(first >> 3 & 3)],
    };
    let world = World::new(chains, limits);
    let mut channel = Channel::new(&world, chains, limits);
    while !input.is_empty() {
        turn(&mut channel, &world, &mut input);
        assert_eq!(channel.is_active(), world.state() == State::Active);
    }
    rest(&mut channel, &world);
    world.check_holes();
}

/// A place in memory: of a descriptor, of a byte, or any number.
fn place(input: &mut Input) -> u64 {
    match input.u8() {
        kind @ 0..128 => BASE + u64::from(kind) * BYTES,
        128..192 => BASE + u64::from(input.u16()),
        192..224 => END - u64::from(input.u8()),
        224..240 => 0,
        _ => input.u64(),
    }
}

fn describe(input: &mut Input) -> Descriptor {
    let control = u32::from(input.u8()) | u32::from(input.u8()) << 24;
    let size = if control & 1 == 0 { u32::from(input.u16()) } else { input.u32() };
    // Few descriptors have an operation, or nothing that is asked for could be done.
    let control = if control >> 24 < 0xf0 { control & 0xff } else { control };
    Descriptor {
        size,
        control,
        source: place(input),
        destination: place(input),
        next: place(input),
        next_source: page(input),
        next_destination: page(input),
    }
}

fn page(input: &mut Input) -> u64 {
    match input.u8() {
        page @ 0..16 => BASE + u64::from(page) * 4096,
        _ => place(input),
    }
}

fn turn(channel: &mut Channel<&World>, world: &World, input: &mut Input) {
    match input.u8() % 12 {
        // The client writes: a descriptor, a link, a word.
        0 | 1 => {
            let at = BASE + u64::from(input.u8()) * BYTES;
            world.put(at, &describe(input));
        }
        2 => {
            let (from, to) = (place(input), place(input));
            world.put_word(from.wrapping_add(24), to);
        }
        3 => world.put_word(place(input), input.u64()),
        4 => start(channel, world, place(input), u32::from(input.u8())),
        5 => start(channel, world, place(input), input.u32()),
        6 => append(channel, world, input),
        7 | 8 => {
            for _ in 0..=input.u8() & 15 {
                step(channel, world);
            }
        }
        9 => {
            let result = channel.suspend();
            world.suspended(result, channel.take_event());
        }
        10 => {
            let result = channel.resume();
            world.resumed(result, channel.take_event());
        }
        _ => {
            let reset = input.u8() & 1 == 0;
            let result = if reset { channel.reset() } else { channel.abort() };
            assert_eq!(result, Ok(()));
            let event = channel.take_event();
            assert_eq!(event, None, "events are taken after every call");
            world.halted(reset);
        }
    }
}

fn start(channel: &mut Channel<&World>, world: &World, first: u64, count: u32) {
    let refusal = match check_publication(world.chains(), count, 0) {
        Err(refusal) => Some(refusal),
        Ok(()) => judge::address(first, world.limits()).err().map(Refusal::Descriptor),
    };
    let result = channel.start(first, count);
    assert_eq!(result.err(), refusal);
    world.started(first, count, refusal.is_none(), channel.take_event());
}

fn append(channel: &mut Channel<&World>, world: &World, input: &mut Input) {
    let kind = input.u8();
    let count = if kind < 250 { u32::from(kind & 15) } else { input.u32() };
    let result = channel.append(count);
    world.appended(count, result, channel.take_event());
}

fn step(channel: &mut Channel<&World>, world: &World) -> Step {
    world.begin_step();
    let step = channel.step();
    world.end_step();
    world.follow(channel.take_event());
    assert_eq!(step == Step::More, world.state() == State::Active);
    step
}

/// What is published and not suspended comes to its end: done, or failed.
fn rest(channel: &mut Channel<&World>, world: &World) {
    for _ in 0..MOST_STEPS {
        if step(channel, world) == Step::Rest {
            return;
        }
    }
    panic!("the chain does not end");
}
