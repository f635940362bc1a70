//! A registered provider.

use super::{Channel, Interface};
use crate::{
    abi::{
        self, Layout, NET_DMA_CHANNEL_CPU_AFFINITY, NET_DMA_PNP_NOTIFICATION as Notification,
        NET_DMA_PROVIDER_ATTRIBUTES as Attributes, NET_DMA_PROVIDER_CHARACTERISTICS as Characteristics, Ptr,
        constants as c, write,
    },
    mem::Kind,
    verify::rules,
    world::{call, world},
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

/// Bytes of characteristics before 2.0 (NDMA-REG-02).
const OLD_SIZE: u16 = 96;

/// A provider's entry points; 0 for one that is not there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Handlers {
    pub(super) set_affinity: u64,
    pub(super) allocate: u64,
    pub(super) free: u64,
    pub(super) start: u64,
    pub(super) suspend: u64,
    pub(super) resume: u64,
    pub(super) abort: u64,
    pub(super) append: u64,
    pub(super) reset: u64,
}

/// See the module.
pub struct Provider {
    pub(super) handle: u64,
    pub(super) context: u64,
    pub(super) handlers: Handlers,
    /// Version that it was registered with.
    pub version: (u8, u8),
    /// Channels that it can have.
    pub most_channels: u32,
    /// Bytes of one transfer, and channels; 0 while it is stopped.
    pub offer: Cell<(u32, u32)>,
    /// Power notifications that it sent.
    pub power_events: RefCell<Vec<u32>>,
    channels: RefCell<Vec<Rc<Channel>>>,
}

/// The provider with a handle, or the end of the run.
pub(super) fn known(what: &str, handle: u64) -> Rc<Provider> {
    let world = world();
    match world.netdma.provider(handle) {
        Some(provider) => provider,
        None => world.violation(&rules::NETDMA_PROVIDER, format!("{what}({handle:#x}): no such provider")),
    }
}

fn refuse(what: String) -> ! {
    world().violation(&rules::NETDMA_REGISTRATION, what)
}

/// `NetDmaRegisterProvider`: what is registered has to be as documented (NDMA-REG-02 to -07).
pub(super) fn register(context: u64, at: u64) -> Result<u64, u32> {
    let world = world();
    let p: Ptr<Characteristics> = Ptr::new(at);
    let version = (p.get(Characteristics::MajorVersion), p.get(Characteristics::MinorVersion));
    let interface = Interface::current();
    if version > interface.version() {
        refuse(format!("version {version:?} of a NetDMA {:?} (NDMA-REG-02)", interface.version()));
    }
    let new = version.0 >= 2;
    let size = p.get(Characteristics::Size);
    let wanted = if new { u16::try_from(Characteristics::SIZE).unwrap_or(0) } else { OLD_SIZE };
    if size != wanted {
        refuse(format!("characteristics of {size} bytes, {wanted} for version {version:?} (NDMA-REG-02)"));
    }
    let flags = p.get(Characteristics::Flags);
    if flags & !3 != 0 || (!new && flags != 0) {
        refuse(format!("flags {flags:#x} (NDMA-REG-06)"));
    }
    let pdo = p.get(Characteristics::PhysicalDeviceObject);
    if world.nt.nodes.at(pdo).is_none() {
        refuse(format!("{pdo:#x} is no physical device object (NDMA-REG-03)"));
    }
    let handlers = Handlers {
        set_affinity: p.get(Characteristics::SetDmaChannelCpuAffinity),
        allocate: p.get(Characteristics::AllocateDmaChannel),
        free: p.get(Characteristics::FreeDmaChannel),
        start: p.get(Characteristics::StartDma),
        suspend: p.get(Characteristics::SuspendDma),
        resume: p.get(Characteristics::ResumeDma),
        abort: p.get(Characteristics::AbortDma),
        append: p.get(Characteristics::AppendDma),
        reset: p.get(Characteristics::ResetChannel),
    };
    if [handlers.set_affinity, handlers.allocate, handlers.free, handlers.start, handlers.append].contains(&0)
    {
        refuse(format!("a mandatory entry point is missing: {handlers:x?} (NDMA-REG-04)"));
    }
    if (handlers.suspend == 0) != (handlers.resume == 0) {
        refuse("SuspendDma without ResumeDma, or the other way round (NDMA-REG-05)".into());
    }
    if new && abi::unicode(Ptr::new(p.at(&Characteristics::FriendlyName))).is_empty() {
        refuse("no friendly name (NDMA-REG-07)".into());
    }
    let most_channels = p.get(Characteristics::MaxDmaChannelCount);
    let Some(handle) = world.mem.allocate(Kind::Host, 0, 64, "NetDmaRegisterProvider") else {
        return Err(c::STATUS_INSUFFICIENT_RESOURCES);
    };
    let provider = Rc::new(Provider {
        handle,
        context,
        handlers,
        version,
        most_channels,
        offer: Cell::default(),
        power_events: RefCell::default(),
        channels: RefCell::default(),
    });
    provider.ask_affinity();
    world.netdma.providers.borrow_mut().push(provider);
    Ok(handle)
}

