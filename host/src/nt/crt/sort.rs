//! Sorting and searching with the driver's comparison, and the C generator.

use super::leaves;
use crate::{
    abi::{bytes, write_bytes},
    imports,
    world::call,
};
use std::cell::Cell;

thread_local! {
    /// The state behind rand(): one for the whole kernel, as in the C run time.
    static SEED: Cell<u32> = const { Cell::new(1) };
}

fn compare(function: u64, one: u64, other: u64) -> i32 {
    call("comparison function", function, &[one, other]) as i32
}

/// Sinks the element at `root` to its place in the heap of `count` elements.
fn sift(base: u64, root: u64, count: u64, width: u64, function: u64) {
    let place = |i: u64| base + i * width;
    let mut root = root;
    loop {
        let mut child = 2 * root + 1;
        if child >= count {
            return;
        }
        if child + 1 < count && compare(function, place(child), place(child + 1)) < 0 {
            child += 1;
        }
        if compare(function, place(root), place(child)) >= 0 {
            return;
        }
        swap(place(root), place(child), width);
        root = child;
    }
}

fn swap(one: u64, other: u64, width: u64) {
    let len = usize::try_from(width).unwrap_or(0);
    let (a, b) = (bytes(one, len), bytes(other, len));
    write_bytes(one, &b);
    write_bytes(other, &a);
}

imports! {
    /// Sorting and searching: these call the driver.
    TABLE from "ntoskrnl.exe";

    fn qsort(base: u64, count: u64, width: u64, function: u64) {
        // A heap sort: in place, and never quadratic.
        for root in (0..count / 2).rev() {
            sift(base, root, count, width, function);
        }
        for end in (1..count).rev() {
            swap(base, base + end * width, width);
            sift(base, 0, end, width, function);
        }
    }

    fn bsearch(key: u64, base: u64, count: u64, width: u64, function: u64) -> u64 {
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low + (high - low) / 2;
            let at = base + middle * width;
            match compare(function, key, at) {
                0 => return at,
                order if order < 0 => high = middle,
                _ => low = middle + 1,
            }
        }
        0
    }
}

leaves! {
    /// The C generator.
    RANDOM from "ntoskrnl.exe";

    fn rand() -> i32 {
        SEED.set(SEED.get().wrapping_mul(214_013).wrapping_add(2_531_011));
        (SEED.get() >> 16 & 0x7FFF) as i32
    }

    fn srand(seed: u32) {
        SEED.set(seed);
    }
}
