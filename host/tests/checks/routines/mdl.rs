//! MDLs.

crate::routines::broken! {
    /// An MDL freed with its pages locked.
    freeing_a_locked_mdl: MDL_LOCKED in "IoFreeMdl";
    /// 0xC4/0x13.
    freeing_an_mdl_twice: MDL_FREED in "IoFreeMdl";
    /// 0xC4/0x7F.
    building_an_mdl_twice: MDL_BUILT in "MmBuildMdlForNonPagedPool";
    /// A partial MDL beyond its source.
    a_partial_mdl_of_other_memory: MDL_PARTIAL in "IoBuildPartialMdl";
    /// 0xC4/0xB0.
    locking_built_pages: MDL_PROBED in "MmProbeAndLockPages";
    /// 0xC4/0x7C.
    unlocking_pages_that_are_not_locked: MDL_UNLOCKED in "MmUnlockPages";
    /// 0xC4/0x7D.
    unlocking_nonpaged_pool: MDL_UNLOCKED_POOL in "MmUnlockPages";
    /// 0xC4/0xB4.
    unlocking_a_part: MDL_UNLOCKED_PART in "MmUnlockPages";
    /// 0xC4/0x82.
    mapping_or_a_bug_check: MDL_BUG_CHECK in "MmMapLockedPagesSpecifyCache";
    /// 0xC4/0xB2.
    mapping_twice: MDL_MAPPED in "MmMapLockedPagesSpecifyCache";
    /// 0xC4/0xB3.
    mapping_pages_that_are_not_locked: MDL_NOT_LOCKED in "MmMapLockedPagesSpecifyCache";
    /// 0xDA.
    unmapping_elsewhere: MDL_UNMAPPED in "MmUnmapLockedPages";
    /// Pages of an MDL that has none.
    freeing_pages_of_an_mdl_without: MDL_PAGES in "MmFreePagesFromMdl";
    /// 0xDA.
    freeing_a_range_with_another_tag: MDL_RESERVED in "MmFreeMappingAddress";
    /// 0xC4/0x140.
    describing_memory_that_is_not_nonpaged: MDL_NONPAGED in "NdisAllocateMdl";
}
