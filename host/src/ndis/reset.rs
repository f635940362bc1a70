//! Resets, and the check for hang that asks for them.

use super::{Ndis, adapter::Adapter, check};
use crate::{
    abi::{self, constants as c},
    cpu::PASSIVE,
    imports,
    mem::Kind,
    verify::rules,
    world::{call, world},
};
use std::rc::Rc;

/// What `MiniportResetEx` may return besides `NDIS_STATUS_PENDING` (NDIS-RESET-01).
const RESETS: [u32; 4] = [
    c::NDIS_STATUS_SUCCESS,
    c::NDIS_STATUS_RESET_IN_PROGRESS,
    c::NDIS_STATUS_SOFT_ERRORS,
    c::NDIS_STATUS_HARD_ERRORS,
];

impl Ndis {
    /// `MiniportResetEx` at `PASSIVE_LEVEL`; returns when the reset is complete.
    pub fn reset(&self, adapter: &Rc<Adapter>) -> u32 {
        self.reset_at(adapter, PASSIVE)
    }

    /// The same with the call itself at another level, up to `DISPATCH_LEVEL` (NDIS-RESET-01).
    pub fn reset_at(&self, adapter: &Rc<Adapter>, level: u8) -> u32 {
        let world = world();
        if adapter.miniport.handlers.reset == 0 {
            return c::NDIS_STATUS_NOT_SUPPORTED;
        }
        let Some(out) = world.mem.allocate(Kind::Host, 0, 8, "AddressingReset") else {
            return c::NDIS_STATUS_RESOURCES;
        };
        abi::write(out, 0_u64);
        adapter.reset.begin();
        let args = [adapter.context.get(), out];
        let before = world.cpu().set_irql(level);
        let mut status = call("MiniportResetEx", adapter.miniport.handlers.reset, &args) as u32;
        world.cpu().set_irql(before);
        world.sched.deliver();
        let addressing: u8 = abi::read(out);
        adapter.addressing_reset.set(addressing != 0);
        if status == c::NDIS_STATUS_PENDING {
            let bound = self.bounds.pause.get();
            let deadline = world.clock.now().after(bound);
            let done =
                world.sched.block("NdisMResetComplete", Some(deadline), &|| adapter.reset.status().is_some());
            world.hold(&rules::RESET_TIMEOUT, done, || format!("reset not completed within {bound:?}"));
            status = adapter.reset.status().unwrap_or(c::NDIS_STATUS_FAILURE);
        } else {
            world.hold(&rules::RESET_TWICE, adapter.reset.status().is_none(), || {
                format!("NdisMResetComplete called, and MiniportResetEx returned {status:#x}")
            });
            world.hold(&rules::RESET_RETURN, RESETS.contains(&status), || {
                format!("MiniportResetEx returned {status:#x}")
            });
        }
        adapter.reset.end();
        let _ = world.mem.free(Kind::Host, out);
        adapter.count(|n| n.resets += 1);
        if adapter.addressing_reset.get() {
            let filter = adapter.filter.get();
            self.set(adapter, c::OID_GEN_CURRENT_PACKET_FILTER, &filter.to_le_bytes());
        }
        status
    }

    /// `MiniportCheckForHangEx`; whether the driver wants a reset.
    pub fn check_for_hang(&self, adapter: &Adapter) -> bool {
        let handler = adapter.miniport.handlers.check_for_hang;
        handler != 0 && call("MiniportCheckForHangEx", handler, &[adapter.context.get()]) as u8 != 0
    }
}

imports! {
    /// Completion of a reset.
    TABLE from "ndis.sys";

    fn NdisMResetComplete(handle: u64, status: u32, addressing: u8) {
        let world = world();
        let adapter = check::adapter(handle);
        let locked = world.sched.current().is_some_and(|thread| thread.locks.get() > 0);
        world.hold(&rules::RESET_LOCKED, !locked, || "NdisMResetComplete with a spin lock held".into());
        let pending = adapter.reset.complete(status);
        world.hold(&rules::RESET_NONE, pending, || "NdisMResetComplete, but no reset is pending".into());
        adapter.addressing_reset.set(addressing != 0);
    }
}
