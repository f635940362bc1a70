//! Variables that the kernel exports: every world has its own, as they depend on what it plays.

use super::Nt;
use crate::{
    abi::Import,
    world::{World, world},
};
use std::{cell::RefCell, collections::BTreeMap};

/// Bytes of each variable.
const WORDS: usize = 8;

/// The variables that were asked for.
#[derive(Default)]
pub struct Variables {
    made: RefCell<BTreeMap<&'static str, Box<[u64; WORDS]>>>,
}

/// Object types: drivers only pass them on, so that each has to be one of its own.
const OBJECT_TYPES: [&str; 9] = [
    "ExEventObjectType",
    "ExSemaphoreObjectType",
    "IoDeviceObjectType",
    "IoDriverObjectType",
    "IoFileObjectType",
    "MmSectionObjectType",
    "PsProcessType",
    "PsThreadType",
    "SeTokenObjectType",
];

fn initial(world: &World, name: &'static str, own: u64) -> u64 {
    match name {
        // The top four bits tell a free build.
        "NtBuildNumber" => 0xF000_0000 | u64::from(world.config.windows.2),
        "KeNumberProcessors" => world.cpus().len() as u64,
        "KdDebuggerNotPresent" => 1,
        "MmHighestUserAddress" => 0x0000_7FFF_FFFE_FFFF,
        "MmSystemRangeStart" => 0xFFFF_0800_0000_0000,
        "MmUserProbeAddress" => 0x0000_7FFF_FFFF_0000,
        "PsInitialSystemProcess" => own,
        name if OBJECT_TYPES.contains(&name) => own,
        _ => 0,
    }
}

impl Nt {
    /// The address of a variable in `world`, whose kernel this is.
    #[must_use]
    pub fn variable(&self, world: &World, name: &'static str) -> u64 {
        let mut made = self.variables.made.borrow_mut();
        let cell = made.entry(name).or_insert_with(|| {
            let mut cell = Box::new([0; WORDS]);
            let own = cell.as_ptr() as u64;
            if let Some(first) = cell.first_mut() {
                *first = initial(world, name, own);
            }
            cell
        });
        cell.as_ptr() as u64
    }

    /// The value of a variable.
    #[must_use]
    pub fn variable_value(&self, name: &'static str) -> u64 {
        crate::abi::read(self.variable(world(), name))
    }
}

/// The exported variables.
pub static TABLE: &[Import] = &[
    Import::data("ntoskrnl.exe", "ExEventObjectType"),
    Import::data("ntoskrnl.exe", "ExSemaphoreObjectType"),
    Import::data("ntoskrnl.exe", "InitSafeBootMode"),
    Import::data("ntoskrnl.exe", "IoDeviceObjectType"),
    Import::data("ntoskrnl.exe", "IoDriverObjectType"),
    Import::data("ntoskrnl.exe", "IoFileObjectType"),
    Import::data("ntoskrnl.exe", "KdDebuggerEnabled"),
    Import::data("ntoskrnl.exe", "KdDebuggerNotPresent"),
    Import::data("ntoskrnl.exe", "KeNumberProcessors"),
    Import::data("ntoskrnl.exe", "MmHighestUserAddress"),
    Import::data("ntoskrnl.exe", "MmSectionObjectType"),
    Import::data("ntoskrnl.exe", "MmSystemRangeStart"),
    Import::data("ntoskrnl.exe", "MmUserProbeAddress"),
    Import::data("ntoskrnl.exe", "NtBuildNumber"),
    Import::data("ntoskrnl.exe", "PsInitialSystemProcess"),
    Import::data("ntoskrnl.exe", "PsProcessType"),
    Import::data("ntoskrnl.exe", "PsThreadType"),
    Import::data("ntoskrnl.exe", "SeTokenObjectType"),
];
