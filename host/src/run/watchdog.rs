//! A driver that spins on plain memory never comes back to the scheduler: nobody but another thread can tell.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// How often it looks.
const PERIOD: Duration = Duration::from_secs(1);
/// Looks without progress after which the driver is taken to spin.
const PATIENCE: u32 = 20;

/// Watches a world's progress until the world is gone, and ends the process if there is none.
pub(crate) fn start(progress: &Arc<AtomicU64>) {
    let progress = Arc::downgrade(progress);
    let watch = move || watch(&progress);
    // Without a watchdog a run is as good, unless the driver spins.
    let _ = std::thread::Builder::new().name("watchdog".into()).spawn(watch);
}

fn watch(progress: &Weak<AtomicU64>) {
    let (mut seen, mut still) = (0, 0);
    while let Some(now) = progress.upgrade().map(|progress| progress.load(Ordering::Relaxed)) {
        still = if now == seen { still + 1 } else { 0 };
        seen = now;
        if still > PATIENCE {
            eprintln!(
                "ferrite-host: the driver has called nothing and touched no register for {PATIENCE} s: it spins"
            );
            std::process::exit(1);
        }
        std::thread::sleep(PERIOD);
    }
}
