//! What the driver acquires and gives back.

use super::{Block, FRAMES, TAG, address, handlers, import, memory, out, set_handlers, state};
use crate::fault::{Fault, is};
use ferrite_host::{
    abi::{
        NDIS_CONFIGURATION_OBJECT as Conf, NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES as General,
        NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES as Registration,
        NDIS_MINIPORT_INTERRUPT_CHARACTERISTICS as Interrupt, NDIS_SG_DMA_DESCRIPTION as Sg,
        NDIS_TIMER_CHARACTERISTICS as Timer, NET_BUFFER_LIST, NET_BUFFER_LIST_POOL_PARAMETERS as Pool, Ptr,
        constants as c, write,
    },
    ndis::{nbl::Nbl, oid},
};
use std::cell::Cell;

/// Bytes of the blocks.
const MEMORY: u64 = 256;
/// See `MEMORY`.
const SHARED: u64 = 8192;
/// Bytes of the memory that received frames are in.
const DATA: u64 = 64;
/// Bytes of the register window.
const REGISTERS: u64 = 0x1000;
/// `NDIS_STATUS_FAILURE`.
const FAILURE: u64 = c::NDIS_STATUS_FAILURE as u64;

fn register(adapter: u64) {
    let kind = c::NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES;
    let old = is(Fault::SendsOldRevision);
    let block = Block::new(
        kind,
        if old { 0 } else { 1 },
        c::NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_1,
    );
    let p: Ptr<Registration> = block.as_ptr();
    p.set(Registration::MiniportAdapterContext, adapter);
    p.set(
        Registration::AttributeFlags,
        c::NDIS_MINIPORT_ATTRIBUTES_HARDWARE_DEVICE | c::NDIS_MINIPORT_ATTRIBUTES_BUS_MASTER,
    );
    import("NdisMSetMiniportAttributes", &[adapter, block.addr()]);
}

fn describe(adapter: u64) {
    let kind = c::NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES;
    let block = Block::new(kind, 2, c::NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2);
    let oids: Vec<u32> = oid::mandatory().iter().map(|(oid, _)| *oid).collect();
    let p: Ptr<General> = block.as_ptr();
    p.set(General::MtuSize, 1500);
    p.set(General::MacAddressLength, 6);
    p.set(General::SupportedOidList, oids.as_ptr() as u64);
    let count = if is(Fault::LacksMandatoryOid) { oids.len() - 1 } else { oids.len() };
    p.set(General::SupportedOidListLength, count as u32 * 4);
    import("NdisMSetMiniportAttributes", &[adapter, block.addr()]);
}

pub fn allocate(adapter: u64, size: u64) -> u64 {
    let tag = if is(Fault::AllocatesWithoutTag) { 0 } else { TAG };
    import("NdisAllocateMemoryWithTagPriority", &[adapter, size, tag, 0])
}

pub fn map(adapter: u64) -> u64 {
    import("NdisMMapIoSpace", &[out(&state().mapping), adapter, 0xC000_0000, REGISTERS])
}

pub fn share(adapter: u64) {
    let (va, pa) = (Cell::new(0), Cell::new(0));
    import("NdisMAllocateSharedMemory", &[adapter, SHARED, 1, out(&va), out(&pa)]);
    state().shared.set((va.get(), pa.get()));
}

fn read_configuration(adapter: u64) {
    let block = Block::new(
        c::NDIS_OBJECT_TYPE_CONFIGURATION_OBJECT,
        1,
        c::NDIS_SIZEOF_CONFIGURATION_OBJECT_REVISION_1,
    );
    block.as_ptr::<Conf>().set(Conf::NdisHandle, adapter);
    let open = Cell::new(0);
    import("NdisOpenConfigurationEx", &[block.addr(), out(&open)]);
    if !is(Fault::KeepsConfiguration) {
        import("NdisCloseConfiguration", &[open.get()]);
    }
}

