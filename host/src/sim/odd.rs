//! What no seed draws, and bytes can say: any OID request, any frame, any shape.

use super::{lane::Lane, plan::Nb};
use crate::{
    abi::{self, NET_BUFFER_LIST, constants as c},
    ndis::oid::Asked,
    net::{Shape, frames, numbered},
    world::world,
};

/// Frames of no number that are waited for: more come only if the driver keeps them for ever.
const ODD: usize = 4096;
/// A group of IPv4's.
const GROUP: numbered::Mac = [0x01, 0x00, 0x5E, 0, 0, 1];

impl Lane {
    /// An OID request. Power is what NDIS sends at its own time only (NDIS-PM-03): an act of its own.
    pub(super) fn ask(&self, asked: &Asked, direct: bool) {
        let Some((_inside, adapter)) = self.enter() else { return };
        if direct {
            world().ndis.ask_direct(&adapter, asked);
            return;
        }
        let is_set = asked.kind == c::NdisRequestSetInformation;
        match asked.oid {
            c::OID_PNP_SET_POWER if is_set => {}
            // What frames may come changes with it.
            c::OID_GEN_CURRENT_PACKET_FILTER if is_set => {
                let value = asked.buffer.get(..asked.claimed).unwrap_or(&asked.buffer);
                world().ndis.set(&adapter, asked.oid, value);
            }
            _ => {
                world().ndis.ask(&adapter, asked);
            }
        }
    }

    /// A frame of any bytes from the wire: it gets to the protocol as it is, or not at all.
    pub(super) fn frame(&self, to: u8, bytes: &[u8]) {
        let station = self.adapter().and_then(|adapter| adapter.general.borrow().as_ref().map(|g| g.mac));
        let mut frame = bytes.to_vec();
        let to = match to {
            1 => station,
            2 => Some(numbered::BROADCAST),
            3 => Some(GROUP),
            _ => None,
        };
        if let Some(to) = to {
            frame.resize(frame.len().max(to.len()), 0);
            frame.iter_mut().zip(to).for_each(|(byte, to)| *byte = to);
        }
        let wire = self.model.wire();
        if wire.is_plugged() && self.odd_fed.borrow().len() < ODD {
            wire.send(&frame);
            self.odd_fed.borrow_mut().push(numbered::padded(&frame));
        }
    }

    /// One NBL of any shape. A frame that is too short for a number, or the device, is known by its bytes.
    pub(super) fn send_shaped(&self, nbs: &[Nb], id: u8) {
        let Some((_inside, adapter)) = self.enter() else { return };
        let frames: Vec<(Vec<u8>, Shape)> = nbs
            .iter()
            .map(|Nb { len, shape }| {
                let mut sent = self.sent.borrow_mut();
                let frame = numbered::outgoing(sent.len() as u32, *len);
                if *len < numbered::HEADER {
                    self.odd_sent.borrow_mut().push(numbered::padded(&frame));
                } else {
                    sent.push(*len as u16);
                }
                (frame, shape.clone())
            })
            .collect();
        let nbl: Vec<_> = frames.iter().map(|(frame, shape)| (frame.as_slice(), shape.clone())).collect();
        let Some(nbl) = frames::build(&nbl, 0) else {
            world().fail("the machine's memory is used up".into());
        };
        let info = nbl.at(&NET_BUFFER_LIST::NetBufferListInfo) + 8 * u64::from(c::NetBufferListCancelId);
        abi::write(info, u64::from(id));
        self.port.send_built(&adapter, &[nbl]);
    }

    /// Cancels sends (NDIS-CANCEL-01).
    pub(super) fn cancel(&self, id: u8) {
        if let Some((_inside, adapter)) = self.enter() {
            world().ndis.cancel_sends(&adapter, id.into());
        }
    }
}
