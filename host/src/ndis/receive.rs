//! Receives: up through `NdisMIndicateReceiveNetBufferLists`, back to `MiniportReturnNetBufferLists`.

use super::{
    Ndis,
    adapter::{Adapter, State},
    check,
    nbl::{self, Nbl},
    ownership,
    send::check_dispatch_flag,
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

impl Ndis {
    /// Gives indicated NBLs back to the miniport.
    pub fn return_nbls(&self, adapter: &Rc<Adapter>, list: &[Nbl]) {
        if list.is_empty() {
            return;
        }
        let world = world();
        for nbl in list {
            adapter.receives.borrow_mut().remove(&nbl.addr());
        }
        adapter.count(|n| n.returned += list.len() as u64);
        let flags = if world.cpu().irql() == DISPATCH { c::NDIS_RETURN_FLAGS_DISPATCH_LEVEL } else { 0 };
        let first = nbl::link(list);
        ownership::give(list);
        call(
            "MiniportReturnNetBufferLists",
            adapter.miniport.handlers.return_nbls,
            &[adapter.context.get(), first.addr(), u64::from(flags)],
        );
    }
}

imports! {
    /// Receive indications.
    TABLE from "ndis.sys";

    fn NdisMIndicateReceiveNetBufferLists(handle: u64, first: u64, _port: u32, count: u32, flags: u32) {
        let world = world();
        let adapter = check::registered(handle, "NdisMIndicateReceiveNetBufferLists");
        check_dispatch_flag(&rules::RECEIVE_FLAG, "NdisMIndicateReceiveNetBufferLists", flags & c::NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL != 0);
        let list = nbl::chain(Nbl::new(first));
        check_state(&adapter);
        check_chain(&adapter, &list, count);
        throttle(&adapter, count);
        let keep = flags & c::NDIS_RECEIVE_FLAGS_RESOURCES == 0;
        adapter.count(|n| {
            n.receives += list.len() as u64;
            n.resources += if keep { 0 } else { list.len() as u64 };
        });
        if keep {
            adapter.receives.borrow_mut().extend(list.iter().map(|nbl| nbl.addr()));
        }
        ownership::take(&list, Away::Indicated);
        adapter.indicating.set(adapter.indicating.get() + 1);
        match adapter.bound() {
            Some(protocol) => protocol.receive(&adapter, &list, keep),
            None if keep => world.ndis.return_nbls(&adapter, &list),
            None => {}
        }
        adapter.indicating.set(adapter.indicating.get() - 1);
        if !keep {
            // NDIS-RECV-05.
            ownership::give(&list);
        }
    }
}

fn check_state(adapter: &Adapter) {
    let allowed = matches!(adapter.state(), State::Running | State::Pausing | State::Restarting);
    world().hold(&rules::RECEIVE_PAUSED, allowed, || {
        format!("received data indicated in state {}", adapter.state())
    });
    world().hold(&rules::RECEIVE_FILTER, adapter.filter_set.get(), || {
        "received data indicated before a packet filter was set".into()
    });
}

fn check_chain(adapter: &Adapter, list: &[Nbl], count: u32) {
    let world = world();
    world.hold(&rules::RECEIVE_COUNT, list.len() == count as usize && !list.is_empty(), || {
        format!("NumberOfNetBufferLists is {count}, the chain has {}", list.len())
    });
    for nbl in list {
        let source = nbl.get(NET_BUFFER_LIST::SourceHandle);
        world.hold(&rules::RECEIVE_SOURCE, source == adapter.handle, || {
            format!("NBL {:#x}: SourceHandle {source:#x} is not the adapter's", nbl.addr())
        });
        let owned = adapter.receives.borrow().contains(&nbl.addr());
        world.hold(&rules::RECEIVE_OWNED, !owned, || {
            format!("NBL {:#x} indicated while NDIS holds it", nbl.addr())
        });
        let nbs = nbl::net_buffers(*nbl);
        let whole =
            !nbs.is_empty() && nbs.iter().all(|nb| nbl::data(*nb).is_some_and(|data| !data.is_empty()));
        world.hold(&rules::RECEIVE_DATA, whole, || {
            format!("NBL {:#x}: no NB, or fewer bytes in its MDLs than DataLength", nbl.addr())
        });
    }
}

fn throttle(adapter: &Adapter, count: u32) {
    let cpu = world().cpu().number;
    let limit = adapter.throttle.get();
    let indicated = adapter.in_dpc.borrow_mut().get_mut(&cpu).map_or(0, |indicated| {
        *indicated = indicated.saturating_add(count);
        *indicated
    });
    if limit != c::NDIS_INDICATE_ALL_NBLS {
        world().hold(&rules::RECEIVE_THROTTLE, indicated <= limit, || {
            format!("{indicated} NBLs indicated in a DPC that may indicate {limit}")
        });
    }
}
