//! Frames as NBLs: built in a shape, taken apart again.

use super::shapes::Shape;
use crate::{
    abi::{self, MDL, NET_BUFFER, NET_BUFFER_LIST, Ptr},
    mem::Kind,
    ndis::nbl::{self, Nbl},
    world::world,
};

/// Bytes of an NBL and of an NB in the newest NDIS.
const NBL: usize = 368;
const NB: usize = 176;
/// Bytes of a page.
const PAGE: usize = 4096;
/// What lies around a frame; a driver that sends it is caught by comparing frames.
const AROUND: u8 = 0xEE;
/// Marks an NBL as built here: the number of the send, for who asked for it.
const SCRATCH: u64 = 0x5EED_0000_0000_0000;

/// Builds one NBL whose NBs carry the frames, in order. `None` when the machine's memory is used up.
#[must_use]
pub fn build(frames: &[(&[u8], Shape)], number: u64) -> Option<Nbl> {
    let at = host(NBL)?;
    abi::fill(at, 0, NBL);
    let list = Nbl::new(at);
    list.set(NET_BUFFER_LIST::Scratch, SCRATCH | number);
    let mut previous: Option<Ptr<NET_BUFFER>> = None;
    for (frame, shape) in frames {
        let nb = net_buffer(frame, shape)?;
        match previous {
            Some(previous) => previous.set(NET_BUFFER::Next, nb.addr()),
            None => list.set(NET_BUFFER_LIST::FirstNetBuffer, nb.addr()),
        }
        previous = Some(nb);
    }
    Some(list)
}

/// The number that [`build`] was given.
#[must_use]
pub fn number(list: Nbl) -> u64 {
    list.get(NET_BUFFER_LIST::Scratch) & !SCRATCH
}

/// Frees an NBL built here, with everything in it.
pub fn free(list: Nbl) {
    let mem = &world().mem;
    let give = |addr: u64| {
        let _ = mem.free(Kind::Host, addr);
    };
    for nb in nbl::net_buffers(list) {
        let mut mdl: Ptr<MDL> = Ptr::new(nb.get(NET_BUFFER::MdlChain));
        while !mdl.is_null() {
            let next = Ptr::new(mdl.get(MDL::Next));
            give(mdl.get(MDL::Process));
            give(mdl.addr());
            mdl = next;
        }
        give(nb.addr());
    }
    give(list.addr());
}

fn host(size: usize) -> Option<u64> {
    world().mem.allocate(Kind::Host, 0, size, "protocol")
}

fn net_buffer(frame: &[u8], shape: &Shape) -> Option<Ptr<NET_BUFFER>> {
    let at = host(NB)?;
    abi::fill(at, 0, NB);
    let nb: Ptr<NET_BUFFER> = Ptr::new(at);
    let mut rest = frame;
    let mut previous: Option<Ptr<MDL>> = None;
    let mut current: Option<Ptr<MDL>> = None;
    if shape.ahead > 0 {
        let mdl = piece(&[], shape.ahead, 0, shape)?;
        nb.set(NET_BUFFER::MdlChain, mdl.addr());
        previous = Some(mdl);
    }
    let last = shape.pieces.len().saturating_sub(1);
    for (i, &len) in shape.pieces.iter().enumerate() {
        let (now, later) = rest.split_at_checked(len)?;
        let lead = if i == 0 { shape.lead } else { 0 };
        let tail = if i == last { shape.tail } else { 0 };
        let mdl = piece(now, lead, tail, shape)?;
        match previous {
            Some(previous) => previous.set(MDL::Next, mdl.addr()),
            None => nb.set(NET_BUFFER::MdlChain, mdl.addr()),
        }
        current.get_or_insert(mdl);
        previous = Some(mdl);
        rest = later;
    }
    nb.set(NET_BUFFER::stDataLength, frame.len() as u64);
    nb.set(NET_BUFFER::DataOffset, u32::try_from(shape.ahead + shape.lead).ok()?);
    nb.set(NET_BUFFER::CurrentMdl, current.map_or(0, Ptr::addr));
    nb.set(NET_BUFFER::CurrentMdlOffset, u32::try_from(shape.lead).ok()?);
    Some(nb)
}

/// An MDL over its own memory, which begins where the shape says.
fn piece(bytes: &[u8], lead: usize, tail: usize, shape: &Shape) -> Option<Ptr<MDL>> {
    let world = world();
    let len = lead + bytes.len() + tail;
    let room = if shape.page_offset == 0 { len.max(1) } else { PAGE + shape.page_offset + len };
    let block = if shape.high {
        world.mem.allocate_high(Kind::Host, 0, room, "protocol data")?
    } else {
        world.mem.allocate(Kind::Host, 0, room, "protocol data")?
    };
    // A block of more than half a page begins at a page.
    let at = block + shape.page_offset as u64;
    abi::fill(at, AROUND, len);
    abi::write_bytes(at + lead as u64, bytes);
    let mdl = crate::ndis::make_mdl(at, u32::try_from(len).ok()?)?;
    // Process is the memory manager's; here it leads back to the block.
    mdl.set(MDL::Process, block);
    Some(mdl)
}

/// The frames of an NBL; an NB whose MDLs are short gives none.
#[must_use]
pub fn read(list: Nbl) -> Vec<Vec<u8>> {
    nbl::net_buffers(list).into_iter().filter_map(nbl::data).collect()
}
