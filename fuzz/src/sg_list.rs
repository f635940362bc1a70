//! SG lists, as a HAL delivers them, cut to a frame and put on the transmit ring.
//!
//! Bytes are compared by runs, since a list can name more memory than there is.

use ferrite_nic::{Fragment, PushError, TxRing, TxSlot, fragments};

use crate::input::Input;
use crate::memory::Shared;

const PAD: u64 = 0xfeed_0000;
const LENGTH: u32 = 40;

/// Runs one input: skip, length, then elements.
///
/// # Panics
/// A property does not hold.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let (skip, length) = match input.u8() & 1 {
        // Likely numbers, and any.
        0 => (u32::from(input.u16()), u32::from(input.u16())),
        _ => (input.u32(), input.u32()),
    };
    let mut elements = Vec::new();
    while !input.is_empty() && elements.len() < 200 {
        let kind = input.u8();
        let length = if kind & 1 == 0 { u32::from(input.u8()) } else { input.u32() };
        let address = if kind & 2 == 0 { u64::from(input.u16()) << 12 } else { input.u64() };
        elements.push(Fragment { address, length });
    }

    let mut cut = fragments(elements.iter().copied(), skip, length);
    let pieces: Vec<Fragment> = cut.by_ref().take(elements.len() + 1).collect();
    let (expected, missing) = expected(&elements, skip.into(), length.into());
    assert_eq!(pieces, expected);
    assert_eq!(u64::from(cut.missing()), missing);
    assert_eq!(cut.next(), None, "and nothing after the end");
    push(&elements, skip, length, &pieces);
}

/// The bytes from `skip` on, so many, by where each element lies in the list; and how many are not there.
fn expected(elements: &[Fragment], skip: u64, length: u64) -> (Vec<Fragment>, u64) {
    let mut at = 0_u64;
    let mut found = 0;
    let mut pieces = Vec::new();
    for element in elements {
        let (from, to) = (at.max(skip), (at + u64::from(element.length)).min(skip + length));
        if from < to {
            let length = u32::try_from(to - from).expect("no longer than its element");
            pieces.push(Fragment { address: element.address.wrapping_add(from - at), length });
            found += to - from;
        }
        at += u64::from(element.length);
    }
    (pieces, length - found)
}

/// On a ring the frame is all there or not at all.
fn push(elements: &[Fragment], skip: u32, length: u32, pieces: &[Fragment]) {
    let memory = Shared::for_ring(LENGTH);
    let slots = vec![TxSlot::default(); LENGTH as usize];
    let mut ring = TxRing::new(memory.clone(), slots, PAD).expect("a suitable ring");
    let _ = memory.take_accesses();
    let result = ring.push(1, fragments(elements.iter().copied(), skip, length));

    let total: u64 = pieces.iter().map(|piece| u64::from(piece.length)).sum();
    let padded = total < 60;
    let descriptors = pieces.len() + usize::from(padded);
    let wanted = if total > 1518 {
        Err(PushError::TooLong)
    } else if total < 14 {
        Err(PushError::TooShort)
    } else if descriptors > 32 {
        Err(PushError::Fragmented)
    } else {
        Ok(())
    };
    assert_eq!(result, wanted);
    let (_, writes) = memory.take_accesses();
    if wanted.is_err() {
        assert_eq!(writes, 0, "a refused frame has left something on the ring");
        assert!(ring.is_empty());
        return;
    }
    assert_eq!(writes as usize, 2 * descriptors);
    let on_ring: Vec<Fragment> = (0..)
        .zip(0..descriptors)
        .map(|(index, _)| {
            let [address, command] = memory.descriptor(index);
            Fragment { address, length: u32::try_from(command & 0xffff).expect("masked") }
        })
        .collect();
    let pad = padded.then(|| Fragment { address: PAD, length: 60 - u32::try_from(total).expect("short") });
    let frame: Vec<Fragment> = pieces.iter().copied().chain(pad).collect();
    assert_eq!(on_ring, frame);
}
