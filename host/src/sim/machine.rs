//! A plan's machine: made, run to its end, taken apart.

use super::{
    lane::Lane,
    plan::{Act, Machine, Plan, Setting},
};
use crate::{
    bus::Bdf,
    device::{
        Ram,
        i82574::{Config, I82574},
    },
    dma::Session,
    nt::plug::State,
    pnp::Value,
    random::Random,
    sched::{StackUse, Trace},
    system::{self, InProcess, Setup, System},
    verify::End,
    world::{Hardware, Source, World, world},
};
use std::{cell::RefCell, path::PathBuf, rc::Rc, sync::Arc, time::Duration};

/// Windows 7 with NDIS 6.20, and Windows 10 with 6.85.
const WINDOWS: [((u32, u32, u32), u32); 2] = [((6, 1, 7601), 0x0006_0014), ((10, 0, 19045), 0x0006_0055)];
/// The slot of the first NIC.
const FIRST_SLOT: u8 = 2;
/// Between the registers of two NICs.
const APART: u64 = 0x10_0000;
/// Events after which a simulation is taken not to end: a hundred times what most have.
const EVENTS: u64 = 3_000_000;
/// A link negotiates faster than a real one, so that more happens with it.
const NEGOTIATION: Duration = Duration::from_millis(2);
/// Register accesses until the driver misses a device that has gone: OID requests make many in the seconds between two
/// checks for a hang.
const PATIENCE: u64 = 200_000;
/// Bytes that each client of a QuickData channel copies.
const COPIES: u64 = 24 << 10;
/// Between two looks at whether everything is over.
const LOOK: Duration = Duration::from_millis(1);

/// What is run, and on which image.
#[derive(Clone, Debug)]
pub struct Driver {
    /// The INF of class Net.
    pub inf: PathBuf,
    /// The INF of class System.
    pub dma_inf: PathBuf,
    /// The image, if it is not beside the INF.
    pub image: Option<PathBuf>,
}

/// What came of a plan.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Events, hash, virtual time.
    pub trace: Trace,
    /// How often each rule was watched.
    pub coverage: Vec<u64>,
    /// What the driver used of its stacks.
    pub stack: StackUse,
    /// What ended the run, if it did not come to its own end.
    pub end: Option<End>,
    /// Calls that might have failed.
    pub fallible: u64,
    /// The imports that failed.
    pub refused: Vec<&'static str>,
    /// Faults of the devices that took effect.
    pub faults: u64,
    /// Register accesses of the first NIC.
    pub accesses: u64,
    /// Frames that arrived, both ways.
    pub frames: u64,
    /// Pauses.
    pub pauses: u64,
    /// The image that ran.
    pub image: PathBuf,
}

/// Who wants to see a world while it runs.
pub trait Watch {
    /// It is made, and nothing has happened yet.
    fn begin(&self, _world: &World) {}
    /// It is over.
    fn end(&self, _world: &World) {}
}

impl Watch for () {}

/// Plays a plan.
///
/// # Errors
/// There is nothing to play it with: no image, an INF that does not fit.
pub fn play(driver: &Driver, plan: &Plan, watch: &dyn Watch) -> Result<Outcome, String> {
    let mut setup = setup(driver, plan);
    let session = match plan.machine.quickdata {
        Some(kind) => {
            let session = Session::new(&mut setup, &[kind], plan.seed).map_err(|error| error.to_string())?;
            Some(Rc::new(session))
        }
        None => None,
    };
    // A session has made it.
    let ram = setup.ram.clone().map_or_else(system::memory, Ok).map_err(|error| error.to_string())?;
    setup.ram = Some(Arc::clone(&ram));
    let models = models(plan, &ram)?;
    let mut functions: Vec<InProcess> =
        models.iter().map(|(config, model)| function(config, model)).collect();
    functions.extend(session.iter().flat_map(|session| session.in_process()));
    let system = System::boot_with(&setup, &functions).map_err(|error| error.to_string())?;
    system.world.sched.limit(EVENTS);
    watch.begin(&system.world);
    let lanes = Rc::new(RefCell::new(Vec::new()));
    let (lanes_of_run, plan_of_run) = (Rc::clone(&lanes), plan.clone());
    let models_of_run: Vec<Rc<I82574>> = models.iter().map(|(_, model)| Rc::clone(model)).collect();
    let ended = system.run(move |system| {
        let lane = |(number, model)| Lane::new(number, system, model, plan_of_run.sends_in_order(number));
        let made: Vec<Rc<Lane>> = models_of_run.iter().enumerate().filter_map(lane).collect();
        lanes_of_run.borrow_mut().clone_from(&made);
        live(system, &made, session.as_ref(), &plan_of_run);
    });
    watch.end(&system.world);
    let world = &system.world;
    let lanes = lanes.take();
    let outcome = Outcome {
        trace: world.trace().unwrap_or_default(),
        coverage: world.verify.coverage(),
        stack: world.sched.stack_use(),
        end: ended.err(),
        fallible: world.refusals.calls(),
        refused: world.refusals.refused(),
        faults: models.iter().map(|(_, model)| model.counters().faults).sum(),
        accesses: models.first().map_or(0, |(_, model)| {
            let (reads, writes) = model.accesses();
            reads + writes
        }),
        frames: lanes.iter().map(|lane| lane.arrived().0 + lane.arrived().1).sum(),
        pauses: lanes.iter().map(|lane| lane.pauses.get()).sum(),
        image: system.image().clone(),
    };
    Ok(outcome)
}

