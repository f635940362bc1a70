//! Descriptor rings against a device that writes anything anywhere at any time.
//!
//! The first byte chooses the ring and its length, the others what happens next. A model that knows the ring's rules
//! and sees the same memory foretells every answer.

mod rx;
mod tx;

use crate::input::Input;

/// Runs one input.
///
/// # Panics
/// A property does not hold.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let first = input.u8();
    let length = 8 * (1 + u32::from(first >> 1 & 7));
    if first & 1 == 0 {
        rx::run(length, &mut input);
    } else {
        tx::run(length, &mut input);
    }
}
