//! Descriptors that are read while the one before is copied: what a client may do to them, and when.

use crate::{
    memory::{Act, DATA, DESCRIPTORS, Ram},
    random::LIMITS,
};
use ferrite_netdma_engine::{
    BYTES, Chains, Descriptor, Engine, Error, Limits, Status, Word, control,
    cpu::{BATCH, Channel, Event, Memory, PIECE, Step},
};
use std::cell::Cell;

/// A memory whose client acts in the middle of the first copy.
struct Meanwhile<'a, F> {
    ram: &'a Ram,
    act: Cell<Option<F>>,
}

impl<F: FnOnce()> Memory for &Meanwhile<'_, F> {
    fn descriptor(&self, address: u64) -> Option<[u64; 8]> {
        self.ram.descriptor(address)
    }
    fn next(&self, address: u64) -> Option<u64> {
        Memory::next(&self.ram, address)
    }
    fn copy(&self, source: u64, destination: u64, length: u64) -> Result<(), Error> {
        if let Some(act) = self.act.take() {
            act();
        }
        self.ram.copy(source, destination, length)
    }
    fn complete(&self, word: Word) {
        self.ram.complete(word);
    }
}

fn at(number: u64) -> u64 {
    DESCRIPTORS + 64 + 64 * number
}

/// A copy that can be told from the others by its source.
fn copy(number: u64, next: u64) -> Descriptor {
    Descriptor {
        size: 64,
        control: control::STATUS_UPDATE,
        source: DATA + 64 * number,
        destination: DATA + 0x1_0000 + 64 * number,
        next,
        ..Descriptor::default()
    }
}

fn chain(ram: &Ram, numbers: std::ops::Range<u64>) {
    for number in numbers {
        ram.put(at(number), &copy(number, at(number + 1)));
    }
}

/// Which of the copies were made.
fn copies(ram: &Ram) -> Vec<u64> {
    let source = |act| if let Act::Copy(source, ..) = act { Some((source - DATA) / 64) } else { None };
    ram.take_log().into_iter().filter_map(source).collect()
}

fn run<M: Memory>(channel: &mut Channel<M>) {
    for _ in 0..1000 {
        if channel.step() == Step::Rest {
            return;
        }
    }
    panic!("the channel does not come to rest");
}

/// NDMA-XFER-04, -07: the last descriptor of a chain has been read with a next of 0 when the client links another one to
/// it, before its own turn has come.
#[test]
fn linked_on_after_it_was_read() {
    let ram = Ram::new();
    ram.put(at(0), &copy(0, at(1)));
    ram.put(at(1), &copy(1, 0));
    ram.put(at(2), &copy(2, 0));
    let memory = Meanwhile { ram: &ram, act: Cell::new(Some(|| ram.link(at(1), at(2)))) };
    let mut channel = Channel::new(&memory, Chains::Terminated, LIMITS);
    channel.start(at(0), 2).expect("a start");
    run(&mut channel);
    let words: Vec<Act> =
        ram.log.borrow().iter().copied().filter(|act| matches!(act, Act::Complete(_))).collect();
    let word = |number, status| Act::Complete(Word::new(at(number), status));
    assert_eq!(words, [word(0, Status::Active), word(1, Status::Active), word(2, Status::Idle)]);
    assert_eq!(copies(&ram), [0, 1, 2]);
}

/// NDMA-SUS-03: between any two steps the channel is suspended and all that has not been done is exchanged, both the
/// descriptors and where the last one leads.
#[test]
fn rewritten_while_suspended() {
    // Steps that end because of their descriptors, because of their bytes, and with nothing left of either.
    for (size, per_step) in [(64, u64::from(BATCH)), (PIECE as u32 / 2, 2), (PIECE as u32, 1)] {
        for relinked in [false, true] {
            let ram = Ram::new();
            chain(&ram, 0..40);
            (0..40).for_each(|number| ram.put(at(number), &Descriptor { size, ..ram.get(at(number)) }));
            let mut channel = Channel::new(&ram, Chains::Counted, LIMITS);
            channel.start(at(0), 40).expect("a start");
            assert_eq!(channel.step(), Step::More);
            assert_eq!(channel.suspend(), Ok(at(per_step - 1)));
            assert_eq!(copies(&ram).len() as u64, per_step);
            for number in per_step..40 {
                ram.put(at(number), &copy(100 + number, at(number + 1)));
                ram.put(at(100 + number), &copy(200 + number, at(101 + number)));
            }
            if relinked {
                ram.link(at(per_step - 1), at(100 + per_step));
            }
            channel.resume().expect("a resume");
            run(&mut channel);
            let first = if relinked { 200 } else { 100 };
            assert_eq!(copies(&ram), (first + per_step..first + 40).collect::<Vec<_>>(), "{size} {relinked}");
        }
    }
}

