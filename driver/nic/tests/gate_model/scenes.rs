//! The models, over the gate or a weakened copy of it.

use std::sync::atomic::{AtomicUsize, Ordering};

use ferrite_nic::{Close, Drained, Gate, Opened, Reason};
use loom::cell::UnsafeCell;
use loom::sync::{Arc, Mutex};
use loom::thread;

/// What the models need of a gate that starts open.
pub trait Subject: Send + Sync + 'static {
    /// An open gate with nothing out.
    fn opened() -> Self;
    fn enter(&self, count: u32) -> bool;
    /// Whether the pause is to be completed now.
    fn leave(&self, count: u32) -> bool;
    /// Whether nothing was out.
    fn close(&self) -> bool;
    fn outstanding(&self) -> u64;

    /// Counts received NBLs and the call in.
    fn indicate(&self, count: u32) -> bool {
        self.enter(count + 1)
    }

    /// The call has returned.
    fn returned(&self) -> bool {
        self.leave(1)
    }
}

/// A gate that a party can hold which brings NBLs home beside others.
pub trait Holdable: Subject {
    /// Counts the party in; something is out.
    fn hold(&self);

    /// It needs the adapter no more. Whether the pause is to be completed now.
    fn let_go(&self) -> bool {
        self.leave(1)
    }
}

fn is_pause(drained: Option<Drained>) -> bool {
    drained.is_some_and(|drained| {
        assert!(drained.includes(Reason::Pause));
        true
    })
}

impl Subject for Gate {
    fn opened() -> Self {
        let gate = Self::new();
        assert_eq!(gate.open(Reason::Pause), Ok(Opened::Open));
        gate
    }

    fn enter(&self, count: u32) -> bool {
        Gate::enter(self, count).is_ok()
    }

    fn leave(&self, count: u32) -> bool {
        is_pause(Gate::leave(self, count))
    }

    fn close(&self) -> bool {
        match Gate::close(self, Reason::Pause) {
            Close::Idle => true,
            Close::Pending => false,
            Close::Already => panic!("closed by nobody else"),
        }
    }

    fn outstanding(&self) -> u64 {
        Gate::outstanding(self)
    }
}

impl Holdable for Gate {
    fn hold(&self) {
        Gate::hold(self);
    }
}

const NBLS: usize = 4;

/// The books beside the gate. The counters are the test's own: they add no interleavings.
struct World<S> {
    gate: S,
    /// One for each NBL; the last one stands for the indicating call.
    cells: [UnsafeCell<()>; NBLS],
    /// What has been handed to the driver and not brought home, under a lock as in the driver.
    queue: Mutex<Vec<usize>>,
    accepted: AtomicUsize,
    gone_home: AtomicUsize,
    completions: AtomicUsize,
}

// SAFETY: the cells hold nothing; loom checks that accesses to them are ordered, which is what they are for.
unsafe impl<S: Sync> Sync for World<S> {}
// SAFETY: as for `Sync`.
unsafe impl<S: Send> Send for World<S> {}

impl<S: Subject> World<S> {
    fn new(gate: S) -> Arc<Self> {
        Arc::new(Self {
            gate,
            cells: std::array::from_fn(|_| UnsafeCell::new(())),
            queue: Mutex::new(Vec::new()),
            accepted: AtomicUsize::new(0),
            gone_home: AtomicUsize::new(0),
            completions: AtomicUsize::new(0),
        })
    }

    fn touch(&self, nbl: usize) {
        self.cells[nbl].with_mut(|_| ());
    }

    fn hand_over(&self, nbl: usize) {
        self.touch(nbl);
        self.accepted.fetch_add(1, Ordering::Relaxed);
        self.queue.lock().unwrap().push(nbl);
    }

    fn send(&self, nbl: usize) {
        if self.gate.enter(1) {
            self.hand_over(nbl);
        }
    }

