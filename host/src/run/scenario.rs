//! The scenario of a run: everything an adapter goes through between two boots, under load.

use super::{Options, Report, Traffic, progress::Progress};
use crate::{
    abi::constants as c,
    clock::Time,
    dma::Session,
    ndis::adapter::Adapter,
    net::{
        Hold, Port,
        stack::Stack,
        transfer::{Digested, Direction, Server, Transfer},
    },
    system::System,
    world::world,
};
use std::{fmt::Write as _, rc::Rc, time::Duration};

/// How long the link may take to come up.
const LINK: Duration = Duration::from_secs(10);
/// How long DHCP and pings may take.
const ANSWER: Duration = Duration::from_secs(10);
/// How long the transfer may take.
const TRANSFER: Duration = Duration::from_secs(100);
/// How long the link stays down.
const LINK_DOWN: Duration = Duration::from_millis(300);
/// How long a receive is held back while a pause waits for it.
const HELD: Duration = Duration::from_millis(2);
/// How long the protocol waits for something to hold back.
const TO_HOLD: Duration = Duration::from_millis(20);
/// Pause reasons of the header: NDIS's own, and a filter attaching.
const REASONS: [u32; 3] = [1, 0x10, 4];
/// Seeds of the two streams.
const SEEDS: [u64; 2] = [0x000D_0BE5, 0x000A_5CE7];
/// Filters that a TCP/IP stack sets.
pub(super) const FILTER: u32 =
    c::NDIS_PACKET_TYPE_DIRECTED | c::NDIS_PACKET_TYPE_BROADCAST | c::NDIS_PACKET_TYPE_MULTICAST;

/// A transfer with the server at its other end.
struct Both {
    transfer: Rc<Transfer>,
    server: Server,
}

/// Plays it; the words of an error are for a person.
pub(super) fn play(
    system: &Rc<System>,
    session: Option<&Session>,
    options: &Options,
    progress: &Progress,
) -> Result<Report, String> {
    let began = world().clock.now();
    let node = system.nodes.first().cloned().ok_or("the machine has no NIC")?;
    progress.stage("loading the driver and initializing the adapter");
    system.load().map_err(|error| error.to_string())?;
    let adapter = system.add(&node).map_err(|error| error.to_string())?;
    let port = Port::new();
    let stack = Stack::new(&adapter, &port);
    system
        .start(&adapter, Rc::clone(&port) as Rc<dyn crate::ndis::protocol::Protocol>, FILTER)
        .map_err(|error| error.to_string())?;
    progress.stage("waiting for the link");
    wait_for_link(&adapter, true)?;
    system.watch_for_hang(&adapter);
    stack.start(1);
    let mut report = super::report::Report {
        adapter: node.description.clone(),
        matched: node.id.clone(),
        ..Report::default()
    };
    progress.stage("DHCP and ping");
    greet(&stack, &mut report)?;
    let what = "TCP both ways, with pauses, a link loss and a reset";
    let work =
        session.map(|session| session.start(system).and_then(|()| session.begin(options.dma_mib << 20)));
    let work = work.transpose()?;
    match &work {
        Some(work) => progress.stage(&format!("{what}; copies through {} NetDMA channels", work.clients())),
        None => progress.stage(what),
    }
    transfer(system, &adapter, &stack, options, progress, &mut report)?;
    if let Some(work) = work {
        report.copies = work.finish(&|_| ());
    }
    progress.stage("halting and unloading");
    describe(&adapter, &mut report);
    report.link_changes = adapter.link_changes.get();
    stack.stop();
    idle_pause(&adapter)?;
    if let Some(session) = session {
        session.end(system);
    }
    system.remove(&node);
    report.counts = adapter.counts();
    (report.register_reads, report.register_writes) = adapter.device.hardware.accesses();
    system.unload();
    report.stack = world().sched.stack_use();
    report.leaks = world().mem.drivers_blocks().len() as u64;
    report.seconds = world().clock.now().since(began).as_secs_f64();
    Ok(report)
}

