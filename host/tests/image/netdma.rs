//! The NetDMA provider of the NIC's device node: channels that the CPU works for, end to end.

use crate::common::{
    random::Random,
    rig::{Rig, eventually, play, setup_with, wait},
};
use crate::power::set_power;
use ferrite_host::{
    abi::constants as c,
    mem::Kind,
    netdma::{Channel, Interface, Provider, Report},
    system::Setup,
    world::world,
};
use std::rc::Rc;

/// Windows 7, and the keyword that asks for the provider.
pub fn windows_7() -> Setup {
    let mut setup = setup_with(&[("NetDmaCpuEngine", "1")]);
    setup.windows = (6, 1, 7601);
    setup.ndis_version = 0x0006_0014;
    setup
}

/// Flags of a descriptor.
const INTERRUPT: u32 = 1;
pub const STATUS: u32 = 8;
const FENCE: u32 = 0x10;
const NULL: u32 = 0x20;

pub const IDLE: u64 = 1;
pub const SUSPENDED: u64 = 2;
pub const HALTED: u64 = 3;

/// Memory with descriptors and data, and guard bytes round every destination.
pub struct Memory {
    pub base: u64,
    bytes: usize,
    /// Chains end by their count, not in NULL.
    counted: bool,
}

/// Descriptors of a memory.
const RING: u64 = 512;
const GUARD: u64 = 64;

impl Memory {
    pub fn new(bytes: usize) -> Self {
        let base = world().mem.allocate(Kind::Host, 0, bytes, "NetDMA client").expect("memory");
        let counted = Interface::current().counts();
        let memory = Self { base, bytes, counted };
        memory.all().iter_mut().enumerate().for_each(|(i, byte)| *byte = (i * 31 % 251) as u8);
        memory
    }

    #[allow(clippy::mut_from_ref, reason = "the driver writes it as well: it is nobody's")]
    pub fn all(&self) -> &mut [u8] {
        // SAFETY: the block is this test's, in the one thread of its world, and each view ends with its statement.
        unsafe { std::slice::from_raw_parts_mut(self.base as *mut u8, self.bytes) }
    }

    pub fn physical(&self, at: u64) -> u64 {
        world().mem.physical(self.base + at).expect("a physical address")
    }

    pub fn descriptor(number: u64) -> u64 {
        number % RING * 64
    }

    pub fn put(&self, number: u64, size: u32, flags: u32, from: u64, to: u64, next: u64) {
        let words = [
            u64::from(size) | u64::from(flags) << 32,
            self.physical(from),
            self.physical(to),
            next,
            0,
            0,
            number,
            !number,
        ];
        let at = Self::descriptor(number) as usize;
        for (i, word) in words.iter().enumerate() {
            self.all()[at + 8 * i..at + 8 * i + 8].copy_from_slice(&word.to_le_bytes());
        }
    }

    /// Where the next descriptor is, or the end of a chain where counts mean nothing.
    pub fn next(&self, number: u64, last: bool) -> u64 {
        if last && !self.counted { 0 } else { self.physical(Self::descriptor(number + 1)) }
    }

    pub fn link(&self, number: u64) {
        let (at, next) =
            (Self::descriptor(number) as usize + 24, self.physical(Self::descriptor(number + 1)));
        self.all()[at..at + 8].copy_from_slice(&next.to_le_bytes());
    }

    pub fn at(&self, number: u64) -> u64 {
        self.physical(Self::descriptor(number))
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        let _ = world().mem.free(Kind::Host, self.base);
    }
}

fn provider() -> Rc<Provider> {
    let providers = world().netdma.providers();
    assert_eq!(providers.len(), 1);
    Rc::clone(&providers[0])
}

pub fn word_is(channel: &Channel, address: u64, status: u64) {
    wait("the completion word", || channel.word() == Some((address, status)));
}

/// A chain of copies of random sizes and alignments; what was asked is compared byte by byte when it is done.
pub struct Copies {
    pub memory: Memory,
    pub made: u64,
    place: u64,
    random: Random,
    jobs: Vec<(u64, u64, u32)>,
}

/// Where the sources begin, behind the descriptors, and where the destinations do.
pub const SOURCES: u64 = RING * 64;
pub const DESTINATIONS: u64 = SOURCES + (4 << 20);
pub const BYTES: usize = (DESTINATIONS as usize) + (24 << 20);

