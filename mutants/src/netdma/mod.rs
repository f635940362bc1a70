//! A NetDMA provider with one channel, which works for it a descriptor at a time and does at most one thing wrong.

mod channel;
mod descriptor;
mod fault;
mod handlers;
mod report;
mod work;

use crate::{
    TAG,
    abi::{
        DRIVER_EXTENSION, DRIVER_OBJECT, NET_DMA_PNP_NOTIFICATION as Notification,
        NET_DMA_PROVIDER_ATTRIBUTES as Attributes, NET_DMA_PROVIDER_CHARACTERISTICS as Characteristics, Ptr,
        UNICODE_STRING, address, c, import, netdma as entries,
    },
};
use core::{
    cell::Cell,
    sync::atomic::{AtomicU64, Ordering},
};
use descriptor::LONGEST;
use fault::{Fault, is};

/// Addresses of half of the memory that the tests' machine has.
const HALF_OF_MEMORY: u64 = 32 << 20;
/// `PROVIDER`'s value before the provider is registered.
const NONE: u64 = 0;

/// NetDMA's handle.
static PROVIDER: AtomicU64 = AtomicU64::new(NONE);

/// The names of its faults.
pub const FAULTS: &[&str] = Fault::NAMES;

/// Whether the provider has a fault of this name, which it has from now on.
pub fn choose(fault: &str) -> bool {
    Fault::choose(fault)
}

/// `DriverEntry`.
pub fn entry(object: u64) -> u64 {
    let driver: Ptr<DRIVER_OBJECT> = Ptr::new(object);
    let extension: Ptr<DRIVER_EXTENSION> = Ptr::new(driver.get(DRIVER_OBJECT::DriverExtension));
    extension.set(DRIVER_EXTENSION::AddDevice, address!(add_device));
    driver.set(DRIVER_OBJECT::DriverUnload, address!(unload));
    entries::look_up();
    0
}

/// `AddDevice`: the provider starts, sleeps and wakes.
extern "system" fn add_device(_object: u64, pdo: u64) -> u64 {
    descriptor::prepare(import!(ExAllocatePoolWithTag, 0, 2 * LONGEST, TAG));
    channel::prepare();
    register(pdo);
    if is(Fault::RegistersTwice) {
        register(pdo);
    }
    for _ in 0..=u32::from(is(Fault::StartsTwice)) {
        start();
    }
    notify(c::NetDmaNotificationProviderPowerDown);
    notify(c::NetDmaNotificationProviderPowerUp);
    0
}

/// `DriverUnload`.
extern "system" fn unload(_object: u64) {
    let handle = PROVIDER.load(Ordering::Relaxed);
    for _ in 0..u32::from(!is(Fault::StaysStarted)) + u32::from(is(Fault::StopsTwice)) {
        entries::STOP.call(&[handle]);
    }
    if !is(Fault::ProviderStaysRegistered) {
        entries::DEREGISTER.call(&[handle]);
    }
    import!(ExFreePoolWithTag, descriptor::buffer(), TAG);
}

fn register(pdo: u64) {
    let memory = [const { Cell::new(0_u64) }; Characteristics::BYTES / 8];
    let p: Ptr<Characteristics> = Ptr::new(memory.as_ptr() as u64);
    p.set(Characteristics::MajorVersion, if is(Fault::TooNew) { 3 } else { 2 });
    p.set(Characteristics::Size, Characteristics::BYTES as u16 - u16::from(is(Fault::WrongSize)));
    p.set(Characteristics::Flags, if is(Fault::WrongFlags) { 4 } else { 0 });
    p.set(Characteristics::PhysicalDeviceObject, if is(Fault::ForeignDevice) { 8 } else { pdo });
    p.set(Characteristics::MaxDmaChannelCount, 1);
    let unless = |fault, entry| if is(fault) { 0 } else { entry };
    for (field, entry) in [
        (
            Characteristics::SetDmaChannelCpuAffinity,
            unless(Fault::LacksAffinity, address!(handlers::set_affinity)),
        ),
        (Characteristics::AllocateDmaChannel, address!(handlers::allocate)),
        (Characteristics::FreeDmaChannel, address!(handlers::free)),
        (Characteristics::StartDma, address!(handlers::start)),
        (Characteristics::AppendDma, unless(Fault::LacksAppend, address!(handlers::append))),
        (Characteristics::SuspendDma, address!(handlers::suspend)),
        (Characteristics::ResumeDma, unless(Fault::LacksResume, address!(handlers::resume))),
        (Characteristics::AbortDma, address!(handlers::abort)),
        (Characteristics::ResetChannel, address!(handlers::reset)),
    ] {
        p.set(field, entry);
    }
    let name = [b't', b'e', b's', b't'].map(u16::from);
    if !is(Fault::Nameless) {
        let string: Ptr<UNICODE_STRING> = Ptr::new(p.at(Characteristics::FriendlyName));
        string.set(UNICODE_STRING::Length, 8);
        string.set(UNICODE_STRING::MaximumLength, 8);
        string.set(UNICODE_STRING::Buffer, name.as_ptr() as u64);
    }
    let status = entries::REGISTER.call(&[1, PROVIDER.as_ptr() as u64, p.addr()]);
    assert_eq!(status as u32, 0);
    assert!(PROVIDER.load(Ordering::Relaxed) != NONE);
}

fn start() {
    let memory = [const { Cell::new(0_u64) }; Attributes::BYTES / 8];
    let p: Ptr<Attributes> = Ptr::new(memory.as_ptr() as u64);
    p.set(Attributes::Size, Attributes::BYTES as u16 - u16::from(is(Fault::ShortAttributes)));
    p.set(Attributes::Flags, u32::from(is(Fault::FlaggedAttributes)));
    p.set(Attributes::VendorId, if is(Fault::NoVendor) { 0 } else { 0x8086 });
    p.set(Attributes::DmaChannelCount, if is(Fault::TooManyChannels) { 2 } else { 1 });
    p.set(Attributes::MaximumTransferSize, if is(Fault::SmallTransfers) { 2048 } else { LONGEST as u32 });
    let highest = if is(Fault::SmallAddresses) { HALF_OF_MEMORY } else { u64::MAX >> 24 };
    p.set(Attributes::MaximumAddressSpace, highest);
    let strange = if is(Fault::StrangeProvider) { 8 } else { 0 };
    entries::START.call(&[PROVIDER.load(Ordering::Relaxed) + strange, p.addr()]);
}

/// Tells of power.
fn notify(code: u32) {
    let memory = [const { Cell::new(0_u64) }; Notification::BYTES / 8];
    let p = Ptr::<Notification>::new(memory.as_ptr() as u64);
    p.set(Notification::StructureRevision, 1);
    p.set(Notification::StructureSize, Notification::BYTES as u32 - u32::from(is(Fault::ShortEvent)));
    p.set(Notification::NotificationCode, if is(Fault::StrangeEvent) { 1 } else { code });
    p.set(Notification::BufferLength, if is(Fault::BufferedEvent) { 8 } else { 0 });
    entries::NOTIFY.call(&[PROVIDER.load(Ordering::Relaxed), p.addr()]);
}