pub(super) fn wait_for_link(adapter: &Adapter, up: bool) -> Result<(), String> {
    let wanted = if up { 1 } else { 2 };
    let until = world().clock.now().after(LINK);
    let there = world().sched.block("the link", Some(until), &|| adapter.link.get().connected == wanted);
    there
        .then_some(())
        .ok_or_else(|| format!("the link did not {} within {LINK:?}", if up { "come up" } else { "go down" }))
}

fn greet(stack: &Stack, report: &mut Report) -> Result<(), String> {
    let lease = stack.wait_for_lease(ANSWER).ok_or("no DHCP lease from QEMU's network")?;
    let router = lease.router.ok_or("the DHCP lease names no gateway")?;
    report.address = lease.address.to_string();
    report.gateway = router.to_string();
    for sequence in 1..=4 {
        let trip = stack
            .ping(router, sequence, ANSWER)
            .ok_or_else(|| format!("ping {sequence} of {router}: no answer"))?;
        report.ping_us = u64::try_from(trip.as_micros()).unwrap_or(u64::MAX);
    }
    Ok(())
}

fn start(stack: &Stack, direction: Direction, total: u64, seed: u64) -> Result<Both, String> {
    let server =
        Server::start(direction, total, seed).map_err(|error| format!("a server on loopback: {error}"))?;
    let gateway = smoltcp::wire::Ipv4Address::new(10, 0, 2, 2);
    let transfer =
        stack.connect((gateway, server.port), |handle| Transfer::new(handle, direction, total, seed))?;
    Ok(Both { transfer, server })
}

fn transfer(
    system: &Rc<System>,
    adapter: &Rc<Adapter>,
    stack: &Stack,
    options: &Options,
    progress: &Progress,
    report: &mut Report,
) -> Result<(), String> {
    let total = options.mib << 20;
    let (bar_down, bar_up) = (progress.bytes("received", total), progress.bytes("sent", total));
    let bar_pauses = progress.count("pauses", options.pauses);
    let began = world().clock.now();
    let down = start(stack, Direction::Down, total, SEEDS[0])?;
    let up = start(stack, Direction::Up, total, SEEDS[1])?;
    let mut ended: [Option<Time>; 2] = [None, None];
    let deadline = began.after(TRANSFER);
    let (mut pauses, mut relinked, mut reset, mut restarted_at) = (0, false, false, 0);
    loop {
        let now = world().clock.now();
        let moved = down.transfer.done() + up.transfer.done();
        bar_down.set_position(down.transfer.done());
        bar_up.set_position(up.transfer.done());
        for (end, both) in ended.iter_mut().zip([&down, &up]) {
            if both.transfer.is_over() && both.server.is_over() {
                end.get_or_insert(now);
            }
        }
        // Each pause meets traffic: so much has moved since the restart before it that either direction
        // alone carries all of them.
        let flowing = moved - restarted_at >= total / (options.pauses + 2);
        if pauses < options.pauses && flowing {
            pause_and_restart(adapter, &stack.port, pauses)?;
            pauses += 1;
            restarted_at = down.transfer.done() + up.transfer.done();
            bar_pauses.set_position(pauses);
        } else if !relinked && moved >= total / 3 {
            flap(system, adapter)?;
            relinked = true;
        } else if !reset && moved >= total * 2 / 3 {
            let status = world().ndis.reset(adapter);
            if status != c::NDIS_STATUS_SUCCESS {
                return Err(format!("the reset ended with {status:#010x}"));
            }
            reset = true;
        } else if ended.iter().all(Option::is_some) {
            break;
        } else if now > deadline {
            return Err(format!(
                "the transfer took more than {TRANSFER:?}: {} received, {} sent",
                down.transfer.done(),
                up.transfer.done()
            ));
        } else {
            world().sched.sleep(Duration::from_millis(2));
        }
        world().ndis.check_sends(adapter);
    }
    if pauses < options.pauses {
        return Err(format!(
            "only {pauses} of {} pauses met traffic: transfer more than {} MiB",
            options.pauses, options.mib
        ));
    }
    bar_down.finish_and_clear();
    bar_up.finish_and_clear();
    bar_pauses.finish_and_clear();
    let seconds = |end: Option<Time>| end.map_or(0.0, |end| end.since(began).as_secs_f64());
    report.down = verify(down, total, "received", seconds(ended[0]))?;
    report.up = verify(up, total, "sent", seconds(ended[1]))?;
    Ok(())
}