impl Provider {
    /// A channel for each CPU in turn, the last one first, asked for before the handle is known (NDMA-REG-08, -09).
    fn ask_affinity(&self) {
        let world = world();
        let size = NET_DMA_CHANNEL_CPU_AFFINITY::SIZE * self.most_channels as usize;
        let Some(array) = world.mem.allocate(Kind::Host, 0, size.max(1), "channel affinities") else {
            return;
        };
        let last = u32::try_from(world.cpus().len()).unwrap_or(1).saturating_sub(1);
        for channel in 0..self.most_channels {
            let entry = array + u64::from(channel) * NET_DMA_CHANNEL_CPU_AFFINITY::SIZE as u64;
            write(entry, channel);
            write(entry + 4, last - channel % (last + 1));
        }
        call(
            "ProviderSetDmaChannelCpuAffinity",
            self.handlers.set_affinity,
            &[self.context, array, size as u64],
        );
        let _ = world.mem.free(Kind::Host, array);
    }

    /// `NetDmaProviderStart` (NDMA-START-02).
    pub(super) fn start(&self, at: u64) {
        let p: Ptr<Attributes> = Ptr::new(at);
        let (size, flags) = (p.get(Attributes::Size), p.get(Attributes::Flags));
        let (channels, largest) =
            (p.get(Attributes::DmaChannelCount), p.get(Attributes::MaximumTransferSize));
        if usize::from(size) != Attributes::SIZE
            || flags != 0
            || largest < 4096
            || channels > self.most_channels
        {
            let text = format!(
                "size {size}, flags {flags:#x}, {channels} channels, {largest} bytes (NDMA-START-02)"
            );
            world().violation(&rules::NETDMA_REGISTRATION, text);
        }
        if self.offer.replace((channels, largest)) != (0, 0) {
            world().violation(&rules::NETDMA_ORDER, "NetDmaProviderStart of a started provider".into());
        }
    }

    /// `NetDmaProviderStop`: waits for what is outstanding, and frees all channels (NDMA-STOP-01).
    pub(super) fn stop(&self) {
        let world = world();
        if self.offer.replace((0, 0)) == (0, 0) {
            world.violation(
                &rules::NETDMA_ORDER,
                "NetDmaProviderStop of a provider that is not started".into(),
            );
        }
        let channels = self.channels.borrow().clone();
        for channel in channels {
            let until = world.clock.now().after(world.netdma.patience.get());
            if !world.sched.block("outstanding descriptors", Some(until), &|| channel.is_quiet()) {
                let text = "descriptors are outstanding and do not come to an end (NDMA-STOP-01)".into();
                world.violation(&rules::NETDMA_LOST, text);
            }
            channel.free();
        }
    }

    /// `NetDmaDeregisterProvider` (NDMA-STOP-02).
    pub(super) fn deregister(self: &Rc<Self>) {
        let world = world();
        if self.offer.get() != (0, 0) {
            let text = "NetDmaDeregisterProvider before NetDmaProviderStop (NDMA-STOP-02)";
            world.violation(&rules::NETDMA_ORDER, text.into());
        }
        world.netdma.providers.borrow_mut().retain(|other| !Rc::ptr_eq(self, other));
        let _ = world.mem.free(Kind::Host, self.handle);
    }

    /// `NetDmaPnPEventNotify` (NDMA-PNP-03).
    pub(super) fn notified(&self, event: Ptr<Notification>) {
        let code = event.get(Notification::NotificationCode);
        self.power_events.borrow_mut().push(code);
        let size = event.get(Notification::StructureSize) as usize;
        if event.get(Notification::StructureRevision) != 1 || size != Notification::SIZE {
            world().violation(&rules::NETDMA_ORDER, format!("a notification of {size} bytes (NDMA-PNP-03)"));
        }
        if code != c::NetDmaNotificationProviderPowerDown && code != c::NetDmaNotificationProviderPowerUp {
            world().violation(
                &rules::NETDMA_ORDER,
                format!("notification {code} is not for providers (NDMA-PNP-03)"),
            );
        }
    }

    pub(super) fn channel(&self, handle: u64) -> Option<Rc<Channel>> {
        self.channels.borrow().iter().find(|channel| channel.handle == handle).cloned()
    }

    pub(super) fn forget(&self, handle: u64) {
        self.channels.borrow_mut().retain(|channel| channel.handle != handle);
    }

    /// Allocates a channel for a client that wants its completions on the CPUs of `mask`.
    ///
    /// # Errors
    /// The provider's status, or none if it is not started.
    pub fn allocate(self: &Rc<Self>, mask: u32) -> Result<Rc<Channel>, u32> {
        if self.offer.get() == (0, 0) {
            return Err(c::STATUS_UNSUCCESSFUL);
        }
        let channel = Channel::new(self)?;
        // The provider may use the handle at once (NDMA-CH-01).
        self.channels.borrow_mut().push(Rc::clone(&channel));
        let result = channel.allocate(mask);
        if let Err(status) = result {
            self.forget(channel.handle);
            channel.discard();
            return Err(status);
        }
        Ok(channel)
    }
}
