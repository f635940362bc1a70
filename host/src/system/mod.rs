//! A whole machine with Windows around it: QEMU, its functions and those of this process, their INFs, a driver.
//!
//! ```text
//! System::boot   QEMU starts, functions are placed, the INFs are matched, the registry is filled
//! system.run     a thread of the world runs; inside it:
//!   load         the image is bound, DriverEntry runs
//!   add, start   AddDevice, StartDevice, InitializeEx, binding, Restart
//!   stop, remove Pause, HaltEx, RemoveDevice
//!   unload       DriverUnload, and nothing may be left
//! ```
//!
//! A node of class System is taken through its life by its [`DeviceNode`](crate::nt::plug::DeviceNode).

mod driver;
mod error;
mod in_process;
mod node;

use crate::{
    bus::{self, Bdf, PciFunction},
    device::{Backend, Ram, qemu},
    function::Board,
    mem::Region,
    netdma::Interface,
    pnp::{self, DeviceIds, Inf, Package, Target},
    verify::End,
    world::{Config as WorldConfig, World},
};
pub use error::SystemError;
pub use in_process::InProcess;
use node::Installed;
pub use node::Node;
use std::{
    path::{Path, PathBuf},
    rc::Rc,
    sync::Arc,
};

/// Bytes of RAM below 4 GiB.
const LOW: u64 = 512 << 20;
/// Bytes of RAM above it: files and pages take room only when they are used.
const HIGH: u64 = 256 << 20;

/// What a system is made of.
#[derive(Clone)]
pub struct Setup {
    /// The INF of class Net; the image is where it says.
    pub inf: PathBuf,
    /// The INF of class System, for functions in this process; it has to install the same service.
    pub dma_inf: Option<PathBuf>,
    /// Start QEMU, with its NICs. Without, all functions are those of this process.
    pub nics: bool,
    /// The image, if it is not beside the INF.
    pub image: Option<PathBuf>,
    /// The machine.
    pub machine: qemu::Config,
    /// Virtual CPUs.
    pub cpus: usize,
    /// Message interrupts that the system grants at most; `Some(0)` means a line interrupt.
    pub messages: Option<usize>,
    /// The Windows that is played.
    pub windows: (u32, u32, u32),
    /// The NDIS version that it reports, major in the high half.
    pub ndis_version: u32,
    /// The NetDMA that Windows has; `None` for what that Windows came with.
    pub netdma: Option<Interface>,
    /// The machine's memory, from [`memory`]; made at the start if there is none.
    pub ram: Option<Arc<Ram>>,
    /// A simulation with this seed: only without QEMU.
    pub seed: Option<u64>,
    /// Values written to the driver key before the driver starts, as text.
    pub keywords: Vec<(String, String)>,
    /// Print what the driver says.
    pub debug_output: bool,
    /// Memory is special pool, see [`special`](crate::mem::special).
    pub special_pool: bool,
}

impl Setup {
    /// Two CPUs, Windows 10, one NIC on a wire that the caller holds.
    #[must_use]
    pub fn new(inf: impl Into<PathBuf>) -> Self {
        Self {
            inf: inf.into(),
            dma_inf: None,
            nics: true,
            image: None,
            machine: qemu::Config::default(),
            cpus: 2,
            messages: None,
            windows: (10, 0, 19045),
            ndis_version: 0x0006_0055,
            netdma: None,
            ram: None,
            seed: None,
            keywords: Vec::new(),
            debug_output: false,
            special_pool: false,
        }
    }

    /// The same machine without QEMU: only functions in this process, served by an INF of class System.
    #[must_use]
    pub fn without_nics(dma_inf: impl Into<PathBuf>) -> Self {
        let dma_inf = dma_inf.into();
        Self { dma_inf: Some(dma_inf.clone()), nics: false, ..Self::new(dma_inf) }
    }
}

/// See the module.
pub struct System {
    /// CPUs, memory, NDIS.
    pub world: Rc<World>,
    /// The machine; none without NICs.
    pub board: Option<Rc<Board<qemu::Machine>>>,
    /// The device nodes of class Net: the machine's NICs, and those of this process behind them.
    pub nodes: Vec<Rc<Node>>,
    /// The device nodes of class System: the other functions of this process, in the order in which they were given.
    pub functions: Vec<Rc<Node>>,
    /// Its warnings.
    pub warnings: Vec<String>,
    image: PathBuf,
    // Behind everything that points into it.
    _ram: Arc<Ram>,
}

