//! The providers of a run, and clients on all of their channels at once.

use super::{Row, copies::Alignments, counts::Counts, options::Kind, workload::Client};
use crate::{
    bus::Bdf,
    device::quickdata::Quickdata,
    netdma::Provider,
    system::{self, InProcess, Setup, System, SystemError},
    verify::breach::{Breach, or_end},
    world::{Hardware, Source, world},
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

/// The first slot of a function; QEMU has its own below.
const FIRST_SLOT: u8 = 0x10;
/// Between the registers of two functions.
const APART: u64 = 0x10_0000;
/// How often the clients are looked after.
const LOOK: Duration = Duration::from_millis(5);

/// A function that is played.
struct Played {
    kind: Kind,
    model: Rc<Quickdata>,
}

/// See the module.
pub struct Session {
    functions: Vec<Played>,
    /// The NICs that were asked for a provider.
    asked: usize,
    /// Providers of NICs, which come first.
    nics: Cell<usize>,
    seed: u64,
    alignments: Alignments,
}

/// Clients at work.
pub struct Work {
    engines: Vec<Engine>,
    outcomes: Rc<RefCell<Vec<Outcome>>>,
    clients: usize,
    moved: Rc<Cell<u64>>,
}

/// What came of a client: its provider's number.
struct Outcome {
    engine: usize,
    counts: Counts,
}

/// A provider, and the function behind it.
struct Engine {
    name: String,
    provider: Rc<Provider>,
    model: Option<Rc<Quickdata>>,
    before: (u64, u64),
}

impl Session {
    /// Makes the functions, and what `setup` has to have for them.
    ///
    /// # Errors
    /// There is no memory, or a function is none.
    pub fn new(setup: &mut Setup, kinds: &[Kind], seed: u64) -> Result<Self, SystemError> {
        setup.windows = (6, 1, 7601);
        setup.ndis_version = 0x0006_0014;
        let asked = usize::from(setup.nics);
        if setup.nics {
            setup.keywords.push(("NetDmaCpuEngine".into(), "1".into()));
        }
        let ram = system::memory()?;
        setup.ram = Some(ram.clone());
        let played = |(number, &kind): (u8, &Kind)| {
            let mut config = kind.config(seed);
            config.at = Bdf::new(0, FIRST_SLOT + number, 0);
            config.address += APART * u64::from(number);
            let model = Quickdata::new(config, ram.clone()).map_err(SystemError::Function)?;
            model.allow().or_the_drivers_own();
            Ok(Played { kind, model })
        };
        let functions = (0..).zip(kinds).map(played).collect::<Result<_, SystemError>>()?;
        Ok(Self { functions, asked, nics: Cell::default(), seed, alignments: Alignments::default() })
    }

    /// The functions, for the boot.
    #[must_use]
    pub fn in_process(&self) -> Vec<InProcess> {
        let function = |(number, played): (u8, &Played)| {
            let hardware = Rc::clone(&played.model) as Rc<dyn Hardware>;
            InProcess::new(Bdf::new(0, FIRST_SLOT + number, 0), hardware)
                .with_source(Rc::clone(&played.model) as Rc<dyn Source>)
        };
        (0..).zip(&self.functions).map(function).collect()
    }

    /// Takes the functions' devices through `AddDevice` and start. The driver is loaded, and so is the NIC's device.
    ///
    /// # Errors
    /// The driver refuses one.
    pub fn start(&self, system: &System) -> Result<(), String> {
        self.nics.set(world().netdma.providers().len());
        for (node, played) in system.functions.iter().zip(&self.functions) {
            let name = played.kind.name();
            let failed = |what: &str, status| format!("QuickData {name}: {what}: {status:#010x}");
            node.plug.add().map_err(|status| failed("AddDevice", status))?;
            node.plug.start().map_err(|status| failed("IRP_MN_START_DEVICE", status))?;
        }
        let there = world().netdma.providers().len();
        let wanted = self.functions.len() + self.nics.get();
        if there == wanted && self.nics.get() >= self.asked {
            return Ok(());
        }
        let wanted = self.functions.len() + self.asked;
        Err(format!("the driver registered {there} NetDMA providers instead of {wanted}"))
    }

    /// Puts a client on every channel.
    ///
    /// # Errors
    /// A channel is not to be had.
    pub fn begin(&self, bytes: u64) -> Result<Work, String> {
        let cpus = world().cpus().len();
        let providers = world().netdma.providers();
        let mut engines = Vec::new();
        for (number, provider) in providers.into_iter().enumerate() {
            let played = match number.checked_sub(self.nics.get()) {
                Some(number) => self.functions.get(number),
                None => None,
            };
            let name = played.map_or("CPU".into(), |played| format!("QuickData {}", played.kind.name()));
            let model = played.map(|played| Rc::clone(&played.model));
            let before = model.as_ref().map_or((0, 0), |model| model.accesses());
            engines.push(Engine { name, provider, model, before });
        }
        let work = Work { engines, outcomes: Rc::default(), clients: 0, moved: Rc::default() };
        let mut clients = Vec::new();
        for (number, engine) in work.engines.iter().enumerate() {
            for channel in 0..engine.provider.offer.get().0 as usize {
                let cpu = (number + channel) % cpus;
                let seed = self.seed << 16 | (number as u64) << 8 | channel as u64;
                let client =
                    Client::new(&engine.provider, engine.model.as_ref(), cpu, seed, &self.alignments)
                        .map_err(|error| format!("{}, channel {channel}: {error}", engine.name))?;
                clients.push((number, channel, cpu, client));
            }
        }
        let count = clients.len();
        for (engine, channel, cpu, client) in clients {
            let (outcomes, moved) = (Rc::clone(&work.outcomes), Rc::clone(&work.moved));
            let name = work.engines.get(engine).map_or(String::new(), |engine| engine.name.clone());
            world().sched.spawn("NetDMA client", cpu, move || {
                let progress = |bytes| moved.set(moved.get() + bytes);
                let result = client.work(bytes, &progress);
                let counts = or_end(result.map_err(|breach| {
                    let detail = format!("{name}, channel {channel}: {}", breach.detail);
                    Breach::new(breach.rule, detail)
                }));
                outcomes.borrow_mut().push(Outcome { engine, counts });
            });
        }
        Ok(Work { clients: count, ..work })
    }

    /// Pairs of alignments that were copied, of 4096.
    #[must_use]
    pub fn alignments(&self) -> u64 {
        self.alignments.seen()
    }

    /// Takes the functions' devices away.
    pub fn end(&self, system: &System) {
        for (node, played) in system.functions.iter().zip(&self.functions) {
            node.plug.remove();
            played.model.check_removed();
        }
    }
}

impl Work {
    /// Bytes that were moved, roughly.
    #[must_use]
    pub fn moved(&self) -> u64 {
        self.moved.get()
    }

    /// Clients.
    #[must_use]
    pub const fn clients(&self) -> usize {
        self.clients
    }

    /// Whether every client has ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.outcomes.borrow().len() == self.clients
    }

    /// Waits for all clients: a row for each provider. What goes wrong with one ends the run.
    #[must_use]
    pub fn finish(self, look: &dyn Fn(u64)) -> Vec<Row> {
        while !self.is_over() {
            world().sched.sleep(LOOK);
            look(self.moved());
        }
        let mut rows: Vec<Row> = self.engines.iter().map(Engine::row).collect();
        for outcome in self.outcomes.take() {
            if let Some(row) = rows.get_mut(outcome.engine) {
                row.counts.add(&outcome.counts);
            }
        }
        rows
    }
}

impl Engine {
    fn row(&self) -> Row {
        let (reads, writes) = self.model.as_ref().map_or((0, 0), |model| model.accesses());
        let (major, minor) = self.provider.version;
        Row {
            provider: self.name.clone(),
            netdma: format!("{major}.{minor}"),
            channels: self.provider.offer.get().0,
            counts: Counts::default(),
            register_reads: reads - self.before.0,
            register_writes: writes - self.before.1,
        }
    }
}
