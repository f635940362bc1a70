//! The traps of one world: its windows, images and stacks.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::marker::PhantomData;
use std::rc::Rc;

use thiserror::Error;

use super::hot::Site;
use super::marks::Marks;
use super::region::Region;
use super::signal::{self, SignalStack};
use super::snippet::Snippets;
use super::{Handler, StackRange, Window};
use crate::pe::Mapped;
use crate::pe::memory::{Memory, Protection};

/// Why an area or a window could not be set up.
#[derive(Debug, Error)]
pub enum TrapError {
    /// The system refused memory or a signal handler.
    #[error("{what}: {source}")]
    System {
        /// What was asked for.
        what: &'static str,
        /// Its answer.
        source: std::io::Error,
    },
    /// The register space of the area is used up.
    #[error("no room for a register window of {wanted:#x} bytes: {left:#x} bytes of register space are left")]
    Exhausted {
        /// Bytes asked for.
        wanted: u64,
        /// Bytes left.
        left: u64,
    },
}

/// Counters of an area.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrapStats {
    /// Register accesses and `cr8` moves that came by signal.
    pub signals: u64,
    /// Register accesses that came by a patched instruction.
    pub patched: u64,
    /// Instructions patched.
    pub sites: u64,
}

/// Stack of [`Handler::fault`]: reports are written there.
const FAULT_STACK: usize = 256 << 10;

/// What traps need to know. Pinned in its `Rc`: stubs and the current thread hold its address.
pub(super) struct Shared {
    pub(super) handler: Box<dyn Handler>,
    pub(super) region: RefCell<Region>,
    pub(super) images: RefCell<Vec<Rc<Mapped>>>,
    pub(super) stacks: RefCell<Vec<StackRange>>,
    pub(super) snippets: Snippets,
    /// Instructions of images that have trapped, by address.
    pub(super) sites: RefCell<HashMap<u64, Rc<Site>>>,
    pub(super) patching: Cell<bool>,
    pub(super) stats: Cell<TrapStats>,
    /// Places that images are marked at.
    pub(super) places: RefCell<Rc<[u32]>>,
    /// Marks of the images that are registered.
    pub(super) marks: RefCell<Vec<Marks>>,
    /// What was reached in those that were.
    pub(super) reached: RefCell<Vec<u32>>,
    fault_stack: Memory,
}

impl Shared {
    /// One past the highest byte of the stack that faults are handled on.
    pub(super) fn fault_stack_top(&self) -> u64 {
        self.fault_stack.base() + self.fault_stack.len() as u64
    }

    /// Its length.
    pub(super) fn fault_stack_len(&self) -> u64 {
        self.fault_stack.len() as u64
    }

    /// The image whose code or stubs hold this address.
    pub(super) fn image_at(&self, address: u64) -> Option<Rc<Mapped>> {
        let images = self.images.borrow();
        images.iter().find(|i| i.contains(address) || i.in_stubs(address)).cloned()
    }

    pub(super) fn count(&self, change: impl FnOnce(&mut TrapStats)) {
        let mut stats = self.stats.get();
        change(&mut stats);
        self.stats.set(stats);
    }
}

/// Register windows, images and stacks of one world (see the [module](super)).
pub struct TrapArea {
    pub(super) shared: Rc<Shared>,
}

/// Proof that the current thread takes traps for an area; ends when dropped. Not for another thread.
pub struct Entered<'a> {
    previous: *const Shared,
    _stack: SignalStack,
    _area: PhantomData<&'a TrapArea>,
}

impl TrapArea {
    /// Reserves register space, and installs the process's signal handlers if nobody has yet.
    ///
    /// # Errors
    /// If the system refuses memory or handlers.
    pub fn new(handler: Box<dyn Handler>) -> Result<Self, TrapError> {
        signal::install()?;
        let fault_stack = Memory::map(FAULT_STACK, Protection::WRITE)
            .map_err(|source| TrapError::System { what: "mapping a stack for faults", source })?;
        let shared = Shared {
            handler,
            region: RefCell::new(Region::new()?),
            images: RefCell::default(),
            stacks: RefCell::default(),
            snippets: Snippets::default(),
            sites: RefCell::default(),
            patching: Cell::new(true),
            stats: Cell::default(),
            places: RefCell::new(Rc::from([])),
            marks: RefCell::default(),
            reached: RefCell::default(),
            fault_stack,
        };
        Ok(Self { shared: Rc::new(shared) })
    }

