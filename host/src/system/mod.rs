//! A whole machine with Windows around it: QEMU, its functions, an INF, a driver.
//!
//! ```text
//! System::boot   QEMU starts, functions are placed, the INF is matched, the registry is filled
//! system.run     a thread of the world runs; inside it:
//!   load         the image is bound, DriverEntry runs
//!   add, start   AddDevice, StartDevice, InitializeEx, binding, Restart
//!   stop, remove Pause, HaltEx, RemoveDevice
//!   unload       DriverUnload, and nothing may be left
//! ```

mod driver;
mod error;
mod node;

use crate::{
    bus::{self, PciFunction},
    device::{Backend, Ram, qemu},
    function::Board,
    mem::Region,
    pnp::{self, DeviceIds, Inf, Package, Target},
    verify::End,
    world::{Config as WorldConfig, World},
};
pub use error::SystemError;
pub use node::Node;
use std::{path::PathBuf, rc::Rc, sync::Arc};

/// Bytes of RAM below 4 GiB.
const LOW: u64 = 512 << 20;
/// Bytes of RAM above it: files and pages take room only when they are used.
const HIGH: u64 = 256 << 20;

/// What a system is made of.
#[derive(Clone)]
pub struct Setup {
    /// The INF; the image is where it says.
    pub inf: PathBuf,
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
    /// Values written to the driver key before the driver starts, as text.
    pub keywords: Vec<(String, String)>,
    /// Print what the driver says.
    pub debug_output: bool,
}

impl Setup {
    /// Two CPUs, Windows 10, one NIC on a wire that the caller holds.
    #[must_use]
    pub fn new(inf: impl Into<PathBuf>) -> Self {
        Self {
            inf: inf.into(),
            image: None,
            machine: qemu::Config::default(),
            cpus: 2,
            messages: None,
            windows: (10, 0, 19045),
            ndis_version: 0x0006_0055,
            keywords: Vec::new(),
            debug_output: false,
        }
    }
}

/// See the module.
pub struct System {
    /// CPUs, memory, NDIS.
    pub world: Rc<World>,
    /// The machine.
    pub board: Rc<Board<qemu::Machine>>,
    /// The device nodes that the INF serves.
    pub nodes: Vec<Rc<Node>>,
    /// Its warnings.
    pub warnings: Vec<String>,
    image: PathBuf,
    // Behind everything that points into it.
    _ram: Arc<Ram>,
}

impl System {
    /// Starts the machine and binds its functions to the INF.
    ///
    /// # Errors
    /// QEMU does not start, the INF does not fit, the image is not there.
    pub fn boot(setup: &Setup) -> Result<Rc<Self>, SystemError> {
        let inf = load_inf(setup)?;
        let ram = Ram::new(LOW, HIGH)?;
        let mut machine = qemu::Machine::start(&setup.machine, &ram)?;
        let nics = machine.nics();
        let functions: Vec<PciFunction> = bus::enumerate(&mut machine)?
            .into_iter()
            .filter(|function| nics.contains(&function.at))
            .collect();
        let packages =
            functions.into_iter().map(|function| matched(&inf, function)).collect::<Result<Vec<_>, _>>()?;
        let image = find_image(setup, &inf, packages.first().map(|(_, package, _)| package))?;
        let world = World::new(world_config(setup, &ram))?;
        let mut windows = machine.windows();
        let board = Board::new(machine);
        let mut nodes = Vec::new();
        for (function, package, ids) in packages {
            nodes.push(Node::new(&world, &board, &mut windows, &inf, function, &package, &ids, setup)?);
        }
        world.add_source(Rc::clone(&board) as Rc<dyn crate::world::Source>);
        let notes = nodes.iter().flat_map(|node: &Rc<Node>| node.notes.clone());
        let warnings = inf.warnings().iter().map(ToString::to_string).chain(notes).collect();
        Ok(Rc::new(Self { world, board, nodes, warnings, image, _ram: ram }))
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

    /// Plugs a NIC's cable in or pulls it.
    ///
    /// # Errors
    /// The machine is gone.
    pub fn set_link(&self, nic: usize, up: bool) -> Result<(), crate::device::Error> {
        self.board.backend.borrow_mut().set_link(nic, up)
    }
}

fn load_inf(setup: &Setup) -> Result<Inf, SystemError> {
    let (major, minor, build) = setup.windows;
    Ok(Inf::load(&setup.inf, Target::workstation(major, minor, build))?)
}

/// The model that serves a function, and everything the INF says for it.
fn matched(inf: &Inf, function: PciFunction) -> Result<(PciFunction, Package, DeviceIds), SystemError> {
    let ids = DeviceIds { hardware: function.hardware_ids(), compatible: function.compatible_ids() };
    let found = pnp::matching::find(inf, &ids)?;
    let package = Package::read(inf, found)?;
    Ok((function, package, ids))
}

fn find_image(setup: &Setup, inf: &Inf, package: Option<&Package>) -> Result<PathBuf, SystemError> {
    if let Some(image) = &setup.image {
        return Ok(image.clone());
    }
    let folder = setup.inf.parent().unwrap_or(std::path::Path::new("."));
    let package = package.ok_or(SystemError::NoFunction)?;
    Ok(package.locate_image(inf, folder)?)
}

fn world_config(setup: &Setup, ram: &Arc<Ram>) -> WorldConfig {
    let region = |range: crate::device::RamRange| Region {
        base: range.host.as_ptr() as u64,
        physical: range.guest,
        len: range.len,
    };
    let mut config = WorldConfig::new(ram.ranges().into_iter().map(region).collect());
    config.cpus = setup.cpus;
    config.windows = setup.windows;
    config.ndis_version = setup.ndis_version;
    config.debug_output = setup.debug_output;
    config
}
