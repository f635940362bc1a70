//! Sends: down to `MiniportSendNetBufferLists`, back through `NdisMSendNetBufferListsComplete`.

use super::{
    Ndis,
    adapter::{Adapter, Sent, State},
    check, dma,
    nbl::{self, Nbl},
    ownership,
};
use crate::{
    abi::{self, NET_BUFFER_LIST, constants as c},
    cpu::DISPATCH,
    imports,
    mem::special::Away,
    verify::{Rule, rules},
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
        if adapter.sends.borrow().is_empty() {
            adapter.last_completion.set(now);
        }
        let sent = |&nbl: &Nbl| Sent {
            at: now,
            accepted: false,
            nbs: nbl::net_buffers(nbl).iter().map(|nb| nb.addr()).collect(),
            removed: adapter.noticed.get(),
            cancel_id: cancel_id(nbl),
        };
        adapter.sends.borrow_mut().extend(list.iter().map(|nbl| (nbl.addr(), sent(nbl))));
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
        adapter.cancelling.set(Some(id));
        call("MiniportCancelSend", adapter.miniport.handlers.cancel_send, &[adapter.context.get(), id]);
        adapter.cancelling.set(None);
    }

    /// Ends the run if a send has been out too long, or none came back for long while some are out.
    pub fn check_sends(&self, adapter: &Adapter) {
        let world = world();
        let now = world.clock.now();
        let oldest = adapter.sends.borrow().values().map(|sent| sent.at).min();
        let Some(oldest) = oldest else { return };
        world.verify.watch(&rules::SEND_TIMEOUT);
        world.verify.watch(&rules::SEND_HANG);
        let (out, quiet) = (now.since(oldest), now.since(adapter.last_completion.get()));
        if out > self.bounds.send.get() {
            world.note_violation(&rules::SEND_TIMEOUT, format!("an NBL has been out for {out:?}"));
        } else if quiet > self.bounds.hang.get() {
            world.note_violation(&rules::SEND_HANG, format!("no send completed for {quiet:?}"));
        }
    }
}

/// `NDIS_GET_NET_BUFFER_LIST_CANCEL_ID`.
fn cancel_id(nbl: Nbl) -> u64 {
    abi::read(nbl.at(&NET_BUFFER_LIST::NetBufferListInfo) + 8 * u64::from(c::NetBufferListCancelId))
}

/// What sends are completed with (NDIS-SEND-06).
const STATUSES: [u32; 12] = [
    c::NDIS_STATUS_SUCCESS,
    c::NDIS_STATUS_INVALID_LENGTH,
    c::NDIS_STATUS_RESOURCES,
    c::NDIS_STATUS_PAUSED,
    c::NDIS_STATUS_SEND_ABORTED,
    c::NDIS_STATUS_RESET_IN_PROGRESS,
    c::NDIS_STATUS_FAILURE,
    c::NDIS_STATUS_LOW_POWER_STATE,
    c::NDIS_STATUS_NOT_ACCEPTED,
    // Conflict C-09: the page on resets names this one.
    c::NDIS_STATUS_REQUEST_ABORTED,
    // Not on the function's page, which leaves it at FAILURE, but what drivers say of a cable that is not there.
    c::NDIS_STATUS_MEDIA_DISCONNECTED,
    c::NDIS_STATUS_NO_CABLE,
];

/// What an NBL owes its completion.
fn check_completed(adapter: &Adapter, nbl: Nbl, sent: &Sent) {
    let world = world();
    let status = nbl.get(NET_BUFFER_LIST::Status).cast_unsigned();
    let at = nbl.addr();
    world.hold(&rules::SEND_PENDING, status != c::NDIS_STATUS_PENDING, || {
        format!("NBL {at:#x} completed with NDIS_STATUS_PENDING")
    });
    world.hold(&rules::SEND_STATUS, STATUSES.contains(&status), || {
        format!("NBL {at:#x} completed with {status:#x}")
    });
    let nbs: Vec<u64> = nbl::net_buffers(nbl).iter().map(|nb| nb.addr()).collect();
    world.hold(&rules::SEND_NBS, nbs == sent.nbs, || {
        format!("NBL {at:#x} was sent with NBs {:#x?} and completed with {nbs:#x?}", sent.nbs)
    });
    let listed = sent.nbs.iter().find(|&&nb| dma::has_list(adapter, nb));
    world.hold(&rules::SG_COMPLETED, listed.is_none(), || {
        format!("NBL {at:#x} completed while NB {:#x} has a scatter/gather list", listed.unwrap_or(&0))
    });
    let state = adapter.state();
    if matches!(state, State::Paused | State::Halting) {
        world.hold(&rules::SEND_PAUSED, REFUSALS.contains(&status), || {
            format!("NBL {at:#x} completed with {status:#x} in state {state}")
        });
    }
    if sent.removed {
        let refused = status == c::NDIS_STATUS_NOT_ACCEPTED
            || (state != State::Running && status == c::NDIS_STATUS_PAUSED);
        world.hold(&rules::SURPRISE_SEND, refused, || {
            format!("NBL {at:#x} completed with {status:#x} after a surprise removal")
        });
    }
    if status == c::NDIS_STATUS_SEND_ABORTED
        && let Some(id) = adapter.cancelling.get()
    {
        world.hold(&rules::CANCEL_SEND, sent.cancel_id == id, || {
            format!("NBL {at:#x} with cancel id {:#x} aborted, {id:#x} is cancelled", sent.cancel_id)
        });
    }
}

imports! {
    /// Send completion.
    TABLE from "ndis.sys";

    fn NdisMSendNetBufferListsComplete(handle: u64, first: u64, flags: u32) {
        let adapter = check::adapter(handle);
        check_dispatch_flag(&rules::SEND_FLAG, "NdisMSendNetBufferListsComplete", flags & c::NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL != 0);
        let list = take_out(&adapter, first);
        for nbl in &list {
            let status = nbl.get(NET_BUFFER_LIST::Status).cast_unsigned();
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
    adapter.last_completion.set(world().clock.now());
    let mut list = Vec::new();
    let mut next = first;
    while next != 0 {
        let sent = adapter.sends.borrow_mut().remove(&next);
        world().verify.watch(&rules::SEND_COMPLETE);
        let Some(sent) = sent else {
            let detail = "the driver does not hold it: completed before, or never sent to it";
            world().violation(&rules::SEND_COMPLETE, format!("NBL {next:#x} completed, but {detail}"))
        };
        let nbl = Nbl::new(next);
        check_completed(adapter, nbl, &sent);
        next = nbl.get(NET_BUFFER_LIST::Next);
        list.push(nbl);
    }
    list
}

/// NDIS-SEND-11: a call that claims to be at `DISPATCH_LEVEL` is.
pub(super) fn check_dispatch_flag(rule: &'static Rule, name: &str, claimed: bool) {
    if claimed {
        let irql = world().cpu().irql();
        world()
            .hold(rule, irql == DISPATCH, || format!("{name} with the DISPATCH_LEVEL flag at IRQL {irql}"));
    }
}
