//! The main job: a driver from its INF to its unload, with real traffic in between.

mod options;
mod progress;
mod report;
mod scenario;
mod tap;
pub(crate) mod watchdog;

pub use options::Options;
pub use report::{Report, Traffic};

use crate::{
    device::qemu,
    dma,
    system::{Setup, System, SystemError},
    verify::{End, coverage::Coverage},
};
pub(crate) use progress::Progress;
use std::{cell::RefCell, rc::Rc};

/// Of the choices of NetDMA's clients.
const SEED: u64 = 1;

/// Why a run did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Nothing could be run.
    #[error(transparent)]
    System(#[from] SystemError),
    /// The run ended before its time.
    #[error("{0}")]
    Ended(End),
    /// Something that should have worked did not.
    #[error("{0}")]
    Failed(String),
}

impl RunError {
    /// The error as a machine reads it: its text, and of a broken rule everything that is known.
    #[must_use]
    pub fn as_json(&self) -> serde_json::Value {
        let violation = match self {
            Self::Ended(End::Violation(violation)) => serde_json::to_value(violation).unwrap_or_default(),
            _ => serde_json::Value::Null,
        };
        serde_json::json!({ "error": self.to_string().trim_end(), "violation": violation })
    }
}

/// Runs it.
///
/// # Errors
/// The first thing that went wrong.
pub fn run(options: &Options) -> Result<Report, RunError> {
    let progress = Rc::new(Progress::new(!options.quiet));
    progress.stage("starting QEMU and matching the INF");
    let mut setup = setup(options);
    let session = match &options.dma_inf {
        Some(_) => Some(dma::Session::new(&mut setup, &dma::Kind::usual(), SEED)?),
        None => None,
    };
    let functions = session.as_ref().map_or_else(Vec::new, dma::Session::in_process);
    let system = System::boot_with(&setup, &functions)?;
    for warning in &system.warnings {
        progress.note(warning);
    }
    let outcome: Rc<RefCell<Result<Report, String>>> =
        Rc::new(RefCell::new(Err("the run did not get to its end".into())));
    let (result, options, shown) = (Rc::clone(&outcome), options.clone(), Rc::clone(&progress));
    watchdog::start(&system.world.sched.progress);
    let ended = system.run(move |system| {
        let report = if options.tap.is_some() {
            tap::bridge(system, &options, &shown)
        } else {
            scenario::play(system, session.as_ref(), &options, &shown)
        };
        *result.borrow_mut() = report;
    });
    progress.finish();
    Coverage::new("run", &system.world.verify.coverage()).keep();
    ended.map_err(RunError::Ended)?;
    outcome.replace(Err(String::new())).map_err(RunError::Failed)
}

fn setup(options: &Options) -> Setup {
    let mut setup = Setup::new(&options.inf);
    setup.dma_inf.clone_from(&options.dma_inf);
    setup.image.clone_from(&options.image);
    setup.cpus = options.cpus;
    setup.messages = options.line_interrupt.then_some(0);
    setup.debug_output = options.debug_output;
    setup.keywords.clone_from(&options.keywords);
    setup.machine.program.clone_from(&options.qemu);
    let nic = qemu::Nic {
        network: qemu::Network::User { restrict: false, forward: Vec::new() },
        pcap: options.pcap.clone(),
        ..qemu::Nic::default()
    };
    setup.machine.nics = vec![nic];
    setup
}