    /// Completes sends, or returns receives: everything that is queued at this moment.
    fn bring_home(&self) {
        let nbls = std::mem::take(&mut *self.queue.lock().unwrap());
        if nbls.is_empty() {
            return;
        }
        for &nbl in &nbls {
            self.touch(nbl);
        }
        self.gone_home.fetch_add(nbls.len(), Ordering::Relaxed);
        if self.gate.leave(u32::try_from(nbls.len()).unwrap()) {
            self.complete_pause();
        }
    }

    fn pause(&self) {
        if self.gate.close() {
            self.complete_pause();
        }
    }

    /// From here on everything belongs to NDIS again.
    fn complete_pause(&self) {
        for nbl in 0..NBLS {
            self.touch(nbl);
        }
        self.completions.fetch_add(1, Ordering::Relaxed);
    }

    /// After all threads: what is still queued comes home, and the books must balance.
    fn settle(&self) {
        self.bring_home();
        assert_eq!(self.completions.load(Ordering::Relaxed), 1, "completions of one pause");
        assert_eq!(self.accepted.load(Ordering::Relaxed), self.gone_home.load(Ordering::Relaxed), "NBLs");
        assert_eq!(self.gate.outstanding(), 0, "outstanding");
        assert!(!self.gate.enter(1), "open after the pause");
    }
}

/// Runs `role` in a thread of its own.
fn spawn<S: Subject>(world: &Arc<World<S>>, role: fn(&World<S>)) -> thread::JoinHandle<()> {
    let world = Arc::clone(world);
    thread::spawn(move || role(&world))
}

fn join(threads: impl IntoIterator<Item = thread::JoinHandle<()>>) {
    for thread in threads {
        thread.join().unwrap();
    }
}

/// Two senders, a completer, a returner with one receive out; the pauser is the main thread.
pub fn pause_under_traffic<S: Subject>() {
    let world = World::new(S::opened());
    assert!(world.gate.enter(1), "the receive that is out");
    world.touch(3);
    let threads = [
        spawn(&world, |world| world.send(0)),
        spawn(&world, |world| world.send(1)),
        spawn(&world, World::bring_home),
        spawn(&world, |world| {
            world.touch(3);
            if world.gate.leave(1) {
                world.complete_pause();
            }
        }),
    ];
    world.pause();
    join(threads);
    world.settle();
}

/// A sender, a completer that finds one NBL queued already, and the pauser.
pub fn pause_one_sender<S: Subject>() {
    let world = World::new(S::opened());
    world.send(0);
    let threads = [spawn(&world, |world| world.send(1)), spawn(&world, World::bring_home)];
    world.pause();
    join(threads);
    world.settle();
}

/// A DPC indicates two NBLs, which come back before or after its call returns (NDIS-PAUSE-04, -05).
pub fn pause_while_indicating<S: Subject>() {
    let world = World::new(S::opened());
    let threads = [
        spawn(&world, |world| {
            if !world.gate.indicate(2) {
                return;
            }
            world.touch(3);
            world.hand_over(0);
            world.hand_over(1);
            thread::yield_now();
            // Still inside the call.
            world.touch(3);
            if world.gate.returned() {
                world.complete_pause();
            }
        }),
        spawn(&world, World::bring_home),
    ];
    world.pause();
    join(threads);
    world.settle();
}

/// The list for the last frame that is out comes late, and another party completes that frame, or the mapper
/// does. The last cell stands for the adapter, which the mapper goes on using, and which is gone once the
/// pause is complete.
pub fn pause_with_a_late_list<S: Holdable>() {
    let world = World::new(S::opened());
    world.send(0);
    let threads = [
        spawn(&world, |world| {
            {
                let queue = world.queue.lock().unwrap();
                if queue.is_empty() {
                    return;
                }
                // The NBL is out as long as the lock is held.
                world.gate.hold();
            }
            world.bring_home();
            assert_eq!(world.completions.load(Ordering::Relaxed), 0, "the adapter is gone");
            world.touch(3);
            if world.gate.let_go() {
                world.complete_pause();
            }
        }),
        spawn(&world, World::bring_home),
    ];
    world.pause();
    join(threads);
    world.settle();
}