fn register_dma(adapter: u64) {
    let block =
        Block::new(c::NDIS_OBJECT_TYPE_SG_DMA_DESCRIPTION, 1, c::NDIS_SIZEOF_SG_DMA_DESCRIPTION_REVISION_1);
    let p: Ptr<Sg> = block.as_ptr();
    p.set(Sg::MaximumPhysicalMapping, 1514);
    p.set(Sg::ProcessSGListHandler, address!(handlers::list_came));
    import("NdisMRegisterScatterGatherDma", &[adapter, block.addr(), out(&state().dma)]);
}

fn make_frames(adapter: u64) {
    let state = state();
    let block =
        Block::new(c::NDIS_OBJECT_TYPE_DEFAULT, 1, c::NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1);
    let p: Ptr<Pool> = block.as_ptr();
    p.set(Pool::fAllocateNetBuffer, 1);
    state.pool.set(import("NdisAllocateNetBufferListPool", &[adapter, block.addr()]));
    let length = if is(Fault::IndicatesTooFewBytes) { 65 } else { 60 };
    for _ in 0..FRAMES {
        let data = allocate(adapter, DATA);
        let mdl = import("NdisAllocateMdl", &[adapter, data, DATA]);
        state.buffers.borrow_mut().push((mdl, data));
        let args = [state.pool.get(), 0, 0, mdl, 0, length];
        let nbl = import("NdisAllocateNetBufferAndNetBufferList", &args);
        let source = if is(Fault::IndicatesOthersHandle) { adapter + 8 } else { adapter };
        Ptr::<NET_BUFFER_LIST>::new(nbl).set(NET_BUFFER_LIST::SourceHandle, source);
        state.frames.borrow_mut().push(nbl);
    }
}

fn make_timer(adapter: u64) {
    let block = Block::new(
        c::NDIS_OBJECT_TYPE_TIMER_CHARACTERISTICS,
        1,
        c::NDIS_SIZEOF_TIMER_CHARACTERISTICS_REVISION_1,
    );
    block.as_ptr::<Timer>().set(Timer::TimerFunction, address!(handlers::nothing));
    import("NdisAllocateTimerObject", &[adapter, block.addr(), out(&state().timer)]);
    // An hour from now.
    import("NdisSetTimerObject", &[state().timer.get(), (-36_000_000_000_i64).cast_unsigned(), 0, 0]);
}

pub fn connect(adapter: u64) {
    let block = Block::new(
        c::NDIS_OBJECT_TYPE_MINIPORT_INTERRUPT,
        1,
        c::NDIS_SIZEOF_MINIPORT_INTERRUPT_CHARACTERISTICS_REVISION_1,
    );
    let p: Ptr<Interrupt> = block.as_ptr();
    p.set(Interrupt::MsiSupported, 1);
    for (field, handler) in [
        (Interrupt::InterruptHandler, address!(handlers::nothing)),
        (Interrupt::InterruptDpcHandler, address!(handlers::nothing)),
        (Interrupt::DisableInterruptHandler, address!(handlers::nothing)),
        (Interrupt::EnableInterruptHandler, address!(handlers::nothing)),
        (Interrupt::MessageInterruptHandler, address!(handlers::isr)),
        (Interrupt::MessageInterruptDpcHandler, address!(handlers::dpc)),
        (Interrupt::DisableMessageInterruptHandler, address!(handlers::nothing)),
        (Interrupt::EnableMessageInterruptHandler, address!(handlers::nothing)),
    ] {
        p.set(field, handler);
    }
    import("NdisMRegisterInterruptEx", &[adapter, adapter, block.addr(), out(&state().interrupt)]);
}

/// `MiniportInitializeEx`.
pub extern "win64" fn initialize(adapter: u64, _context: u64, _parameters: u64) -> u64 {
    let state = state();
    state.adapter.set(adapter);
    if is(Fault::DescribesBeforeRegistering) {
        describe(adapter);
    }
    if is(Fault::UsesStrangeHandle) {
        register(adapter + 64);
    }
    register(adapter);
    state.memory.set(allocate(adapter, MEMORY));
    if is(Fault::FailsInitializationLeaking) {
        return FAILURE;
    }
    if is(Fault::SetsHandlersLate) {
        set_handlers(state.driver.get());
    }
    read_configuration(adapter);
    map(adapter);
    register_dma(adapter);
    share(adapter);
    make_frames(adapter);
    make_timer(adapter);
    state.work_item.set(import("NdisAllocateIoWorkItem", &[adapter]));
    memory::around_blocks(adapter);
    memory::in_freed_blocks(adapter);
    memory::in_paged_pool();
    if !is(Fault::DoesNotDescribe) {
        describe(adapter);
    }
    connect(adapter);
    if is(Fault::FailsInitializationConnected) {
        return FAILURE;
    }
    0
}

