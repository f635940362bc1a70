//! What the driver acquires.

use super::{
    Block, FAILURE, FRAMES, handlers, memory, out, plug, release, send, state, status,
};
use crate::TAG;
use crate::fault::{Fault, Turn, is, turns};
use crate::abi::{
    NDIS_CONFIGURATION_OBJECT as Conf, NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES as General,
    NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES as Registration,
    NDIS_MINIPORT_INTERRUPT_CHARACTERISTICS as Interrupt, NDIS_SG_DMA_DESCRIPTION as Sg,
    NDIS_TIMER_CHARACTERISTICS as Timer, NET_BUFFER_LIST, NET_BUFFER_LIST_POOL_PARAMETERS as Pool, Ptr, address, c,
    import, write,
};
use alloc::vec::Vec;
use core::cell::Cell;

/// Bytes of the blocks.
pub const MEMORY: u64 = 256;
/// See `MEMORY`.
pub const SHARED: u64 = 8192;
/// Bytes of the memory that a received frame is in.
const DATA: u64 = 64;
/// What every Ethernet miniport answers (NDIS-OID-16, NDIS-OID-17).
const OIDS: [u32; 19] = [
    c::OID_GEN_INTERRUPT_MODERATION,
    c::OID_GEN_MAXIMUM_TOTAL_SIZE,
    c::OID_GEN_RCV_OK,
    c::OID_GEN_XMIT_OK,
    c::OID_GEN_RECEIVE_BLOCK_SIZE,
    c::OID_GEN_RECEIVE_BUFFER_SPACE,
    c::OID_GEN_STATISTICS,
    c::OID_GEN_TRANSMIT_BLOCK_SIZE,
    c::OID_GEN_TRANSMIT_BUFFER_SPACE,
    c::OID_GEN_VENDOR_DESCRIPTION,
    c::OID_GEN_VENDOR_DRIVER_VERSION,
    c::OID_GEN_VENDOR_ID,
    c::OID_GEN_CURRENT_LOOKAHEAD,
    c::OID_GEN_CURRENT_PACKET_FILTER,
    c::OID_GEN_LINK_PARAMETERS,
    c::OID_802_3_PERMANENT_ADDRESS,
    c::OID_802_3_CURRENT_ADDRESS,
    c::OID_802_3_MULTICAST_LIST,
    c::OID_802_3_MAXIMUM_LIST_SIZE,
];
/// More than the machine has.
const TOO_MUCH: u64 = 1 << 30;
/// Bytes of the register window.
pub const REGISTERS: u64 = 0x1000;
/// An hour from now.
const LATER: u64 = (-36_000_000_000_i64).cast_unsigned();

fn attributes(kind: u32, revision: u8, size: u32) -> Block {
    Block::new(kind, revision, size)
}

fn set(adapter: u64, block: &Block) {
    import!(NdisMSetMiniportAttributes, adapter, block.addr());
}

pub fn register(adapter: u64) {
    let kind = c::NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES;
    let revision = if is(Fault::SendsOldRevision) { 0 } else { 1 };
    let block =
        attributes(kind, revision, c::NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_1);
    let p: Ptr<Registration> = block.as_ptr();
    p.set(Registration::MiniportAdapterContext, adapter);
    let master = if is(Fault::DeclaresNoBusMaster) { 0 } else { c::NDIS_MINIPORT_ATTRIBUTES_BUS_MASTER };
    p.set(Registration::AttributeFlags, c::NDIS_MINIPORT_ATTRIBUTES_HARDWARE_DEVICE | master);
    set(adapter, &block);
}

fn describe(adapter: u64) {
    let kind = c::NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES;
    let size = c::NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2;
    let block = attributes(kind, if is(Fault::SendsOldGeneral) { 1 } else { 2 }, size);
    let lacking = match () {
        () if is(Fault::LacksMandatoryOid) => c::OID_GEN_LINK_PARAMETERS,
        () if is(Fault::LacksMandatoryQuery) => c::OID_GEN_STATISTICS,
        () => 0,
    };
    let oids: Vec<u32> = OIDS.into_iter().filter(|&oid| oid != lacking).collect();
    let p: Ptr<General> = block.as_ptr();
    p.set(General::MtuSize, 1500);
    p.set(General::MacAddressLength, if is(Fault::HasLongAddress) { 8 } else { 6 });
    p.set(General::SupportedOidList, oids.as_ptr() as u64);
    p.set(General::SupportedOidListLength, oids.len() as u32 * 4);
    set(adapter, &block);
}

fn offload(adapter: u64) {
    set(adapter, &attributes(c::NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES, 1, 64));
}

pub fn allocate(adapter: u64, size: u64) -> u64 {
    let tag = if is(Fault::AllocatesWithoutTag) { 0 } else { TAG };
    import!(NdisAllocateMemoryWithTagPriority, adapter, size, tag, 0)
}

