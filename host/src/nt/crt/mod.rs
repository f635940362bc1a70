//! The C run time that the kernel exports. Its functions do nothing that another thread could see, so they
//! are no switching points and are called at any level.

pub mod memory;
pub mod print;
pub mod sort;
pub mod text;
pub mod text_safe;

/// Declares imports that compute and nothing else: without a record of the caller, without a switch.
macro_rules! leaves {
    ($(#[$table_doc:meta])* $table:ident from $module:literal;
     $( $(#[$doc:meta])* fn $name:ident ( $($arg:ident : $ty:ty),* $(,)? ) $(-> $ret:ty)? $body:block )*) => {
        $( $(#[$doc])* #[allow(non_snake_case, clippy::too_many_arguments)]
        extern "win64" fn $name($($arg: $ty),*) $(-> $ret)? $body )*
        $(#[$table_doc])*
        pub static $table: &[$crate::abi::Import] = &[ $(
            $crate::abi::Import::code($module, stringify!($name), $name as *const ()) ),* ];
    };
}
use leaves;

use crate::abi::{Plain, read};

/// A narrow or a wide character.
pub trait Unit: Plain + Ord + Default + Into<u32> + 'static {
    /// Bytes.
    const SIZE: u64;
    /// Lower case, as the C locale has it.
    fn lower(self) -> Self;
    /// From a code that fits.
    fn from_code(code: u32) -> Self;
}

impl Unit for u8 {
    const SIZE: u64 = 1;

    fn lower(self) -> Self {
        self.to_ascii_lowercase()
    }

    fn from_code(code: u32) -> Self {
        code as u8
    }
}

impl Unit for u16 {
    const SIZE: u64 = 2;

    fn lower(self) -> Self {
        super::rtl::lower(self)
    }

    fn from_code(code: u32) -> Self {
        code as u16
    }
}

/// The unit at an index.
fn at<T: Unit>(addr: u64, index: u64) -> T {
    read(addr.wrapping_add(index * T::SIZE))
}

/// Units before the terminator, at most `most`.
fn length<T: Unit>(addr: u64, most: u64) -> u64 {
    (0..most).find(|&i| at::<T>(addr, i) == T::default()).unwrap_or(most)
}

/// The units of a terminated string.
fn take<T: Unit>(addr: u64) -> Vec<T> {
    (0..length::<T>(addr, u64::MAX)).map(|i| at(addr, i)).collect()
}
