//! NetDMA's clients: copies through every channel of every provider, and the command that runs them.

mod checks;
pub mod copies;
mod counts;
pub mod memory;
mod options;
mod report;
mod reports;
mod session;
mod verdict;
pub mod workload;

pub use counts::Counts;
pub use options::{Kind, Options};
pub use report::{Report, Row};
pub use session::{Session, Work};
pub use workload::LONGEST;

use crate::{
    run::{Progress, RunError, watchdog},
    system::{Setup, System},
    verify::End,
    verify::coverage::Coverage,
    world::world,
};
use std::{cell::RefCell, rc::Rc};

/// Runs it.
///
/// # Errors
/// The first thing that went wrong, with the seed that repeats its choices.
pub fn run(options: &Options) -> Result<Report, RunError> {
    let progress = Rc::new(Progress::new(!options.quiet));
    let (mut setup, kinds) = (setup(options), kinds(options));
    let session = Session::new(&mut setup, &kinds, options.seed)?;
    progress.stage(if options.no_nic { "matching the INF" } else { "starting QEMU and matching the INFs" });
    let system = System::boot_with(&setup, &session.in_process())?;
    for warning in &system.warnings {
        progress.note(warning);
    }
    let outcome: Rc<RefCell<Result<Report, String>>> =
        Rc::new(RefCell::new(Err("the run did not get to its end".into())));
    let (result, shown, options) = (Rc::clone(&outcome), Rc::clone(&progress), options.clone());
    let repeat = format!("--seed {}{}", options.seed, if options.sim { " --sim" } else { "" });
    watchdog::start(&system.world.sched.progress);
    let ended = system.run(move |system| {
        *result.borrow_mut() = play(system, &session, &options, &shown);
    });
    progress.finish();
    Coverage::new(&format!("dma {repeat}"), &system.world.verify.coverage()).keep();
    ended.map_err(|end| RunError::Ended(repeated(end, &repeat)))?;
    let report = outcome.replace(Err(String::new()));
    report.map_err(|error| RunError::Failed(format!("{error}\n  to repeat: {repeat}")))
}

/// A broken rule with what repeats the run.
fn repeated(mut end: End, repeat: &str) -> End {
    if let End::Violation(violation) = &mut end {
        violation.detail.push_str("; to repeat: ");
        violation.detail.push_str(repeat);
    }
    end
}

fn kinds(options: &Options) -> Vec<Kind> {
    if options.quickdata.is_empty() { Kind::usual() } else { options.quickdata.clone() }
}

fn setup(options: &Options) -> Setup {
    let mut setup = if options.no_nic {
        Setup::without_nics(&options.dma_inf)
    } else {
        Setup { dma_inf: Some(options.dma_inf.clone()), ..Setup::new(&options.inf) }
    };
    setup.image.clone_from(&options.image);
    setup.cpus = options.cpus.into();
    setup.debug_output = options.debug_output;
    setup.seed = options.sim.then_some(options.seed);
    setup.machine.program.clone_from(&options.qemu);
    setup
}

fn play(
    system: &Rc<System>,
    session: &Session,
    options: &Options,
    progress: &Progress,
) -> Result<Report, String> {
    let began = world().clock.now();
    progress.stage("loading the driver and starting its devices");
    system.load().map_err(|error| error.to_string())?;
    let nic = system.nodes.first().cloned();
    if let Some(node) = &nic {
        let adapter = system.add(node).map_err(|error| error.to_string())?;
        let port = crate::net::Port::new();
        system
            .start(&adapter, port as Rc<dyn crate::ndis::protocol::Protocol>, 0)
            .map_err(|error| error.to_string())?;
    }
    session.start(system)?;
    progress.stage("copying through every channel");
    let work = session.begin(options.mib << 20)?;
    let bar = progress.bytes("copied", (options.mib << 20) * work.clients() as u64);
    let providers = work.finish(&|moved| bar.set_position(moved));
    bar.finish_and_clear();
    progress.stage("removing the devices and unloading");
    session.end(system);
    if let Some(node) = &nic {
        system.remove(node);
    }
    system.unload();
    Ok(Report {
        providers,
        alignments: session.alignments(),
        seed: options.seed,
        simulated: world().trace(),
        leaks: world().mem.drivers_blocks().len() as u64,
        violations: 0,
        seconds: world().clock.now().since(began).as_secs_f64(),
    })
}