pub fn map(adapter: u64) -> u64 {
    import!(NdisMMapIoSpace, out(&state().mapping), adapter, 0xC000_0000, REGISTERS)
}

/// Shared memory; whether there was any.
pub fn share(adapter: u64, len: u64) -> bool {
    let (va, pa) = (Cell::new(0), Cell::new(0));
    import!(NdisMAllocateSharedMemory, adapter, len, 1, out(&va), out(&pa));
    state().shared.set((va.get(), pa.get()));
    va.get() != 0
}

fn range(adapter: u64) {
    let port = Cell::new(0);
    import!(NdisMRegisterIoPortRange, out(&port), adapter, 0, 8);
}

fn read_configuration(adapter: u64) {
    let block = Block::short_if(
        Fault::SendsShortConfiguration,
        c::NDIS_OBJECT_TYPE_CONFIGURATION_OBJECT,
        1,
        c::NDIS_SIZEOF_CONFIGURATION_OBJECT_REVISION_1,
    );
    block.as_ptr::<Conf>().set(Conf::NdisHandle, adapter);
    let open = Cell::new(0);
    import!(NdisOpenConfigurationEx, block.addr(), out(&open));
    if !is(Fault::KeepsConfiguration) {
        import!(NdisCloseConfiguration, open.get());
    }
    if is(Fault::UsesClosedConfiguration) {
        import!(NdisCloseConfiguration, open.get());
    }
}

pub fn register_dma(adapter: u64) {
    let block = Block::short_if(
        Fault::SendsShortSg,
        c::NDIS_OBJECT_TYPE_SG_DMA_DESCRIPTION,
        1,
        c::NDIS_SIZEOF_SG_DMA_DESCRIPTION_REVISION_1,
    );
    let p: Ptr<Sg> = block.as_ptr();
    p.set(Sg::MaximumPhysicalMapping, if is(Fault::MapsTooMuch) { 64 } else { 1514 });
    p.set(Sg::ProcessSGListHandler, address!(send::list_came));
    import!(NdisMRegisterScatterGatherDma, adapter, block.addr(), out(&state().dma));
}

pub fn list_pool(adapter: u64, with_nbs: u8) -> u64 {
    let block = Block::short_if(
        Fault::SendsShortNblPool,
        c::NDIS_OBJECT_TYPE_DEFAULT,
        1,
        c::NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1,
    );
    block.as_ptr::<Pool>().set(Pool::fAllocateNetBuffer, with_nbs);
    import!(NdisAllocateNetBufferListPool, adapter, block.addr())
}

fn make_frames(adapter: u64) {
    let state = state();
    state.pool.set(list_pool(adapter, u8::from(!is(Fault::TakesNbFromListPool))));
    let kind = c::NDIS_OBJECT_TYPE_DEFAULT;
    let size = c::NDIS_SIZEOF_NET_BUFFER_POOL_PARAMETERS_REVISION_1;
    let block = Block::short_if(Fault::SendsShortNbPool, kind, 1, size);
    state.nb_pool.set(import!(NdisAllocateNetBufferPool, adapter, block.addr()));
    state.data.set(allocate(adapter, 2048));
    state.mdl.set(import!(NdisAllocateMdl, adapter, state.data.get(), DATA));
    let length = if is(Fault::IndicatesTooFewBytes) { 65 } else { 60 };
    for _ in 0..FRAMES {
        let context = if is(Fault::MisalignsContext) { 10 } else { 16 };
        let data = allocate(adapter, DATA);
        let mdl = import!(NdisAllocateMdl, adapter, data, DATA);
        state.buffers.borrow_mut().push((mdl, data));
        let nbl =
            import!(NdisAllocateNetBufferAndNetBufferList, state.pool.get(), context, 0, mdl, 0, length);
        let source = if is(Fault::IndicatesOthersHandle) { adapter + 8 } else { adapter };
        Ptr::<NET_BUFFER_LIST>::new(nbl).set(NET_BUFFER_LIST::SourceHandle, source);
        state.frames.borrow_mut().push(nbl);
    }
    let nb = import!(NdisAllocateNetBuffer, state.nb_pool.get(), state.mdl.get(), 0, 60);
    state.nb.set(nb);
    let by = if is(Fault::AdvancesTooFar) { 61 } else { 14 };
    import!(NdisAdvanceNetBufferDataStart, nb, by, 0, 0);
}

