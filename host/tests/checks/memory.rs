//! Memory in special pool, and who owns it.

use crate::{
    bench,
    fault::Turn,
    proof,
};
use ferrite_host::verify::{Rule, rules};

/// One test for each misuse: its name, the misuse, the rule that catches it, the call in which it is caught, what is
/// said of the memory. All of them are the file's `PROOFS`.
macro_rules! misuses {
    ($( $(#[$doc:meta])* $test:ident: $fault:ident is $rule:ident in $call:literal, $text:literal; )*) => {
        $(
            $(#[$doc])*
            #[test]
            fn $test() {
                let ended = bench::live_special(stringify!($fault), Turn::None).ended;
                let violation = proof::broken(stringify!($fault), ended, &rules::$rule);
                assert_eq!(violation.calls.first().map(String::as_str), Some($call), "{violation}");
                assert!(violation.detail.contains($text), "{violation}");
            }
        )*
        /// The rules that these misuses break.
        pub static PROOFS: &[&ferrite_host::verify::Rule] = &[$(&rules::$rule),*];
    };
}

/// What only special pool watches.
static WATCHED: [&Rule; 7] = [
    &rules::SPECIAL_POOL,
    &rules::BEYOND_END,
    &rules::BEFORE_START,
    &rules::FREED_MEMORY,
    &rules::PAGED_MEMORY,
    &rules::INDICATED_MEMORY,
    &rules::COMPLETED_MEMORY,
];

/// The driver without a fault touches what is its own, and only that: what it sends until it completes it, what it
/// indicates when it comes back, also at once (NDIS-RECV-05).
#[test]
fn the_sound_driver_passes_in_special_pool() {
    let of = |run: &bench::Run| WATCHED.map(|rule| (rule.ident, run.coverage[rule.number]));
    for _ in 0..3 {
        let run = bench::live_special("", Turn::None);
        let idle = of(&run).into_iter().find(|(_, count)| *count == 0);
        assert_eq!(idle, None, "never watched");
        assert!(run.ended.is_ok(), "{}", run.ended.unwrap_err());
    }
    let run = bench::live("", Turn::None);
    let busy = of(&run).into_iter().find(|(_, count)| *count > 0);
    assert_eq!(busy, None, "watched in a pool that is not special");
}

misuses! {
    /// 0xD6.
    reading_beyond_a_block: ReadsBeyond is BEYOND_END in "MiniportInitializeEx",
        "0 bytes beyond the end of 256 bytes of NdisMemory, tag '!bad', from NdisAllocateMemoryWithTagPriority";
    /// 0xD6.
    writing_beyond_a_block: WritesBeyond is BEYOND_END in "MiniportInitializeEx", "write to inaccessible memory";
    /// 0xD6.
    copying_beyond_a_block: CopiesBeyond is BEYOND_END in "MiniportInitializeEx", "beyond the end of 256 bytes";
    /// A block that begins its page.
    reading_before_a_block: ReadsBefore is BEFORE_START in "MiniportInitializeEx",
        "1 bytes before the start of 256 bytes of NdisMemory";
    /// A block that begins its page.
    writing_before_a_block: WritesBefore is BEFORE_START in "MiniportInitializeEx", "before the start of 256 bytes";
    /// 0xC1, a block that ends its page.
    writing_before_a_block_on_its_page: WritesLead is SPECIAL_POOL in "NdisFreeMemory",
        "written 1 bytes before the start of 256 bytes";
    /// 0xC1, a block whose length is not aligned.
    writing_between_a_block_and_its_aligned_end: WritesTail is SPECIAL_POOL in "NdisFreeMemory",
        "written 0 bytes beyond the end of 250 bytes";

    /// 0xD5.
    reading_freed_memory: ReadsFreed is FREED_MEMORY in "MiniportInitializeEx", "0 bytes into what was 64 bytes";
    /// 0xD5.
    writing_freed_memory: WritesFreed is FREED_MEMORY in "MiniportInitializeEx", "63 bytes into what was 64 bytes";
    /// 0xD5, by a routine that stands for the driver's own code.
    copying_freed_memory: CopiesFreed is FREED_MEMORY in "MiniportInitializeEx", "into what was 64 bytes";
    /// 0xD5, by a routine that stands for the driver's own code.
    filling_freed_memory: FillsFreed is FREED_MEMORY in "MiniportInitializeEx", "into what was 64 bytes";
    /// 0xD5, by an import that writes where it was told.
    handing_freed_memory_to_an_import: HandsFreedOver is FREED_MEMORY in "NdisAllocateMemoryWithTag",
        "touched for the driver";
    /// 0xD5.
    touching_freed_pool: TouchesFreedPool is FREED_MEMORY in "MiniportInitializeEx", "4096 bytes of Pool";
    /// 0xD5.
    touching_freed_shared_memory: TouchesFreedShared is FREED_MEMORY in "MiniportHaltEx", "8192 bytes of Shared";
    /// 0xD5.
    touching_freed_contiguous_memory: TouchesFreedContiguous is FREED_MEMORY in "MiniportInitializeEx",
        "9000 bytes of Contiguous";
    /// 0xD5.
    touching_a_freed_mdl: TouchesFreedMdl is FREED_MEMORY in "MiniportHaltEx", "bytes of Mdl, from NdisAllocateMdl";
    /// 0xD5.
    touching_a_freed_nbl: TouchesFreedList is FREED_MEMORY in "MiniportHaltEx", "bytes of NetBufferList";
    /// 0xD5.
    touching_a_freed_nb: TouchesFreedBuffer is FREED_MEMORY in "MiniportHaltEx", "bytes of NetBuffer,";
    /// `NdisAllocateMdl`: freed twice.
    freeing_an_mdl_twice: ReturnsMdlTwice is MDL_PAIR in "NdisFreeMdl", "Unknown";
    /// Freed twice.
    freeing_an_nbl_twice: ReturnsListTwice is NBL_FREED in "NdisFreeNetBufferList", "freed before";
    /// A pool that is no more.
    allocating_from_a_freed_pool: AllocatesFromFreedPool is HANDLE_POOL in "NdisAllocateNetBufferList", "is not a pool";

    /// 0xD1: paged pool is there below `DISPATCH_LEVEL` only.
    touching_paged_pool_at_dispatch_level: TouchesPagedPool is PAGED_MEMORY in "MiniportInitializeEx",
        "8 bytes into paged pool, 64 bytes of Pool, tag '!bad', from ExAllocatePoolWithTag";

    /// 0xC1: memory of the protocol's, which finds it when it frees what is completed.
    writing_past_an_mdl_that_is_sent: WritesPastSentMdl is SPECIAL_POOL in "NdisMSendNetBufferListsComplete",
        "written 0 bytes beyond the end of 56 bytes of Host, from protocol";

    /// NDIS-SEND-04.
    reading_a_completed_nbl: ReadsCompletedList is COMPLETED_MEMORY in "MiniportSendNetBufferLists",
        "0 bytes into what went back with its completion, 368 bytes of Host, from protocol";
    /// NDIS-SEND-04.
    writing_a_completed_nbl: WritesCompletedList is COMPLETED_MEMORY in "MiniportSendNetBufferLists",
        "write to inaccessible memory";
    /// NDIS-SEND-04.
    touching_the_nb_of_a_completed_nbl: TouchesCompletedBuffer is COMPLETED_MEMORY in "MiniportSendNetBufferLists",
        "176 bytes of Host";
    /// NDIS-SEND-04.
    touching_the_mdl_of_a_completed_nbl: TouchesCompletedMdl is COMPLETED_MEMORY in "MiniportSendNetBufferLists",
        "0 bytes into what went back";
    /// NDIS-SEND-04.
    touching_the_data_of_a_completed_nbl: TouchesCompletedData is COMPLETED_MEMORY in "MiniportSendNetBufferLists",
        "protocol data";

    /// NDIS-SEND-04: an import that reads it for the driver.
    handing_a_completed_nb_to_an_import: HandsCompletedOver is COMPLETED_MEMORY in "NdisQueryNetBufferPhysicalCount",
        "176 bytes of Host";

    /// NDIS-RECV-04.
    reading_an_indicated_nbl: ReadsIndicatedList is INDICATED_MEMORY in "MiniportMessageInterruptDPC",
        "0 bytes into what NDIS owns until it is returned";
    /// NDIS-RECV-04.
    writing_an_indicated_nbl: WritesIndicatedList is INDICATED_MEMORY in "MiniportMessageInterruptDPC",
        "bytes of NetBufferList, from NdisAllocateNetBufferAndNetBufferList";
    /// NDIS-RECV-04.
    touching_the_nb_of_an_indicated_nbl: TouchesIndicatedBuffer is INDICATED_MEMORY in "MiniportMessageInterruptDPC",
        "176 bytes of NetBuffer";
    /// NDIS-RECV-04.
    touching_the_mdl_of_an_indicated_nbl: TouchesIndicatedMdl is INDICATED_MEMORY in "MiniportMessageInterruptDPC",
        "bytes of Mdl";
    /// NDIS-RECV-04.
    reading_the_data_of_an_indicated_nbl: ReadsIndicatedData is INDICATED_MEMORY in "MiniportMessageInterruptDPC",
        "0 bytes into what NDIS owns until it is returned, 64 bytes of NdisMemory";
    /// NDIS-RECV-04.
    writing_the_data_of_an_indicated_nbl: WritesIndicatedData is INDICATED_MEMORY in "MiniportMessageInterruptDPC",
        "59 bytes into what NDIS owns until it is returned";
    /// NDIS-RECV-04, -14.
    freeing_the_data_of_an_indicated_nbl: FreesIndicatedData is INDICATED_MEMORY in "NdisFreeMemory",
        "freed while it is not the driver's";
    /// NDIS-RECV-04, -14.
    freeing_the_mdl_of_an_indicated_nbl: FreesIndicatedMdl is INDICATED_MEMORY in "NdisFreeMdl",
        "freed while it is not the driver's";

    /// NDIS-RECV-04: an import that changes it for the driver.
    advancing_an_indicated_nb: AdvancesIndicated is INDICATED_MEMORY in "NdisAdvanceNetBufferDataStart",
        "it is not the driver's";

    /// A request's buffer is as long as it says.
    reading_beyond_the_buffer_of_a_request: ReadsBeyondRequest is BEYOND_END in "MiniportOidRequest", "OID buffer";
    /// A request that was completed is the protocol's.
    touching_an_answered_request: TouchesAnsweredRequest is FREED_MEMORY in "work item routine", "OID request";
}
