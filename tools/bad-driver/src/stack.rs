//! Functions that do not fit a kernel stack.

use core::{hint::black_box, mem::MaybeUninit};

/// Bytes of one frame: less than a page, so that no `__chkstk` is called for it.
const FRAME: usize = 3900;

/// Calls everything here.
pub fn all(index: usize, number: usize) -> usize {
    outermost(index).wrapping_add(descend(number))
}

/// Calls itself, once for each of `levels`.
#[inline(never)]
fn descend(levels: usize) -> usize {
    match black_box(levels) {
        0 => 0,
        levels => descend(levels.wrapping_sub(1)).wrapping_add(black_box(1)),
    }
}

/// A function with a big frame, which calls another.
macro_rules! deep {
    ($($name:ident calls $next:ident;)*) => {
        $(
            #[inline(never)]
            fn $name(number: usize) -> usize {
                let frame = MaybeUninit::<[u8; FRAME]>::uninit();
                let held = black_box(&raw const frame);
                $next(number).wrapping_add(black_box(held).addr())
            }
        )*
    };
}

deep! {
    outermost calls outer;
    outer calls middle;
    middle calls inner;
    inner calls innermost;
    innermost calls black_box;
}
