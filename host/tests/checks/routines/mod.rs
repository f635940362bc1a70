//! What a driver owes the kernel: routines of the driver's that each break one rule (`mutants/src/routine`), and sound ones
//! that keep them all.

mod devices;
mod ends;
mod irp;
mod levels;
mod locks;
mod mdl;
mod memory;
mod objects;
mod transfer;

use crate::{bench, proof};
use ferrite_host::verify::Rule;

/// The routines that keep every rule.
pub static SOUND: [&str; 9] =
    ["levels", "locks", "memory", "mdl", "objects", "devices", "irp", "transfer", "ends"];

/// The rules that the others break.
pub static PROOFS: [&[&Rule]; 9] = [
    levels::PROOFS,
    locks::PROOFS,
    memory::PROOFS,
    mdl::PROOFS,
    objects::PROOFS,
    devices::PROOFS,
    irp::PROOFS,
    transfer::PROOFS,
    ends::PROOFS,
];

/// One test for each routine: its name, the rule that it breaks, the call in which it is caught. All of them are the
/// file's `PROOFS`.
macro_rules! broken {
    ($( $(#[$doc:meta])* $test:ident: $rule:ident $(in $call:literal)?; )*) => {
        $(
            $(#[$doc])*
            #[test]
            fn $test() {
                let call: &[&str] = &[$($call)?];
                crate::routines::breaks(stringify!($test), &ferrite_host::verify::rules::$rule, call);
            }
        )*
        /// The rules that these routines break.
        pub static PROOFS: &[&ferrite_host::verify::Rule] = &[$(&ferrite_host::verify::rules::$rule),*];
    };
}
use broken;

/// The routine is ended by this rule, in this call if one is named.
#[track_caller]
fn breaks(name: &'static str, rule: &'static Rule, call: &[&str]) {
    let violation = proof::broken(name, bench::routine(name).ended, rule);
    if let Some(call) = call.first() {
        assert_eq!(violation.calls.first().map(String::as_str), Some(*call), "{name}: {violation}");
    }
}
