//! The firmware of a machine whose CPU has nothing to do.

use super::{super::Result, process::scratch_file};
use std::{fs::File, os::unix::fs::FileExt};

/// Bytes of the image; QEMU places it so that it ends at 4 GiB, and takes multiples of 64 KiB.
const SIZE: usize = 64 << 10;
/// Where a CPU begins: 16 bytes below the end.
const RESET_VECTOR: usize = SIZE - 16;
/// `cli; hlt; jmp $-1`: sleeps, and sleeps again if something wakes it.
const HALT: [u8; 4] = [0xFA, 0xF4, 0xEB, 0xFD];

/// An image that halts at once. The CPU runs only so that virtual time does.
pub(super) fn image() -> Result<File> {
    let mut image = vec![0xF4; SIZE];
    image[RESET_VECTOR..][..HALT.len()].copy_from_slice(&HALT);
    let file = scratch_file("ferrite-firmware")?;
    file.write_all_at(&image, 0).map_err(|e| super::super::Error::system("firmware image", e))?;
    Ok(file)
}
