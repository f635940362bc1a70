//! What `NetDMA` calls. IRQL: up to `DISPATCH_LEVEL`, from any processor, unless said otherwise.

use core::ffi::c_void;

use ferrite_ddk::Status;
use ferrite_ddk::ndis::{
    self, NET_DMA_CHANNEL_CPU_AFFINITY, NET_DMA_CHANNEL_PARAMETERS, NET_DMA_DESCRIPTOR, NTSTATUS,
    PHYSICAL_ADDRESS, PPHYSICAL_ADDRESS, PVOID, ULONG,
};
use ferrite_netdma_engine::{Engine, Refusal};

use crate::parameters::{self, Client};

/// A channel of a provider.
pub trait Port: Sync {
    /// Whether its interrupts go to one of these processors (NDMA-CH-03).
    fn suits(&self, processors: u64) -> bool;

    /// Gives it to a client; false if it has one, or does not answer.
    fn open(&self, handle: *mut c_void, client: &Client) -> bool;

    /// Takes it back: when this returns, nothing of the client's and no handle is used any more (NDMA-CH-08).
    fn close(&self);

    /// Runs `operation` on the engine, alone.
    fn operate<T>(&self, operation: impl FnOnce(&mut dyn Engine) -> T) -> T;
}

/// A provider.
pub trait Offer: Sync {
    /// Its channels.
    type Port: Port;

    /// All of them that there are now.
    fn ports(&self) -> &[Self::Port];

    /// The processor that `NetDMA` wants a channel to interrupt (NDMA-REG-08 to -10). IRQL: `PASSIVE_LEVEL`.
    fn prefer(&self, channel: u32, cpu: u32);
}

/// The channel behind a context of [`allocate`].
///
/// # Safety
/// `NetDMA` passes the context of an allocated channel.
unsafe fn port<'a, P: Port>(context: PVOID) -> &'a P {
    // SAFETY: the context is a channel of a provider, which outlives the allocation (NDMA-STOP-01).
    unsafe { &*context.cast_const().cast::<P>() }
}

/// The result of anything but a start (NDMA-XFER-16).
fn result(result: Result<(), Refusal>) -> NTSTATUS {
    match result {
        Ok(()) => ndis::STATUS_SUCCESS,
        Err(_) => ndis::STATUS_UNSUCCESSFUL,
    }
}

/// `ProviderSetDmaChannelCpuAffinity` (NDMA-REG-08 to -10). IRQL: `PASSIVE_LEVEL`.
pub unsafe extern "C" fn set_cpu_affinity<O: Offer>(
    provider: PVOID,
    affinities: *mut NET_DMA_CHANNEL_CPU_AFFINITY,
    bytes: ULONG,
) -> NTSTATUS {
    let bytes = bytes as usize;
    let count = bytes / size_of::<NET_DMA_CHANNEL_CPU_AFFINITY>();
    let whole = bytes.is_multiple_of(size_of::<NET_DMA_CHANNEL_CPU_AFFINITY>());
    if !whole || (count > 0 && (affinities.is_null() || !affinities.is_aligned())) {
        return ndis::STATUS_INVALID_PARAMETER;
    }
    if count == 0 {
        return ndis::STATUS_SUCCESS;
    }
    // SAFETY: NetDMA passes the context of the registration.
    let provider = unsafe { &*provider.cast_const().cast::<O>() };
    // SAFETY: NetDMA's array of so many bytes, during this call; not NULL and aligned (checked above).
    let affinities = unsafe { core::slice::from_raw_parts(affinities, count) };
    for affinity in affinities {
        provider.prefer(affinity.DmaChannel, affinity.CpuNumber);
    }
    ndis::STATUS_SUCCESS
}

