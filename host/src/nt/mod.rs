//! The kernel as a driver sees it: what ntoskrnl.exe and hal.dll export.

pub mod imports;

/// The kernel's state in one world.
#[derive(Default)]
pub struct Nt {}
