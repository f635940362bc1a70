//! What the driver gives back.

use super::{
    nbl::Nbl,
    handlers, memory as misuse, raised,
    resources::{MEMORY, REGISTERS, SHARED},
    state,
};
use crate::TAG;
use crate::fault::{Fault, is};
use crate::abi::{address, import, write};

/// `MiniportHaltEx`: what was acquired, in reverse.
pub extern "system" fn halt(adapter: u64, _action: u64) {
    if is(Fault::DeregistersEarly) {
        import!(NdisMDeregisterMiniportDriver, state().driver.get());
    }
    everything(adapter);
}

/// `MiniportShutdownEx`: there is no device to stop.
pub extern "system" fn shutdown(adapter: u64, _action: u64) {
    if is(Fault::FreesSharedInShutdown) {
        shared(adapter);
    }
    if is(Fault::FreesInCrash) {
        memory(adapter);
    }
}

/// Gives everything back that there is.
pub fn everything(adapter: u64) {
    let state = state();
    if state.interrupt.get() != 0 {
        interrupt();
    }
    if state.work_item.get() != 0 {
        work_item();
        timers();
        frames();
        generic();
    }
    shared(adapter);
    if !is(Fault::KeepsDma) && !is(Fault::FailsKeepingDma) {
        import!(NdisMDeregisterScatterGatherDma, state.dma.get());
    }
    if is(Fault::UsesFreedDma) {
        import!(NdisMDeregisterScatterGatherDma, state.dma.get());
    }
    mapping(adapter);
    memory(adapter);
}

fn interrupt() {
    let interrupt = state().interrupt.get();
    if !is(Fault::KeepsInterrupt) && !is(Fault::FailsKeepingInterrupt) {
        import!(NdisMDeregisterInterruptEx, interrupt);
    }
    if is(Fault::DisconnectsTwice) {
        import!(NdisMDeregisterInterruptEx, interrupt);
    }
    if is(Fault::SynchronizesLate) {
        import!(NdisMSynchronizeWithInterruptEx, interrupt, 0, address!(handlers::nothing), 0);
    }
}

fn work_item() {
    let item = state().work_item.get();
    if is(Fault::FreesQueued) {
        // One of the two is still queued: they are not both queued at the end of a time slice.
        for _ in 0..2 {
            let other = import!(NdisAllocateIoWorkItem, state().adapter.get());
            import!(NdisQueueIoWorkItem, other, address!(handlers::nothing), 0);
            import!(NdisFreeIoWorkItem, other);
        }
    }
    if !is(Fault::KeepsWorkItem) && !is(Fault::FailsKeepingWorkItem) {
        import!(NdisFreeIoWorkItem, item);
    }
    if is(Fault::UsesFreedWorkItem) {
        import!(NdisQueueIoWorkItem, item, address!(handlers::nothing), 0);
    }
}

fn timers() {
    let (timer, periodic) = (state().timer.get(), state().periodic.get());
    if is(Fault::CancelsPeriodicRaised) {
        raised(|| import!(NdisCancelTimerObject, periodic));
    }
    import!(NdisCancelTimerObject, periodic);
    import!(NdisFreeTimerObject, periodic);
    if is(Fault::KeepsTimer) || is(Fault::FailsKeepingTimer) {
        return;
    }
    if !is(Fault::FreesSetTimer) {
        import!(NdisCancelTimerObject, timer);
    }
    import!(NdisFreeTimerObject, timer);
    if is(Fault::UsesFreedTimer) {
        import!(NdisSetTimerObject, timer, (-1_i64).cast_unsigned(), 0, 0);
    }
}

fn frames() {
    let state = state();
    if is(Fault::FreesPoolInUse) {
        import!(NdisFreeNetBufferListPool, state.pool.get());
    }
    for _ in 0..=u32::from(is(Fault::FreesNbTwice)) {
        import!(NdisFreeNetBuffer, state.nb.get());
    }
    for nbl in state.frames.take() {
        let parts = misuse::parts(Nbl::new(nbl));
        for _ in 0..=u32::from(is(Fault::FreesNblTwice)) {
            import!(NdisFreeNetBufferList, nbl);
        }
        misuse::after_freeing(parts);
    }
    for (mdl, data) in state.buffers.take() {
        import!(NdisFreeMdl, mdl);
        misuse::after_freeing_mdl(mdl);
        import!(NdisFreeMemory, data, 0, 0);
    }
    if !is(Fault::KeepsMdl) {
        import!(NdisFreeMdl, state.mdl.get());
    }
    if is(Fault::FreesMdlTwice) {
        import!(NdisFreeMdl, state.mdl.get());
    }
    import!(NdisFreeMemory, state.data.get(), 0, 0);
    if !is(Fault::KeepsPool) {
        import!(NdisFreeNetBufferListPool, state.pool.get());
        misuse::after_freeing_pool(state.pool.get());
    }
    if is(Fault::UsesFreedPool) {
        import!(NdisAllocateNetBufferList, state.pool.get(), 0, 0);
    }
    if !is(Fault::KeepsNbPool) {
        import!(NdisFreeNetBufferPool, state.nb_pool.get());
    }
}

/// The read/write lock and the generic object.
fn generic() {
    let lock = state().rw_lock.get();
    if !is(Fault::KeepsRwLock) {
        import!(NdisFreeRWLock, lock);
    }
    if is(Fault::UsesFreedRwLock) {
        import!(NdisFreeRWLock, lock);
    }
    for _ in 0..=u32::from(is(Fault::FreesGenericTwice)) {
        import!(NdisFreeGenericObject, state().generic.get());
    }
}

fn shared(adapter: u64) {
    let (va, pa) = state().shared.get();
    if va == 0 || is(Fault::KeepsSharedMemory) {
        return;
    }
    if is(Fault::WritesPastShared) {
        write(va + SHARED, 0_u8);
    }
    let length = if is(Fault::FreesSharedWithWrongLength) { SHARED / 2 } else { SHARED };
    for _ in 0..=u32::from(is(Fault::FreesSharedTwice)) {
        import!(NdisMFreeSharedMemory, adapter, length, 1, va, pa);
    }
    misuse::after_freeing_shared(va + SHARED / 2);
}

fn mapping(adapter: u64) {
    if is(Fault::KeepsMapping) {
        return;
    }
    let length = if is(Fault::UnmapsWrongLength) { REGISTERS / 2 } else { REGISTERS };
    for _ in 0..=u32::from(is(Fault::UnmapsTwice)) {
        import!(NdisMUnmapIoSpace, adapter, state().mapping.get(), length);
    }
}

fn memory(adapter: u64) {
    let memory = state().memory.get();
    if is(Fault::KeepsMemory) || is(Fault::FailsKeepingMemory) {
        return;
    }
    if is(Fault::WritesPastBlock) {
        write(memory + MEMORY, 0_u8);
    }
    if is(Fault::FreesWithWrongTag) {
        import!(NdisFreeMemoryWithTagPriority, adapter, memory, TAG + 1);
    }
    import!(NdisFreeMemoryWithTagPriority, adapter, memory, TAG);
    if is(Fault::FreesTwice) {
        import!(NdisFreeMemory, memory, 0, 0);
    }
}
