//! Resource requirements: what the driver may change before the system grants interrupts.

use super::{Ndis, adapter::Adapter};
use crate::{
    abi::{
        self, IO_RESOURCE_DESCRIPTOR as Desc, IO_RESOURCE_LIST as List,
        IO_RESOURCE_REQUIREMENTS_LIST as Reqs, IRP, Layout, Ptr, constants as c,
    },
    mem::Kind,
    verify::rules,
    world::{call, world},
};
use std::rc::Rc;

/// Offset of IRP.IoStatus.Information.
const INFORMATION: u64 = 0x38;
/// Offset of the first `IO_RESOURCE_LIST`, and of its descriptors.
const DESCRIPTORS: u64 = 32 + 8;
/// Descriptors that a list may come back with.
const MOST: u32 = 2048;

/// The requirements that the bus driver states: BARs, and the messages that the INF allows.
fn build(adapter: &Adapter) -> Option<u64> {
    let bars = adapter.device.hardware.bars();
    let messages = adapter.device.messages_allowed.get();
    let interrupts = messages.max(1);
    let count = bars.len() + interrupts;
    let size = DESCRIPTORS as usize + count * Desc::SIZE;
    let at = world().mem.allocate(Kind::NdisMemory, 0, size, "resource requirements")?;
    abi::fill(at, 0, size);
    let p: Ptr<Reqs> = Ptr::new(at);
    p.set(Reqs::ListSize, u32::try_from(size).ok()?);
    p.set(Reqs::AlternativeLists, 1);
    let list: Ptr<List> = Ptr::new(p.at(&Reqs::List));
    list.set(List::Version, 1);
    list.set(List::Revision, 1);
    list.set(List::Count, u32::try_from(count).ok()?);
    for (i, bar) in bars.iter().enumerate() {
        let d = at + DESCRIPTORS + (i * Desc::SIZE) as u64;
        let kind = if bar.memory { c::CmResourceTypeMemory } else { c::CmResourceTypePort };
        abi::write(d + 1, kind as u8);
        abi::write(d + 8, u32::try_from(bar.len).unwrap_or(u32::MAX));
        abi::write(d + 16, bar.start);
        abi::write(d + 24, bar.start + bar.len - 1);
    }
    for i in 0..interrupts {
        let d = at + DESCRIPTORS + ((bars.len() + i) * Desc::SIZE) as u64;
        abi::write(d + 1, c::CmResourceTypeInterrupt as u8);
        if messages > 0 {
            abi::write(d + 4, (c::CM_RESOURCE_INTERRUPT_MESSAGE | c::CM_RESOURCE_INTERRUPT_LATCHED) as u16);
            abi::write(d + 8, c::CM_RESOURCE_INTERRUPT_MESSAGE_TOKEN);
            abi::write(d + 12, c::CM_RESOURCE_INTERRUPT_MESSAGE_TOKEN);
        }
    }
    Some(at)
}

/// The memory and port descriptors of a list, which are not the driver's to change.
fn ranges_in(at: u64) -> Vec<Vec<u8>> {
    let list: Ptr<List> = Ptr::new(Ptr::<Reqs>::new(at).at(&Reqs::List));
    let count = list.get(List::Count).min(MOST);
    let descriptor = |i: u32| abi::bytes(at + DESCRIPTORS + u64::from(i) * Desc::SIZE as u64, Desc::SIZE);
    let is_range = |bytes: &Vec<u8>| {
        bytes
            .get(1)
            .is_some_and(|&kind| [c::CmResourceTypeMemory, c::CmResourceTypePort].contains(&u32::from(kind)))
    };
    (0..count).map(descriptor).filter(is_range).collect()
}

/// Message descriptors in a list.
fn messages_in(at: u64) -> usize {
    let list: Ptr<List> = Ptr::new(Ptr::<Reqs>::new(at).at(&Reqs::List));
    let count = list.get(List::Count).min(MOST);
    let is_message = |i: &u32| {
        let d = at + DESCRIPTORS + u64::from(*i) * Desc::SIZE as u64;
        let message = abi::read::<u16>(d + 4) & c::CM_RESOURCE_INTERRUPT_MESSAGE as u16 != 0;
        abi::read::<u8>(d + 1) == c::CmResourceTypeInterrupt as u8 && message
    };
    (0..count).filter(is_message).count()
}

impl Ndis {
    /// `MiniportFilterResourceRequirements` and `MiniportStartDevice`, and what the system then grants.
    pub(super) fn filter_resources(&self, adapter: &Rc<Adapter>) -> Result<(), u32> {
        let world = world();
        let handlers = adapter.miniport.pnp.get();
        adapter.device.grant(adapter.device.messages_allowed.get().min(adapter.device.hardware.messages()));
        let (Some(irp), Some(list)) = (world.mem.allocate(Kind::Host, 0, IRP::SIZE, "IRP"), build(adapter))
        else {
            return Err(c::NDIS_STATUS_RESOURCES);
        };
        abi::fill(irp, 0, IRP::SIZE);
        abi::write(irp + INFORMATION, list);
        if handlers.filter_resources != 0 {
            let args = [adapter.add_device_context.get(), irp];
            let ranges = ranges_in(list);
            let status = call("MiniportFilterResourceRequirements", handlers.filter_resources, &args) as u32;
            // A failure keeps the bus driver's requirements (NDIS-PNP-13).
            if status == c::NDIS_STATUS_SUCCESS {
                let now: u64 = abi::read(irp + INFORMATION);
                world.hold(&rules::PNP_RESOURCES, ranges_in(now) == ranges, || {
                    "MiniportFilterResourceRequirements changed the device's memory or ports".into()
                });
                adapter.device.grant(messages_in(now).min(adapter.device.hardware.messages()));
                if now != list {
                    self.owners.borrow_mut().remove(&now);
                    let bad = world.mem.free(Kind::NdisMemory, now).err();
                    world.hold(&rules::PNP_NEW_LIST, bad.is_none(), || {
                        format!("the new resource requirements at {now:#x}: {bad:?}")
                    });
                }
            }
        }
        // The driver frees the old list when it puts another in its place.
        if world.mem.block(list).is_some() {
            let _ = world.mem.free(Kind::NdisMemory, list);
        }
        abi::write(irp + INFORMATION, 0_u64);
        let mut status = c::NDIS_STATUS_SUCCESS;
        if handlers.start_device != 0 {
            status =
                call("MiniportStartDevice", handlers.start_device, &[adapter.add_device_context.get(), irp])
                    as u32;
        }
        let _ = world.mem.free(Kind::Host, irp);
        if status == c::NDIS_STATUS_SUCCESS { Ok(()) } else { Err(status) }
    }
}