/// Both ends must have seen the same bytes, all of them.
fn verify(both: Both, total: u64, what: &str, seconds: f64) -> Result<Traffic, String> {
    let server = both.server.result().map_err(|error| format!("{what}: the server's connection: {error}"))?;
    let ours = both
        .transfer
        .result()
        .ok_or_else(|| format!("{what}: the connection broke after {} bytes", both.transfer.done()))?;
    if ours != server || ours.bytes != total {
        return Err(format!(
            "{what}: {} and {} bytes of {total}, hashes {} and {}",
            ours.bytes,
            server.bytes,
            hex(&ours),
            hex(&server)
        ));
    }
    Ok(Traffic { bytes: total, seconds, sha256: hex(&ours) })
}

fn hex(digest: &Digested) -> String {
    digest.hash.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Every other pause finds receives held back by the protocol: it must wait for them.
fn pause_and_restart(adapter: &Rc<Adapter>, port: &Rc<Port>, number: u64) -> Result<(), String> {
    let world = world();
    if number % 2 == 1 {
        port.hold.set(Hold::Everything);
        let until = world.clock.now().after(TO_HOLD);
        world.sched.block("a receive to hold back", Some(until), &|| port.held() > 0);
        let (port, adapter) = (Rc::clone(port), Rc::clone(adapter));
        world.sched.spawn("returner", 1, move || {
            crate::world::world().sched.sleep(HELD);
            port.hold.set(Hold::Nothing);
            port.release(&adapter, usize::MAX);
        });
    }
    let reason = REASONS.get(number as usize % REASONS.len()).copied().unwrap_or(1);
    world.ndis.pause(adapter, reason);
    world.sched.block("the returner", None, &|| port.hold.get() == Hold::Nothing && port.held() == 0);
    world.ndis.restart(adapter).map_err(|status| format!("restart {number} returned {status:#010x}"))
}

fn flap(system: &Rc<System>, adapter: &Rc<Adapter>) -> Result<(), String> {
    system.set_link(0, false).map_err(|error| error.to_string())?;
    wait_for_link(adapter, false)?;
    world().sched.sleep(LINK_DOWN);
    system.set_link(0, true).map_err(|error| error.to_string())?;
    wait_for_link(adapter, true)
}

/// With nothing out, a pause is done at once.
fn idle_pause(adapter: &Rc<Adapter>) -> Result<(), String> {
    let world = world();
    let until = world.clock.now().after(ANSWER);
    // What QEMU's network still sends after the connections are closed has to settle.
    let quiet = world.sched.block("outstanding sends", Some(until), &|| adapter.is_quiet());
    if !quiet {
        return Err(format!("NBLs are out long after the traffic ended: {:?}", adapter.outstanding()));
    }
    world.ndis.pause(adapter, 1);
    world.ndis.restart(adapter).map_err(|status| format!("the last restart returned {status:#010x}"))
}

/// What the adapter says of itself at the end.
pub(super) fn describe(adapter: &Rc<Adapter>, report: &mut Report) {
    let general = adapter.general.borrow().clone().unwrap_or_default();
    let link = adapter.link.get();
    report.mac = general.mac.map(|byte| format!("{byte:02x}")).join(":");
    report.link_mbps = link.speed / 1_000_000;
    report.full_duplex = link.duplex == 2;
    report.interrupts_by = match adapter.device.granted_messages() {
        0 => "line".into(),
        count => format!("{count} MSI-X messages"),
    };
    report.frames_out = statistic(adapter, c::OID_GEN_XMIT_OK);
    report.frames_in = statistic(adapter, c::OID_GEN_RCV_OK);
}

fn statistic(adapter: &Rc<Adapter>, oid: u32) -> u64 {
    let answer = world().ndis.query(adapter, oid, 8);
    answer.data.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}