/// Whoever completes the pause restarts at once; the sender after that is accepted.
pub fn pause_and_restart() {
    let world = World::new(Gate::opened());
    world.send(0);
    let restart = |world: &World<Gate>| {
        if world.completions.load(Ordering::Relaxed) == 1 {
            assert_eq!(world.gate.open(Reason::Pause), Ok(Opened::Open));
        }
    };
    let sender = spawn(&world, |world| world.send(1));
    let completer = {
        let world = Arc::clone(&world);
        thread::spawn(move || {
            let nbls = std::mem::take(&mut *world.queue.lock().unwrap());
            for &nbl in &nbls {
                world.touch(nbl);
            }
            world.gone_home.fetch_add(nbls.len(), Ordering::Relaxed);
            if is_pause(world.gate.leave(u32::try_from(nbls.len()).unwrap())) {
                world.completions.fetch_add(1, Ordering::Relaxed);
                restart(&world);
            }
        })
    };
    if Subject::close(&world.gate) {
        world.completions.fetch_add(1, Ordering::Relaxed);
        restart(&world);
    }
    join([sender, completer]);
    let nbls = std::mem::take(&mut *world.queue.lock().unwrap());
    if !nbls.is_empty() && is_pause(world.gate.leave(u32::try_from(nbls.len()).unwrap())) {
        world.completions.fetch_add(1, Ordering::Relaxed);
        restart(&world);
    }
    assert_eq!(world.completions.load(Ordering::Relaxed), 1, "completions of one pause");
    assert_eq!(world.gate.closed(), None, "closed after the restart");
    assert_eq!(Gate::outstanding(&world.gate), 0, "outstanding");
}

/// A pause, a reset and a removal overlap (NDIS-STATE-04): the pause is still completed once, when everything
/// is home, and the removal outlives it.
pub fn pause_reset_removal() {
    let world = World::new(Gate::opened());
    world.send(0);
    let threads = [
        spawn(&world, |world| {
            assert!(world.gate.refuse(Reason::Reset));
            assert!(world.gate.open(Reason::Reset).is_ok());
        }),
        spawn(&world, |world| assert!(world.gate.refuse(Reason::Removed))),
        spawn(&world, World::bring_home),
    ];
    world.pause();
    join(threads);
    world.settle();
    assert_eq!(world.gate.closed(), Some(Reason::Removed));
    assert_eq!(world.gate.open(Reason::Pause), Ok(Opened::StillClosed(Reason::Removed)));
}

/// Two parties wait for the same NBL: each is completed exactly once, together or by itself.
pub fn pause_and_low_power() {
    let world = World::new(Gate::opened());
    world.send(0);
    let power = Arc::new(AtomicUsize::new(0));
    let closer = {
        let (world, power) = (Arc::clone(&world), Arc::clone(&power));
        thread::spawn(move || {
            if world.gate.close(Reason::LowPower) == Close::Idle {
                power.fetch_add(1, Ordering::Relaxed);
            }
        })
    };
    let completer = {
        let (world, power) = (Arc::clone(&world), Arc::clone(&power));
        thread::spawn(move || {
            world.touch(0);
            if let Some(drained) = Gate::leave(&world.gate, 1) {
                world.touch(0);
                let add = |counter: &AtomicUsize, reason| {
                    counter.fetch_add(usize::from(drained.includes(reason)), Ordering::Relaxed);
                };
                add(&world.completions, Reason::Pause);
                add(&power, Reason::LowPower);
            }
        })
    };
    if Subject::close(&world.gate) {
        world.completions.fetch_add(1, Ordering::Relaxed);
    }
    join([closer, completer]);
    assert_eq!(world.completions.load(Ordering::Relaxed), 1, "completions of the pause");
    assert_eq!(power.load(Ordering::Relaxed), 1, "completions of the power transition");
    assert_eq!(world.gate.closed(), Some(Reason::LowPower));
}
