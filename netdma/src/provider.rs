//! The provider of a device, from its `AddDevice` to its removal.

use core::ffi::c_void;
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use ferrite_ddk::ndis::{
    self, DEVICE_OBJECT, NDIS_HANDLE, NET_DMA_PNP_NOTIFICATION, NET_DMA_PROVIDER_ATTRIBUTES,
    NET_DMA_PROVIDER_CHARACTERISTICS, PHYSICAL_ADDRESS,
};
use ferrite_ddk::netdma::EntryPoints;
use ferrite_ddk::{Status, unicode_string};
use ferrite_netdma_engine::{Chains, Limits};

use crate::channel::Channel;
use crate::trace::trace;
use crate::{handlers, keyword, memory, thread};

/// Channels of a provider.
const CHANNELS: u32 = 4;
/// Bytes of one transfer.
const LARGEST: u32 = 1 << 20;
/// The highest physical address of x64: pages above the machine's memory cannot be mapped, which ends a chain as well.
const HIGHEST: u64 = (1 << 52) - 1;
/// Characteristics before 2.0 end where the friendly name begins (NDMA-REG-02).
const OLD_CHARACTERISTICS: usize = core::mem::offset_of!(NET_DMA_PROVIDER_CHARACTERISTICS, FriendlyName);
/// Bytes of the attributes.
#[expect(clippy::cast_possible_truncation, reason = "32")]
const ATTRIBUTES: u16 = size_of::<NET_DMA_PROVIDER_ATTRIBUTES>() as u16;
/// Bytes of a notification.
#[expect(clippy::cast_possible_truncation, reason = "32")]
const NOTIFICATION: u32 = size_of::<NET_DMA_PNP_NOTIFICATION>() as u32;
/// Intel's; there is no hardware behind the engine, and the field cannot be empty.
const VENDOR: u32 = 0x8086;

/// See the module.
pub struct Provider {
    netdma: EntryPoints,
    /// `NetDMA`'s; NULL until it is registered.
    handle: AtomicPtr<c_void>,
    started: AtomicBool,
    channels: [Channel; CHANNELS as usize],
}

impl Provider {
    /// All channels.
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }
}

/// The version to register with: at most 2.0 (NDMA-VER-01, NDMA-REG-02).
fn version(netdma: &EntryPoints) -> (u8, u8) {
    // SAFETY: PASSIVE_LEVEL.
    match netdma.get_version.map_or(0x1_0000, |get| unsafe { get() }) {
        0x2_0000.. => (2, 0),
        0x1_0001.. => (1, 1),
        _ => (1, 0),
    }
}

/// Registers a provider for a device that asks for one; NULL if there is none. `owner` is the adapter's handle.
///
/// IRQL: `PASSIVE_LEVEL`, in `AddDevice` (NDMA-REG-01).
pub fn add(owner: NDIS_HANDLE, device: *mut DEVICE_OBJECT) -> *mut c_void {
    if !keyword::is_on(device) {
        return ptr::null_mut();
    }
    let Some(netdma) = EntryPoints::find() else {
        trace!(c"ferrite: no NetDMA here, the provider stays dormant\n");
        return ptr::null_mut();
    };
    let version = version(&netdma);
    let chains = if version.0 >= 2 { Chains::Counted } else { Chains::Terminated };
    let limits = Limits { highest: HIGHEST, largest: LARGEST };
    let made = || Channel::new(netdma, chains, limits);
    let (Some(a), Some(b), Some(c), Some(d)) = (made(), made(), made(), made()) else {
        return ptr::null_mut();
    };
    let Some(place) = memory::zeroed::<Provider>(owner) else { return ptr::null_mut() };
    let provider = Provider {
        netdma,
        handle: AtomicPtr::default(),
        started: AtomicBool::new(false),
        channels: [a, b, c, d],
    };
    // SAFETY: the place is room for a provider, aligned as the pool aligns, and nobody else's.
    unsafe { place.write(provider) };
    // SAFETY: written above; it stays until `remove`.
    let provider = unsafe { place.as_ref() };
    provider.channels.iter().for_each(Channel::prepare);
    if register(provider, device, version).is_err() {
        // SAFETY: nobody else knows it.
        unsafe { discard(place) };
        return ptr::null_mut();
    }
    place.as_ptr().cast()
}

