//! The configuration space of a function that is played in this process: what it holds, and which bits can be written.

use crate::bus::{Bdf, ConfigSpace, command, register};

/// Bytes of it.
const LEN: usize = 4096;

/// See the module.
pub(in crate::device) struct Bytes {
    bytes: Vec<u8>,
    writable: Vec<u8>,
}

impl Bytes {
    /// All zero, and nothing to be written.
    pub fn new() -> Self {
        Self { bytes: vec![0; LEN], writable: vec![0; LEN] }
    }

    /// Sets a dword and its writable bits.
    pub fn put(&mut self, at: usize, value: u32, writable: u32) {
        for (index, (value, writable)) in
            (at..).zip(value.to_le_bytes().into_iter().zip(writable.to_le_bytes()))
        {
            if let (Some(byte), Some(mask)) = (self.bytes.get_mut(index), self.writable.get_mut(index)) {
                (*byte, *mask) = (value, writable);
            }
        }
    }

    /// Changes a byte as the function does itself, whether it can be written or not.
    pub fn change(&mut self, at: usize, change: impl FnOnce(u8) -> u8) {
        if let Some(byte) = self.bytes.get_mut(at) {
            *byte = change(*byte);
        }
    }

    pub fn get16(&self, at: usize) -> u16 {
        let byte = |at: usize| self.bytes.get(at).copied().unwrap_or(0);
        u16::from_le_bytes([byte(at), byte(at + 1)])
    }

    pub fn get32(&self, at: usize) -> u32 {
        u32::from(self.get16(at)) | u32::from(self.get16(at + 2)) << 16
    }

    pub fn read(&self, offset: usize, to: &mut [u8]) {
        for (to, at) in to.iter_mut().zip(offset..) {
            *to = self.bytes.get(at).copied().unwrap_or(0xFF);
        }
    }

    /// Writes the bits that can be written.
    pub fn write(&mut self, offset: usize, from: &[u8]) {
        for (&from, at) in from.iter().zip(offset..) {
            if let (Some(byte), Some(&writable)) = (self.bytes.get_mut(at), self.writable.get(at)) {
                *byte = *byte & !writable | from & writable;
            }
        }
    }

    /// Sets a bit of a 16-bit register, or clears it.
    pub fn set(&mut self, at: usize, bit: u16, on: bool) {
        let value = self.get16(at) & !bit | if on { bit } else { 0 };
        self.write(at, &value.to_le_bytes());
    }

    /// Memory accesses are answered.
    pub fn decodes(&self) -> bool {
        self.get16(register::COMMAND.into()) & command::MEMORY != 0
    }

    /// DMA and messages are allowed.
    pub fn masters(&self) -> bool {
        self.get16(register::COMMAND.into()) & command::MASTER != 0
    }

    /// The pin may be asserted.
    pub fn has_pin(&self) -> bool {
        self.get16(register::COMMAND.into()) & command::INTX_DISABLE == 0
    }

    /// Writes the one message of an MSI capability.
    pub fn set_message(&mut self, capability: usize, address: u64, data: u32) {
        self.write(capability + 4, &address.to_le_bytes());
        self.write(capability + 12, &(data as u16).to_le_bytes());
    }
}

/// The bus as enumeration sees it: this one function.
pub(in crate::device) struct Slot<'a> {
    pub bytes: &'a mut Bytes,
    pub at: Bdf,
}

impl ConfigSpace for Slot<'_> {
    type Error = std::convert::Infallible;

    fn config_read(&mut self, at: Bdf, offset: u16, size: usize) -> Result<u32, Self::Error> {
        let mut bytes = [0xFF; 4];
        if at == self.at {
            self.bytes.read(offset.into(), &mut bytes);
        }
        let value = u32::from_le_bytes(bytes);
        Ok(if size < 4 { value & !(u32::MAX << (8 * size)) } else { value })
    }

    fn config_write(&mut self, at: Bdf, offset: u16, size: usize, value: u32) -> Result<(), Self::Error> {
        if at == self.at {
            self.bytes.write(offset.into(), value.to_le_bytes().get(..size).unwrap_or(&[]));
        }
        Ok(())
    }
}
