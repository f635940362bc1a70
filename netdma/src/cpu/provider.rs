//! The provider of a network adapter, from the device's `AddDevice` to its removal.

use core::ffi::c_void;
use core::ptr::{self, NonNull};

use ferrite_ddk::ndis::{self, DEVICE_OBJECT, NDIS_HANDLE};
use ferrite_ddk::netdma::EntryPoints;
use ferrite_ddk::unicode_string;
use ferrite_netdma_engine::Limits;

use super::{channel::Channel, keyword, memory, thread};
use crate::handlers::Offer;
use crate::physical_memory;
use crate::registration::{Attributes, Registration};
use crate::trace::trace;

/// Channels of a provider.
const CHANNELS: u32 = 4;
/// Bytes of one transfer.
const LARGEST: u32 = 1 << 20;
/// Intel's; there is no hardware behind the engine, and the field cannot be empty.
const VENDOR: u32 = 0x8086;

/// See the module.
struct Provider {
    registration: Registration,
    limits: Limits,
    channels: [Channel; CHANNELS as usize],
}

impl Offer for Provider {
    type Port = Channel;

    fn ports(&self) -> &[Channel] {
        &self.channels
    }

    /// The engine's threads go to the processors of each client.
    fn prefer(&self, _channel: u32, _cpu: u32) {}
}

/// Registers a provider for a device that asks for one; NULL if there is none. `owner` is the adapter's handle.
///
/// IRQL: `PASSIVE_LEVEL`, in `AddDevice` (NDMA-REG-01).
#[expect(clippy::not_unsafe_ptr_arg_deref, reason = "a device object is a handle, which is not dereferenced")]
pub fn add(owner: NDIS_HANDLE, device: *mut DEVICE_OBJECT) -> *mut c_void {
    if !keyword::is_on(device) {
        return ptr::null_mut();
    }
    let Some(netdma) = EntryPoints::find() else {
        trace!(c"ferrite: no NetDMA here, the provider stays dormant\n");
        return ptr::null_mut();
    };
    let registration = Registration::new(netdma, false);
    let limits = Limits { highest: physical_memory::highest(), largest: LARGEST };
    let made = || Channel::new(netdma, registration.chains(), limits);
    let (Some(a), Some(b), Some(c), Some(d)) = (made(), made(), made(), made()) else {
        return ptr::null_mut();
    };
    let Some(place) = memory::zeroed::<Provider>(owner) else { return ptr::null_mut() };
    // SAFETY: the place is room for a provider, aligned as the pool aligns, and nobody else's.
    unsafe { place.write(Provider { registration, limits, channels: [a, b, c, d] }) };
    // SAFETY: written above; it stays until `remove`.
    let provider = unsafe { place.as_ref() };
    provider.channels.iter().for_each(Channel::prepare);
    let name = unicode_string!("Ferrite CPU copy engine");
    // SAFETY: the provider stays until `remove`, which deregisters it first.
    let registered = unsafe { provider.registration.register(place.as_ptr(), device, CHANNELS, &name) };
    if registered.is_err() {
        // SAFETY: nobody else knows it.
        unsafe { discard(place) };
        return ptr::null_mut();
    }
    place.as_ptr().cast()
}

/// Offers the channels; the hardware is up. NULL does nothing. IRQL: `PASSIVE_LEVEL`.
///
/// # Safety
/// `provider` comes from [`add`] and has not been given to [`remove`].
pub unsafe fn start(provider: *mut c_void) {
    let Some(provider) = NonNull::new(provider.cast::<Provider>()) else { return };
    // SAFETY: the caller's promise.
    let provider = unsafe { provider.as_ref() };
    if provider.registration.is_started() {
        return;
    }
    if provider.channels.iter().any(|channel| thread::begin(channel).is_err()) {
        provider.channels.iter().for_each(thread::end);
        trace!(c"ferrite: no threads for NetDMA, the provider stays dormant\n");
        return;
    }
    provider.registration.start(&Attributes {
        vendor: VENDOR,
        hardware: (1, 0),
        channels: CHANNELS,
        largest: provider.limits.largest,
        highest: provider.limits.highest,
    });
}

/// Tells `NetDMA` that the device is about to sleep (not awake), or is awake again. IRQL: `PASSIVE_LEVEL`.
///
/// # Safety
/// As for [`start`].
pub unsafe fn power(provider: *mut c_void, awake: bool) {
    let Some(provider) = NonNull::new(provider.cast::<Provider>()) else { return };
    // SAFETY: the caller's promise.
    let provider = unsafe { provider.as_ref() };
    provider.registration.power(awake);
}

/// Takes the channels back: none is allocated when this returns (NDMA-STOP-01). IRQL: `PASSIVE_LEVEL`.
///
/// # Safety
/// As for [`start`].
pub unsafe fn stop(provider: *mut c_void) {
    let Some(provider) = NonNull::new(provider.cast::<Provider>()) else { return };
    // SAFETY: the caller's promise.
    let provider = unsafe { provider.as_ref() };
    // The threads still work: NetDMA waits for what is outstanding.
    provider.registration.stop();
    provider.channels.iter().for_each(thread::end);
}

/// Ends the provider (NDMA-STOP-02, -03). IRQL: `PASSIVE_LEVEL`, in the device's removal.
///
/// # Safety
/// As for [`start`]; `provider` is used no more afterwards.
pub unsafe fn remove(provider: *mut c_void) {
    let Some(place) = NonNull::new(provider.cast::<Provider>()) else { return };
    // SAFETY: the caller's promise.
    unsafe { stop(provider) };
    // SAFETY: there until `discard`.
    let provider = unsafe { place.as_ref() };
    provider.registration.deregister();
    // A DPC that found no handle may still be on its way through its last lines.
    // SAFETY: PASSIVE_LEVEL.
    unsafe { ndis::KeFlushQueuedDpcs() };
    // SAFETY: nobody knows it any more.
    unsafe { discard(place) };
}

/// # Safety
/// Nobody refers to the provider.
unsafe fn discard(place: NonNull<Provider>) {
    // SAFETY: the caller's promise; dropped once.
    unsafe { ptr::drop_in_place(place.as_ptr()) };
    // SAFETY: allocated in `add` for this type.
    unsafe { memory::free(place) };
}
