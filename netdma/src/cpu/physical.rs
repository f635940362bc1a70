//! Physical memory, mapped in windows that are reserved beforehand, so that it can be reached at `DISPATCH_LEVEL`.

use core::cell::{Cell, UnsafeCell};
use core::ffi::c_void;
use core::ptr::{self, NonNull};

use ferrite_ddk::ndis::{self, MDL};
use ferrite_netdma_engine::cpu::{Memory, PIECE};
use ferrite_netdma_engine::{BYTES, Error, PAGE, Word};

use super::memory::TAG;

/// Pages of a window: a piece that begins in the middle of one.
const PAGES: usize = (PIECE / PAGE) as usize + 1;
const WINDOW: u64 = PAGES as u64 * PAGE;

/// An MDL with room for a window's page frame numbers.
#[repr(C)]
struct List {
    mdl: MDL,
    frames: [u64; PAGES],
}

/// A run of system addresses.
struct Window {
    base: NonNull<c_void>,
    list: UnsafeCell<List>,
}

impl Window {
    /// Reserves one. IRQL: `PASSIVE_LEVEL`.
    fn new() -> Option<Self> {
        // SAFETY: any length and tag will do.
        let base = unsafe { ndis::MmAllocateMappingAddress(WINDOW, TAG) };
        // SAFETY: an MDL and frame numbers are plain numbers and pointers, for which zeros are values.
        let list = unsafe { core::mem::zeroed() };
        Some(Self { base: NonNull::new(base)?, list })
    }

    /// Maps `length` bytes at a physical address while `body` runs; `None` if that cannot be. IRQL: up to
    /// `DISPATCH_LEVEL`.
    fn with<T>(&self, address: u64, length: u64, body: impl FnOnce(NonNull<u8>) -> T) -> Option<T> {
        let offset = address % PAGE;
        let pages = offset.checked_add(length)?.div_ceil(PAGE);
        let list = self.list.get();
        {
            // SAFETY: the window is used by one processor at a time, under the channel's lock, and not recursively.
            let list = unsafe { &mut *list };
            let frames = list.frames.get_mut(..usize::try_from(pages).ok()?)?;
            for (frame, number) in frames.iter_mut().zip(address / PAGE..) {
                *frame = number;
            }
            let words = size_of::<MDL>().checked_add(frames.len().checked_mul(8)?)?;
            list.mdl = MDL {
                Next: ptr::null_mut(),
                Size: i16::try_from(words).ok()?,
                // The client has locked the pages before it put them into a descriptor.
                MdlFlags: ndis::MDL_PAGES_LOCKED,
                Process: ptr::null_mut(),
                MappedSystemVa: ptr::null_mut(),
                StartVa: ptr::null_mut(),
                ByteCount: u32::try_from(length).ok()?,
                ByteOffset: u32::try_from(offset).ok()?,
            };
        }
        let mdl = list.cast::<MDL>();
        // SAFETY: the addresses are reserved with this tag, for at least so many pages, and not in use; the MDL
        // describes pages that the client keeps locked while its descriptors are out (NDMA-XFER-11).
        let mapped = unsafe {
            ndis::MmMapLockedPagesWithReservedMapping(self.base.as_ptr(), TAG, mdl, ndis::MmCached)
        };
        let result = NonNull::new(mapped.cast::<u8>()).map(body);
        if result.is_some() {
            // SAFETY: mapped above, and used no more.
            unsafe { ndis::MmUnmapReservedMapping(self.base.as_ptr(), TAG, mdl) };
        }
        result
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // SAFETY: reserved by `new` with this tag; nothing is mapped.
        unsafe { ndis::MmFreeMappingAddress(self.base.as_ptr(), TAG) };
    }
}

/// What a channel's engine works on.
pub struct Physical {
    source: Window,
    destination: Window,
    /// The completion word (NDMA-CH-05); NULL while the channel is free.
    word: Cell<*mut u64>,
}

impl Physical {
    /// With all windows. IRQL: `PASSIVE_LEVEL`.
    pub fn new() -> Option<Self> {
        Some(Self { source: Window::new()?, destination: Window::new()?, word: Cell::new(ptr::null_mut()) })
    }

    /// Where the completion word is from now on.
    pub fn report_at(&self, word: *mut u64) {
        self.word.set(word);
    }
}

impl Memory for Physical {
    fn descriptor(&self, address: u64) -> Option<[u64; 8]> {
        self.source.with(address, BYTES, |at| {
            let words = at.cast::<[u64; 8]>();
            // SAFETY: the window has the descriptor's 64 bytes, which are aligned to them. The client may write them at
            // any time: they are read once.
            unsafe { words.read_volatile() }
        })
    }

    fn next(&self, address: u64) -> Option<u64> {
        let [_, _, _, next, ..] = self.descriptor(address)?;
        Some(next)
    }

    fn copy(&self, source: u64, destination: u64, length: u64) -> Result<(), Error> {
        let bytes = usize::try_from(length).map_err(|_| Error::LENGTH)?;
        let copied = self.source.with(source, length, |from| {
            self.destination.with(destination, length, |to| {
                // SAFETY: both windows have `length` bytes. They may be the same memory, so this moves.
                unsafe { ptr::copy(from.as_ptr(), to.as_ptr(), bytes) };
            })
        });
        copied.ok_or(Error::SOURCE)?.ok_or(Error::DESTINATION)
    }

    fn complete(&self, word: Word) {
        let at = self.word.get();
        if !at.is_null() {
            // All that was written before is visible to who sees the word (NDMA-XFER-13).
            core::sync::atomic::fence(core::sync::atomic::Ordering::Release);
            // SAFETY: NetDMA's word, aligned to 8 bytes, there from allocating the channel to freeing it.
            unsafe { at.write_volatile(word.0) };
        }
    }
}
