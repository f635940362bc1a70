//! What the driver imports: how an implementation is declared, and what happens around every call.

use super::calls::IRQL;
use crate::{
    verify::{Rule, rules::irql_of},
    world::{
        refusals::{self, Answer},
        world,
    },
};
use std::sync::OnceLock;

/// The bounds of a function that may be called at any IRQL, or of which the documentation says nothing.
const ANY: (u8, u8) = (0, 15);

/// What is known of an imported function before it is called.
#[derive(Debug)]
pub struct CallInfo {
    /// The imported name.
    pub name: &'static str,
    /// Lowest IRQL at which it may be called.
    pub low: u8,
    /// Highest IRQL at which it may be called.
    pub high: u8,
    /// What it answers when it fails on demand.
    pub refusal: Option<u64>,
    /// The rule that says so.
    pub rule: &'static Rule,
}

impl CallInfo {
    /// The documented bounds of a function; unbounded if the documentation says nothing.
    #[must_use]
    pub fn of(name: &'static str) -> Self {
        let row = IRQL.binary_search_by(|row| row.0.cmp(name)).ok().and_then(|i| IRQL.get(i));
        let (low, high) = row.map_or(ANY, |row| (row.1, row.2));
        Self { name, low, high, refusal: refusals::answer_of(name), rule: irql_of(name) }
    }
}

/// How the loader binds an import.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bind {
    /// A function, through a stub that records the caller.
    Code,
    /// A function with a calling convention of its own, without a stub.
    Raw,
    /// A variable; every world has its own, see `Nt::variable`.
    Data,
}

/// An implementation that the loader can bind.
pub struct Import {
    /// ntoskrnl.exe, hal.dll or ndis.sys.
    pub module: &'static str,
    /// The exported name.
    pub name: &'static str,
    /// Its code; NULL for a variable.
    pub address: Address,
    /// How it is bound.
    pub bind: Bind,
}

impl Import {
    /// A function in the win64 convention.
    #[must_use]
    pub const fn code(module: &'static str, name: &'static str, address: *const ()) -> Self {
        Self { module, name, address: Address(address), bind: Bind::Code }
    }

    /// A function that must not be called through a stub.
    #[must_use]
    pub const fn raw(module: &'static str, name: &'static str, address: *const ()) -> Self {
        Self { module, name, address: Address(address), bind: Bind::Raw }
    }

    /// A variable.
    #[must_use]
    pub const fn data(module: &'static str, name: &'static str) -> Self {
        Self { module, name, address: Address(std::ptr::null()), bind: Bind::Data }
    }
}

/// An address that tables in constants can hold.
#[derive(Clone, Copy)]
pub struct Address(pub *const ());
// SAFETY: it is only ever the address of a function or of a static, both of which are shared freely.
unsafe impl Sync for Address {}

/// Held for the duration of an imported call.
pub struct CallGuard(());

/// Called first by every import: records the caller, checks the IRQL, lets the scheduler switch.
#[must_use]
pub fn enter(slot: &'static OnceLock<CallInfo>, name: &'static str) -> CallGuard {
    let info = slot.get_or_init(|| CallInfo::of(name));
    let world = world();
    world.sched.push_import(info, world.call_site());
    let irql = world.cpu().irql();
    if (info.low, info.high) != ANY {
        world.hold(info.rule, (info.low..=info.high).contains(&irql), || {
            format!("{name} called at IRQL {irql}; documented: {}", bounds(info.low, info.high))
        });
    }
    world.sched.yield_point();
    CallGuard(())
}

/// What an import that was asked to fail answers; `None` if it goes on.
#[must_use]
pub fn refusal<T: Answer>(slot: &'static OnceLock<CallInfo>) -> Option<T> {
    let info = slot.get()?;
    let answer = info.refusal?;
    world().refusals.refuses(info.name).then(|| T::of(answer))
}

impl Drop for CallGuard {
    fn drop(&mut self) {
        let world = world();
        world.sched.deliver();
        world.sched.pop_call();
    }
}

fn bounds(low: u8, high: u8) -> String {
    match (low, high) {
        (l, h) if l == h => format!("{l}"),
        (0, h) => format!("<= {h}"),
        (l, _) => format!(">= {l}"),
    }
}

/// Declares imports of one module. Each becomes an `extern "win64"` function that records its caller,
/// checks its IRQL and may switch, and a row of the table.
#[macro_export]
macro_rules! imports {
    ($(#[$table_doc:meta])* $table:ident from $module:literal;
     $( $(#[$doc:meta])* fn $name:ident ( $($arg:ident : $ty:ty),* $(,)? ) $(-> $ret:ty)? $body:block )*) => {
        $( $(#[$doc])* #[allow(non_snake_case, clippy::too_many_arguments, clippy::needless_pass_by_value)]
        extern "win64" fn $name($($arg: $ty),*) $(-> $ret)? {
            static INFO: ::std::sync::OnceLock<$crate::abi::CallInfo> = ::std::sync::OnceLock::new();
            let _call = $crate::abi::enter(&INFO, stringify!($name));
            $( if let Some(refusal) = $crate::abi::refusal::<$ret>(&INFO) {
                return refusal;
            } )?
            $body
        } )*
        $(#[$table_doc])*
        pub static $table: &[$crate::abi::Import] = &[ $(
            $crate::abi::Import::code($module, stringify!($name), $name as *const ()) ),* ];
    };
}
