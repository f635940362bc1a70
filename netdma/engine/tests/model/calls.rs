//! The end of a handle's calls, and weakened forms of it.

use ferrite_netdma_engine::Calls;

/// What a scene needs.
pub trait Handle: Send + Sync + 'static {
    fn open() -> Self;
    fn enter(&self) -> bool;
    fn leave(&self);
    /// Closes it and waits.
    fn end(&self);
}

impl Handle for Calls {
    fn open() -> Self {
        let calls = Self::new();
        Calls::open(&calls);
        calls
    }
    fn enter(&self) -> bool {
        Calls::enter(self)
    }
    fn leave(&self) {
        Calls::leave(self);
    }
    fn end(&self) {
        if !self.close() {
            while !self.is_quiet() {
                loom::thread::yield_now();
            }
        }
    }
}

/// Does not wait for a call in progress.
pub struct Impatient(Calls);

impl Handle for Impatient {
    fn open() -> Self {
        Self(Handle::open())
    }
    fn enter(&self) -> bool {
        self.0.enter()
    }
    fn leave(&self) {
        self.0.leave();
    }
    fn end(&self) {
        let _ = self.0.close();
    }
}

/// Calls without asking whether it may.
pub struct Unasked(Calls);

impl Handle for Unasked {
    fn open() -> Self {
        Self(Handle::open())
    }
    fn enter(&self) -> bool {
        if !self.0.enter() {
            // As if it had been let in.
            return true;
        }
        true
    }
    fn leave(&self) {
        self.0.leave();
    }
    fn end(&self) {
        Handle::end(&self.0);
    }
}
