//! What `NetDMA` calls. IRQL: up to `DISPATCH_LEVEL`, from any processor, unless said otherwise.

use ferrite_ddk::Status;
use ferrite_ddk::ndis::{
    self, NET_DMA_CHANNEL_CPU_AFFINITY, NET_DMA_CHANNEL_PARAMETERS, NET_DMA_DESCRIPTOR, NTSTATUS,
    PHYSICAL_ADDRESS, PPHYSICAL_ADDRESS, PVOID, ULONG,
};
use ferrite_netdma_engine::{Engine, Refusal};

use crate::channel::Channel;
use crate::provider::Provider;

/// The channel behind a context of [`allocate`].
///
/// # Safety
/// `NetDMA` passes the context of an allocated channel.
unsafe fn channel<'a>(context: PVOID) -> &'a Channel {
    // SAFETY: the context is a channel of a provider, which outlives the allocation (NDMA-STOP-01).
    unsafe { &*context.cast_const().cast::<Channel>() }
}

/// The result of anything but a start (NDMA-XFER-16).
fn result(result: Result<(), Refusal>) -> NTSTATUS {
    match result {
        Ok(()) => ndis::STATUS_SUCCESS,
        Err(_) => ndis::STATUS_UNSUCCESSFUL,
    }
}

/// `ProviderSetDmaChannelCpuAffinity`: the engine has no messages whose processor could be chosen; its threads go to
/// the processors that [`allocate`] is given (NDMA-REG-08 to -10). IRQL: `PASSIVE_LEVEL`.
pub unsafe extern "C" fn set_cpu_affinity(
    _provider: PVOID,
    _affinities: *mut NET_DMA_CHANNEL_CPU_AFFINITY,
    bytes: ULONG,
) -> NTSTATUS {
    let whole = (bytes as usize).is_multiple_of(size_of::<NET_DMA_CHANNEL_CPU_AFFINITY>());
    if whole { ndis::STATUS_SUCCESS } else { ndis::STATUS_INVALID_PARAMETER }
}

/// `NET_DMA_CHANNEL_PARAMETERS` as far as revision 1 goes (NDMA-CH-02).
#[repr(C)]
struct Parameters {
    revision: u16,
    size: u16,
    flags: u32,
    word: *mut u64,
    word_physical: u64,
    affinity: u32,
    priority: u32,
    cpu: u32,
}

const _: () = {
    use core::mem::offset_of;
    assert!(offset_of!(Parameters, word) == offset_of!(NET_DMA_CHANNEL_PARAMETERS, CompletionVirtualAddress));
    assert!(
        offset_of!(Parameters, affinity) == offset_of!(NET_DMA_CHANNEL_PARAMETERS, ProcessorAffinityMask)
    );
    assert!(offset_of!(Parameters, cpu) == offset_of!(NET_DMA_CHANNEL_PARAMETERS, CpuNumber));
};

/// `ProviderAllocateDmaChannel` (NDMA-CH-01 to -07). The first processor of the mask is taken, which a revision 2 has as
/// well: the provider does not offer processor groups.
pub unsafe extern "C" fn allocate(
    provider: PVOID,
    parameters: *mut NET_DMA_CHANNEL_PARAMETERS,
    handle: PVOID,
    context: *mut PVOID,
) -> NTSTATUS {
    // SAFETY: NetDMA passes the context of the registration.
    let provider = unsafe { &*provider.cast_const().cast::<Provider>() };
    let parameters = parameters.cast::<Parameters>();
    // SAFETY: revision and size are there in every revision.
    let (revision, size) = unsafe { parameters.cast::<(u16, u16)>().read() };
    if revision < 1 || size < ndis::SIZEOF_NET_DMA_CHANNEL_PARAMETERS_REVISION_1 || handle.is_null() {
        return ndis::STATUS_INVALID_PARAMETER;
    }
    // SAFETY: revision 1 is there (checked above), NetDMA's and ours during this call.
    let parameters = unsafe { &mut *parameters };
    if parameters.word.is_null() || !parameters.word.is_aligned() {
        return ndis::STATUS_INVALID_PARAMETER;
    }
    let cpu = if parameters.affinity == 0 { 0 } else { parameters.affinity.trailing_zeros() };
    let Some(channel) = provider.channels().iter().find(|channel| channel.open(handle, parameters.word, cpu))
    else {
        return Status::RESOURCES.0;
    };
    parameters.cpu = cpu;
    // SAFETY: NetDMA's place for the context.
    unsafe { context.write(core::ptr::from_ref(channel).cast_mut().cast()) };
    ndis::STATUS_SUCCESS
}

/// `ProviderFreeDmaChannel` (NDMA-CH-08).
pub unsafe extern "C" fn free(context: PVOID) {
    // SAFETY: NetDMA's promise.
    let channel = unsafe { channel(context) };
    channel.close();
}

/// `ProviderStartDma` (NDMA-XFER-01, -02).
pub unsafe extern "C" fn start(
    context: PVOID,
    _descriptor: *mut NET_DMA_DESCRIPTOR,
    address: PHYSICAL_ADDRESS,
    count: ULONG,
) -> NTSTATUS {
    // SAFETY: NetDMA's promise.
    let channel = unsafe { channel(context) };
    // SAFETY: every bit pattern is a number.
    let first = unsafe { address.QuadPart }.cast_unsigned();
    match channel.operate(|engine| engine.start(first, count)) {
        Err(Refusal::Count) => Status::RESOURCES.0,
        other => result(other),
    }
}

/// `ProviderAppendDma` (NDMA-XFER-07, -08).
pub unsafe extern "C" fn append(
    context: PVOID,
    _descriptor: *mut NET_DMA_DESCRIPTOR,
    _address: PHYSICAL_ADDRESS,
    count: ULONG,
) -> NTSTATUS {
    // SAFETY: NetDMA's promise.
    let channel = unsafe { channel(context) };
    result(channel.operate(|engine| engine.append(count)))
}

/// `ProviderSuspendDma`. Eight bytes at the given place, whichever way its type is read (C-08).
pub unsafe extern "C" fn suspend(context: PVOID, last: *mut PPHYSICAL_ADDRESS) -> NTSTATUS {
    // SAFETY: NetDMA's promise.
    let channel = unsafe { channel(context) };
    match channel.operate(Engine::suspend) {
        Ok(address) => {
            if !last.is_null() {
                // SAFETY: NetDMA's place, of eight bytes.
                unsafe { last.cast::<u64>().write(address) };
            }
            ndis::STATUS_SUCCESS
        }
        Err(_) => ndis::STATUS_UNSUCCESSFUL,
    }
}

/// `ProviderResumeDma` (NDMA-SUS-03).
pub unsafe extern "C" fn resume(context: PVOID) -> NTSTATUS {
    // SAFETY: NetDMA's promise.
    let channel = unsafe { channel(context) };
    result(channel.operate(Engine::resume))
}

/// `ProviderAbortDma` (NDMA-ABT-01).
pub unsafe extern "C" fn abort(context: PVOID) -> NTSTATUS {
    // SAFETY: NetDMA's promise.
    let channel = unsafe { channel(context) };
    result(channel.operate(Engine::abort))
}

/// `ProviderResetChannel` (NDMA-RST-01).
pub unsafe extern "C" fn reset(context: PVOID) -> NTSTATUS {
    // SAFETY: NetDMA's promise.
    let channel = unsafe { channel(context) };
    result(channel.operate(Engine::reset))
}
