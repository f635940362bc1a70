//! The entry points.

use super::{Channel, Interface, provider};
use crate::{
    abi::{NET_DMA_PNP_NOTIFICATION as Notification, Ptr, constants as c, write},
    imports,
    verify::rules,
    world::world,
};
use std::rc::Rc;

/// The channel with a handle, or the end of the run (NDMA-INT-05).
fn known(what: &str, handle: u64) -> Rc<Channel> {
    let world = world();
    let Some(channel) = world.netdma.channel(handle) else {
        world.violation(&rules::NETDMA_CHANNEL, format!("{what}({handle:#x}): no such channel"));
    };
    world.verify.watch(&rules::NETDMA_CHANNEL);
    channel
}

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
        write(cpu_out, known("NetDmaIsr", channel).interrupted(descriptor));
    }

    fn NetDmaInterruptDpc(channel: u64, descriptor: u64) {
        known("NetDmaInterruptDpc", channel).reported(descriptor);
    }

    fn NetDmaPnPEventNotify(handle: u64, event: u64) {
        let provider = provider::known("NetDmaPnPEventNotify", handle);
        let p: Ptr<Notification> = Ptr::new(event);
        provider.notified(p);
    }
}
