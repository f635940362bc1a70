//! Register access.

use core::ptr::NonNull;

use crate::Gone;
use crate::regs::{self, Reg};

/// The registers of one device.
///
/// Reads and writes happen in program order; writes are posted. Any IRQL.
pub trait Registers {
    /// Reads a register: all ones if the device has left the bus.
    fn read(&self, reg: Reg) -> u32;

    /// Writes a register.
    fn write(&self, reg: Reg, value: u32);

    /// Reads a register of a device that may have left the bus.
    ///
    /// # Errors
    /// [`Gone`] if the value is all ones and STATUS, which never is, reads the same (NDIS-SURP-04).
    fn read_live(&self, reg: Reg) -> Result<u32, Gone> {
        let value = self.read(reg);
        if value == u32::MAX && self.read(regs::STATUS) == u32::MAX { Err(Gone) } else { Ok(value) }
    }
}

impl<T: Registers + ?Sized> Registers for &T {
    fn read(&self, reg: Reg) -> u32 {
        (**self).read(reg)
    }

    fn write(&self, reg: Reg, value: u32) {
        (**self).write(reg, value);
    }
}

/// BAR 0, mapped uncached.
#[derive(Debug)]
pub struct Mmio {
    base: NonNull<u8>,
    length: usize,
}

impl Mmio {
    /// Takes the mapping at `base`, or `None` if it is not dword aligned or shorter than the registers.
    ///
    /// # Safety
    /// `base` is a mapping of `length` bytes of BAR 0 (`NdisMMapIoSpace`), valid for 32-bit volatile access
    /// from any thread for as long as this value lives.
    #[must_use]
    pub unsafe fn new(base: NonNull<u8>, length: usize) -> Option<Self> {
        let fits = length >= regs::BAR0_BYTES as usize && base.as_ptr().addr().is_multiple_of(4);
        fits.then_some(Self { base, length })
    }

    fn at(&self, reg: Reg) -> Option<NonNull<u32>> {
        let offset = reg.offset() as usize;
        if offset.checked_add(4)? > self.length {
            return None;
        }
        // SAFETY: the mapping belongs to this value for `length` bytes (contract of `new`), and `offset` plus
        // the register's four bytes end inside it.
        Some(unsafe { self.base.add(offset) }.cast())
    }
}

impl Registers for Mmio {
    #[inline]
    fn read(&self, reg: Reg) -> u32 {
        match self.at(reg) {
            // SAFETY: `at` has checked bounds, `Reg` and `new` alignment; the mapping is valid for volatile
            // reads (contract of `new`).
            Some(address) => unsafe { address.read_volatile() },
            None => u32::MAX,
        }
    }

    #[inline]
    fn write(&self, reg: Reg, value: u32) {
        if let Some(address) = self.at(reg) {
            // SAFETY: as for `read`; device memory has no Rust object that the write could invalidate.
            unsafe { address.write_volatile(value) };
        }
    }
}

// SAFETY: the mapping is valid from any thread (contract of `new`), and a register access is one bus
// transaction, whoever makes it.
unsafe impl Send for Mmio {}

// SAFETY: as for `Send`: shared access is a volatile 32-bit access to device memory.
unsafe impl Sync for Mmio {}