impl Copies {
    pub fn new(seed: u64) -> Self {
        let memory = Memory::new(BYTES);
        Self { memory, made: 0, place: DESTINATIONS + GUARD, random: Random::new(seed), jobs: Vec::new() }
    }

    /// For a provider whose chains may end otherwise than those of its NetDMA.
    pub fn of(provider: &Provider, seed: u64) -> Self {
        let mut copies = Self::new(seed);
        copies.memory.counted = provider.version.0 >= 2;
        copies
    }

    /// So many more descriptors; the number of the first.
    pub fn make(&mut self, count: u64, longest: u64) -> u64 {
        let first = self.made;
        for number in first..first + count {
            let last = number + 1 == first + count;
            let size = 1 + self.random.below(longest);
            let from = SOURCES + self.random.below((4 << 20) - size);
            let to = self.place + self.random.below(64);
            let fence = if self.random.below(4) == 0 { FENCE } else { 0 };
            let interrupt = if last { INTERRUPT } else { 0 };
            self.memory.put(
                number,
                size as u32,
                STATUS | fence | interrupt,
                from,
                to,
                self.memory.next(number, last),
            );
            self.jobs.push((from, to, size as u32));
            self.place = to + size + GUARD;
        }
        if first > 0 {
            self.memory.link(first - 1);
        }
        self.made += count;
        first
    }

    pub fn start(&mut self, channel: &Channel, count: u64, longest: u64) {
        let first = self.make(count, longest);
        channel.set_quiet(false);
        let at = Memory::descriptor(first);
        channel.start(self.memory.base + at, self.memory.at(first), count as u32).expect("a start");
    }

    pub fn append(&mut self, channel: &Channel, count: u64, longest: u64) {
        let first = self.make(count, longest);
        channel.set_quiet(false);
        let at = Memory::descriptor(first);
        channel.append(self.memory.base + at, self.memory.at(first), count as u32).expect("an append");
    }

    /// Waits until all is done, and compares.
    pub fn finish(&self, channel: &Channel) {
        word_is(channel, self.memory.at(self.made - 1), IDLE);
        channel.set_quiet(true);
        self.compare();
    }

    pub fn compare(&self) {
        let all = self.memory.all();
        let mut clean = DESTINATIONS;
        for &(from, to, size) in &self.jobs {
            let guard: Vec<u8> = (clean..to).map(|i| (i as usize * 31 % 251) as u8).collect();
            assert_eq!(all[clean as usize..to as usize], guard, "guard bytes before {to:#x}");
            let (from, end) = (from as usize, to as usize + size as usize);
            assert!(all[to as usize..end] == all[from..from + size as usize], "{size} bytes at {to:#x}");
            clean = end as u64;
        }
    }
}

fn with_provider(setup: &Setup, body: impl FnOnce(&Rig, &Rc<Provider>) + 'static) {
    play(setup, move |rig| {
        let provider = provider();
        body(rig, &provider);
    });
}

/// NDMA-REG-01 to -08, NDMA-START-01, -02, NDMA-STOP-01 to -03: registered, offered, and gone with the device; a frame
/// each way beside it.
#[test]
fn a_provider_comes_and_goes_with_the_device() {
    with_provider(&windows_7(), |rig, provider| {
        assert_eq!((provider.version, provider.offer.get()), ((2, 0), (4, 1 << 20)));
        rig.round_trip(1);
    });
}

/// NDMA-VER-01, NDMA-BLD-04: without the keyword, without NetDMA and where it gives no handle there is no provider, and
/// the NIC works.
#[test]
fn a_dormant_provider_disturbs_nobody() {
    let with = |interface| {
        let mut setup = windows_7();
        setup.netdma = Some(interface);
        setup
    };
    let mut off = windows_7();
    off.keywords.clear();
    let mut newer = windows_7();
    newer.windows = (10, 0, 19045);
    for setup in [off, newer, with(Interface::Absent), with(Interface::NullHandle)] {
        play(&setup, |rig| {
            assert!(world().netdma.providers().is_empty());
            rig.round_trip(1);
        });
    }
}

