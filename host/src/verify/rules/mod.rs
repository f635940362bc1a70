//! The rules that are watched: one row a rule, in a file for each of those that the driver owes it to.
//!
//! A row says the id in `docs/rules.md`, the name and the code under which Windows tools report it, and how much the
//! documentation demands. Its comment is what `ferrite-host rules` prints.

use super::{Rule, Strength};

/// Declares the rules of one file. Their numbers follow those of the file before.
macro_rules! rules {
    (from $start:expr; $( $(#[doc = $doc:literal])* $ident:ident = $id:literal, $name:literal, $code:literal, $strength:ident; )*) => {
        use super::{Rule, Strength};

        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "named as the rules are")]
        enum Number { $($ident,)* End }
        /// The number that the next file's rules begin at.
        pub(super) const END: usize = $start + Number::End as usize;
        $(
            $(#[doc = $doc])*
            pub static $ident: Rule = Rule {
                id: $id,
                name: $name,
                code: $code,
                strength: Strength::$strength,
                what: concat!($($doc),*),
                ident: stringify!($ident),
                number: $start + Number::$ident as usize,
            };
        )*
        /// All of this file.
        pub(super) static ALL: &[&Rule] = &[$(&$ident),*];
    };
}

mod host;
mod i82574;
mod image;
mod irql;
mod kernel;
mod ndis;
mod netdma;
mod quickdata;
mod transfer;
mod wdm;

pub use host::*;
pub use i82574::*;
pub use image::*;
pub use irql::*;
pub use kernel::*;
pub use ndis::*;
pub use netdma::*;
pub use quickdata::*;
pub use transfer::*;
pub use wdm::*;

/// How many there are of NDIS and the kernel: the rules with the lowest numbers.
pub const KERNEL_END: usize = kernel::END;
/// How many there are.
pub const COUNT: usize = host::END;

/// All of them, by number.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    [
        ndis::ALL,
        irql::ALL,
        kernel::ALL,
        wdm::ALL,
        image::ALL,
        netdma::ALL,
        transfer::ALL,
        quickdata::ALL,
        i82574::ALL,
        host::ALL,
    ]
    .into_iter()
    .flatten()
    .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_numbered_as_they_are_listed_and_say_what_they_are() {
        assert_eq!(all().count(), COUNT);
        for (at, rule) in all().enumerate() {
            assert_eq!(rule.number, at, "{}", rule.ident);
            assert!(
                !rule.id.is_empty() && !rule.name.is_empty() && !rule.what.trim().is_empty(),
                "{}",
                rule.ident
            );
        }
        let listed = include_str!("../../../../docs/rules.md");
        for rule in all() {
            let row = format!(
                "| {} | {} | {} | {} |",
                rule.id,
                rule.what.trim().trim_end_matches('.'),
                rule.name,
                rule.code
            );
            assert!(listed.contains(&row), "docs/rules.md does not have {row}");
        }
        let idents: std::collections::BTreeSet<_> = all().map(|rule| rule.ident).collect();
        assert_eq!(idents.len(), COUNT, "a name stands for one rule");
    }
}
