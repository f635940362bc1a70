//! What the kernel needs of the machine under it and of plug and play above it.

use std::rc::Rc;

/// An interrupt that a device can raise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vector {
    /// The translated vector, unique in the machine.
    pub vector: u32,
    /// The level at which its service routine runs.
    pub irql: u8,
    /// The processors it may interrupt.
    pub affinity: u64,
    /// Address and data of its message; `None` for a line.
    pub message: Option<(u64, u32)>,
}

/// The machine and its device nodes. What a machine does not have it leaves to the defaults.
#[allow(unused_variables, reason = "defaults")]
pub trait Platform {
    /// Maps device registers; `None` if no device has any there.
    fn map_registers(&self, physical: u64, len: u64) -> Option<u64> {
        None
    }

    /// Takes a mapping back.
    fn unmap_registers(&self, addr: u64, len: u64) {}

    /// Reads configuration space of the function in a slot (PCI_SLOT_NUMBER); how many bytes there were.
    fn read_config(&self, bus: u32, slot: u32, offset: u32, into: &mut [u8]) -> usize {
        0
    }

    /// Writes configuration space; how many bytes were taken.
    fn write_config(&self, bus: u32, slot: u32, offset: u32, from: &[u8]) -> usize {
        0
    }

    /// A DEVICE_REGISTRY_PROPERTY of a physical device object, as IoGetDeviceProperty returns it.
    fn property(&self, pdo: u64, property: u32) -> Option<Vec<u8>> {
        None
    }

    /// The registry path of a device's hardware key, or of its driver key.
    fn device_key(&self, pdo: u64, driver: bool) -> Option<String> {
        None
    }

    /// The interrupts assigned to a device.
    fn vectors(&self, pdo: u64) -> Vec<Vector> {
        Vec::new()
    }

    /// Calls `service` whenever the vector is raised, on the CPU that takes it and at the vector's level;
    /// it answers whether the interrupt was its device's. False if the vector is not to be had.
    fn connect(&self, vector: u32, service: Rc<dyn Fn() -> bool>) -> bool {
        false
    }

    /// Ends that.
    fn disconnect(&self, vector: u32) {}

    /// Runs the service connected to a vector.
    fn serve(&self, vector: u32) {}
}
