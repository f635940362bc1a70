//! The checks themselves: a small miniport driver that is sound, and the same driver with one fault at a time. Every
//! check that ends a run is seen to end it, under its rule and in the call where the fault is; and the sound driver is
//! seen to do what the rule is about.

#![allow(
    clippy::cast_possible_truncation,
    clippy::type_complexity,
    clippy::unnecessary_box_returns,
    clippy::bool_to_int_with_if,
    reason = "the bench writes structures as a driver does, and a violation is boxed where it comes from"
)]

mod bench;
#[path = "../common/built.rs"]
mod built;
mod fault;
#[path = "../common/mutant.rs"]
mod mutant;
mod proof;

mod data_path;
mod memory;
mod oid;
mod order;
mod registration;
mod resources;
mod routines;
mod states;

/// One test for each fault: its name, the fault, the rule that catches it, the call in which it is caught. All of them
/// are the file's `PROOFS`.
macro_rules! mutants {
    ($( $(#[$doc:meta])* $test:ident: $fault:ident is $rule:ident $(in $call:literal)?; )*) => {
        $(
            $(#[$doc])*
            #[test]
            fn $test() {
                $crate::mutants!(@ $fault $rule $($call)?);
            }
        )*
        /// The rules that these faults break.
        pub static PROOFS: &[&ferrite_host::verify::Rule] = &[$(&ferrite_host::verify::rules::$rule),*];
    };
    (@ $fault:ident $rule:ident) => {
        $crate::proof::caught_afterwards(stringify!($fault), &ferrite_host::verify::rules::$rule)
    };
    (@ $fault:ident $rule:ident $call:literal) => {
        $crate::proof::caught_in($call, stringify!($fault), &ferrite_host::verify::rules::$rule);
    };
}
use mutants;