/// Memory for a machine, for who has to know it before the machine is started: a device that is played in this process.
///
/// # Errors
/// There is none.
pub fn memory() -> Result<Arc<Ram>, SystemError> {
    Ok(Ram::new(LOW, HIGH)?)
}

impl System {
    /// Starts the machine and binds its functions to the INF.
    ///
    /// # Errors
    /// QEMU does not start, the INF does not fit, the image is not there.
    pub fn boot(setup: &Setup) -> Result<Rc<Self>, SystemError> {
        Self::boot_with(setup, &[])
    }

    /// The same with functions that are played in this process.
    ///
    /// # Errors
    /// The same, for either INF; two functions at one address.
    pub fn boot_with(setup: &Setup, functions: &[InProcess]) -> Result<Rc<Self>, SystemError> {
        let (cards, others): (Vec<InProcess>, Vec<InProcess>) =
            functions.iter().cloned().partition(|function| function.network);
        let nic = setup.nics || !cards.is_empty();
        let net = if nic { Some(load_inf(setup, &setup.inf)?) } else { None };
        let dma = match (&setup.dma_inf, others.first()) {
            (Some(path), _) => Some(load_inf(setup, path)?),
            (None, Some(function)) => return Err(SystemError::NoInf(function.at)),
            (None, None) => None,
        };
        let ram = setup.ram.clone().map_or_else(memory, Ok)?;
        let mut machine = if setup.nics { Some(qemu::Machine::start(&setup.machine, &ram)?) } else { None };
        let mut nics = Vec::new();
        if let (Some(machine), Some(inf)) = (&mut machine, &net) {
            let placed = machine.nics();
            let found = bus::enumerate(machine)?.into_iter().filter(|function| placed.contains(&function.at));
            nics = found.map(|function| matched(inf, function)).collect::<Result<Vec<_>, _>>()?;
        }
        let taken: Vec<Bdf> = nics.iter().map(|(function, ..)| function.at).collect();
        check_addresses(taken, functions)?;
        let packages = packages_of(dma.as_ref(), &others)?;
        let card_packages = packages_of(net.as_ref(), &cards)?;
        let served = nics.iter().map(|(_, package, _)| package).chain(&card_packages);
        check_classes(setup, served.clone(), &packages)?;
        let image = find_image(setup, net.as_ref(), served.clone().next(), dma.as_ref(), packages.first())?;
        let world = World::new(world_config(setup, &ram))?;
        world.netdma.interface.set(setup.netdma);
        let mut nodes = Vec::new();
        let mut board = None;
        if let (Some(machine), Some(inf)) = (machine, &net) {
            let mut windows = machine.windows();
            let made = Board::new(machine);
            for (function, package, ids) in &nics {
                let installed = Installed { inf, package, ids };
                nodes.push(Node::new(&world, &made, &mut windows, function.clone(), &installed, setup)?);
            }
            world.add_source(Rc::clone(&made) as Rc<dyn crate::world::Source>);
            board = Some(made);
        }
        let in_process = |inf: &Option<Inf>, functions: &[InProcess], packages: &[Package]| {
            let mut made = Vec::new();
            for ((function, package), inf) in
                functions.iter().zip(packages).zip(std::iter::repeat(inf).flatten())
            {
                let installed = Installed { inf, package, ids: &function.ids };
                made.push(Node::in_process(&world, function, &installed, setup));
                if let Some(source) = &function.source {
                    world.add_source(Rc::clone(source));
                }
            }
            made
        };
        nodes.extend(in_process(&net, &cards, &card_packages));
        let own = in_process(&dma, &others, &packages);
        let found = [&net, &dma].into_iter().flatten().flat_map(Inf::warnings).map(ToString::to_string);
        let notes = nodes.iter().chain(&own).flat_map(|node: &Rc<Node>| node.notes.clone());
        let warnings = found.chain(notes).collect();
        Ok(Rc::new(Self { world, board, nodes, functions: own, warnings, image, _ram: ram }))
    }

    /// The machine.
    ///
    /// # Panics
    /// The system was set up without NICs: a mistake in the caller.
    #[must_use]
    pub fn board(&self) -> &Rc<Board<qemu::Machine>> {
        self.board.as_ref().expect("the system has NICs")
    }

