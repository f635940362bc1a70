use super::*;
use crate::verify::rules;

#[test]
fn sequenced_lists_are_last_in_first_out_and_count() {
    run(|| {
        let header = own(16);
        k("InitializeSListHead", &[header]);
        let entries: Vec<u64> = (0..3).map(|_| own(16)).collect();
        assert_eq!(k("ExpInterlockedPushEntrySList", &[header, entries[0]]), 0);
        assert_eq!(k("ExpInterlockedPushEntrySList", &[header, entries[1]]), entries[0]);
        k("ExpInterlockedPushEntrySList", &[header, entries[2]]);
        assert_eq!(k("ExQueryDepthSList", &[header]) as u16, 3);
        assert_eq!(k("ExpInterlockedPopEntrySList", &[header]), entries[2]);
        let rest = k("ExpInterlockedFlushSList", &[header]);
        assert_eq!((rest, read::<u64>(rest), read::<u64>(entries[0])), (entries[1], entries[0], 0));
        assert_eq!(k("ExpInterlockedPopEntrySList", &[header]), 0);
        assert_eq!(k("ExQueryDepthSList", &[header]) as u16, 0);
        assert_ne!(read::<u64>(header) >> 16, 0, "the sequence went on");
    })
    .expect("no violation");
    breaks(&rules::SLIST_ALIGNMENT, "not 16-byte aligned", || {
        let header = own(16);
        k("ExpInterlockedPushEntrySList", &[header, own(32) + 8]);
    });
}

#[test]
fn interlocked_lists_insert_at_both_ends() {
    run(|| {
        let (head, lock) = (own(16), own(8));
        write(head, head);
        write(head + 8, head);
        let (one, two, three) = (own(16), own(16), own(16));
        assert_eq!(k("ExInterlockedInsertTailList", &[head, one, lock]), 0, "it was empty");
        assert_eq!(k("ExInterlockedInsertTailList", &[head, two, lock]), one);
        assert_eq!(k("ExInterlockedInsertHeadList", &[head, three, lock]), one);
        let order: Vec<u64> = (0..4).map(|_| k("ExInterlockedRemoveHeadList", &[head, lock])).collect();
        assert_eq!(order, [three, one, two, 0]);
        assert_eq!(world().cpu().irql(), 0);
    })
    .expect("no violation");
    breaks(&rules::LIST, "do not match", || {
        let (head, lock) = (own(16), own(8));
        write(head, own(16));
        write(head + 8, head);
        k("ExInterlockedInsertTailList", &[head, own(16), lock]);
    });
}

#[test]
fn bitmaps_find_set_and_count() {
    run(|| {
        let (map, buffer) = (own(16), own(8));
        k("RtlInitializeBitMap", &[map, buffer, 40]);
        k("RtlSetBits", &[map, 3, 5]);
        assert_eq!(read::<u8>(buffer), 0xF8);
        assert_eq!(k8("RtlAreBitsSet", &[map, 3, 5]), 1);
        assert_eq!(k8("RtlAreBitsClear", &[map, 2, 2]), 0);
        assert_eq!(k32("RtlFindClearBits", &[map, 4, 0]), 8);
        assert_eq!(k32("RtlFindClearBitsAndSet", &[map, 32, 20]), 8, "from the beginning");
        assert_eq!(k32("RtlFindClearBits", &[map, 4, 0]), u32::MAX);
        assert_eq!(k32("RtlNumberOfSetBits", &[map]), 37);
        k("RtlClearBits", &[map, 0, 40]);
        assert_eq!(k32("RtlNumberOfClearBits", &[map]), 40);
    })
    .expect("no violation");
}