fn setup(driver: &Driver, plan: &Plan) -> Setup {
    let machine = &plan.machine;
    let (windows, ndis_version) = if machine.windows_7 { WINDOWS[0] } else { WINDOWS[1] };
    Setup {
        dma_inf: machine.quickdata.is_some().then(|| driver.dma_inf.clone()),
        nics: false,
        image: driver.image.clone(),
        cpus: machine.cpus,
        messages: Some(machine.messages),
        windows,
        ndis_version,
        seed: Some(plan.seed),
        special_pool: machine.special_pool,
        ..Setup::new(&driver.inf)
    }
}

/// The NICs that anything happens to, and always the first one.
fn models(plan: &Plan, ram: &Arc<Ram>) -> Result<Vec<(Config, Rc<I82574>)>, String> {
    let Machine { interrupts, pace, adapters, .. } = plan.machine;
    let used =
        (0..adapters).filter(|&adapter| adapter == 0 || plan.of(adapter).next().is_some()).max().unwrap_or(0);
    let model = |number: u8| {
        let mut config = Config { interrupts, descriptors: pace, frames: pace, ..Config::default() };
        config.seed = plan.seed ^ u64::from(number);
        config.delays.negotiation = NEGOTIATION;
        config.patience = PATIENCE;
        config.at = Bdf::new(0, FIRST_SLOT + number, 0);
        config.address += APART * u64::from(number);
        config.mac[5] = config.mac[5].wrapping_add(number);
        let model = I82574::new(config.clone(), Arc::clone(ram))?;
        Ok((config, model))
    };
    (0..=used as u8).map(model).collect()
}

fn function(config: &Config, model: &Rc<I82574>) -> InProcess {
    let hardware = Rc::clone(model) as Rc<dyn Hardware>;
    InProcess::new(config.at, hardware).with_source(Rc::clone(model) as Rc<dyn Source>)
}

/// From the driver's load to its unload.
fn live(system: &Rc<System>, lanes: &[Rc<Lane>], session: Option<&Rc<Session>>, plan: &Plan) {
    let policy = &world().ndis.sg_policy;
    policy.late_every.set(plan.machine.lists.0);
    policy.elsewhere_every.set(plan.machine.lists.1);
    let mut left: Vec<Vec<Act>> = Vec::new();
    for lane in lanes {
        let mut acts: Vec<Act> = plan.of(lane.number).cloned().collect();
        for act in &acts {
            lane.prepare(&act.what);
        }
        let early = acts.iter().take_while(|act| act.what.is_early()).count();
        for act in acts.drain(..early) {
            lane.harm(&act.what);
        }
        left.push(acts);
    }
    if let Err(error) = system.load() {
        if !plan.refuses() {
            world().fail(format!("the driver does not load: {error}"));
        }
        world().refusals.relent();
        if let Err(error) = system.load() {
            world().fail(format!("the driver does not load after a failure: {error}"));
        }
    }
    for lane in lanes {
        if let Err(why) = lane.up() {
            if !plan.is_harmful() {
                lane.fail(&format!("it does not come up: {why}"));
            }
            lane.down_after(&why);
        }
    }
    if let Some(session) = session {
        start(system, session, plan);
    }
    // Where one thing after the other fails, most of the time would go into copies.
    let copies = session
        .filter(|_| !plan.alone)
        .map(|session| session.begin(COPIES).unwrap_or_else(|error| world().fail(error)));
    for (lane, acts) in lanes.iter().zip(left) {
        let (lane, seed) = (Rc::clone(lane), plan.seed);
        lane.workers.set(lane.workers.get() + 1);
        world().sched.spawn("a plan", lane.number, move || {
            for act in &acts {
                let random = &mut Random::new(seed ^ (act.number as u64) << 32);
                lane.harm(&act.what);
                lane.play(act, random);
            }
            lane.stop.set(true);
            lane.workers.set(lane.workers.get() - 1);
        });
    }
    while lanes.iter().any(|lane| lane.workers.get() > 0) {
        world().sched.sleep(LOOK);
    }
    if let Some(work) = copies {
        let _rows = work.finish(&|_| ());
    }
    if !plan.alone {
        world().refusals.relent();
    }
    for lane in lanes {
        lane.heal();
    }
    for lane in lanes {
        lane.recover();
    }
    if let Some(session) = session {
        session.end(system);
    }
    for lane in lanes {
        lane.end(plan.loses_nothing(lane.number));
    }
    system.unload();
}

/// Starts the QuickData function; if something fails, once more without.
fn start(system: &Rc<System>, session: &Rc<Session>, plan: &Plan) {
    let mut started = session.start(system);
    if started.is_err() && plan.refuses() {
        world().refusals.relent();
        for node in system.functions.iter().filter(|node| node.plug.state() == State::Started) {
            node.plug.remove();
        }
        started = session.start(system);
    }
    // What fails later cannot be told from what a client may expect.
    world().refusals.relent();
    if let Err(error) = started {
        world().fail(error);
    }
}

impl Setting {
    /// Writes it to a driver's key.
    pub(super) fn write(&self, key: &str, name: &str) {
        let mut registry = world().registry.borrow_mut();
        let key = registry.create(key);
        match self {
            Self::Absent => {
                key.delete_value(name);
            }
            Self::Text(text) => key.set(name, Value::sz(*text)),
            Self::Dword(value) => key.set(name, Value::Dword(*value)),
            Self::Value(kind, data) => key.set(name, Value::from_bytes(*kind, data)),
            Self::Binary(len) => key.set(name, Value::Binary(vec![0x31; (*len).into()])),
        }
    }
}
