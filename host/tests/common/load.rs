//! Traffic both ways, for as long as a test goes on.

use super::{
    frame::{self, HEADER, LONGEST},
    random::Random,
    rig::{Rig, Task, eventually, wait},
};
use ferrite_host::{abi::constants as c, ndis::adapter::State, world::world};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

/// Frames that are on their way to the NIC at a time.
const AHEAD: usize = 48;
/// Frames in a chain, at most.
const CHAIN: u64 = 16;

/// The number of the frame that ends a load.
const LAST: u32 = u32::MAX;

/// What a load has seen.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Frames that were given to NDIS.
    pub sent: u32,
    /// Frames that were given to the cable.
    pub fed: u32,
    /// Numbers of frames at the far end, in order.
    pub on_wire: Vec<u32>,
    /// Numbers of frames at the protocol, in order.
    pub at_port: Vec<u32>,
}

struct Shared {
    rig: Rig,
    stop: Cell<bool>,
    /// The last frame has arrived, at the far end and at the protocol.
    ended: [Cell<bool>; 2],
    /// Sends that had succeeded before, and link changes.
    before: (u64, u64),
    seen: RefCell<Seen>,
}

/// Traffic both ways: a sender on one CPU, a reader and a feeder on the other.
pub struct Load {
    state: Rc<Shared>,
    threads: Vec<Task<()>>,
}

impl Load {
    /// Begins it. The seed decides lengths and chains.
    pub fn start(rig: &Rig, seed: u64) -> Self {
        let state = Rc::new(Shared {
            rig: rig.clone(),
            stop: Cell::new(false),
            ended: Default::default(),
            before: (rig.completions(c::NDIS_STATUS_SUCCESS), rig.adapter.link_changes.get()),
            seen: RefCell::default(),
        });
        let (sender, carrier) = (Rc::clone(&state), Rc::clone(&state));
        let threads = vec![
            Task::start("sender", 1, move || sender.send(&mut Random::new(seed))),
            Task::start("carrier", 0, move || carrier.carry(&mut Random::new(!seed))),
        ];
        Self { state, threads }
    }

    /// Frames so far at the far end and at the protocol.
    pub fn progress(&self) -> (usize, usize) {
        let seen = self.state.seen.borrow();
        (seen.on_wire.len(), seen.at_port.len())
    }

    /// Waits until so many more frames have gone each way.
    #[track_caller]
    pub fn wait_for(&self, more: usize) {
        let (wire, port) = self.progress();
        wait("traffic both ways", || {
            let now = self.progress();
            now.0 >= wire + more && now.1 >= port + more
        });
    }

    /// Ends it, with no demands: the device has gone.
    #[track_caller]
    pub fn abandon(self) {
        self.state.stop.set(true);
        for thread in self.threads {
            thread.join();
        }
    }

    /// Ends it, waits until what is on its way has arrived, and checks what has: contents, order, nothing twice; every
    /// frame that was completed with success has been on the wire, if there was one all the time.
    #[track_caller]
    pub fn finish(self) -> Seen {
        self.state.stop.set(true);
        for thread in self.threads {
            thread.join();
        }
        let rig = &self.state.rig;
        // Interrupts and QEMU's sockets may be late: when these frames have arrived, all before them have.
        rig.send(&[frame::outgoing(LAST, frame::SHORTEST)]);
        rig.far.send([frame::incoming(LAST, frame::SHORTEST)]);
        eventually("the last frames", || {
            self.state.take_all();
            self.state.ended.iter().all(Cell::get)
        });
        rig.settle();
        self.state.take_all();
        let seen = self.state.seen.borrow().clone();
        assert_eq!(rig.port.overflow.get(), 0, "frames that nobody read");
        for (what, numbers, all) in
            [("wire", &seen.on_wire, seen.sent), ("protocol", &seen.at_port, seen.fed)]
        {
            let disorder = numbers.windows(2).find(|pair| pair[0] >= pair[1]);
            assert_eq!(disorder, None, "{what}: out of order, or twice");
            assert!(numbers.last().is_none_or(|&last| last < all), "{what}: a frame that was never sent");
        }
        // A cable that is pulled out loses what the NIC has sent and not yet noticed (NDIS-SEND-12).
        let plugged = rig.adapter.link_changes.get() == self.state.before.1;
        let done = rig.completions(c::NDIS_STATUS_SUCCESS) - self.state.before.0;
        assert!(
            !plugged || seen.on_wire.len() as u64 + 1 >= done,
            "{done} sends succeeded, {} frames on the wire",
            seen.on_wire.len()
        );
        seen
    }
}

impl Shared {
    fn send(&self, random: &mut Random) {
        let Rig { adapter, port, .. } = &self.rig;
        let stopped = || self.stop.get();
        while !stopped() {
            let state = adapter.state();
            let failed = port.failed();
            // While it pauses a few are enough to see them refused.
            let count = if state == State::Running { 1 + random.below(CHAIN) } else { 1 };
            let first = self.seen.borrow().sent;
            let chain: Vec<Vec<u8>> = (0..count)
                .map(|i| {
                    frame::outgoing(
                        first + i as u32,
                        HEADER + random.below((LONGEST - HEADER + 1) as u64) as usize,
                    )
                })
                .collect();
            self.seen.borrow_mut().sent += count as u32;
            self.rig.send(&chain);
            if port.failed() != failed || state != State::Running {
                world().sched.sleep(Duration::from_millis(1));
            }
            world().sched.block("room in the window", None, &|| port.has_room() || stopped());
        }
    }

    fn carry(&self, random: &mut Random) {
        while !self.stop.get() {
            self.take_all();
            if self.rig.far.backlog() < AHEAD {
                let first = self.seen.borrow().fed;
                let count = 1 + random.below(CHAIN) as u32;
                let more: Vec<Vec<u8>> = (first..first + count)
                    .map(|i| frame::incoming(i, 60 + random.below((LONGEST - 60 + 1) as u64) as usize))
                    .collect();
                self.seen.borrow_mut().fed += count;
                self.rig.far.send(more);
            }
            world().sched.sleep(Duration::from_micros(200));
        }
    }

    /// Notes what has arrived, and looks at its contents.
    fn take_all(&self) {
        for bytes in self.rig.far.take() {
            match check("wire", &bytes, frame::outgoing) {
                LAST => self.ended[0].set(true),
                number => self.seen.borrow_mut().on_wire.push(number),
            }
        }
        while let Some(bytes) = self.rig.port.take() {
            match check("protocol", &bytes, frame::incoming) {
                LAST => self.ended[1].set(true),
                number => self.seen.borrow_mut().at_port.push(number),
            }
        }
    }
}

/// Checks a frame of which only the number tells what it was.
fn check(what: &str, bytes: &[u8], make: impl Fn(u32, usize) -> Vec<u8>) -> u32 {
    let number = frame::number(bytes);
    let expected = make(number, bytes.len());
    // One that was sent shorter is padded with zeros (NDIS-SEND-07).
    let same = bytes.iter().zip(&expected).take_while(|(a, b)| a == b).count();
    let padded = bytes.len() == frame::SHORTEST && bytes[same..].iter().all(|&byte| byte == 0);
    if !padded {
        frame::assert_same(&format!("{what}, frame {number}"), bytes, &expected);
    }
    number
}
