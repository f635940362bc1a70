//! The driver's side of the binary interface: imports, structures, memory.
//!
//! Everything is an integer here. A sound driver has types that keep it from passing a timer for an event or from
//! touching what it gave back; this one exists to do just that.

pub mod c;
mod io;
mod layouts;
pub mod netdma;

pub use io::*;
pub use layouts::*;

use core::{marker::PhantomData, ptr};

/// Calls an import with integers, as the Windows x64 convention passes them: the caller removes the arguments, so that
/// those that a function does not take do no harm.
macro_rules! import {
    ($name:ident $(, $arg:expr)*) => {{
        unsafe extern "system" {
            #[allow(clashing_extern_declarations, reason = "every function is declared as taking nothing")]
            fn $name();
        }
        $crate::abi::jump($name as *const () as u64, &[$($arg),*])
    }};
}
pub(crate) use import;

/// The address of a function.
macro_rules! address {
    ($handler:path) => {
        $handler as *const () as u64
    };
}
pub(crate) use address;

/// Calls a function in the Windows x64 convention. What it may be called with and at which IRQL is the function's
/// business.
pub fn jump(address: u64, args: &[u64]) -> u64 {
    type Function = extern "system" fn(u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64) -> u64;
    // SAFETY: the address is that of a function in this convention, which takes integers and pointers.
    let function: Function = unsafe { core::mem::transmute(address as *const ()) };
    let arg = |i: usize| args.get(i).copied().unwrap_or(0);
    function(arg(0), arg(1), arg(2), arg(3), arg(4), arg(5), arg(6), arg(7), arg(8), arg(9), arg(10))
}

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
    pub const fn new(offset: usize) -> Self {
        Self { offset, of: PhantomData }
    }
}

/// The address of an `S`, whoever owns it.
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

impl<S> Ptr<S> {
    /// The structure at `addr`.
    pub const fn new(addr: u64) -> Self {
        Self { addr, of: PhantomData }
    }

    /// Its address.
    pub const fn addr(self) -> u64 {
        self.addr
    }

    /// The value of a member.
    pub fn get<T: Copy>(self, field: Field<S, T>) -> T {
        read(self.addr + field.offset as u64)
    }

    /// Sets a member.
    pub fn set<T: Copy>(self, field: Field<S, T>, value: T) {
        write(self.addr + field.offset as u64, value);
    }

    /// The address of a member.
    pub fn at<T>(self, field: Field<S, T>) -> u64 {
        self.addr + field.offset as u64
    }
}

/// Reads an integer.
pub fn read<T: Copy>(addr: u64) -> T {
    // SAFETY: the driver says that the memory is its own. If it is not, it faults, which is what is tried.
    unsafe { ptr::read_unaligned(addr as *const T) }
}

/// Writes an integer.
pub fn write<T: Copy>(addr: u64, value: T) {
    // SAFETY: as in `read`.
    unsafe { ptr::write_unaligned(addr as *mut T, value) }
}

/// Copies bytes from one place to another.
pub fn copy(from: u64, to: u64, len: u64) {
    // SAFETY: as in `read`.
    unsafe { ptr::copy(from as *const u8, to as *mut u8, len as usize) }
}

/// Fills memory with one byte.
pub fn fill(addr: u64, value: u8, len: usize) {
    // SAFETY: as in `read`.
    unsafe { ptr::write_bytes(addr as *mut u8, value, len) }
}
