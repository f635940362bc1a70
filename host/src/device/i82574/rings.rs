//! What may be written to the registers of a ring, and when.

use super::{
    bits::{rctl, tctl},
    breach::{Checked, hold},
    registers::{File, at},
    transmit::Ring,
};
use crate::verify::{Rule, rules};

/// The queues' registers: first, what to call it, the register that turns it on, its bit.
const RINGS: [(u32, &str, u32, u32); 4] = [
    (at::RX, "receive ring 0", at::RCTL, rctl::EN),
    (at::RX + at::QUEUE, "receive ring 1", at::RCTL, rctl::EN),
    (at::TX, "transmit ring 0", at::TCTL, tctl::EN),
    (at::TX + at::QUEUE, "transmit ring 1", at::TCTL, tctl::EN),
];

/// Checks a write before it is done.
pub(super) fn check(file: &File, resets: u64, offset: u32, value: u32) -> Checked {
    for (first, name, control, enable) in RINGS {
        let Some(register) = offset.checked_sub(first).filter(|register| *register < 0x20) else { continue };
        let (ring, on) = (Ring { first }, file.has(control, enable));
        let receives = control == at::RCTL;
        if register == at::TAIL {
            let back = if receives { &rules::I82574_RECEIVE_TAIL } else { &rules::I82574_TRANSMIT_TAIL };
            return check_tail(file, ring, (name, resets), on.then_some(back), value);
        }
        if !matches!(register, at::BASE_LOW | at::BASE_HIGH | at::LENGTH | at::HEAD) {
            return Ok(());
        }
        let in_use = if receives { &rules::I82574_RECEIVE_RING } else { &rules::I82574_TRANSMIT_RING };
        hold(in_use, !on || ring.len(file) == 0, || {
            format!("{name}: offset {offset:#x} is written with {value:#x} while the ring is in use")
        })?;
        return match register {
            at::BASE_LOW => hold(&rules::I82574_RING_BASE, value.is_multiple_of(16), || {
                format!("{name}: base {value:#x} is not aligned to 16 bytes")
            }),
            at::LENGTH => {
                hold(&rules::I82574_RING_LENGTH, value.is_multiple_of(128) && value <= 0xF_FF80, || {
                    format!("{name}: length {value:#x} is no multiple of 128 bytes up to 0xfff80")
                })
            }
            at::HEAD => hold(&rules::I82574_RING_HEAD, value == 0 || value < ring.len(file), || {
                format!("{name}: head {value} of {}", ring.len(file))
            }),
            _ => Ok(()),
        };
    }
    Ok(())
}

/// Checks a tail; `back` if the ring is on, so that descriptors can be taken back.
fn check_tail(
    file: &File,
    ring: Ring,
    (name, resets): (&str, u64),
    back: Option<&'static Rule>,
    tail: u32,
) -> Checked {
    let len = ring.len(file);
    hold(&rules::I82574_RESET, len != 0 || tail == 0, || {
        format!("{name}: tail {tail} without a ring, after {resets} resets")
    })?;
    hold(&rules::I82574_TAIL, tail < len || tail == 0, || {
        format!("{name}: tail {tail} beyond the ring's {len} descriptors")
    })?;
    let Some(back) = back else { return Ok(()) };
    let (before, after) = (ring.owned(file, ring.tail(file)), ring.owned(file, tail));
    hold(back, after >= before, || {
        let head = ring.head(file);
        format!("{name}: tail {tail} takes back descriptors: the device has {before} from its head at {head}")
    })
}