/// NDMA-CH-01 to -05, -07, -08: as many channels as are offered, each with a word and a CPU of its own; freed ones come
/// again.
#[test]
fn channels_are_given_and_taken_back() {
    with_provider(&windows_7(), |_, provider| {
        for _ in 0..3 {
            let channels: Vec<_> =
                (0..4).map(|i| provider.allocate(1 << (i % 2)).expect("a channel")).collect();
            assert!(channels.iter().enumerate().all(|(i, channel)| channel.cpu.get() as usize == i % 2));
            assert!(provider.allocate(1).is_err(), "a fifth channel");
            for channel in channels {
                channel.free();
            }
        }
    });
}

/// NDMA-XFER-01, -07, -08, NDMA-CST-01, -02, NDMA-INT-01 to -03: chains of random copies, appended to while active and
/// idle, arrive byte for byte, with words and interrupts as asked.
#[test]
fn chains_of_copies() {
    for interface in [Interface::V2_0, Interface::V1_1, Interface::V1_0] {
        let version = interface.version();
        let mut setup = windows_7();
        setup.netdma = Some(interface);
        with_provider(&setup, move |_, provider| {
            assert_eq!(provider.version, version);
            let channel = provider.allocate(2).expect("a channel");
            let mut copies = Copies::new(u64::from(version.1));
            copies.start(&channel, 40, 9000);
            for _ in 0..20 {
                copies.append(&channel, 3, 5000);
            }
            copies.finish(&channel);
            copies.append(&channel, 1, 300_000);
            copies.finish(&channel);
            let last = Report::Completed(copies.memory.at(copies.made - 1));
            eventually("the last interrupt", || channel.reports.borrow().last() == Some(&last));
            assert!(channel.interrupts.get() >= 2);
            channel.free();
        });
    }
}

/// NDMA-SUS-01, -02, NDMA-RES-01, NDMA-XFER-09: suspended at any moment, appended to, resumed: nothing is lost or done
/// twice.
#[test]
fn suspended_and_resumed_at_random() {
    with_provider(&windows_7(), |_, provider| {
        let channel = provider.allocate(2).expect("a channel");
        let mut copies = Copies::new(5);
        copies.start(&channel, 20, 60_000);
        let mut random = Random::new(6);
        for _ in 0..40 {
            world().sched.sleep(std::time::Duration::from_micros(random.below(200)));
            let last = channel.suspend().expect("a suspension");
            if last != 0 {
                assert_eq!(channel.word(), Some((last, SUSPENDED)));
            }
            let before = channel.word();
            copies.append(&channel, 2, 20_000);
            world().sched.sleep(std::time::Duration::from_micros(random.below(100)));
            assert_eq!(channel.word(), before, "it worked while it was suspended");
            channel.resume().expect("a resume");
            assert!(channel.resume().is_err(), "resumed twice");
        }
        copies.finish(&channel);
        channel.free();
    });
}

/// NDMA-ABT-01, NDMA-RST-01, NDMA-XFER-02, -10: aborted, reset and started over in the middle of a chain; the next chain
/// is whole, and nothing of the old one is touched afterwards.
#[test]
fn aborted_reset_and_started_over() {
    with_provider(&windows_7(), |_, provider| {
        let channel = provider.allocate(2).expect("a channel");
        let stops: [fn(&Channel); 3] = [
            |channel| channel.abort().expect("an abort"),
            |channel| channel.reset().expect("a reset"),
            |_| (),
        ];
        for (number, stop) in stops.into_iter().enumerate() {
            let mut old = Copies::new(number as u64);
            old.start(&channel, 30, 100_000);
            stop(&channel);
            if number < 2 {
                assert!(matches!(channel.word(), None | Some((_, HALTED))), "{:?}", channel.word());
                let frozen = old.memory.all().to_vec();
                assert!(channel.append(0, 0, 1).is_err(), "an append to a stopped channel");
                world().sched.sleep(std::time::Duration::from_millis(2));
                assert!(*old.memory.all() == *frozen, "the old chain goes on");
            }
            let mut new = Copies::new(9);
            new.start(&channel, 5, 4000);
            new.finish(&channel);
        }
        channel.free();
    });
}