fn register(provider: &Provider, device: *mut DEVICE_OBJECT, version: (u8, u8)) -> Result<(), ()> {
    let new = version.0 >= 2;
    let size = if new { size_of::<NET_DMA_PROVIDER_CHARACTERISTICS>() } else { OLD_CHARACTERISTICS };
    let name = unicode_string!("Ferrite CPU copy engine");
    let mut characteristics = NET_DMA_PROVIDER_CHARACTERISTICS {
        MajorVersion: version.0,
        MinorVersion: version.1,
        Size: u16::try_from(size).map_err(drop)?,
        Flags: 0,
        PhysicalDeviceObject: device,
        MaxDmaChannelCount: CHANNELS,
        SetDmaChannelCpuAffinity: Some(handlers::set_cpu_affinity),
        AllocateDmaChannel: Some(handlers::allocate),
        FreeDmaChannel: Some(handlers::free),
        StartDma: Some(handlers::start),
        SuspendDma: Some(handlers::suspend),
        ResumeDma: Some(handlers::resume),
        AbortDma: Some(handlers::abort),
        AppendDma: Some(handlers::append),
        ResetChannel: Some(handlers::reset),
        // SAFETY: the string is valid; NetDMA copies it.
        FriendlyName: unsafe { name.as_ptr().read() },
    };
    let context = ptr::from_ref(provider).cast_mut().cast();
    let mut handle = ptr::null_mut();
    // SAFETY: PASSIVE_LEVEL; the context is usable from inside this call on (NDMA-REG-08); the characteristics are
    // copied.
    let status =
        unsafe { (provider.netdma.register_provider)(context, &raw mut handle, &raw mut characteristics) };
    if Status(status).result().is_err() || handle.is_null() {
        // Windows 8 and later succeed without a handle.
        trace!(c"ferrite: NetDMA takes no provider (%x), it stays dormant\n", status);
        return Err(());
    }
    provider.handle.store(handle, Ordering::Release);
    trace!(c"ferrite: NetDMA provider %d.%d\n", u32::from(version.0), u32::from(version.1));
    Ok(())
}

/// Offers the channels; the hardware is up. NULL does nothing. IRQL: `PASSIVE_LEVEL`.
///
/// # Safety
/// `provider` comes from [`add`] and has not been given to [`remove`].
pub unsafe fn start(provider: *mut c_void) {
    let Some(provider) = NonNull::new(provider.cast::<Provider>()) else { return };
    // SAFETY: the caller's promise.
    let provider = unsafe { provider.as_ref() };
    if provider.started.load(Ordering::Acquire) {
        return;
    }
    if provider.channels.iter().any(|channel| thread::begin(channel).is_err()) {
        provider.channels.iter().for_each(thread::end);
        trace!(c"ferrite: no threads for NetDMA, the provider stays dormant\n");
        return;
    }
    provider.started.store(true, Ordering::Release);
    let mut attributes = NET_DMA_PROVIDER_ATTRIBUTES {
        MajorHwVersion: 1,
        MinorHwVersion: 0,
        Size: ATTRIBUTES,
        Flags: 0,
        VendorId: VENDOR,
        DmaChannelCount: CHANNELS,
        MaximumTransferSize: LARGEST,
        MaximumAddressSpace: PHYSICAL_ADDRESS { QuadPart: HIGHEST.cast_signed() },
    };
    // SAFETY: PASSIVE_LEVEL; registered, and every channel is ready (NDMA-START-01).
    unsafe {
        (provider.netdma.provider_start)(provider.handle.load(Ordering::Acquire), &raw mut attributes);
    };
}

/// Tells `NetDMA` that the device is about to sleep (not awake), so that its clients have stopped when this returns, or is
/// awake again, so that it starts every channel anew (NDMA-PNP-01 to -03). IRQL: `PASSIVE_LEVEL`.
///
/// # Safety
/// As for [`start`].
pub unsafe fn power(provider: *mut c_void, awake: bool) {
    let Some(provider) = NonNull::new(provider.cast::<Provider>()) else { return };
    // SAFETY: the caller's promise.
    let provider = unsafe { provider.as_ref() };
    let Some(notify) = provider.netdma.pnp_event_notify else { return };
    if !provider.started.load(Ordering::Acquire) {
        return;
    }
    let mut notification = NET_DMA_PNP_NOTIFICATION {
        StructureRevision: ndis::NET_DMA_PNP_NOTIFICATION_REVISION_1,
        StructureSize: NOTIFICATION,
        NotificationCode: if awake {
            ndis::NetDmaNotificationProviderPowerUp
        } else {
            ndis::NetDmaNotificationProviderPowerDown
        },
        Buffer: ptr::null_mut(),
        BufferLength: 0,
    };
    // SAFETY: PASSIVE_LEVEL; registered and started; NetDMA reads the notification during the call.
    unsafe { notify(provider.handle.load(Ordering::Acquire), &raw mut notification) };
}

/// Takes the channels back: none is allocated when this returns (NDMA-STOP-01). IRQL: `PASSIVE_LEVEL`.
///
/// # Safety
/// As for [`start`].
pub unsafe fn stop(provider: *mut c_void) {
    let Some(provider) = NonNull::new(provider.cast::<Provider>()) else { return };
    // SAFETY: the caller's promise.
    let provider = unsafe { provider.as_ref() };
    if !provider.started.swap(false, Ordering::AcqRel) {
        return;
    }
    // SAFETY: PASSIVE_LEVEL; started. The threads still work: NetDMA waits for what is outstanding.
    unsafe { (provider.netdma.provider_stop)(provider.handle.load(Ordering::Acquire)) };
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
    // SAFETY: PASSIVE_LEVEL; stopped.
    unsafe { (provider.netdma.deregister_provider)(provider.handle.load(Ordering::Acquire)) };
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
