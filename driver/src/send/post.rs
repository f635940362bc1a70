//! From ready to posted: fragments, bounce buffers, one tail write.

use core::slice;

use ferrite_ddk::Status;
use ferrite_ddk::dma::{address_of, sg_elements};
use ferrite_nic::{Fragment, PushError, fragments};

use super::frames::{Frame, Stage};
use super::{BOUNCE_BYTES, Ring, Sender, State};
use crate::adapter::Adapter;

/// What became of a frame that was to go onto the ring.
enum Posted {
    /// It is there.
    Yes,
    /// There is no room now.
    Full,
    /// It has to be copied first.
    Copy,
    /// It cannot be sent at all.
    Failed(Status),
}

impl Sender {
    /// Puts frames onto the ring, oldest first, as far as there is room, and shows them to the device.
    /// Whether frames are done that are to be [retired](Sender::retire): such as were given up.
    ///
    /// Called with the lock held.
    pub(super) fn post(&self, adapter: &Adapter, state: &mut State) -> bool {
        while let Some((index, frame)) = state.frames.next_to_post() {
            if frame.stage == Stage::Mapping {
                break;
            }
            if frame.abandoned {
                frame.stage = Stage::Done;
                state.frames.set_posted();
                continue;
            }
            if state.offline.is_some() {
                break;
            }
            let posted = match frame.stage {
                Stage::Copy => self.post_copy(&mut state.ring, &mut state.bounce, frame, index),
                _ => post_list(&mut state.ring, frame, index),
            };
            match posted {
                Posted::Yes => frame.stage = Stage::Posted,
                Posted::Full => break,
                Posted::Copy => {
                    frame.stage = Stage::Copy;
                    continue;
                }
                Posted::Failed(status) => {
                    frame.stage = Stage::Done;
                    frame.abandoned = true;
                    frame.nbl.set_status(status);
                    state.counters.errors = state.counters.errors.wrapping_add(1);
                }
            }
            state.frames.set_posted();
        }
        if state.offline.is_none() {
            // One write for all of them (NDIS-SEND-05 keeps their order).
            state.ring.kick(adapter.hardware.nic().regs());
        }
        state.frames.done(0).is_some()
    }

    /// Copies the frame, padded with zeros to the shortest that the wire carries, and posts the copy.
    fn post_copy(&self, ring: &mut Ring, free: &mut u32, frame: &mut Frame, index: u32) -> Posted {
        if ring.free() == 0 {
            return Posted::Full;
        }
        // Those in use are on the ring: one comes free with their frames.
        let number = free.trailing_zeros();
        let Some((base, address)) = (*free != 0).then(|| self.bounce_buffer(number)).flatten() else {
            return Posted::Full;
        };
        // SAFETY: bounce buffer `number` is free: no frame and no device refers to it, and the lock makes it
        // ours.
        let buffer = unsafe { slice::from_raw_parts_mut(base.as_ptr(), BOUNCE_BYTES as usize) };
        let Some(length) = frame.nb.copy_to(buffer).and_then(|length| u32::try_from(length).ok()) else {
            return Posted::Failed(Status::RESOURCES);
        };
        let padded = length.max(Ring::MIN_FRAME);
        if let Some(padding) = buffer.get_mut(length as usize..padded as usize) {
            padding.fill(0);
        }
        match ring.push(index as usize, core::iter::once(Fragment { address, length: padded })) {
            Ok(()) => {
                *free &= !(1 << number);
                frame.bounce = Some(number);
                Posted::Yes
            }
            Err(PushError::Full) => Posted::Full,
            Err(_) => Posted::Failed(Status::FAILURE),
        }
    }
}

/// Posts the frame where it lies.
fn post_list(ring: &mut Ring, frame: &Frame, index: u32) -> Posted {
    let Some(list) = frame.list else { return Posted::Copy };
    // SAFETY: NDIS's list for this NB, not given back yet (NDIS-DMA-05).
    let elements = unsafe { sg_elements(list.as_ptr()) };
    let skip = frame.nb.current_mdl_offset();
    let length = frame.nb.data_length();
    // NDIS-DMA-07: the list begins at the start of the MDL; it has to reach to the end of the frame.
    let needed = u64::from(skip).saturating_add(u64::from(length));
    if elements.iter().fold(0, |sum, element| u64::from(element.Length).saturating_add(sum)) < needed {
        return Posted::Failed(Status::FAILURE);
    }
    let pieces = elements
        .iter()
        .map(|element| Fragment { address: address_of(element.Address), length: element.Length });
    match ring.push(index as usize, fragments(pieces, skip, length)) {
        Ok(()) => Posted::Yes,
        Err(PushError::Full) => Posted::Full,
        Err(PushError::Fragmented | PushError::TooShort) => Posted::Copy,
        Err(PushError::TooLong) => Posted::Failed(Status::INVALID_LENGTH),
    }
}