    /// Runs `main` on the first thread of the world until it returns or the run ends.
    ///
    /// # Errors
    /// What ended it: a broken rule, or a machine that is gone.
    pub fn run(self: &Rc<Self>, main: impl FnOnce(&Rc<Self>) + 'static) -> Result<(), End> {
        let this = Rc::clone(self);
        self.world.run(move || main(&this))
    }

    /// The image's path.
    #[must_use]
    pub fn image(&self) -> &PathBuf {
        &self.image
    }

    /// Plugs the cable of one of QEMU's NICs in or pulls it.
    ///
    /// # Errors
    /// The machine is gone.
    ///
    /// # Panics
    /// The system has no NICs.
    pub fn set_link(&self, nic: usize, up: bool) -> Result<(), crate::device::Error> {
        self.board().backend.borrow_mut().set_link(nic, up)
    }
}

fn load_inf(setup: &Setup, path: &Path) -> Result<Inf, SystemError> {
    let (major, minor, build) = setup.windows;
    Ok(Inf::load(path, Target::workstation(major, minor, build))?)
}

/// The model that serves a function, and everything the INF says for it.
fn matched(inf: &Inf, function: PciFunction) -> Result<(PciFunction, Package, DeviceIds), SystemError> {
    let ids = DeviceIds { hardware: function.hardware_ids(), compatible: function.compatible_ids() };
    let package = package_of(inf, &ids)?;
    Ok((function, package, ids))
}

fn package_of(inf: &Inf, ids: &DeviceIds) -> Result<Package, SystemError> {
    Ok(Package::read(inf, pnp::matching::find(inf, ids)?)?)
}

/// What an INF says for each of the functions that it serves.
fn packages_of(inf: Option<&Inf>, functions: &[InProcess]) -> Result<Vec<Package>, SystemError> {
    let Some(inf) = inf else { return Ok(Vec::new()) };
    functions.iter().map(|function| package_of(inf, &function.ids)).collect()
}

/// No two functions may answer at one address.
fn check_addresses(mut taken: Vec<Bdf>, functions: &[InProcess]) -> Result<(), SystemError> {
    for function in functions {
        if taken.contains(&function.at) || function.at.bus() != 0 {
            return Err(SystemError::Address(function.at));
        }
        taken.push(function.at);
    }
    Ok(())
}

/// Each INF is of its class, and both install one service: an image is loaded once.
fn check_classes<'a>(
    setup: &Setup,
    nics: impl Iterator<Item = &'a Package>,
    functions: &[Package],
) -> Result<(), SystemError> {
    let wrong =
        |path: &Path, class, what| SystemError::Class { inf: path.display().to_string(), class, what };
    let mut service = None;
    for nic in nics {
        if nic.net().is_none() {
            return Err(wrong(&setup.inf, "Net", "a NIC"));
        }
        service = Some(&nic.driver.name);
    }
    for function in functions {
        let path = setup.dma_inf.as_deref().unwrap_or(&setup.inf);
        if function.net().is_some() {
            return Err(wrong(path, "System", "a function of this process"));
        }
        match service {
            Some(other) if !other.eq_ignore_ascii_case(&function.driver.name) => {
                let services = [other.clone(), function.driver.name.clone()];
                return Err(SystemError::Services(services));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The image beside the INF of the NICs, or of the other functions if there are none.
fn find_image(
    setup: &Setup,
    net: Option<&Inf>,
    nic: Option<&Package>,
    dma: Option<&Inf>,
    function: Option<&Package>,
) -> Result<PathBuf, SystemError> {
    if let Some(image) = &setup.image {
        return Ok(image.clone());
    }
    let found = match (net.zip(nic), dma.zip(function)) {
        (Some((inf, package)), _) => Some((&setup.inf, inf, package)),
        (None, Some((inf, package))) => setup.dma_inf.as_ref().map(|path| (path, inf, package)),
        (None, None) => None,
    };
    let (path, inf, package) = found.ok_or(SystemError::NoFunction)?;
    Ok(package.locate_image(inf, path.parent().unwrap_or(Path::new(".")))?)
}

fn world_config(setup: &Setup, ram: &Arc<Ram>) -> WorldConfig {
    let mut config = WorldConfig::new(ram.ranges().into_iter().map(Region::from).collect());
    config.cpus = setup.cpus;
    config.windows = setup.windows;
    config.ndis_version = setup.ndis_version;
    config.debug_output = setup.debug_output;
    config.seed = setup.seed;
    config.special_pool = setup.special_pool;
    config
}
