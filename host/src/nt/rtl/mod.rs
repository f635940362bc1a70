//! The run-time library of the kernel.

pub mod ansi;
pub mod bitmap;
pub mod guid;
pub mod memory;
pub mod number;
pub mod random;
pub mod string;
pub mod unwind;
pub mod version;

/// Upper case as the kernel's table has it: one unit for one unit.
#[must_use]
pub fn upper(unit: u16) -> u16 {
    let single = char::from_u32(u32::from(unit)).map(char::to_uppercase);
    single
        .and_then(|mut c| c.next().filter(|_| c.next().is_none()))
        .and_then(|c| u16::try_from(u32::from(c)).ok())
        .unwrap_or(unit)
}

/// Lower case, likewise.
#[must_use]
pub fn lower(unit: u16) -> u16 {
    let single = char::from_u32(u32::from(unit)).map(char::to_lowercase);
    single
        .and_then(|mut c| c.next().filter(|_| c.next().is_none()))
        .and_then(|c| u16::try_from(u32::from(c)).ok())
        .unwrap_or(unit)
}

/// A byte of the system's code page, which is Latin-1 here, and back.
#[must_use]
pub fn widen(byte: u8) -> u16 {
    u16::from(byte)
}

/// See [`widen`]; what the code page does not have becomes a question mark.
#[must_use]
pub fn narrow(unit: u16) -> u8 {
    u8::try_from(unit).unwrap_or(b'?')
}
