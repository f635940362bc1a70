//! Sends: down to `MiniportSendNetBufferLists`, back through `NdisMSendNetBufferListsComplete`.

use super::{
    Ndis,
    adapter::{Adapter, Sent, State},
    check,
    nbl::{self, Nbl},
    ownership,
};
use crate::{
    abi::{NET_BUFFER_LIST, constants as c},
    cpu::DISPATCH,
    imports,
    mem::special::Away,
    verify::rules,
    world::{call, world},
};
use std::rc::Rc;

/// How a paused driver refuses sends: NDIS-PAUSE-08, NDIS-PM-04, NDIS-SURP-02.
const REFUSALS: [u32; 3] =
    [c::NDIS_STATUS_PAUSED, c::NDIS_STATUS_LOW_POWER_STATE, c::NDIS_STATUS_NOT_ACCEPTED];

impl Ndis {
    /// Sends a chain. NDIS itself completes it when the adapter cannot take sends.
    pub fn send(&self, adapter: &Rc<Adapter>, list: &[Nbl]) {
        if list.is_empty() {
            return;
        }
        let open = matches!(adapter.state(), State::Running | State::Pausing);
        for nbl in list {
            nbl.set(NET_BUFFER_LIST::SourceHandle, adapter.handle);
        }
        if !open {
            for nbl in list {
                nbl.set(NET_BUFFER_LIST::Status, c::NDIS_STATUS_PAUSED.cast_signed());
            }
            if let Some(protocol) = adapter.bound() {
                protocol.send_complete(adapter, list);
            }
            return;
        }
        self.hand_down(adapter, list);
    }

    /// Gives a chain to `MiniportSendNetBufferLists`, whatever the state: NDIS may be on its way there when a pause
    /// begins on another CPU (NDIS-PAUSE-08).
    pub fn hand_down(&self, adapter: &Rc<Adapter>, list: &[Nbl]) {
        let world = world();
        let now = world.clock.now();
        let frames: usize = list.iter().map(|&nbl| nbl::net_buffers(nbl).len()).sum();
        let sent = Sent { at: now, accepted: false };
        adapter.sends.borrow_mut().extend(list.iter().map(|nbl| (nbl.addr(), sent)));
        adapter.count(|n| {
            n.sends += list.len() as u64;
            n.frames_sent += frames as u64;
        });
        let flags = if world.cpu().irql() == DISPATCH { c::NDIS_SEND_FLAGS_DISPATCH_LEVEL } else { 0 };
        let first = nbl::link(list);
        ownership::give(list);
        call(
            "MiniportSendNetBufferLists",
            adapter.miniport.handlers.send,
            &[adapter.context.get(), first.addr(), 0, u64::from(flags)],
        );
        let mut sends = adapter.sends.borrow_mut();
        for nbl in list {
            // A completed NBL is the protocol's again, and may even be out anew.
            if let Some(sent) = sends.get_mut(&nbl.addr()).filter(|sent| sent.at == now) {
                sent.accepted = true;
            }
        }
    }

    /// Asks the miniport to cancel queued sends.
    pub fn cancel_sends(&self, adapter: &Adapter, id: u64) {
        call("MiniportCancelSend", adapter.miniport.handlers.cancel_send, &[adapter.context.get(), id]);
    }

    /// Ends the run if a send has been out too long.
    pub fn check_sends(&self, adapter: &Adapter) {
        let now = world().clock.now();
        let oldest = adapter.sends.borrow().values().map(|sent| sent.at).min();
        if let Some(oldest) = oldest.filter(|&oldest| now.since(oldest) > self.bounds.send.get()) {
            let detail = format!("an NBL has been out for {:?}", now.since(oldest));
            world().note_violation(&rules::SEND_TIMEOUT, detail);
        }
    }
}

imports! {
    /// Send completion.
    TABLE from "ndis.sys";

    fn NdisMSendNetBufferListsComplete(handle: u64, first: u64, flags: u32) {
        let world = world();
        let adapter = check::adapter(handle);
        check_dispatch_flag("NdisMSendNetBufferListsComplete", flags & c::NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL != 0);
        let list = take_out(&adapter, first);
        for nbl in &list {
            let status = nbl.get(NET_BUFFER_LIST::Status).cast_unsigned();
            if status == c::NDIS_STATUS_PENDING {
                world.violation(&rules::SEND_COMPLETE, format!("NBL {:#x} completed with NDIS_STATUS_PENDING", nbl.addr()));
            }
            if matches!(adapter.state(), State::Paused | State::Halting) && !REFUSALS.contains(&status) {
                world.violation(&rules::SEND_PAUSED, format!("NBL {:#x} completed with {status:#x} in state {}", nbl.addr(), adapter.state()));
            }
            adapter.count(|n| {
                n.sends_completed += 1;
                n.sends_failed += u64::from(status != c::NDIS_STATUS_SUCCESS);
            });
        }
        ownership::take(&list, Away::Completed);
        if let Some(protocol) = adapter.bound() {
            protocol.send_complete(&adapter, &list);
        }
    }
}

/// The NBLs of a completed chain, which the driver holds no longer. Each is looked up before it is followed: one that
/// was completed before is not there to be read.
fn take_out(adapter: &Adapter, first: u64) -> Vec<Nbl> {
    let mut list = Vec::new();
    let mut next = first;
    while next != 0 {
        if adapter.sends.borrow_mut().remove(&next).is_none() {
            let detail = "the driver does not hold it: completed before, or never sent to it";
            world().violation(&rules::SEND_COMPLETE, format!("NBL {next:#x} completed, but {detail}"));
        }
        let nbl = Nbl::new(next);
        next = nbl.get(NET_BUFFER_LIST::Next);
        list.push(nbl);
    }
    list
}

/// NDIS-SEND-11: a call that claims to be at `DISPATCH_LEVEL` is.
pub(super) fn check_dispatch_flag(name: &str, claimed: bool) {
    let world = world();
    let irql = world.cpu().irql();
    if claimed && irql != DISPATCH {
        world.violation(&rules::DISPATCH_FLAG, format!("{name} with the DISPATCH_LEVEL flag at IRQL {irql}"));
    }
}
