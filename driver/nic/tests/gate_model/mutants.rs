//! Gates weakened in one respect each.

use loom::sync::atomic::AtomicU64;
use loom::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed};

use super::scenes::{Holdable, Subject};

const CLOSED: u64 = 1 << 63;
const WAITING: u64 = 1 << 62;
const COUNT: u64 = WAITING - 1;

/// The sound transitions, from which each mutant departs in one place.
struct Sound {
    word: AtomicU64,
    success: Ordering,
}

impl Sound {
    fn new(success: Ordering) -> Self {
        Self { word: AtomicU64::new(0), success }
    }

    fn update<T>(&self, step: impl Fn(u64) -> Option<(u64, T)>) -> Option<T> {
        let mut seen = self.word.load(if self.success == Relaxed { Relaxed } else { Acquire });
        loop {
            let (next, value) = step(seen)?;
            match self.word.compare_exchange(seen, next, self.success, Relaxed) {
                Ok(_) => return Some(value),
                Err(now) => seen = now,
            }
        }
    }

    fn enter(&self, count: u32) -> bool {
        self.update(|word| (word & CLOSED == 0).then_some((word + u64::from(count), ()))).is_some()
    }

    fn leave(&self, count: u32) -> bool {
        self.update(|word| {
            let next = word - u64::from(count);
            let drained = next & COUNT == 0 && next & WAITING != 0;
            Some((if drained { next & !WAITING } else { next }, drained))
        })
        .unwrap()
    }

    fn close(&self) -> bool {
        self.update(|word| {
            let idle = word & COUNT == 0;
            Some((word | CLOSED | if idle { 0 } else { WAITING }, idle))
        })
        .unwrap()
    }

    fn outstanding(&self) -> u64 {
        self.word.load(Acquire) & COUNT
    }
}

/// Counts first and looks then; takes a refused chain out again like any other.
pub struct CountsRefused(Sound);

impl Subject for CountsRefused {
    fn opened() -> Self {
        Self(Sound::new(AcqRel))
    }

    fn enter(&self, count: u32) -> bool {
        if self.0.word.fetch_add(u64::from(count), AcqRel) & CLOSED == 0 {
            return true;
        }
        self.0.word.fetch_sub(u64::from(count), AcqRel);
        false
    }

    fn leave(&self, count: u32) -> bool {
        self.0.leave(count)
    }

    fn close(&self) -> bool {
        self.0.close()
    }

    fn outstanding(&self) -> u64 {
        self.0.outstanding()
    }
}

/// Closes first and looks then whether something is out, as the last one out does too.
pub struct CompletesTwice(Sound);

impl Subject for CompletesTwice {
    fn opened() -> Self {
        Self(Sound::new(AcqRel))
    }

    fn enter(&self, count: u32) -> bool {
        self.0.enter(count)
    }

    fn leave(&self, count: u32) -> bool {
        self.0.word.fetch_sub(u64::from(count), AcqRel) - u64::from(count) == CLOSED
    }

    fn close(&self) -> bool {
        self.0.word.fetch_or(CLOSED, AcqRel);
        self.0.outstanding() == 0
    }

    fn outstanding(&self) -> u64 {
        self.0.outstanding()
    }
}

/// Looks first whether something is out, and waits for it then.
pub struct LosesTheLast(Sound);

impl Subject for LosesTheLast {
    fn opened() -> Self {
        Self(Sound::new(AcqRel))
    }

    fn enter(&self, count: u32) -> bool {
        self.0.enter(count)
    }

    fn leave(&self, count: u32) -> bool {
        self.0.leave(count)
    }

    fn close(&self) -> bool {
        let idle = self.0.outstanding() == 0;
        self.0.word.fetch_or(if idle { CLOSED } else { CLOSED | WAITING }, AcqRel);
        idle
    }

    fn outstanding(&self) -> u64 {
        self.0.outstanding()
    }
}

/// Looks first whether the gate is open, and counts then.
pub struct ChecksThenAdds(Sound);

impl Subject for ChecksThenAdds {
    fn opened() -> Self {
        Self(Sound::new(AcqRel))
    }

    fn enter(&self, count: u32) -> bool {
        if self.0.word.load(Acquire) & CLOSED != 0 {
            return false;
        }
        self.0.word.fetch_add(u64::from(count), AcqRel);
        true
    }

    fn leave(&self, count: u32) -> bool {
        self.0.leave(count)
    }

    fn close(&self) -> bool {
        self.0.close()
    }

    fn outstanding(&self) -> u64 {
        self.0.outstanding()
    }
}

/// Sound but for the order of memory accesses.
pub struct Unordered(Sound);

impl Subject for Unordered {
    fn opened() -> Self {
        Self(Sound::new(Relaxed))
    }

    fn enter(&self, count: u32) -> bool {
        self.0.enter(count)
    }

    fn leave(&self, count: u32) -> bool {
        self.0.leave(count)
    }

    fn close(&self) -> bool {
        self.0.close()
    }

    fn outstanding(&self) -> u64 {
        self.0.outstanding()
    }
}

/// Counts the received NBLs but not the call that indicates them.
pub struct ForgetsTheCall(Sound);

impl Subject for ForgetsTheCall {
    fn opened() -> Self {
        Self(Sound::new(AcqRel))
    }

    fn enter(&self, count: u32) -> bool {
        self.0.enter(count)
    }

    fn leave(&self, count: u32) -> bool {
        self.0.leave(count)
    }

    fn close(&self) -> bool {
        self.0.close()
    }

    fn outstanding(&self) -> u64 {
        self.0.outstanding()
    }

    fn indicate(&self, count: u32) -> bool {
        self.enter(count)
    }

    fn returned(&self) -> bool {
        false
    }
}

/// Lets a party go on that is not counted.
pub struct HoldsNothing(Sound);

impl Subject for HoldsNothing {
    fn opened() -> Self {
        Self(Sound::new(AcqRel))
    }

    fn enter(&self, count: u32) -> bool {
        self.0.enter(count)
    }

    fn leave(&self, count: u32) -> bool {
        self.0.leave(count)
    }

    fn close(&self) -> bool {
        self.0.close()
    }

    fn outstanding(&self) -> u64 {
        self.0.outstanding()
    }
}

impl Holdable for HoldsNothing {
    fn hold(&self) {}

    fn let_go(&self) -> bool {
        false
    }
}
