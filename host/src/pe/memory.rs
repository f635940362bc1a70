//! A range of this process's address space, owned.

use std::io;
use std::ptr;

/// Anonymous private memory, unmapped when dropped.
#[derive(Debug)]
pub(crate) struct Memory {
    base: *mut u8,
    len: usize,
}

/// What a page may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Protection(libc::c_int);

impl Protection {
    pub(crate) const NONE: Self = Self(libc::PROT_NONE);
    pub(crate) const READ: Self = Self(libc::PROT_READ);
    pub(crate) const WRITE: Self = Self(libc::PROT_READ | libc::PROT_WRITE);
    pub(crate) const EXECUTE: Self = Self(libc::PROT_READ | libc::PROT_EXEC);

    pub(crate) fn new(read: bool, write: bool, execute: bool) -> Self {
        let bit = |on, bit| if on { bit } else { 0 };
        Self(bit(read, libc::PROT_READ) | bit(write, libc::PROT_WRITE) | bit(execute, libc::PROT_EXEC))
    }
}

impl Memory {
    /// Maps `len` zeroed bytes (whole pages are used). Inaccessible memory costs address space only.
    pub(crate) fn map(len: usize, protection: Protection) -> io::Result<Self> {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: a new mapping at an address of the kernel's choice touches no memory that anybody owns.
        let base = unsafe { libc::mmap(ptr::null_mut(), len, protection.0, flags, -1, 0) };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { base: base.cast(), len })
    }

    pub(crate) fn base(&self) -> u64 {
        self.base as u64
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// A pointer into the memory; `None` unless `offset..offset + len` lies in it.
    pub(crate) fn at(&self, offset: usize, len: usize) -> Option<*mut u8> {
        let end = offset.checked_add(len)?;
        (end <= self.len).then(|| self.base.wrapping_add(offset))
    }

    /// Copies `bytes` to `offset`; false if they do not fit. The pages must be writable.
    pub(crate) fn write(&self, offset: usize, bytes: &[u8]) -> bool {
        let Some(to) = self.at(offset, bytes.len()) else { return false };
        // SAFETY: `at` keeps the range within this mapping, which is owned; no Rust reference to it exists.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
        true
    }

    /// Sets what the pages of a range may be used for. `offset` is page-aligned.
    pub(crate) fn protect(&self, offset: usize, len: usize, protection: Protection) -> io::Result<()> {
        let Some(start) = self.at(offset, len) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        // SAFETY: the range lies in this mapping, which is owned.
        let result = unsafe { libc::mprotect(start.cast(), len, protection.0) };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's own, and nobody can reach it through it any more.
        unsafe { libc::munmap(self.base.cast(), self.len) };
    }
}
