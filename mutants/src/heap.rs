//! Memory for the driver's variables, in its image: none of it is ever freed, and no checker knows of it.

use core::{
    alloc::{GlobalAlloc, Layout},
    cell::UnsafeCell,
    ptr::null_mut,
    sync::atomic::{AtomicUsize, Ordering},
};

/// Bytes.
const SIZE: usize = 256 << 10;

#[repr(C, align(64))]
struct Heap {
    bytes: UnsafeCell<[u8; SIZE]>,
    used: AtomicUsize,
}

// SAFETY: each byte is handed out once.
unsafe impl Sync for Heap {}

#[global_allocator]
static HEAP: Heap = Heap { bytes: UnsafeCell::new([0; SIZE]), used: AtomicUsize::new(0) };

// SAFETY: blocks lie within the array, apart from each other.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Blocks begin on multiples of 64, as wide as anything is aligned.
        let size = layout.size().next_multiple_of(64);
        let start = self.used.fetch_add(size, Ordering::Relaxed);
        if layout.align() > 64 || start + size > SIZE {
            return null_mut();
        }
        self.bytes.get().cast::<u8>().wrapping_add(start)
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

/// Zeroed bytes on a multiple of 64.
pub fn zeroed(len: usize) -> u64 {
    let layout = Layout::from_size_align(len, 64).expect("a size");
    // SAFETY: the length is not zero; nothing was freed, so the bytes are as the image had them.
    let addr = unsafe { HEAP.alloc(layout) };
    assert!(!addr.is_null(), "the heap is too small");
    addr as u64
}
