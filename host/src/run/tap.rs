//! A Linux interface above the driver: what is sent to it goes out through the driver, and back.

use super::{Options, Report, progress::Progress, scenario};
use crate::{
    net::{Port, tap::Tap},
    system::System,
    world::world,
};
use std::{
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// Frames that go down in one chain.
const BATCH: usize = 32;

/// Carries the interface's traffic until the user or the time ends it.
pub(super) fn bridge(system: &Rc<System>, options: &Options, progress: &Progress) -> Result<Report, String> {
    let world = world();
    let began = world.clock.now();
    let name = options.tap.clone().unwrap_or_default();
    let node = system.nodes.first().cloned().ok_or("the machine has no NIC")?;
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))
        .map_err(|error| format!("Ctrl-C: {error}"))?;
    progress.stage("loading the driver and initializing the adapter");
    system.load().map_err(|error| error.to_string())?;
    let adapter = system.add(&node).map_err(|error| error.to_string())?;
    let mac = adapter.general.borrow().as_ref().map_or([0; 6], |general| general.mac);
    let tap = Tap::open(&name, mac).map_err(|error| format!("interface {name}: {error}"))?;
    let tap = Rc::new(tap);
    world.add_source(Rc::clone(&tap) as Rc<dyn crate::world::Source>);
    let port = Port::new();
    let protocol = Rc::clone(&port) as Rc<dyn crate::ndis::protocol::Protocol>;
    system.start(&adapter, protocol, scenario::FILTER).map_err(|error| error.to_string())?;
    scenario::wait_for_link(&adapter, true)?;
    system.watch_for_hang(&adapter);
    progress.stage(&format!("carrying the traffic of {name}; end with Ctrl-C"));
    progress.note(&format!("for example: ip addr add 10.0.2.15/24 dev {name}; ping 10.0.2.2"));
    let until = options.seconds.map(|seconds| began.after(Duration::from_secs(seconds)));
    while !interrupted.load(Ordering::Relaxed) && until.is_none_or(|until| world.clock.now() < until) {
        let mut moved = false;
        while let Some(frame) = port.take() {
            tap.write(&frame);
            moved = true;
        }
        let frames: Vec<Vec<u8>> = if port.has_room() { tap.take(BATCH) } else { Vec::new() };
        if !frames.is_empty() {
            let refs: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
            port.send(&adapter, &refs);
            moved = true;
        }
        if !moved {
            let longest = world.clock.now().after(Duration::from_millis(50));
            let there = || !port.received.borrow().is_empty() || (port.has_room() && tap.has_frames());
            world.sched.block("frames", Some(longest), &there);
        }
        world.ndis.check_sends(&adapter);
    }
    progress.stage("halting and unloading");
    let mut report =
        Report { adapter: node.description.clone(), matched: node.id.clone(), ..Report::default() };
    scenario::describe(&adapter, &mut report);
    report.link_changes = adapter.link_changes.get();
    system.remove(&node);
    report.counts = adapter.counts();
    (report.register_reads, report.register_writes) = adapter.device.hardware.accesses();
    system.unload();
    report.stack = world.sched.stack_use();
    report.leaks = world.mem.drivers_blocks().len() as u64;
    report.seconds = world.clock.now().since(began).as_secs_f64();
    Ok(report)
}
