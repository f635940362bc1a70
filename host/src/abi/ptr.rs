//! Typed access to structures in the driver's memory, by the offsets of the fact tables.

use super::view::reach;
use std::marker::PhantomData;

/// A structure of the binary interface.
pub trait Layout {
    /// Microsoft's name.
    const NAME: &'static str;
    /// Bytes, in the NDIS 6.20 view.
    const SIZE: usize;
    /// Bytes.
    const ALIGN: usize;
}

/// A value that any bit pattern can stand for.
///
/// # Safety
/// Every bit pattern of the type's size must be a valid value.
pub unsafe trait Plain: Copy {}

macro_rules! plain {
    ($($t:ty),*) => { $(
        // SAFETY: integers have no invalid bit pattern.
        unsafe impl Plain for $t {}
    )* };
}
plain!(u8, u16, u32, u64, i8, i16, i32, i64);
// SAFETY: an array of values without invalid bit patterns has none either.
unsafe impl<T: Plain, const N: usize> Plain for [T; N] {}

/// Marks a member that is a structure: it has an address, not a value.
pub struct Record;

/// A member of structure `S` with values of type `T`.
pub struct Field<S, T> {
    offset: usize,
    of: PhantomData<fn(S) -> T>,
}

impl<S, T> Clone for Field<S, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S, T> Copy for Field<S, T> {}

impl<S, T> Field<S, T> {
    /// The member at `offset` bytes.
    #[must_use]
    pub const fn new(offset: usize) -> Self {
        Self { offset, of: PhantomData }
    }

    /// Bytes from the start of the structure.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }
}

/// The address of an `S` in memory shared with the driver.
///
/// Access is what a CPU would do: unaligned, unsynchronised, and a bad address faults. The trap
/// module turns such a fault into a finding against the driver.
pub struct Ptr<S> {
    addr: u64,
    of: PhantomData<fn(S)>,
}

impl<S> Clone for Ptr<S> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S> Copy for Ptr<S> {}
impl<S> PartialEq for Ptr<S> {
    fn eq(&self, other: &Self) -> bool {
        self.addr == other.addr
    }
}
impl<S> Eq for Ptr<S> {}

impl<S> Ptr<S> {
    /// The structure at `addr`.
    #[must_use]
    pub const fn new(addr: u64) -> Self {
        Self { addr, of: PhantomData }
    }

    /// Its address.
    #[must_use]
    pub const fn addr(self) -> u64 {
        self.addr
    }

    /// Whether it is NULL.
    #[must_use]
    pub const fn is_null(self) -> bool {
        self.addr == 0
    }

    /// The value of a member.
    #[must_use]
    pub fn get<T: Plain>(self, field: Field<S, T>) -> T {
        read(self.addr + field.offset as u64)
    }

    /// Sets a member.
    pub fn set<T: Plain>(self, field: Field<S, T>, value: T) {
        write(self.addr + field.offset as u64, value);
    }

    /// The address of a member.
    #[must_use]
    pub fn at<T>(self, field: &Field<S, T>) -> u64 {
        self.addr + field.offset as u64
    }
}

/// Reads a value from the driver's memory.
#[must_use]
pub fn read<T: Plain>(addr: u64) -> T {
    // SAFETY: `Plain` has no invalid bit pattern; the address is the driver's word, and a wrong one
    // faults and is reported as the driver's fault.
    unsafe { (reach(addr, size_of::<T>()) as *const T).read_unaligned() }
}

/// Writes a value to the driver's memory.
pub fn write<T: Plain>(addr: u64, value: T) {
    // SAFETY: as for `read`; the driver handed this memory over for writing.
    unsafe { (reach(addr, size_of::<T>()) as *mut T).write_unaligned(value) }
}

/// Writes through an optional out parameter.
pub fn write_out<T: Plain>(addr: u64, value: T) {
    if addr != 0 {
        write(addr, value);
    }
}

/// Copies bytes out of the driver's memory.
#[must_use]
pub fn bytes(addr: u64, len: usize) -> Vec<u8> {
    let mut copy = vec![0; len];
    read_into(addr, &mut copy);
    copy
}

/// Copies bytes out of the driver's memory into `to`.
pub fn read_into(addr: u64, to: &mut [u8]) {
    let from = reach(addr, to.len()) as *const u8;
    // SAFETY: as for `read`; `to` is ours and does not overlap the driver's memory.
    unsafe { std::ptr::copy_nonoverlapping(from, to.as_mut_ptr(), to.len()) }
}

/// Copies bytes into the driver's memory.
pub fn write_bytes(addr: u64, from: &[u8]) {
    let to = reach(addr, from.len()) as *mut u8;
    // SAFETY: as for `write`; `from` is ours and does not overlap the driver's memory.
    unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), to, from.len()) }
}

/// Fills the driver's memory with one byte.
pub fn fill(addr: u64, value: u8, len: usize) {
    let to = reach(addr, len) as *mut u8;
    // SAFETY: as for `write`.
    unsafe { std::ptr::write_bytes(to, value, len) }
}

/// The text of a `UNICODE_STRING`.
#[must_use]
pub fn unicode(string: Ptr<super::UNICODE_STRING>) -> String {
    if string.is_null() {
        return String::new();
    }
    let units = usize::from(string.get(super::UNICODE_STRING::Length)) / 2;
    let buffer = string.get(super::UNICODE_STRING::Buffer);
    let text: Vec<u16> = (0..units).map(|i| read(buffer + 2 * i as u64)).collect();
    String::from_utf16_lossy(&text)
}

/// The text of a NUL-terminated byte string, at most 4096 bytes of it.
#[must_use]
pub fn c_string(addr: u64) -> String {
    let text: Vec<u8> = (0..4096).map(|i| read(addr + i)).take_while(|&b: &u8| b != 0).collect();
    String::from_utf8_lossy(&text).into_owned()
}