fn make_timer(adapter: u64, place: &Cell<u64>, period: u64) {
    let kind = c::NDIS_OBJECT_TYPE_TIMER_CHARACTERISTICS;
    let size = c::NDIS_SIZEOF_TIMER_CHARACTERISTICS_REVISION_1;
    let block = Block::short_if(Fault::SendsShortTimer, kind, 1, size);
    let function = if is(Fault::MakesIdleTimer) { 0 } else { address!(handlers::nothing) };
    block.as_ptr::<Timer>().set(Timer::TimerFunction, function);
    import!(NdisAllocateTimerObject, adapter, block.addr(), out(place));
    import!(NdisSetTimerObject, place.get(), LATER, period, 0);
}

pub fn connect(adapter: u64) {
    let block = Block::short_if(
        Fault::SendsShortInterrupt,
        c::NDIS_OBJECT_TYPE_MINIPORT_INTERRUPT,
        1,
        c::NDIS_SIZEOF_MINIPORT_INTERRUPT_CHARACTERISTICS_REVISION_1,
    );
    let p: Ptr<Interrupt> = block.as_ptr();
    p.set(Interrupt::MsiSupported, 1);
    let disable = if is(Fault::LacksInterruptHandler) { 0 } else { address!(handlers::nothing) };
    for (field, handler) in [
        (Interrupt::InterruptHandler, address!(handlers::line_isr)),
        (Interrupt::InterruptDpcHandler, address!(handlers::line_dpc)),
        (Interrupt::DisableInterruptHandler, disable),
        (Interrupt::EnableInterruptHandler, address!(handlers::nothing)),
        (Interrupt::MessageInterruptHandler, address!(handlers::isr)),
        (Interrupt::MessageInterruptDpcHandler, address!(handlers::dpc)),
        (Interrupt::DisableMessageInterruptHandler, address!(handlers::nothing)),
        (Interrupt::EnableMessageInterruptHandler, address!(handlers::nothing)),
    ] {
        p.set(field, handler);
    }
    import!(NdisMRegisterInterruptEx, adapter, adapter, block.addr(), out(&state().interrupt));
    state().table.set(p.get(Interrupt::MessageInfoTable));
    import!(NdisMSynchronizeWithInterruptEx, state().interrupt.get(), 0, address!(handlers::nothing), 0);
}

/// What is wrong before the registration attributes are set.
fn early_faults(adapter: u64) {
    if is(Fault::DescribesBeforeRegistering) {
        describe(adapter);
    }
    if is(Fault::UsesStrangeHandle) {
        register(adapter + 64);
    }
    if is(Fault::MapsBeforeRegistering) {
        map(adapter);
    }
    if is(Fault::RangesBeforeRegistering) {
        range(adapter);
    }
    if is(Fault::SendsUnknownAttributes) {
        set(adapter, &attributes(0x7F, 1, 64));
    }
}

/// `MiniportInitializeEx`.
pub extern "system" fn initialize(adapter: u64, _context: u64, _parameters: u64) -> u64 {
    let state = state();
    state.adapter.set(adapter);
    early_faults(adapter);
    register(adapter);
    if is(Fault::AddsLate) {
        plug::set_add_attributes(adapter);
    }
    if is(Fault::OffloadsBeforeDescribing) {
        offload(adapter);
    }
    if is(Fault::SetsHandlersLate) {
        plug::set_handlers(state.driver.get());
    }
    state.memory.set(allocate(adapter, MEMORY));
    read_configuration(adapter);
    range(adapter);
    map(adapter);
    if is(Fault::SharesBeforeDma) {
        share(adapter, SHARED);
    }
    register_dma(adapter);
    if !share(adapter, if turns(Turn::NoMemory) { TOO_MUCH } else { SHARED }) {
        if !is(Fault::FailsUnlogged) {
            import!(NdisWriteErrorLogEntry, adapter, c::NDIS_ERROR_CODE_OUT_OF_RESOURCES.into(), 0);
        }
        release::everything(adapter);
        return u64::from(c::NDIS_STATUS_RESOURCES);
    }
    make_frames(adapter);
    make_timer(adapter, &state.timer, 0);
    let period = if is(Fault::SetsNegativePeriod) { 0xFFFF_FFFF } else { 1000 };
    make_timer(adapter, &state.periodic, period);
    state.work_item.set(import!(NdisAllocateIoWorkItem, adapter));
    state.rw_lock.set(import!(NdisAllocateRWLock, adapter));
    state.generic.set(import!(NdisAllocateGenericObject, state.driver.get(), TAG, 64));
    memory::around_blocks(adapter);
    memory::in_freed_blocks(adapter);
    memory::in_paged_pool();
    if !is(Fault::DoesNotDescribe) {
        describe(adapter);
        offload(adapter);
    }
    connect(adapter);
    if is(Fault::WritesMessageTable) {
        write(state.table.get() + 8, 0x77_u8);
    }
    status::indicate_link(adapter);
    if turns(Turn::FailsInitialize) {
        release::everything(adapter);
        return FAILURE;
    }
    0
}