/// NDMA-INT-03, NDMA-XFER-17: a descriptor that cannot be executed halts the channel and is reported as 0; memory is
/// untouched, and a new chain works.
#[test]
fn a_bad_descriptor_is_reported() {
    with_provider(&windows_7(), |_, provider| {
        let channel = provider.allocate(1).expect("a channel");
        let memory = Memory::new(1 << 16);
        let before = memory.all()[1 << 15..].to_vec();
        memory.put(0, 0, STATUS | NULL, SOURCES & 0xFFF, 1 << 15, memory.at(1));
        memory.put(1, (1 << 20) + 1, STATUS, 0x8000, 0x9000, memory.at(2));
        channel.start(memory.base, memory.at(0), 2).expect("a start");
        word_is(&channel, memory.at(0), HALTED);
        eventually("the report", || channel.reports.borrow().last() == Some(&Report::Failed));
        assert!(memory.all()[1 << 15..] == *before);
        let mut copies = Copies::new(3);
        copies.start(&channel, 5, 4000);
        copies.finish(&channel);
        channel.free();
    });
}

/// NDMA-STOP-01: a device that goes while descriptors are outstanding waits for them; the channel is freed by then.
#[test]
fn a_stop_waits_for_what_is_outstanding() {
    with_provider(&windows_7(), |rig, provider| {
        let channel = provider.allocate(1).expect("a channel");
        let mut copies = Copies::new(4);
        copies.start(&channel, 60, 200_000);
        let (theirs, last) = (Rc::clone(&channel), copies.memory.at(59));
        world().sched.spawn("client", 0, move || {
            wait("the last descriptor", || matches!(theirs.word(), Some((address, IDLE)) if address == last));
            theirs.set_quiet(true);
        });
        rig.pause();
        rig.bounce(c::NdisHaltDeviceDisabled);
        copies.compare();
        assert_ne!(provider.offer.get(), (0, 0), "offered again");
        let again = provider.allocate(1).expect("a channel afterwards");
        again.free();
    });
}

/// NDMA-PNP-01, -03: NetDMA hears of D3 before it is entered and of D0 after it; a chain works afterwards.
#[test]
fn power_is_announced() {
    with_provider(&windows_7(), |rig, provider| {
        let channel = provider.allocate(1).expect("a channel");
        rig.pause();
        set_power(rig, c::NdisDeviceStateD3);
        assert_eq!(*provider.power_events.borrow(), [c::NetDmaNotificationProviderPowerDown]);
        set_power(rig, c::NdisDeviceStateD0);
        let both = [c::NetDmaNotificationProviderPowerDown, c::NetDmaNotificationProviderPowerUp];
        assert_eq!(*provider.power_events.borrow(), both);
        let mut copies = Copies::new(8);
        copies.start(&channel, 5, 4000);
        copies.finish(&channel);
        channel.free();
    });
}

/// NDMA-SUS-03: what comes after the last processed descriptor is rewritten while the channel is suspended; the new one
/// is executed, the old one is not.
#[test]
fn a_list_rewritten_while_suspended() {
    /// Descriptors, and bytes of each.
    const COUNT: u64 = 20;
    const SIZE: u64 = 1 << 19;
    with_provider(&windows_7(), |_, provider| {
        let channel = provider.allocate(2).expect("a channel");
        let memory = Memory::new(BYTES);
        let destination = |number: u64| SOURCES + (number + 1) * SIZE;
        for number in 0..COUNT {
            memory.put(number, SIZE as u32, STATUS, SOURCES, destination(number), memory.at(number + 1));
        }
        channel.start(memory.base, memory.at(0), COUNT as u32).expect("a start");
        wait("the first descriptor", || channel.word().is_some());
        let last = channel.suspend().expect("a suspension");
        let number = (0..COUNT).find(|&number| memory.at(number) == last).expect("one of the chain");
        assert!(number + 2 < COUNT, "the chain was over at once");
        let skipped = destination(number + 1) as usize..destination(number + 2) as usize;
        let before = memory.all()[skipped.clone()].to_vec();
        // The next is replaced by another, which leads to the one behind it.
        memory.put(COUNT, SIZE as u32, STATUS, SOURCES, destination(COUNT), memory.at(number + 2));
        let at = Memory::descriptor(number) as usize + 24;
        memory.all()[at..at + 8].copy_from_slice(&memory.at(COUNT).to_le_bytes());
        channel.resume().expect("a resume");
        word_is(&channel, memory.at(COUNT - 1), IDLE);
        let all = memory.all();
        let source = &all[SOURCES as usize..][..SIZE as usize];
        for other in (0..=COUNT).filter(|&other| other != number + 1) {
            assert!(all[destination(other) as usize..][..SIZE as usize] == *source, "descriptor {other}");
        }
        assert!(all[skipped] == *before, "the old next was executed");
        channel.free();
    });
}
