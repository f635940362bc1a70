//! The gate: how many NBLs are out, and whether more may go.
//!
//! One atomic word holds, beside the count, a *closed* bit and a *waiting* bit for each [`Reason`]. The gate
//! is open while no closed bit is set. Counted are sends accepted and not completed, receives indicated and
//! not returned, and every indication call that has not returned yet (NDIS-PAUSE-04, -05, -06).
//!
//! * Sends: `enter(n)` for a chain of n NBLs; after `NdisMSendNetBufferListsComplete` for k of them
//!   `leave(k)`. Refused: complete the chain at once with the status of the reason; nothing was counted.
//! * Receives: `indicate(n)` before `NdisMIndicateReceiveNetBufferLists`, `returned()` after it; then
//!   `leave(k)` in `MiniportReturnNetBufferLists`. With `NDIS_RECEIVE_FLAGS_RESOURCES` use
//!   `returned_all()` instead.
//! * A party that brings NBLs home beside others: `hold()` while one of them is certain to be out, `leave(1)`
//!   when it needs the adapter no more.
//! * Pause: `close(Reason::Pause)`. [`Close::Idle`]: return SUCCESS. [`Close::Pending`]: return PENDING; the
//!   one `leave` that gets [`Drained`] calls `NdisMPauseComplete`, outside every lock (NDIS-PAUSE-03).
//! * Restart: `open(Reason::Pause)`.
//! * Reset, low power, surprise removal: `refuse(reason)`, which waits for nobody, and for reset and low
//!   power `open(reason)`. The reasons are independent: a pause may begin and end inside a reset or a reset
//!   inside a pause (NDIS-STATE-04), and a removal does not touch a pause that is pending.
//! * Halt: `close(Reason::Halt)` finds the gate idle, or else NBLs have been leaked.
//!
//! A new gate is closed for [`Reason::Pause`]: an adapter starts Paused (NDIS-STATE-01).

mod word;

use word::Word;

#[cfg(loom)]
use loom::sync::atomic::{AtomicU64, Ordering};

#[cfg(not(loom))]
use core::sync::atomic::{AtomicU64, Ordering};

/// Why the gate is closed. Several may hold at once; the first in this order is the one reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Reason {
    /// Surprise removal: for good. Sends: `NDIS_STATUS_NOT_ACCEPTED` (NDIS-SURP-02).
    Removed = 0,
    /// `MiniportHaltEx`: for good.
    Halt = 1,
    /// A low power state. Sends: `NDIS_STATUS_LOW_POWER_STATE` (NDIS-PM-04).
    LowPower = 2,
    /// Pausing or Paused. Sends: `NDIS_STATUS_PAUSED` (NDIS-PAUSE-07, -08).
    Pause = 3,
    /// A reset is running. Sends: `NDIS_STATUS_RESET_IN_PROGRESS` (NDIS-SEND-06), unless held.
    Reset = 4,
}

impl Reason {
    /// Every reason, the one that is reported first at the front.
    pub const ALL: [Self; 5] = [Self::Removed, Self::Halt, Self::LowPower, Self::Pause, Self::Reset];

    /// Whether the gate never opens again.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Removed | Self::Halt)
    }
}

/// What [`Gate::close`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Close {
    /// Nothing is out: it is done, and nobody will get a [`Drained`] for it.
    Idle,
    /// NBLs are out: whoever brings the last one home gets a [`Drained`] that includes this reason.
    Pending,
    /// It was closed for this reason already. Nothing has changed, no second completion will come.
    Already,
}

/// What [`Gate::open`] left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// NBLs may pass.
    Open,
    /// Its own reason is lifted; this other one still holds the gate closed.
    StillClosed(Reason),
}

/// Why [`Gate::open`] did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// The close for this reason is still pending: its completion comes first (NDIS-STATE-08).
    Pending,
    /// It was not closed for this reason.
    NotClosed,
    /// The reason is [final](Reason::is_final).
    Final,
}

/// The duty to complete what was pending: handed out once, to whoever brought the last NBL home.
///
/// The holder completes every included reason, outside every lock.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "somebody waits for this completion"]
pub struct Drained(Word);

impl Drained {
    /// Whether the close for this reason was pending and is to be completed now.
    #[must_use]
    pub fn includes(&self, reason: Reason) -> bool {
        self.0.waits(reason)
    }
}

/// The adapter's gate. See the [module's text](self).
#[derive(Debug)]
pub struct Gate {
    word: AtomicU64,
}

impl Gate {
    /// A gate closed for [`Reason::Pause`], with nothing out.
    #[cfg(not(loom))]
    #[must_use]
    pub const fn new() -> Self {
        Self { word: AtomicU64::new(Word::PAUSED.0) }
    }

    /// A gate closed for [`Reason::Pause`], with nothing out.
    #[cfg(loom)]
    #[must_use]
    pub fn new() -> Self {
        Self { word: AtomicU64::new(Word::PAUSED.0) }
    }

    /// Counts a chain of `count` NBLs in: one atomic operation unless others interfere. Any IRQL.
    ///
    /// # Errors
    /// The reason for which the gate is closed; nothing has been counted.
    #[inline]
    pub fn enter(&self, count: u32) -> Result<(), Reason> {
        // Acquire: what the opener did before `open` is visible to who passes.
        self.update(Ordering::Acquire, |word| word.enter(count).map(|next| (next, ())))
    }

