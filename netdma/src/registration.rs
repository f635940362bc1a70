//! A device's provider as `NetDMA` knows it: registered with the device, started with the hardware.

use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use ferrite_ddk::ndis::{
    self, DEVICE_OBJECT, NET_DMA_PNP_NOTIFICATION, NET_DMA_PROVIDER_ATTRIBUTES,
    NET_DMA_PROVIDER_CHARACTERISTICS, PHYSICAL_ADDRESS,
};
use ferrite_ddk::netdma::EntryPoints;
use ferrite_ddk::string::UnicodeString;
use ferrite_ddk::{Result, Status};
use ferrite_netdma_engine::Chains;

use crate::handlers::{self, Offer};
use crate::trace::trace;

/// Characteristics before 2.0 end where the friendly name begins (NDMA-REG-02).
const OLD_CHARACTERISTICS: usize = core::mem::offset_of!(NET_DMA_PROVIDER_CHARACTERISTICS, FriendlyName);
/// Bytes of the attributes.
#[expect(clippy::cast_possible_truncation, reason = "32")]
const ATTRIBUTES: u16 = size_of::<NET_DMA_PROVIDER_ATTRIBUTES>() as u16;
/// Bytes of a notification.
#[expect(clippy::cast_possible_truncation, reason = "32")]
const NOTIFICATION: u32 = size_of::<NET_DMA_PNP_NOTIFICATION>() as u32;

/// See the module.
pub struct Registration {
    /// `NetDMA`.
    pub netdma: EntryPoints,
    version: (u8, u8),
    /// `NetDMA`'s; NULL until it is registered.
    handle: AtomicPtr<c_void>,
    started: AtomicBool,
}

/// What is offered at a start.
pub struct Attributes {
    /// PCI vendor.
    pub vendor: u32,
    /// Version of the hardware.
    pub hardware: (u8, u8),
    /// Channels.
    pub channels: u32,
    /// Bytes of one transfer.
    pub largest: u32,
    /// The highest physical address.
    pub highest: u64,
}

/// The version of `NetDMA` that there is, up to 2.0 (NDMA-VER-01).
fn offered(netdma: &EntryPoints) -> (u8, u8) {
    // SAFETY: PASSIVE_LEVEL.
    match netdma.get_version.map_or(0x1_0000, |get| unsafe { get() }) {
        0x2_0000.. => (2, 0),
        0x1_0001.. => (1, 1),
        _ => (1, 0),
    }
}

impl Registration {
    /// Not registered yet. Hardware whose chains end in NULL is no provider of 2.0, which has no such chains.
    /// IRQL: `PASSIVE_LEVEL`.
    pub fn new(netdma: EntryPoints, terminated_only: bool) -> Self {
        let offered = offered(&netdma);
        let version = if terminated_only { offered.min((1, 1)) } else { offered };
        Self { netdma, version, handle: AtomicPtr::default(), started: AtomicBool::new(false) }
    }

    /// How its chains end.
    pub const fn chains(&self) -> Chains {
        if self.version.0 >= 2 { Chains::Counted } else { Chains::Terminated }
    }

