//! What an image may use of memory: small images of hand-written code, made for each test, that touch pageable and
//! discarded sections and use the kernel's stack, in order and not.

#![allow(clippy::doc_markdown, reason = "Microsoft's names")]

mod inspected;
mod machine;
mod paging;
#[path = "../common/rows.rs"]
mod rows;
mod sound;
mod stack;
#[allow(dead_code, reason = "the loader's own tests use all of it")]
#[path = "../../src/pe/testing.rs"]
mod testing;

use ferrite_host::{
    pe::{Binding, CallSite, Image, Mapped},
    verify::Rule,
};

/// Rules that no mutant breaks, with the reason.
const NOT_PROVEN: &[(&Rule, &str)] = &[];

/// Each rule has a driver that breaks it, and the sound one is held to it.
#[test]
fn every_rule_is_proven() {
    let ours = |rule: &Rule| rule.id.starts_with("KERNEL-PAGED-") || rule.id.starts_with("KERNEL-STACK-");
    rows::complete(ours, &[paging::BROKEN, stack::BROKEN], NOT_PROVEN);
}
