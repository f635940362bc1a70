//! The memory of a machine: one file, mapped by this process and by whoever does DMA.
//!
//! This process maps it twice: at the addresses that the driver has, where pages may be out of its reach, and as an
//! alias, through which the host and the devices in this process reach all of it.

use super::{Error, Result};
use memmap2::{MmapOptions, MmapRaw};
use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use std::{
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    ptr::NonNull,
    sync::Arc,
};

/// Guest-physical address where usable low memory begins; below it a PC has ROMs and video memory.
pub const LOW_BASE: u64 = 1 << 20;
/// Guest-physical address where high memory begins.
pub const HIGH_BASE: u64 = 1 << 32;
/// Sizes are multiples of this.
const GRANULE: u64 = 2 << 20;
/// Low memory ends before the addresses that PCI needs.
const LOW_LIMIT: u64 = 2 << 30;
/// Far below the reach of every address width that QEMU emulates.
const HIGH_LIMIT: u64 = 256 << 30;

/// A contiguous piece of RAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RamRange {
    /// Guest-physical address of its first byte: what a device is told.
    pub guest: u64,
    /// Where this process sees it. Valid while the [`Ram`] lives.
    pub host: NonNull<u8>,
    /// Where it sees it once more: the alias.
    pub alias: NonNull<u8>,
    /// Bytes.
    pub len: u64,
    /// Where it begins in the file behind it.
    pub file_offset: u64,
}

/// RAM that a process and its devices share. Pages take memory once they are touched.
///
/// A device may write to it at any time, so it is reached by raw pointers only: no Rust reference to
/// its contents may exist.
#[derive(Debug)]
pub struct Ram {
    file: OwnedFd,
    map: MmapRaw,
    alias: MmapRaw,
    low: u64,
    high: u64,
}

impl Ram {
    /// `low` bytes from address 0, of which the part above 1 MiB is usable, and `high` bytes at 4 GiB.
    ///
    /// # Errors
    /// [`Error::Config`] for sizes that are no multiples of 2 MiB or too large, [`Error::System`].
    pub fn new(low: u64, high: u64) -> Result<Arc<Self>> {
        let wrong = |what: &str, size: u64, limit: u64| {
            Error::Config(format!(
                "{size:#x} bytes of {what} memory: a multiple of {GRANULE:#x} up to {limit:#x} is needed"
            ))
        };
        if low == 0 || !low.is_multiple_of(GRANULE) || low > LOW_LIMIT {
            return Err(wrong("low", low, LOW_LIMIT));
        }
        if !high.is_multiple_of(GRANULE) || high > HIGH_LIMIT {
            return Err(wrong("high", high, HIGH_LIMIT));
        }
        let (size, what) = (low + high, "memory for the machine");
        let file = memfd_create("ferrite-ram", MemfdFlags::CLOEXEC).map_err(|e| Error::system(what, e))?;
        ftruncate(&file, size).map_err(|e| Error::system(what, e))?;
        let length = usize::try_from(size).map_err(|_| wrong("high", high, HIGH_LIMIT))?;
        let map = || {
            let mut options = MmapOptions::new();
            options.len(length).no_reserve_swap().map_raw(&file).map_err(|e| Error::system(what, e))
        };
        let (map, alias) = (map()?, map()?);
        Ok(Arc::new(Self { file, map, alias, low, high }))
    }

    /// The usable ranges: low memory from 1 MiB up, then high memory if there is any.
    #[must_use]
    pub fn ranges(&self) -> Vec<RamRange> {
        let low = self.range(LOW_BASE, LOW_BASE, self.low - LOW_BASE);
        let high = (self.high > 0).then(|| self.range(HIGH_BASE, self.low, self.high));
        std::iter::once(low).chain(high).collect()
    }

    fn range(&self, guest: u64, file_offset: u64, len: u64) -> RamRange {
        let (host, alias) = (byte(&self.map, file_offset), byte(&self.alias, file_offset));
        RamRange { guest, host, alias, len, file_offset }
    }

    /// Bytes of low memory, those below 1 MiB included.
    #[must_use]
    pub fn low_size(&self) -> u64 {
        self.low
    }

    /// Bytes of high memory.
    #[must_use]
    pub fn high_size(&self) -> u64 {
        self.high
    }

    /// Where this process sees `len` bytes at a guest-physical address, if all of them are RAM.
    #[must_use]
    pub fn host_address(&self, guest: u64, len: usize) -> Option<NonNull<u8>> {
        self.offset(guest, len).map(|offset| byte(&self.map, offset))
    }

    /// Where `len` bytes at a guest-physical address are in the file, if all of them are RAM.
    fn offset(&self, guest: u64, len: usize) -> Option<u64> {
        let end = guest.checked_add(len as u64)?;
        match guest.checked_sub(HIGH_BASE) {
            _ if end <= self.low => Some(guest),
            Some(above) if end <= HIGH_BASE + self.high => Some(above + self.low),
            _ => None,
        }
    }