    /// Makes the calling thread take traps for this area, with a signal stack of its own. Areas nest.
    ///
    /// # Errors
    /// If the system refuses the signal stack.
    pub fn enter(&self) -> Result<Entered<'_>, TrapError> {
        let stack = SignalStack::install()?;
        let previous = signal::set_current(Rc::as_ptr(&self.shared));
        Ok(Entered { previous, _stack: stack, _area: PhantomData })
    }

    /// Reserves `len` bytes of register space, page-aligned, that `window` serves. Returns its address.
    ///
    /// # Errors
    /// If the register space is used up (addresses are never given out twice).
    pub fn map_window(&self, len: u64, window: Box<dyn Window>) -> Result<u64, TrapError> {
        self.shared.region.borrow_mut().map(len, Rc::from(window))
    }

    /// Serves `len` bytes at `base`, an address at which a process cannot have memory: where the kernel shares
    /// data with every program and drivers read it without a call.
    pub fn map_window_at(&self, base: u64, len: u64, window: Box<dyn Window>) {
        // Dropped only after the borrow has ended, as below.
        let former = self.shared.region.borrow_mut().map_at(base, len, Rc::from(window));
        drop(former);
    }

    /// Ends a window; touching its range is [`NoWindow`](super::FaultKind::NoWindow) from now on. False if
    /// no window begins at `base`.
    #[allow(clippy::must_use_candidate, reason = "done for its effect")]
    pub fn unmap_window(&self, base: u64) -> bool {
        // Dropped only after the borrow has ended: its destructor may map and unmap.
        let window = self.shared.region.borrow_mut().unmap(base);
        window.is_some()
    }

    /// Is this address in register space, mapped or not?
    #[must_use]
    pub fn is_register(&self, address: u64) -> bool {
        self.shared.region.borrow().contains(address)
    }

    /// Faults in this image are the driver's. The area keeps the image mapped until it is unregistered.
    pub fn register_image(&self, image: &Rc<Mapped>) {
        self.shared.mark(image);
        self.shared.images.borrow_mut().push(Rc::clone(image));
    }

    /// Takes an image out again, its code as it was; false if it is not registered. No stack may be in its
    /// code any more.
    pub fn unregister_image(&self, image: &Rc<Mapped>) -> bool {
        let index = self.shared.images.borrow().iter().position(|i| Rc::ptr_eq(i, image));
        let Some(index) = index else { return false };
        // Patched code leads to its site: it must not outlive it.
        self.shared.sites.borrow_mut().retain(|address, site| {
            let other = !image.contains(*address);
            other || !site.restore(&self.shared)
        });
        self.shared.unmark(image);
        self.shared.images.borrow_mut().swap_remove(index);
        true
    }

    /// Faults on this stack are reported as the driver's.
    pub fn register_stack(&self, stack: StackRange) {
        self.shared.stacks.borrow_mut().push(stack);
    }

    /// Takes a stack out again; false if it is not registered.
    #[allow(clippy::must_use_candidate, reason = "done for its effect")]
    pub fn unregister_stack(&self, stack: StackRange) -> bool {
        let mut stacks = self.shared.stacks.borrow_mut();
        let Some(index) = stacks.iter().position(|s| *s == stack) else { return false };
        stacks.swap_remove(index);
        true
    }

    /// Whether faulting instructions of 5 bytes and more are patched to jump to their completion directly
    /// (0.15 µs instead of 3.5). On at first.
    pub fn set_patching(&self, on: bool) {
        self.shared.patching.set(on);
    }

    /// Counters so far.
    #[must_use]
    pub fn stats(&self) -> TrapStats {
        self.shared.stats.get()
    }
}

impl Drop for TrapArea {
    fn drop(&mut self) {
        let images = self.shared.images.borrow().clone();
        for image in &images {
            self.unregister_image(image);
        }
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        signal::set_current(self.previous);
    }
}