    /// Counts the caller in, whatever the gate is closed for: it goes on using the adapter when what it deals
    /// with may have come home by another's hand. Any IRQL. End it with `leave(1)`, as the last thing done.
    ///
    /// Only while something is known to be out, as an NBL is that the caller's lock keeps from being
    /// completed: the count never rises from zero behind a close that has found it there.
    #[inline]
    pub fn hold(&self) {
        // Relaxed: nothing is passed on, and what others released before goes on to the last one out.
        let held =
            self.update::<_, core::convert::Infallible>(Ordering::Relaxed, |word| Ok((word.hold(), ())));
        match held {
            Ok(()) => {}
            Err(never) => match never {},
        }
    }

    /// Counts `count` NBLs out. Any IRQL.
    ///
    /// Counting out more than is in leaves zero: the caller's books are wrong, the gate's stay sound.
    #[inline]
    #[must_use = "Drained is the duty to complete a pending pause"]
    pub fn leave(&self, count: u32) -> Option<Drained> {
        // Release: who completes the pause sees all that was done to the NBLs; Acquire: it is this caller
        // that may have to see it.
        let left = self.update::<_, core::convert::Infallible>(Ordering::AcqRel, |word| {
            let (next, taken) = word.leave(count);
            Ok((next, taken))
        });
        match left {
            Ok(taken) if taken.waits_any() => Some(Drained(taken)),
            Ok(_) => None,
            Err(never) => match never {},
        }
    }

    /// Counts in a chain of `count` received NBLs and the call that is about to indicate them
    /// (NDIS-PAUSE-04, -05). Any IRQL.
    ///
    /// # Errors
    /// The reason for which the gate is closed: indicate nothing, recycle the buffers.
    #[inline]
    pub fn indicate(&self, count: u32) -> Result<Indication<'_>, Reason> {
        self.enter(count.saturating_add(1))?;
        Ok(Indication { gate: self, count })
    }

    /// Closes for `reason` and waits for what is out: see [`Close`]. Any IRQL.
    pub fn close(&self, reason: Reason) -> Close {
        // Release: what the closer did before is visible to the party that gets the token.
        self.update::<_, core::convert::Infallible>(Ordering::AcqRel, |word| Ok(word.close(reason)))
            .unwrap_or(Close::Already)
    }

    /// Closes for `reason` without waiting; `false` if it was closed for it already. Any IRQL.
    #[allow(clippy::must_use_candidate)] // closing is the point; whether it was closed is for who asks
    pub fn refuse(&self, reason: Reason) -> bool {
        self.update(Ordering::AcqRel, |word| word.refuse(reason).map(|next| (next, ()))).is_ok()
    }

    /// Lifts `reason`. Any IRQL.
    ///
    /// # Errors
    /// [`OpenError`]; nothing has changed.
    pub fn open(&self, reason: Reason) -> Result<Opened, OpenError> {
        // Release: pairs with the Acquire of `enter`.
        self.update(Ordering::AcqRel, |word| {
            let next = word.open(reason)?;
            Ok((next, next.closed().map_or(Opened::Open, Opened::StillClosed)))
        })
    }

    /// The reason that would refuse an `enter` at this moment.
    #[must_use]
    pub fn closed(&self) -> Option<Reason> {
        Word(self.word.load(Ordering::Acquire)).closed()
    }

    /// Whether the gate is closed for this reason, whatever else holds.
    #[must_use]
    pub fn closed_for(&self, reason: Reason) -> bool {
        Word(self.word.load(Ordering::Acquire)).closed_for(reason)
    }

    /// How many NBLs and indication calls are out at this moment.
    #[must_use]
    pub fn outstanding(&self) -> u64 {
        Word(self.word.load(Ordering::Acquire)).count()
    }

    /// The one loop of this type: replaces the word by what `step` makes of it, or leaves it alone.
    #[inline]
    fn update<T, E>(&self, success: Ordering, step: impl Fn(Word) -> Result<(Word, T), E>) -> Result<T, E> {
        let mut seen = self.word.load(Ordering::Acquire);
        loop {
            let (next, value) = step(Word(seen))?;
            match self.word.compare_exchange_weak(seen, next.0, success, Ordering::Acquire) {
                Ok(_) => return Ok(value),
                Err(now) => seen = now,
            }
        }
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

/// An indication call in progress, counted beside its NBLs. End it with one of its methods.
#[derive(Debug)]
#[must_use = "an indication that is never ended blocks every pause"]
pub struct Indication<'gate> {
    gate: &'gate Gate,
    count: u32,
}

impl Indication<'_> {
    /// The call has returned; its NBLs stay out until `MiniportReturnNetBufferLists` (NDIS-RECV-04).
    #[must_use = "Drained is the duty to complete a pending pause"]
    pub fn returned(self) -> Option<Drained> {
        self.gate.leave(1)
    }

    /// The call has returned and, made with `NDIS_RECEIVE_FLAGS_RESOURCES`, has brought its NBLs with it
    /// (NDIS-RECV-05).
    #[must_use = "Drained is the duty to complete a pending pause"]
    pub fn returned_all(self) -> Option<Drained> {
        self.gate.leave(self.count.saturating_add(1))
    }
}
