//! The entry points.

use super::{Interface, provider};
use crate::{
    abi::{NET_DMA_PNP_NOTIFICATION as Notification, Ptr, constants as c, write},
    imports,
    verify::rules,
    world::world,
};

imports! {
    /// What a provider calls; resolved at run time.
    TABLE from "ndis.sys";

    fn NetDmaGetVersion() -> u32 {
        let (major, minor) = Interface::current().version();
        u32::from(major) << 16 | u32::from(minor)
    }

    fn NetDmaRegisterProvider(context: u64, handle_out: u64, characteristics: u64) -> u32 {
        if Interface::current() == Interface::NullHandle {
            write(handle_out, 0_u64);
            return c::STATUS_SUCCESS;
        }
        match provider::register(context, characteristics) {
            Ok(handle) => {
                write(handle_out, handle);
                c::STATUS_SUCCESS
            }
            Err(status) => status,
        }
    }

    fn NetDmaDeregisterProvider(handle: u64) {
        provider::known("NetDmaDeregisterProvider", handle).deregister();
    }

    fn NetDmaProviderStart(handle: u64, attributes: u64) {
        provider::known("NetDmaProviderStart", handle).start(attributes);
    }

    fn NetDmaProviderStop(handle: u64) {
        provider::known("NetDmaProviderStop", handle).stop();
    }

    fn NetDmaIsr(channel: u64, descriptor: u64, cpu_out: u64) {
        let world = world();
        match world.netdma.channel(channel) {
            Some(channel) => write(cpu_out, channel.interrupted(descriptor)),
            None => world.violation(&rules::NETDMA_CHANNEL, format!("NetDmaIsr({channel:#x}): no such channel")),
        }
    }

    fn NetDmaInterruptDpc(channel: u64, descriptor: u64) {
        let world = world();
        match world.netdma.channel(channel) {
            Some(channel) => channel.reported(descriptor),
            None => world.violation(&rules::NETDMA_CHANNEL, format!("NetDmaInterruptDpc({channel:#x}): no such channel")),
        }
    }

    fn NetDmaPnPEventNotify(handle: u64, event: u64) {
        let provider = provider::known("NetDmaPnPEventNotify", handle);
        let p: Ptr<Notification> = Ptr::new(event);
        provider.notified(p);
    }
}
