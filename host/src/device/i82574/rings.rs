//! What may be written to the registers of a ring, and when.

use super::{
    bits::{rctl, tctl},
    breach::{Breach, Checked},
    registers::{File, at},
    transmit::Ring,
};
use crate::verify::rules;

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
        let wrong = |rule, why: String| Err(Breach::new(rule, format!("{name}: {why}")));
        let in_use = on && ring.len(file) != 0;
        match register {
            at::BASE_LOW | at::BASE_HIGH | at::LENGTH | at::HEAD if in_use => {
                let why = format!("offset {offset:#x} is written with {value:#x} while the ring is in use");
                return wrong(&rules::I82574_RING, why);
            }
            at::BASE_LOW if value & 0xF != 0 => {
                return wrong(&rules::I82574_RING, format!("base {value:#x} is not aligned to 16 bytes"));
            }
            at::LENGTH if value & 0x7F != 0 || value > 0xF_FF80 => {
                let why = format!("length {value:#x} is no multiple of 128 bytes up to 0xfff80");
                return wrong(&rules::I82574_RING, why);
            }
            at::HEAD if value != 0 && value >= ring.len(file) => {
                return wrong(&rules::I82574_RING, format!("head {value} of {}", ring.len(file)));
            }
            at::TAIL => return check_tail(file, ring, (name, resets), on, value),
            _ => {}
        }
    }
    Ok(())
}

fn check_tail(file: &File, ring: Ring, (name, resets): (&str, u64), on: bool, tail: u32) -> Checked {
    let len = ring.len(file);
    if len == 0 && tail != 0 {
        let detail = format!("{name}: tail {tail} without a ring, after {resets} resets");
        return Err(Breach::new(&rules::I82574_RESET, detail));
    }
    if tail >= len && tail != 0 {
        let detail = format!("{name}: tail {tail} beyond the ring's {len} descriptors");
        return Err(Breach::new(&rules::I82574_TAIL, detail));
    }
    let (before, after) = (ring.owned(file, ring.tail(file)), ring.owned(file, tail));
    if on && after < before {
        let head = ring.head(file);
        let detail = format!(
            "{name}: tail {tail} takes back descriptors: the device has {before} from its head at {head}"
        );
        return Err(Breach::new(&rules::I82574_TAIL, detail));
    }
    Ok(())
}