/// NDMA-ABT-01, NDMA-RST-01, NDMA-XFER-02: what was to come next is not touched any more, whatever it was read for.
#[test]
fn nothing_is_left_over() {
    for stop in ["abort", "reset", "start alone"] {
        let ram = Ram::new();
        chain(&ram, 0..40);
        ram.put(at(50), &copy(50, at(51)));
        ram.put(at(51), &copy(51, at(52)));
        let mut channel = Channel::new(&ram, Chains::Counted, LIMITS);
        channel.start(at(0), 40).expect("a start");
        assert_eq!(channel.step(), Step::More);
        match stop {
            "abort" => channel.abort().expect("an abort"),
            "reset" => channel.reset().expect("a reset"),
            _ => {}
        }
        ram.take_log();
        channel.start(at(50), 2).expect("a start");
        run(&mut channel);
        let fetched = |act: &Act| matches!(act, Act::Fetch(address) if *address < at(50));
        assert!(!ram.log.borrow().iter().any(fetched), "{stop}: {:?}", ram.log.borrow());
        assert_eq!(copies(&ram), [50, 51]);
    }
}

/// NDMA-XFER-05: nothing behind the count is read, and neither is what a step has no room for.
#[test]
fn not_further_than_the_count() {
    for count in 1..40 {
        let ram = Ram::new();
        chain(&ram, 0..41);
        let mut channel = Channel::new(&ram, Chains::Counted, LIMITS);
        channel.start(at(0), count).expect("a start");
        run(&mut channel);
        let log = ram.take_log();
        let fetched: Vec<u64> = log
            .into_iter()
            .filter_map(|act| if let Act::Fetch(at) = act { Some(at) } else { None })
            .collect();
        assert_eq!(fetched, (0..u64::from(count)).map(at).collect::<Vec<_>>(), "each once");
    }
}

/// NDMA-XFER-13: a transfer that writes over the descriptor behind it. If everything is to be written before, that one is
/// read afterwards; otherwise it is what it was or what it has become, but not both.
#[test]
fn written_over_by_the_one_before() {
    for flags in [0, control::SERIALIZE] {
        let ram = Ram::new();
        // The first one copies a descriptor to where the second one is.
        ram.put(at(9), &copy(9, at(2)));
        let over = Descriptor { source: at(9), destination: at(1), ..copy(0, at(1)) };
        ram.put(at(0), &Descriptor { control: over.control | flags, ..over });
        ram.put(at(1), &copy(1, at(2)));
        ram.put(at(2), &copy(2, at(3)));
        let mut channel = Channel::new(&ram, Chains::Counted, LIMITS);
        channel.start(at(0), 3).expect("a start");
        run(&mut channel);
        let log = ram.take_log();
        let copy_of = |number: u64| Act::Copy(DATA + 64 * number, DATA + 0x1_0000 + 64 * number, 64);
        let (old, new) = (log.contains(&copy_of(1)), log.contains(&copy_of(9)));
        assert!(old != new, "{log:?}");
        assert!(new || flags == 0, "read before everything was written: {log:?}");
        assert!(log.contains(&copy_of(2)), "{log:?}");
    }
}

/// A descriptor that is read ahead where no memory is, or whose memory is not there, fails when it is its turn: the one
/// before is done, and says that more follow.
#[test]
fn failing_in_turn() {
    let nowhere = Descriptor { destination: DATA - 0x1_0000 - 0x1000, ..copy(1, at(2)) };
    for (next, second, error) in
        [(LIMITS.highest + 1, None, Error::NEXT_ADDRESS), (at(1), Some(nowhere), Error::DESTINATION)]
    {
        let ram = Ram::new();
        ram.put(at(0), &copy(0, next));
        if let Some(second) = second {
            ram.put(at(1), &second);
        }
        let mut channel = Channel::new(&ram, Chains::Counted, LIMITS);
        channel.start(at(0), 2).expect("a start");
        run(&mut channel);
        let words: Vec<Act> =
            ram.log.borrow().iter().copied().filter(|act| matches!(act, Act::Complete(_))).collect();
        let word = |status| Act::Complete(Word::new(at(0), status));
        assert_eq!(words, [word(Status::Active), word(Status::Halted)], "{error:?}");
        assert_eq!(channel.suspend(), Err(ferrite_netdma_engine::Refusal::Failed(error)));
        assert_eq!(copies(&ram), [0]);
    }
}

/// NDMA-START-02: there is memory behind the addresses that the channel may use, and a sound descriptor in it.
#[test]
fn beyond_the_limits() {
    let limits = Limits { highest: LIMITS.highest - 0x1_0000, ..LIMITS };
    for beyond in [limits.highest + 1, LIMITS.highest + 1 - BYTES] {
        let ram = Ram::new();
        chain(&ram, 0..3);
        ram.link(at(2), beyond);
        ram.put(beyond, &copy(7, at(8)));
        chain(&ram, 8..10);
        let mut channel = Channel::new(&ram, Chains::Counted, limits);
        channel.start(at(0), 6).expect("a start");
        run(&mut channel);
        assert_eq!(channel.take_event(), Some(Event::Failed(Error::NEXT_ADDRESS)), "{beyond:#x}");
        assert_eq!(copies(&ram), [0, 1, 2], "{beyond:#x}");
    }
}
