//! The driver image of a world: loaded, bound, registered for traps, with its symbols.

use crate::{
    abi::{Bind, Import},
    netdma::Interface,
    pe::{self, Binding, CallSite, LoadError, Mapped},
    sched::Call,
    symbols::{Start, Symbols, unwind},
    verify::StackLine,
    world::{World, try_world, world},
};
use std::{
    collections::HashMap,
    path::Path,
    rc::Rc,
    sync::{Arc, OnceLock},
};

/// Frames of a driver's stack that are reported.
const FRAMES: usize = 32;
/// Frames that are kept with a block of memory.
const KEPT: usize = 8;

/// A loaded driver.
pub struct Image {
    /// The mapped file.
    pub mapped: Rc<Mapped>,
    /// What the PDB beside it tells; without one, stacks show offsets.
    symbols: Option<Symbols>,
    /// The file's name without its folder.
    pub name: String,
}

/// Everything that a driver can import here, by module and name.
pub fn provided() -> &'static HashMap<(&'static str, &'static str), &'static Import> {
    static TABLE: OnceLock<HashMap<(&'static str, &'static str), &'static Import>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let tables = crate::nt::imports::TABLES.iter().chain(crate::ndis::imports::TABLES);
        let tables = tables.chain(std::iter::once(&crate::netdma::TABLE));
        tables.flat_map(|table| table.iter()).map(|import| ((import.module, import.name), import)).collect()
    })
}

/// The implementation of an import. hal.dll and ntoskrnl.exe stand for each other, as names have moved between them.
#[must_use]
pub fn resolve(module: &str, name: &str) -> Option<&'static Import> {
    let module = module.to_ascii_lowercase();
    let find = |module: &str| provided().get(&(module, name)).copied();
    match module.as_str() {
        "ntoskrnl.exe" | "ntkrnlpa.exe" | "hal.dll" => find("ntoskrnl.exe").or_else(|| find("hal.dll")),
        other => find(other),
    }
}

/// The address of a name that the driver asks for at run time. NULL if nobody provides it, or if the
/// Windows that is played does not have it yet.
#[must_use]
pub fn routine(module: &str, name: &str) -> u64 {
    let world = world();
    let Some(import) = resolve(module, name) else { return 0 };
    let there = !name.starts_with("NetDma") || Interface::current().offers(name);
    if !there || !crate::nt::has(world.config.windows, import.name) {
        return 0;
    }
    match import.bind {
        Bind::Code => world.nt.entry(import.address.0 as u64),
        Bind::Raw => import.address.0 as u64,
        Bind::Data => world.nt.variable(world, import.name),
    }
}

/// Where the driver is in the import that it called: places in its image, innermost first. Nothing outside of a run, and
/// without an image.
#[must_use]
pub fn drivers_place() -> Rc<[u32]> {
    try_world().and_then(World::place).unwrap_or_default()
}

impl World {
    fn place(&self) -> Option<Rc<[u32]>> {
        let image = self.image.borrow();
        let mapped = &image.as_ref()?.mapped;
        let thread = self.sched.current()?;
        let site = thread.calls().into_iter().find_map(|call| match call {
            Call::Import { site, .. } => Some(site),
            Call::Handler { .. } => None,
        })?;
        let (low, high) = thread.stack_limits();
        let frames = unwind(mapped, &Start::from_call(&site), low..high, KEPT);
        Some(frames.iter().map(|frame| frame.rva).collect())
    }

    /// The functions at places that [`drivers_place`] noted.
    #[must_use]
    pub fn functions(&self, places: &[u32]) -> Vec<StackLine> {
        let image = self.image.borrow();
        let lines = |image: &Image| places.iter().flat_map(|&rva| image.lines(rva)).collect();
        image.as_ref().map(lines).unwrap_or_default()
    }

    /// Loads a driver and makes its faults and register accesses ours. Nothing of it runs yet.
    ///
    /// # Errors
    /// The file is unfit, or imports names that nobody provides: all of them are listed.
    pub fn load(&self, path: &Path) -> Result<(), LoadError> {
        let image = pe::Image::open(path)?;
        let mut binder = |module: &str, name: &str| {
            let import = resolve(module, name)?;
            let address = import.address.0 as u64;
            Some(match import.bind {
                Bind::Code => Binding::Code(address),
                Bind::Raw => Binding::Raw(address),
                Bind::Data => Binding::Data(self.nt.variable(self, import.name)),
            })
        };
        // SAFETY: the cell lives in the world, which outlives its image; what is bound are imports of the host's.
        let mapped = unsafe { Mapped::load(&Arc::new(image), self.call_site_cell(), &mut binder) };
        let mapped = Rc::new(mapped?);
        self.trap.register_image(&mapped);
        let symbols = Symbols::load(&path.with_extension("pdb")).ok();
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        self.image.replace(Some(Image { mapped, symbols, name }));
        self.trim();
        Ok(())
    }

    /// Unloads it, on a thread of the world.
    pub fn unload(&self) {
        self.check_unlocked();
        self.pageable.set(false);
        if let Some(image) = self.image.take() {
            self.trap.unregister_image(&image.mapped);
        }
    }

    /// The driver's stack at an imported call.
    #[must_use]
    pub fn driver_stack(&self, site: &CallSite, limits: (u64, u64)) -> Vec<StackLine> {
        self.stack_from(&Start::from_call(site), limits)
    }

    /// The driver's stack from some state of it.
    #[must_use]
    pub fn stack_from(&self, start: &Start, limits: (u64, u64)) -> Vec<StackLine> {
        let image = self.image.borrow();
        let Some(image) = image.as_ref() else { return Vec::new() };
        let frames = unwind(&image.mapped, start, limits.0..limits.1, FRAMES);
        frames.iter().flat_map(|frame| image.lines(frame.rva)).collect()
    }
}

impl Image {
    fn lines(&self, rva: u32) -> Vec<StackLine> {
        let known = self.symbols.as_ref().map(|symbols| symbols.lookup(rva)).unwrap_or_default();
        if known.is_empty() {
            return vec![StackLine { function: format!("{}+{rva:#x}", self.name), file: None, line: None }];
        }
        let line = |location: crate::symbols::Location| StackLine {
            function: location.function,
            file: location.file,
            line: location.line,
        };
        known.into_iter().map(line).collect()
    }
}
