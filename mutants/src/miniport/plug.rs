//! Plug and play: optional handlers, `MiniportAddDevice`, resource requirements, removal.

use super::{Block, FAILURE, state, status};
use crate::TAG;
use crate::fault::{Fault, Turn, is, turns};
use crate::abi::{
    NDIS_MINIPORT_ADD_DEVICE_REGISTRATION_ATTRIBUTES as AddDevice,
    NDIS_MINIPORT_PNP_CHARACTERISTICS as PnpChars, NET_DEVICE_PNP_EVENT as Event, Ptr, address, c, copy, import, read, write,
};

/// Offset of `Irp->IoStatus.Information`, and of the first descriptor's length in a list of requirements.
const INFORMATION: u64 = 0x38;
const FIRST_LENGTH: u64 = 40 + 8;

/// `MiniportSetOptions`.
pub extern "system" fn set_options(driver: u64, _context: u64) -> u64 {
    let memory = import!(NdisAllocateMemoryWithTagPriority, driver, 64, TAG, 0);
    state().drivers_memory.set(memory);
    if is(Fault::SetsHandlersLate) {
        return 0;
    }
    set_handlers(driver)
}

pub fn set_handlers(driver: u64) -> u64 {
    let kind = c::NDIS_OBJECT_TYPE_MINIPORT_PNP_CHARACTERISTICS;
    let size = c::NDIS_SIZEOF_MINIPORT_PNP_CHARACTERISTICS_REVISION_1;
    let block = Block::short_if(Fault::SendsShortPnp, kind, 1, size);
    let p: Ptr<PnpChars> = block.as_ptr();
    p.set(PnpChars::MiniportAddDeviceHandler, address!(add_device));
    p.set(PnpChars::MiniportRemoveDeviceHandler, address!(remove_device));
    p.set(PnpChars::MiniportFilterResourceRequirementsHandler, address!(filter));
    import!(NdisSetOptionalHandlers, driver, block.addr())
}

/// The attributes of `MiniportAddDevice`.
pub fn set_add_attributes(adapter: u64) {
    let block = Block::new(
        c::NDIS_OBJECT_TYPE_MINIPORT_ADD_DEVICE_REGISTRATION_ATTRIBUTES,
        1,
        c::NDIS_SIZEOF_MINIPORT_ADD_DEVICE_REGISTRATION_ATTRIBUTES_REVISION_1,
    );
    block.as_ptr::<AddDevice>().set(AddDevice::MiniportAddDeviceContext, adapter);
    import!(NdisMSetMiniportAttributes, adapter, block.addr());
}

/// `MiniportAddDevice`.
extern "system" fn add_device(adapter: u64, _context: u64) -> u64 {
    set_add_attributes(adapter);
    let memory = import!(NdisAllocateMemoryWithTagPriority, adapter, 64, TAG, 0);
    if !turns(Turn::FailsAdd) {
        state().added.set(memory);
        return 0;
    }
    if !is(Fault::FailsAddLeaking) {
        import!(NdisFreeMemory, memory, 0, 0);
    }
    FAILURE
}

/// `MiniportRemoveDevice`, after the halt.
extern "system" fn remove_device(adapter: u64) {
    if is(Fault::IndicatesStatusAfterHalt) {
        status::indicate(adapter, adapter, c::NDIS_STATUS_MEDIA_CONNECT, 0);
    }
    import!(NdisFreeMemory, state().added.get(), 0, 0);
}

/// `MiniportFilterResourceRequirements`: the same list in another place.
extern "system" fn filter(adapter: u64, irp: u64) -> u64 {
    let list: u64 = read(irp + INFORMATION);
    let size: u32 = read(list);
    let new = if is(Fault::ReplacesWithForeignList) {
        import!(ExAllocatePoolWithTag, 0, size.into(), TAG)
    } else {
        import!(NdisAllocateMemoryWithTagPriority, adapter, size.into(), TAG, 0)
    };
    copy(list, new, size.into());
    if is(Fault::ChangesRanges) {
        write(new + FIRST_LENGTH, 1_u32);
    }
    import!(NdisFreeMemory, list, 0, 0);
    write(irp + INFORMATION, new);
    0
}

/// `MiniportDevicePnPEventNotify`.
pub extern "system" fn event(_context: u64, event: u64) {
    if Ptr::<Event>::new(event).get(Event::DevicePnPEvent) == c::NdisDevicePnPEventSurpriseRemoved {
        state().removed.set(true);
    }
}
