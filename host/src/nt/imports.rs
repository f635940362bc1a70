//! Everything that can be imported from ntoskrnl.exe and hal.dll.

use crate::abi::Import;

/// One table a family.
pub static TABLES: &[&[Import]] = &[];