/// `ProviderAllocateDmaChannel` (NDMA-CH-01 to -07).
pub unsafe extern "C" fn allocate<O: Offer>(
    provider: PVOID,
    parameters: *mut NET_DMA_CHANNEL_PARAMETERS,
    handle: PVOID,
    context: *mut PVOID,
) -> NTSTATUS {
    // SAFETY: NetDMA's parameters, as long as they say.
    let client = unsafe { parameters::read(parameters) };
    let Some(client) = client.filter(|_| !handle.is_null()) else {
        return ndis::STATUS_INVALID_PARAMETER;
    };
    // SAFETY: NetDMA passes the context of the registration.
    let provider = unsafe { &*provider.cast_const().cast::<O>() };
    let suits = |port: &&O::Port| client.processors == 0 || port.suits(client.processors);
    let others = provider.ports().iter().filter(|port| !suits(port));
    let mut candidates = provider.ports().iter().filter(suits).chain(others);
    let Some(port) = candidates.find(|port| port.open(handle, &client)) else {
        return Status::RESOURCES.0;
    };
    // SAFETY: accepted above, and NetDMA's during this call.
    unsafe { parameters::set_cpu(parameters, client.cpu()) };
    // SAFETY: NetDMA's place for the context.
    unsafe { context.write(core::ptr::from_ref(port).cast_mut().cast()) };
    ndis::STATUS_SUCCESS
}

/// `ProviderFreeDmaChannel` (NDMA-CH-08).
pub unsafe extern "C" fn free<P: Port>(context: PVOID) {
    // SAFETY: NetDMA's promise.
    let port = unsafe { port::<P>(context) };
    port.close();
}

/// `ProviderStartDma` (NDMA-XFER-01, -02).
pub unsafe extern "C" fn start<P: Port>(
    context: PVOID,
    _descriptor: *mut NET_DMA_DESCRIPTOR,
    address: PHYSICAL_ADDRESS,
    count: ULONG,
) -> NTSTATUS {
    // SAFETY: NetDMA's promise.
    let port = unsafe { port::<P>(context) };
    // SAFETY: every bit pattern is a number.
    let first = unsafe { address.QuadPart }.cast_unsigned();
    match port.operate(|engine| engine.start(first, count)) {
        Err(Refusal::Count) => Status::RESOURCES.0,
        other => result(other),
    }
}

/// `ProviderAppendDma` (NDMA-XFER-07, -08).
pub unsafe extern "C" fn append<P: Port>(
    context: PVOID,
    _descriptor: *mut NET_DMA_DESCRIPTOR,
    _address: PHYSICAL_ADDRESS,
    count: ULONG,
) -> NTSTATUS {
    // SAFETY: NetDMA's promise.
    let port = unsafe { port::<P>(context) };
    result(port.operate(|engine| engine.append(count)))
}

/// `ProviderSuspendDma`. Eight bytes at the given place, whichever way its type is read (C-08).
pub unsafe extern "C" fn suspend<P: Port>(context: PVOID, last: *mut PPHYSICAL_ADDRESS) -> NTSTATUS {
    // SAFETY: NetDMA's promise.
    let port = unsafe { port::<P>(context) };
    match port.operate(|engine| engine.suspend()) {
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
pub unsafe extern "C" fn resume<P: Port>(context: PVOID) -> NTSTATUS {
    // SAFETY: NetDMA's promise.
    let port = unsafe { port::<P>(context) };
    result(port.operate(|engine| engine.resume()))
}

/// `ProviderAbortDma` (NDMA-ABT-01).
pub unsafe extern "C" fn abort<P: Port>(context: PVOID) -> NTSTATUS {
    // SAFETY: NetDMA's promise.
    let port = unsafe { port::<P>(context) };
    result(port.operate(|engine| engine.abort()))
}

/// `ProviderResetChannel` (NDMA-RST-01).
pub unsafe extern "C" fn reset<P: Port>(context: PVOID) -> NTSTATUS {
    // SAFETY: NetDMA's promise.
    let port = unsafe { port::<P>(context) };
    result(port.operate(|engine| engine.reset()))
}
