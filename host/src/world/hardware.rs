//! A PCI function as the kernel and NDIS use it, whoever plays the device.

use std::rc::Rc;

/// A memory or port range of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// BAR number.
    pub index: usize,
    /// Physical address, or port.
    pub start: u64,
    /// Bytes.
    pub len: u64,
    /// Memory, not ports.
    pub memory: bool,
}

/// How a function interrupts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterruptMode {
    /// Messages, so many.
    Messages(usize),
    /// The `INTx` line.
    Line,
}

/// An access of the driver's to a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegisterAccess {
    /// A write, not a read.
    pub write: bool,
    /// The BAR.
    pub bar: usize,
    /// The offset in it.
    pub offset: u64,
    /// Bytes.
    pub size: usize,
    /// What was written, or read.
    pub value: u64,
}

/// A PCI function.
pub trait Hardware {
    /// Reads configuration space.
    fn config_read(&self, offset: u32, to: &mut [u8]);
    /// Writes configuration space.
    fn config_write(&self, offset: u32, from: &[u8]);
    /// The ranges that the system assigned.
    fn bars(&self) -> Vec<Bar>;
    /// Reads a register of 1, 2, 4 or 8 bytes.
    fn read(&self, bar: usize, offset: u64, size: usize) -> u64;
    /// Writes a register.
    fn write(&self, bar: usize, offset: u64, size: usize, value: u64);
    /// Messages that the function has: of MSI-X, unless [`Hardware::is_msi`].
    fn messages(&self) -> usize;
    /// Whether the messages are those of MSI, which go to one place together and are assigned as one resource.
    fn is_msi(&self) -> bool {
        false
    }
    /// Lets the function interrupt: `sink` gets the message number, 0 for the line.
    ///
    /// # Errors
    /// The function or the machine cannot interrupt this way.
    fn connect(&self, mode: InterruptMode, sink: Rc<dyn Fn(u32)>) -> Result<(), String>;
    /// No more interrupts.
    fn disconnect(&self);
    /// Address and data of a message, for the driver to read.
    fn message(&self, number: usize) -> (u64, u32);
    /// Whether the `INTx` line is asserted now.
    fn line_asserted(&self) -> bool;
    /// The bus driver turns it off, or on again: it has forgotten what is in its registers then. A function whose
    /// machine has the bus driver's registers hears of it there.
    fn set_power(&self, _on: bool) {}
    /// Register reads and writes so far.
    fn accesses(&self) -> (u64, u64);
    /// Pulls the function out: from now on its registers and configuration read as all ones, writes are lost, and
    /// it neither interrupts nor does DMA.
    fn pull_out(&self);
}
