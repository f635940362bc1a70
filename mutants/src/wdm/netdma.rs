//! The device as a NetDMA provider, of which no channel is ever used.

use super::{
    PDO, PROVIDER,
    fault::{Fault, is},
};
use crate::abi::{
    NET_DMA_PNP_NOTIFICATION as Notification, NET_DMA_PROVIDER_ATTRIBUTES as Attributes,
    NET_DMA_PROVIDER_CHARACTERISTICS as Characteristics, Ptr, UNICODE_STRING, address, c, netdma as entries,
    write,
};
use alloc::vec::Vec;

/// Bit 0 of the provider's handle in the device extension: it is started.
const STARTED: u64 = 1;

/// Every entry point.
extern "system" fn nothing(_: u64, _: u64, _: u64, _: u64) -> u64 {
    u64::from(c::STATUS_SUCCESS)
}

/// `NetDmaRegisterProvider`, in `AddDevice`.
pub fn register(device: u64) {
    entries::look_up();
    let memory = [0_u64; Characteristics::BYTES / 8];
    let p: Ptr<Characteristics> = Ptr::new(memory.as_ptr() as u64);
    p.set(Characteristics::MajorVersion, 2);
    p.set(Characteristics::Size, Characteristics::BYTES as u16);
    p.set(Characteristics::PhysicalDeviceObject, PDO.get(device));
    p.set(Characteristics::MaxDmaChannelCount, 1);
    for entry in [
        Characteristics::SetDmaChannelCpuAffinity,
        Characteristics::AllocateDmaChannel,
        Characteristics::FreeDmaChannel,
        Characteristics::StartDma,
        Characteristics::AppendDma,
    ] {
        p.set(entry, address!(nothing));
    }
    let name: Vec<u16> = "engine".encode_utf16().collect();
    let string: Ptr<UNICODE_STRING> = Ptr::new(p.at(Characteristics::FriendlyName));
    string.set(UNICODE_STRING::Length, 12);
    string.set(UNICODE_STRING::MaximumLength, 12);
    string.set(UNICODE_STRING::Buffer, name.as_ptr() as u64);
    entries::REGISTER.call(&[device, PROVIDER.at(device), p.addr()]);
}

/// `NetDmaProviderStart`, when everything is ready.
pub fn start(device: u64) {
    if PROVIDER.get(device) == 0 {
        // There is no NetDMA.
        return;
    }
    let memory = [0_u64; Attributes::BYTES / 8];
    let p: Ptr<Attributes> = Ptr::new(memory.as_ptr() as u64);
    p.set(Attributes::Size, Attributes::BYTES as u16);
    p.set(Attributes::VendorId, 0x8086);
    p.set(Attributes::DmaChannelCount, 1);
    p.set(Attributes::MaximumTransferSize, 4096);
    write(p.at(Attributes::MaximumAddressSpace), u64::MAX >> 1);
    entries::START.call(&[PROVIDER.get(device), p.addr()]);
    PROVIDER.set(device, PROVIDER.get(device) | STARTED);
}

fn started(device: u64) -> Option<u64> {
    let provider = PROVIDER.get(device);
    (provider & STARTED != 0).then_some(provider & !STARTED)
}

/// `NetDmaPnPEventNotify`.
pub fn notify(device: u64, awake: bool) {
    let Some(provider) = started(device) else { return };
    if !awake && is(Fault::SleepsUnannounced) {
        return;
    }
    let memory = [0_u64; Notification::BYTES / 8];
    let p: Ptr<Notification> = Ptr::new(memory.as_ptr() as u64);
    p.set(Notification::StructureRevision, 1);
    p.set(Notification::StructureSize, Notification::BYTES as u32);
    let code =
        if awake { c::NetDmaNotificationProviderPowerUp } else { c::NetDmaNotificationProviderPowerDown };
    p.set(Notification::NotificationCode, code);
    entries::NOTIFY.call(&[provider, p.addr()]);
}

/// `NetDmaProviderStop`, before the device loses what it works with.
pub fn stop(device: u64) {
    if let Some(provider) = started(device) {
        entries::STOP.call(&[provider]);
        PROVIDER.set(device, provider);
    }
}

/// `NetDmaDeregisterProvider`, when the device is removed.
pub fn deregister(device: u64) {
    if PROVIDER.get(device) != 0 {
        entries::DEREGISTER.call(&[PROVIDER.get(device)]);
    }
}
