//! MDLs.

use super::routines;
use crate::abi::{import};
use super::{TAG, pool};

const PAGE: u64 = 4096;

/// An MDL over pool, not built.
fn plain(len: u64) -> u64 {
    import!(IoAllocateMdl, pool(len), len, 0, 0, 0)
}

/// The same, built.
fn built(len: u64) -> u64 {
    let mdl = plain(len);
    import!(MmBuildMdlForNonPagedPool, mdl);
    mdl
}

/// The same, locked.
fn locked(len: u64) -> u64 {
    let mdl = plain(len);
    import!(MmProbeAndLockPages, mdl, 0, 0);
    mdl
}

fn map(mdl: u64) -> u64 {
    import!(MmMapLockedPagesSpecifyCache, mdl, 0, 1, 0, 0, 16)
}

routines! {
    /// An MDL freed with its pages locked.
    freeing_a_locked_mdl { import!(IoFreeMdl, locked(64)) }
    /// 0xC4/0x13.
    freeing_an_mdl_twice {
        let mdl = plain(64);
        import!(IoFreeMdl, mdl);
        import!(IoFreeMdl, mdl)
    }
    /// 0xC4/0x7F.
    building_an_mdl_twice {
        import!(MmBuildMdlForNonPagedPool, built(64))
    }
    /// A partial MDL beyond its source.
    a_partial_mdl_of_other_memory {
        let block = pool(64);
        let source = import!(IoAllocateMdl, block, 64, 0, 0, 0);
        import!(MmBuildMdlForNonPagedPool, source);
        import!(IoBuildPartialMdl, source, plain(64), block + 32, 64)
    }
    /// 0xC4/0xB0.
    locking_built_pages { import!(MmProbeAndLockPages, built(64), 0, 0) }
    /// 0xC4/0x7C.
    unlocking_pages_that_are_not_locked { import!(MmUnlockPages, plain(64)) }
    /// 0xC4/0x7D.
    unlocking_nonpaged_pool { import!(MmUnlockPages, built(64)) }
    /// 0xC4/0xB4.
    unlocking_a_part {
        let block = pool(64);
        let source = import!(IoAllocateMdl, block, 64, 0, 0, 0);
        import!(MmProbeAndLockPages, source, 0, 0);
        let part = import!(IoAllocateMdl, block, 32, 0, 0, 0);
        import!(IoBuildPartialMdl, source, part, block, 32);
        import!(MmUnlockPages, part)
    }
    /// 0xC4/0x82.
    mapping_or_a_bug_check {
        import!(MmMapLockedPagesSpecifyCache, locked(64), 0, 1, 0, 1, 16)
    }
    /// 0xC4/0xB2.
    mapping_twice {
        let mdl = locked(64);
        map(mdl);
        map(mdl)
    }
    /// 0xC4/0xB3.
    mapping_pages_that_are_not_locked { map(plain(64)) }
    /// 0xDA.
    unmapping_elsewhere {
        let mdl = locked(64);
        let base = map(mdl);
        import!(MmUnmapLockedPages, base + 8, mdl)
    }
    /// Pages of an MDL that has none.
    freeing_pages_of_an_mdl_without {
        import!(MmFreePagesFromMdl, plain(64))
    }
    /// 0xDA.
    freeing_a_range_with_another_tag {
        let base = import!(MmAllocateMappingAddress, PAGE, TAG);
        import!(MmFreeMappingAddress, base, TAG + 1)
    }
    /// 0xC4/0x140.
    describing_memory_that_is_not_nonpaged {
        let local = 0_u64;
        import!(NdisAllocateMdl, 0, &raw const local as u64, 8)
    }
}

/// MDLs built, locked, mapped, and all of it undone.
pub fn sound() {
    let block = pool(64);
    let mdl = import!(IoAllocateMdl, block, 64, 0, 0, 0);
    import!(MmBuildMdlForNonPagedPool, mdl);
    let part = import!(IoAllocateMdl, block, 32, 0, 0, 0);
    import!(IoBuildPartialMdl, mdl, part, block, 32);
    import!(IoFreeMdl, part);
    import!(IoFreeMdl, mdl);
    let mdl = locked(64);
    let base = map(mdl);
    import!(MmUnmapLockedPages, base, mdl);
    import!(MmUnlockPages, mdl);
    import!(IoFreeMdl, mdl);
    let pages = import!(MmAllocatePagesForMdlEx, 0, u64::MAX, 0, PAGE, 1, 0);
    import!(MmFreePagesFromMdl, pages);
    import!(ExFreePool, pages);
    let base = import!(MmAllocateMappingAddress, PAGE, TAG);
    import!(MmFreeMappingAddress, base, TAG);
    let block = pool(64);
    let mdl = import!(NdisAllocateMdl, 0, block, 64);
    import!(NdisFreeMdl, mdl);
    import!(ExFreePool, block);
}