    /// The guest-physical address of a byte of this process, if it is RAM of the machine.
    #[must_use]
    pub fn guest_address(&self, host: *const u8) -> Option<u64> {
        let offset = (host.addr() as u64).checked_sub(self.map.as_ptr().addr() as u64)?;
        match offset {
            _ if offset < self.low => Some(offset),
            _ if offset < self.low + self.high => Some(offset - self.low + HIGH_BASE),
            _ => None,
        }
    }

    /// Copies out of RAM.
    ///
    /// # Errors
    /// [`Error::Access`] if that is not RAM.
    pub fn read(&self, guest: u64, into: &mut [u8]) -> Result<()> {
        let from = self.checked(guest, into.len())?;
        // SAFETY: the range lies in the shared mapping that `self` owns; `into` is this process's own
        // and cannot overlap it. A device that writes meanwhile makes the bytes arbitrary, not invalid.
        unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), into.as_mut_ptr(), into.len()) };
        Ok(())
    }

    /// Copies into RAM.
    ///
    /// # Errors
    /// [`Error::Access`] if that is not RAM.
    pub fn write(&self, guest: u64, from: &[u8]) -> Result<()> {
        let into = self.checked(guest, from.len())?;
        // SAFETY: as in `read`, the other way round: the mapping is writable and no reference to its
        // contents exists, so nothing in this process is invalidated.
        unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), into.as_ptr(), from.len()) };
        Ok(())
    }

    /// Reads 8 bytes once, as a descriptor that a device may write has to be read.
    ///
    /// # Errors
    /// [`Error::Access`] if that is not RAM or not aligned to 8.
    pub fn read_u64(&self, guest: u64) -> Result<u64> {
        let from = self.checked_u64(guest)?;
        // SAFETY: the 8 bytes lie in the shared mapping that `self` owns and are aligned (the mapping
        // begins on a page); a volatile read copes with a device that writes them.
        Ok(u64::from_le(unsafe { from.read_volatile() }))
    }

    /// Writes 8 bytes at once.
    ///
    /// # Errors
    /// [`Error::Access`] if that is not RAM or not aligned to 8.
    pub fn write_u64(&self, guest: u64, value: u64) -> Result<()> {
        let into = self.checked_u64(guest)?;
        // SAFETY: as in `read_u64`; the mapping is writable and no reference to its contents exists.
        unsafe { into.write_volatile(value.to_le()) };
        Ok(())
    }

    fn checked(&self, guest: u64, len: usize) -> Result<NonNull<u8>> {
        let offset = self.offset(guest, len).ok_or_else(|| refused(guest, len, "there is no RAM"))?;
        Ok(byte(&self.alias, offset))
    }

    fn checked_u64(&self, guest: u64) -> Result<NonNull<u64>> {
        let at = self.checked(guest, 8)?.cast::<u64>();
        if at.is_aligned() { Ok(at) } else { Err(refused(guest, 8, "it is not aligned")) }
    }
}

/// The address of a byte of the file in a mapping of it; the caller has checked that it has that byte.
fn byte(map: &MmapRaw, file_offset: u64) -> NonNull<u8> {
    let base = NonNull::new(map.as_mut_ptr()).expect("a mapping is never at address 0");
    // It fits: the whole length does.
    base.map_addr(|addr| addr.saturating_add(file_offset as usize))
}

fn refused(guest: u64, size: usize, why: &'static str) -> Error {
    Error::Access { what: "RAM".into(), offset: guest, size, why }
}

impl AsFd for Ram {
    /// The file behind it, for a second mapping.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_translate_both_ways() {
        let ram = Ram::new(4 << 20, 2 << 30).unwrap();
        let ranges = ram.ranges();
        assert_eq!(
            ranges.iter().map(|r| (r.guest, r.len)).collect::<Vec<_>>(),
            [(1 << 20, 3 << 20), (1 << 32, 2 << 30)]
        );
        for range in &ranges {
            assert_eq!(ram.host_address(range.guest, range.len as usize), Some(range.host));
            assert_eq!(ram.guest_address(range.host.as_ptr()), Some(range.guest));
            assert_eq!(ram.host_address(range.guest + range.len - 7, 8), None, "one byte too far");
        }
        assert_eq!(ram.host_address(4 << 20, 1), None, "the hole below 4 GiB");
        assert_eq!(ram.host_address(u64::MAX, 2), None);
        assert_eq!(ram.guest_address(std::ptr::dangling()), None);
        ram.write_u64(HIGH_BASE + (1 << 30), 0x1122_3344_5566_7788).unwrap();
        let mut bytes = [0; 4];
        ram.read(HIGH_BASE + (1 << 30) + 2, &mut bytes).unwrap();
        assert_eq!(bytes, [0x66, 0x55, 0x44, 0x33]);
        assert!(ram.read_u64(HIGH_BASE + 4).unwrap_err().to_string().contains("not aligned"));
    }

    #[test]
    fn sizes_are_checked() {
        for (low, high) in [(0, 0), (3 << 20, 0), (4 << 30, 0), (4 << 20, 1), (4 << 20, 1 << 40)] {
            let error = Ram::new(low, high).unwrap_err();
            assert!(matches!(error, Error::Config(_)), "{low:#x} {high:#x}: {error}");
        }
    }
}
