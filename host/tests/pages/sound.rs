//! What a sound driver does with pageable sections and its stack.

use crate::{machine::*, paging, stack};
use std::sync::OnceLock;

/// How often each rule was watched in sound runs.
pub fn coverage() -> Vec<u64> {
    static COVERAGE: OnceLock<Vec<u64>> = OnceLock::new();
    COVERAGE.get_or_init(run_all).clone()
}

fn run_all() -> Vec<u64> {
    let paged = live(&paging::paged(0), || {
        assert_eq!(go("Paged", &[]), 5);
        go("Raise", &[0]);
        go("Touch", &[]);
        let handle = go("MmLockPagableDataSection", &[address("Paged")]);
        assert_eq!(go_raised("Paged", &[]), 5);
        go("MmUnlockPagableImageSection", &[handle]);
    });
    let deep = live(&stack::deep(), || {
        go("Descend", &[20]);
        go("Leap", &[]);
    });
    let mut all = vec![0; paged.coverage.len()];
    for life in [paged, deep] {
        assert!(life.ended.is_ok(), "{}", life.ended.unwrap_err());
        all.iter_mut().zip(life.coverage).for_each(|(sum, count)| *sum += count);
    }
    all
}