/// `MiniportHaltEx`: the same in reverse.
pub extern "win64" fn halt(adapter: u64, _action: u64) {
    let state = state();
    if !is(Fault::KeepsInterrupt) {
        import("NdisMDeregisterInterruptEx", &[state.interrupt.get()]);
    }
    if is(Fault::SynchronizesLate) {
        import(
            "NdisMSynchronizeWithInterruptEx",
            &[state.interrupt.get(), 0, address!(handlers::nothing), 0],
        );
    }
    if !is(Fault::KeepsWorkItem) {
        import("NdisFreeIoWorkItem", &[state.work_item.get()]);
    }
    free_timer();
    free_frames();
    free_shared(adapter);
    if !is(Fault::KeepsDma) {
        import("NdisMDeregisterScatterGatherDma", &[state.dma.get()]);
    }
    if !is(Fault::KeepsMapping) {
        let length = if is(Fault::UnmapsWrongLength) { REGISTERS / 2 } else { REGISTERS };
        import("NdisMUnmapIoSpace", &[adapter, state.mapping.get(), length]);
    }
    free_memory(adapter);
}

fn free_timer() {
    let timer = state().timer.get();
    if is(Fault::KeepsTimer) {
        return;
    }
    if !is(Fault::FreesSetTimer) {
        import("NdisCancelTimerObject", &[timer]);
    }
    import("NdisFreeTimerObject", &[timer]);
    if is(Fault::UsesFreedTimer) {
        import("NdisSetTimerObject", &[timer, (-1_i64).cast_unsigned(), 0, 0]);
    }
}

fn free_frames() {
    let state = state();
    if is(Fault::FreesPoolInUse) {
        import("NdisFreeNetBufferListPool", &[state.pool.get()]);
    }
    let frames = state.frames.take();
    for &nbl in &frames {
        let parts = memory::parts(Nbl::new(nbl));
        import("NdisFreeNetBufferList", &[nbl]);
        memory::after_freeing(parts);
    }
    let buffers = state.buffers.take();
    for (mdl, data) in buffers {
        if !is(Fault::KeepsMdl) {
            import("NdisFreeMdl", &[mdl]);
            memory::after_freeing_mdl(mdl);
        }
        import("NdisFreeMemory", &[data, 0, 0]);
    }
    if !is(Fault::KeepsPool) {
        import("NdisFreeNetBufferListPool", &[state.pool.get()]);
        memory::after_freeing_pool(state.pool.get());
    }
}

fn free_shared(adapter: u64) {
    let (va, pa) = state().shared.get();
    if is(Fault::KeepsSharedMemory) {
        return;
    }
    let length = if is(Fault::FreesSharedWithWrongLength) { SHARED / 2 } else { SHARED };
    let times = if is(Fault::FreesSharedTwice) { 2 } else { 1 };
    for _ in 0..times {
        import("NdisMFreeSharedMemory", &[adapter, length, 1, va, pa]);
    }
    memory::after_freeing_shared(va + SHARED / 2);
}

fn free_memory(adapter: u64) {
    let memory = state().memory.get();
    if is(Fault::KeepsMemory) {
        return;
    }
    if is(Fault::WritesPastBlock) {
        write(memory + MEMORY, 0_u8);
    }
    if is(Fault::FreesWithWrongTag) {
        import("NdisFreeMemoryWithTagPriority", &[adapter, memory, TAG + 1]);
    }
    if is(Fault::FreesAsOtherKind) {
        import("NdisFreeMdl", &[memory]);
    }
    import("NdisFreeMemory", &[memory, 0, 0]);
    if is(Fault::FreesTwice) {
        import("NdisFreeMemory", &[memory, 0, 0]);
    }
}
