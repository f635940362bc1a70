//! The kernel as a driver sees it: what ntoskrnl.exe and hal.dll export.
//!
//! One folder or file a family of functions, each with a table of imports; this file holds the state
//! of all of them in one world.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "C's integer conversions at the binary interface"
)]
#![allow(clippy::doc_markdown, reason = "Microsoft's names stand as they are")]
#![allow(clippy::must_use_candidate, reason = "what the kernel's functions answer may be ignored")]

mod crt;
mod debug;
mod etw;
pub mod exec;
pub mod handles;
pub mod imports;
pub mod io;
pub mod layout;
mod lists;
pub mod memory;
pub mod nodes;
pub mod objects;
mod platform;
pub mod plug;
mod registry;
mod rtl;
mod security;
pub mod status;
pub mod sync;
#[cfg(test)]
mod tests;
mod thunks;
mod unload;
mod variables;
mod versions;

pub use debug::Debug;
pub use platform::{Platform, Vector};
pub use versions::has;

use std::{cell::RefCell, rc::Rc};

/// The kernel's state in one world.
#[derive(Default)]
pub struct Nt {
    /// Spin locks that are held.
    pub locks: sync::locks::Locks,
    /// Waits in progress.
    pub dispatcher: sync::dispatcher::Dispatcher,
    regions: sync::mutex::Regions,
    resources: sync::resource::Resources,
    named: sync::named::Named,
    /// KDPC objects.
    pub dpcs: exec::dpc::Dpcs,
    /// KTIMER objects.
    pub timers: exec::timer::KernelTimers,
    ext_timers: exec::ext_timer::ExtTimers,
    /// Work items and the threads that run them.
    pub work: exec::work::Work,
    threads: exec::thread::Threads,
    processors: exec::processor::Processors,
    /// Callback objects.
    pub callbacks: exec::callback::Callbacks,
    boot: exec::time::Boot,
    /// Open handles.
    pub handles: handles::Handles,
    /// Objects whose references are counted.
    pub objects: objects::Objects,
    pool: memory::pool::Pool,
    lookaside: memory::lookaside::Lookaside,
    mdls: memory::mdl::Mdls,
    io_space: memory::io_space::IoSpace,
    /// Device objects, drivers, names.
    pub devices: io::device::Devices,
    drivers: io::driver::Drivers,
    /// IRPs on their way.
    pub irps: io::irp::Irps,
    power: io::power::Power,
    interrupts: io::interrupt::Interrupts,
    dma: io::dma::Dma,
    links: io::link::Links,
    /// Entries that the driver wrote to the event log.
    pub error_log: io::error_log::ErrorLog,
    /// What the driver said with DbgPrint.
    pub debug: debug::Debug,
    /// Trace providers.
    pub etw: etw::Etw,
    random: rtl::random::Random,
    thunks: thunks::Thunks,
    variables: variables::Variables,
    platform: RefCell<Option<Rc<dyn Platform>>>,
    /// Device nodes.
    pub nodes: nodes::NodeObjects,
}

impl Nt {
    /// Gives the kernel another machine than the device nodes.
    pub fn set_platform(&self, platform: Rc<dyn Platform>) {
        self.platform.replace(Some(platform));
    }

    /// The machine.
    #[must_use]
    pub fn platform(&self) -> Rc<dyn Platform> {
        let mut platform = self.platform.borrow_mut();
        Rc::clone(platform.get_or_insert_with(|| Rc::new(nodes::Nodes::default())))
    }

    /// The address under which the driver may call a function of the host through a pointer.
    #[must_use]
    pub fn entry(&self, target: u64) -> u64 {
        self.thunks.entry(target)
    }
}
