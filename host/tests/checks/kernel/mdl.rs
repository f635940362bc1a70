//! MDLs.

use super::{TAG, broken, k, own, pool};

const PAGE: u64 = 4096;

/// An MDL over pool, not built.
fn plain(len: u64) -> u64 {
    k("IoAllocateMdl", &[pool(len), len, 0, 0, 0])
}

/// The same, built.
fn built(len: u64) -> u64 {
    let mdl = plain(len);
    k("MmBuildMdlForNonPagedPool", &[mdl]);
    mdl
}

/// The same, locked.
fn locked(len: u64) -> u64 {
    let mdl = plain(len);
    k("MmProbeAndLockPages", &[mdl, 0, 0]);
    mdl
}

fn map(mdl: u64) -> u64 {
    k("MmMapLockedPagesSpecifyCache", &[mdl, 0, 1, 0, 0, 16])
}

broken! {
    /// An MDL freed with its pages locked.
    freeing_a_locked_mdl: MDL_LOCKED in "IoFreeMdl" { k("IoFreeMdl", &[locked(64)]) }
    /// 0xC4/0x13.
    freeing_an_mdl_twice: MDL_FREED in "IoFreeMdl" {
        let mdl = plain(64);
        k("IoFreeMdl", &[mdl]);
        k("IoFreeMdl", &[mdl])
    }
    /// 0xC4/0x7F.
    building_an_mdl_twice: MDL_BUILT in "MmBuildMdlForNonPagedPool" {
        k("MmBuildMdlForNonPagedPool", &[built(64)])
    }
    /// A partial MDL beyond its source.
    a_partial_mdl_of_other_memory: MDL_PARTIAL in "IoBuildPartialMdl" {
        let block = pool(64);
        let source = k("IoAllocateMdl", &[block, 64, 0, 0, 0]);
        k("MmBuildMdlForNonPagedPool", &[source]);
        k("IoBuildPartialMdl", &[source, plain(64), block + 32, 64])
    }
    /// 0xC4/0xB0.
    locking_built_pages: MDL_PROBED in "MmProbeAndLockPages" { k("MmProbeAndLockPages", &[built(64), 0, 0]) }
    /// 0xC4/0x7C.
    unlocking_pages_that_are_not_locked: MDL_UNLOCKED in "MmUnlockPages" { k("MmUnlockPages", &[plain(64)]) }
    /// 0xC4/0x7D.
    unlocking_nonpaged_pool: MDL_UNLOCKED_POOL in "MmUnlockPages" { k("MmUnlockPages", &[built(64)]) }
    /// 0xC4/0xB4.
    unlocking_a_part: MDL_UNLOCKED_PART in "MmUnlockPages" {
        let block = pool(64);
        let source = k("IoAllocateMdl", &[block, 64, 0, 0, 0]);
        k("MmProbeAndLockPages", &[source, 0, 0]);
        let part = k("IoAllocateMdl", &[block, 32, 0, 0, 0]);
        k("IoBuildPartialMdl", &[source, part, block, 32]);
        k("MmUnlockPages", &[part])
    }
    /// 0xC4/0x82.
    mapping_or_a_bug_check: MDL_BUG_CHECK in "MmMapLockedPagesSpecifyCache" {
        k("MmMapLockedPagesSpecifyCache", &[locked(64), 0, 1, 0, 1, 16])
    }
    /// 0xC4/0xB2.
    mapping_twice: MDL_MAPPED in "MmMapLockedPagesSpecifyCache" {
        let mdl = locked(64);
        map(mdl);
        map(mdl)
    }
    /// 0xC4/0xB3.
    mapping_pages_that_are_not_locked: MDL_NOT_LOCKED in "MmMapLockedPagesSpecifyCache" { map(plain(64)) }
    /// 0xDA.
    unmapping_elsewhere: MDL_UNMAPPED in "MmUnmapLockedPages" {
        let mdl = locked(64);
        let base = map(mdl);
        k("MmUnmapLockedPages", &[base + 8, mdl])
    }
    /// Pages of an MDL that has none.
    freeing_pages_of_an_mdl_without: MDL_PAGES in "MmFreePagesFromMdl" {
        k("MmFreePagesFromMdl", &[plain(64)])
    }
    /// 0xDA.
    freeing_a_range_with_another_tag: MDL_RESERVED in "MmFreeMappingAddress" {
        let base = k("MmAllocateMappingAddress", &[PAGE, TAG]);
        k("MmFreeMappingAddress", &[base, TAG + 1])
    }
    /// 0xC4/0x140.
    describing_memory_that_is_not_nonpaged: MDL_NONPAGED in "NdisAllocateMdl" {
        let local = 0_u64;
        k("NdisAllocateMdl", &[0, &raw const local as u64, 8])
    }
}

/// MDLs built, locked, mapped, and all of it undone.
pub fn sound() {
    let block = pool(64);
    let mdl = k("IoAllocateMdl", &[block, 64, 0, 0, 0]);
    k("MmBuildMdlForNonPagedPool", &[mdl]);
    let part = k("IoAllocateMdl", &[block, 32, 0, 0, 0]);
    k("IoBuildPartialMdl", &[mdl, part, block, 32]);
    k("IoFreeMdl", &[part]);
    k("IoFreeMdl", &[mdl]);
    let mdl = locked(64);
    let base = map(mdl);
    k("MmUnmapLockedPages", &[base, mdl]);
    k("MmUnlockPages", &[mdl]);
    k("IoFreeMdl", &[mdl]);
    let pages = k("MmAllocatePagesForMdlEx", &[0, u64::MAX, 0, PAGE, 1, 0]);
    k("MmFreePagesFromMdl", &[pages]);
    k("ExFreePool", &[pages]);
    let base = k("MmAllocateMappingAddress", &[PAGE, TAG]);
    k("MmFreeMappingAddress", &[base, TAG]);
    let mdl = k("NdisAllocateMdl", &[0, own(64), 64]);
    k("NdisFreeMdl", &[mdl]);
}
