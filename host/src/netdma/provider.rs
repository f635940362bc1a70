//! A registered provider.

use super::{Channel, Interface};
use crate::{
    abi::{
        self, Layout, NET_DMA_CHANNEL_CPU_AFFINITY, NET_DMA_PNP_NOTIFICATION as Notification,
        NET_DMA_PROVIDER_ATTRIBUTES as Attributes, NET_DMA_PROVIDER_CHARACTERISTICS as Characteristics, Ptr,
        constants as c, read, write,
    },
    mem::Kind,
    nt::nodes::Known,
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
    /// The physical device object of its device.
    pub(super) pdo: u64,
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
    let Some(provider) = world.netdma.provider(handle) else {
        world.violation(&rules::NETDMA_PROVIDER, format!("{what}({handle:#x}): no such provider"));
    };
    world.verify.watch(&rules::NETDMA_PROVIDER);
    provider
}

/// `NetDmaRegisterProvider`: what is registered has to be as documented (NDMA-REG-01 to -07).
pub(super) fn register(context: u64, at: u64) -> Result<u64, u32> {
    let world = world();
    let p: Ptr<Characteristics> = Ptr::new(at);
    let version = (p.get(Characteristics::MajorVersion), p.get(Characteristics::MinorVersion));
    let interface = Interface::current();
    world.hold(&rules::NETDMA_VERSION, version <= interface.version(), || {
        format!("version {version:?} of a NetDMA {:?}", interface.version())
    });
    let new = version.0 >= 2;
    let size = p.get(Characteristics::Size);
    let wanted = if new { u16::try_from(Characteristics::SIZE).unwrap_or(0) } else { OLD_SIZE };
    world.hold(&rules::NETDMA_SIZE, size == wanted, || {
        format!("characteristics of {size} bytes, {wanted} for version {version:?}")
    });
    let flags = p.get(Characteristics::Flags);
    world.hold(&rules::NETDMA_FLAGS, flags & !3 == 0 && (new || flags == 0), || {
        format!("flags {flags:#x} of version {version:?}")
    });
    let pdo = p.get(Characteristics::PhysicalDeviceObject);
    let node = world.nt.nodes.at(pdo);
    world.hold(&rules::NETDMA_DEVICE, node.is_some(), || format!("{pdo:#x} is no physical device object"));
    if node.as_ref().is_some_and(|node| node.managed.get()) {
        let late = node.as_ref().is_some_and(|node| node.started.get());
        world
            .hold(&rules::NETDMA_REGISTER_LATE, !late, || format!("the device of {pdo:#x} has been started"));
    }
    let twice = world.netdma.providers().iter().any(|provider| provider.pdo == pdo);
    world.hold(&rules::NETDMA_REGISTER_TWICE, !twice, || format!("{pdo:#x} has a provider already"));
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
    let mandatory = [handlers.allocate, handlers.free, handlers.start, handlers.append];
    world.hold(&rules::NETDMA_ENTRIES, !mandatory.contains(&0), || {
        format!("a mandatory entry point is missing: {handlers:x?}")
    });
    world.hold(&rules::NETDMA_AFFINITY, handlers.set_affinity != 0, || {
        "there is no SetDmaChannelCpuAffinity".into()
    });
    world.hold(&rules::NETDMA_RESUME, (handlers.suspend == 0) == (handlers.resume == 0), || {
        "SuspendDma without ResumeDma, or the other way round".into()
    });
    if new {
        let name = abi::unicode(Ptr::new(p.at(&Characteristics::FriendlyName)));
        world.hold(&rules::NETDMA_NAME, !name.is_empty(), || "no friendly name".into());
    }
    let most_channels = p.get(Characteristics::MaxDmaChannelCount);
    let Some(handle) = world.mem.allocate(Kind::Host, 0, 64, "NetDmaRegisterProvider") else {
        return Err(c::STATUS_INSUFFICIENT_RESOURCES);
    };
    let provider = Rc::new(Provider {
        handle,
        pdo,
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
    world.netdma.seen.set(true);
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

    /// The device node, if the plug and play manager has it.
    fn node(&self) -> Option<Rc<Known>> {
        world().nt.nodes.at(self.pdo).filter(|node| node.managed.get())
    }

    /// Whether it offers its channels.
    pub(super) fn is_started(&self) -> bool {
        self.offer.get() != (0, 0)
    }

    /// `NetDmaProviderStart` (NDMA-START-01, -02).
    pub(super) fn start(&self, at: u64) {
        let world = world();
        let p: Ptr<Attributes> = Ptr::new(at);
        if let Some(node) = self.node() {
            world.hold(&rules::NETDMA_START_EARLY, node.started.get(), || {
                format!("{} is not started", node.device.instance)
            });
        }
        let (size, flags) = (p.get(Attributes::Size), p.get(Attributes::Flags));
        world.hold(&rules::NETDMA_ATTRIBUTES, usize::from(size) == Attributes::SIZE, || {
            format!("attributes of {size} bytes, not {}", Attributes::SIZE)
        });
        world.hold(&rules::NETDMA_ATTRIBUTE_FLAGS, flags == 0, || format!("flags {flags:#x}"));
        let vendor = p.get(Attributes::VendorId);
        world.hold(&rules::NETDMA_VENDOR, (1..0xFFFF).contains(&vendor), || {
            format!("{vendor:#x} is no vendor's id")
        });
        let (channels, largest) =
            (p.get(Attributes::DmaChannelCount), p.get(Attributes::MaximumTransferSize));
        let most = self.most_channels;
        world.hold(&rules::NETDMA_CHANNELS, channels <= most, || format!("{channels} channels of {most}"));
        world.hold(&rules::NETDMA_TRANSFER_SIZE, largest >= 4096, || {
            format!("transfers of {largest} bytes at most")
        });
        let highest = read::<u64>(p.at(&Attributes::MaximumAddressSpace));
        let ends = world.mem.regions().iter().map(|region| region.physical + (region.len - 1));
        let needed = ends.max().unwrap_or(0);
        world.hold(&rules::NETDMA_ADDRESS_SPACE, highest >= needed, || {
            format!("addresses up to {highest:#x}, but there is memory up to {needed:#x}")
        });
        world.hold(&rules::NETDMA_START_TWICE, !self.is_started(), || {
            "NetDmaProviderStart of a started provider".into()
        });
        self.offer.set((channels, largest));
    }

    /// `NetDmaProviderStop`: waits for what is outstanding, and frees all channels (NDMA-STOP-01).
    pub(super) fn stop(&self) {
        let world = world();
        world.hold(&rules::NETDMA_STOP_TWICE, self.is_started(), || {
            "NetDmaProviderStop of a provider that is not started".into()
        });
        self.offer.set((0, 0));
        let channels = self.channels.borrow().clone();
        for channel in channels {
            let until = world.clock.now().after(world.netdma.patience.get());
            let quiet = world.sched.block("outstanding descriptors", Some(until), &|| channel.is_quiet());
            world.hold(&rules::NETDMA_OUTSTANDING, quiet, || {
                "descriptors are outstanding and do not come to an end".into()
            });
            channel.free();
        }
    }

    /// `NetDmaDeregisterProvider` (NDMA-STOP-02).
    pub(super) fn deregister(self: &Rc<Self>) {
        let world = world();
        world.hold(&rules::NETDMA_DEREGISTER, !self.is_started(), || {
            "NetDmaDeregisterProvider before NetDmaProviderStop".into()
        });
        world.netdma.providers.borrow_mut().retain(|other| !Rc::ptr_eq(self, other));
        let _ = world.mem.free(Kind::Host, self.handle);
    }

    /// `NetDmaPnPEventNotify` (NDMA-PNP-02, -03).
    pub(super) fn notified(&self, event: Ptr<Notification>) {
        let world = world();
        let size = event.get(Notification::StructureSize) as usize;
        let revision = event.get(Notification::StructureRevision);
        world.hold(&rules::NETDMA_EVENT, revision == 1 && size == Notification::SIZE, || {
            format!("a notification of revision {revision} and {size} bytes")
        });
        let code = event.get(Notification::NotificationCode);
        let up = code == c::NetDmaNotificationProviderPowerUp;
        world.hold(&rules::NETDMA_EVENT_CODE, up || code == c::NetDmaNotificationProviderPowerDown, || {
            format!("notification {code} is not for providers")
        });
        let buffer = (event.get(Notification::Buffer), event.get(Notification::BufferLength));
        world.hold(&rules::NETDMA_EVENT_BUFFER, buffer == (0, 0), || {
            format!("a power notification with {} bytes at {:#x}", buffer.1, buffer.0)
        });
        if let Some(node) = self.node().filter(|_| up) {
            let power = node.device.power.get();
            world.hold(&rules::NETDMA_POWER_UP, power == c::PowerDeviceD0, || {
                format!("{} is in D{}", node.device.instance, power.saturating_sub(1))
            });
        }
        self.power_events.borrow_mut().push(code);
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
        if !self.is_started() {
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