    /// Registers it (NDMA-REG-02 to -08). IRQL: `PASSIVE_LEVEL`, in `AddDevice` (NDMA-REG-01).
    ///
    /// # Errors
    /// `NetDMA` takes no provider.
    ///
    /// # Safety
    /// `context` is usable from inside this call on, until [`deregister`](Self::deregister) has returned.
    pub unsafe fn register<O: Offer>(
        &self,
        context: *const O,
        device: *mut DEVICE_OBJECT,
        most: u32,
        name: &UnicodeString<'_>,
    ) -> Result<()> {
        let new = self.version.0 >= 2;
        let size = if new { size_of::<NET_DMA_PROVIDER_CHARACTERISTICS>() } else { OLD_CHARACTERISTICS };
        let mut characteristics = NET_DMA_PROVIDER_CHARACTERISTICS {
            MajorVersion: self.version.0,
            MinorVersion: self.version.1,
            Size: u16::try_from(size).unwrap_or(0),
            Flags: 0,
            PhysicalDeviceObject: device,
            MaxDmaChannelCount: most,
            SetDmaChannelCpuAffinity: Some(handlers::set_cpu_affinity::<O>),
            AllocateDmaChannel: Some(handlers::allocate::<O>),
            FreeDmaChannel: Some(handlers::free::<O::Port>),
            StartDma: Some(handlers::start::<O::Port>),
            SuspendDma: Some(handlers::suspend::<O::Port>),
            ResumeDma: Some(handlers::resume::<O::Port>),
            AbortDma: Some(handlers::abort::<O::Port>),
            AppendDma: Some(handlers::append::<O::Port>),
            ResetChannel: Some(handlers::reset::<O::Port>),
            // SAFETY: the string is valid; NetDMA copies it.
            FriendlyName: unsafe { name.as_ptr().read() },
        };
        let mut handle = ptr::null_mut();
        // SAFETY: PASSIVE_LEVEL; the context is the caller's promise; the characteristics are copied.
        let status = unsafe {
            (self.netdma.register_provider)(
                context.cast_mut().cast(),
                &raw mut handle,
                &raw mut characteristics,
            )
        };
        if Status(status).result().is_err() || handle.is_null() {
            // Windows 8 and later succeed without a handle.
            trace!(c"ferrite: NetDMA takes no provider (%x), it stays dormant\n", status);
            return Err(Status(ndis::STATUS_NOT_SUPPORTED));
        }
        self.handle.store(handle, Ordering::Release);
        trace!(c"ferrite: NetDMA provider %d.%d\n", u32::from(self.version.0), u32::from(self.version.1));
        Ok(())
    }

    /// The channels are offered.
    pub fn is_started(&self) -> bool {
        self.started.load(Ordering::Acquire)
    }

    /// Offers the channels, all of which are ready (NDMA-START-01, -02). IRQL: `PASSIVE_LEVEL`.
    pub fn start(&self, attributes: &Attributes) {
        let handle = self.handle.load(Ordering::Acquire);
        if handle.is_null() || self.started.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut attributes = NET_DMA_PROVIDER_ATTRIBUTES {
            MajorHwVersion: attributes.hardware.0,
            MinorHwVersion: attributes.hardware.1,
            Size: ATTRIBUTES,
            Flags: 0,
            VendorId: attributes.vendor,
            DmaChannelCount: attributes.channels,
            MaximumTransferSize: attributes.largest,
            MaximumAddressSpace: PHYSICAL_ADDRESS { QuadPart: attributes.highest.cast_signed() },
        };
        // SAFETY: PASSIVE_LEVEL; registered.
        unsafe { (self.netdma.provider_start)(handle, &raw mut attributes) };
    }

    /// Tells `NetDMA` that the device is about to sleep (not awake), so that its clients have stopped when this returns,
    /// or is awake again, so that it starts every channel anew (NDMA-PNP-01 to -03). IRQL: `PASSIVE_LEVEL`.
    pub fn power(&self, awake: bool) {
        let Some(notify) = self.netdma.pnp_event_notify else { return };
        if !self.is_started() {
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
        unsafe { notify(self.handle.load(Ordering::Acquire), &raw mut notification) };
    }

    /// Takes the channels back: none is allocated when this returns. The engine works meanwhile: `NetDMA` waits for what
    /// is outstanding (NDMA-STOP-01). IRQL: `PASSIVE_LEVEL`.
    pub fn stop(&self) {
        if self.started.swap(false, Ordering::AcqRel) {
            // SAFETY: PASSIVE_LEVEL; started.
            unsafe { (self.netdma.provider_stop)(self.handle.load(Ordering::Acquire)) };
        }
    }

    /// Ends it (NDMA-STOP-02, -03). IRQL: `PASSIVE_LEVEL`, in the device's removal.
    pub fn deregister(&self) {
        self.stop();
        let handle = self.handle.swap(ptr::null_mut(), Ordering::AcqRel);
        if !handle.is_null() {
            // SAFETY: PASSIVE_LEVEL; stopped, and registered until now.
            unsafe { (self.netdma.deregister_provider)(handle) };
        }
    }
}
