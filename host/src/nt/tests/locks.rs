use super::*;
use crate::{cpu::DISPATCH, verify::rules};
use std::time::Duration;

#[test]
fn a_cpu_waits_for_the_lock_that_another_holds() {
    let log = Log::default();
    let (a, b) = (log.clone(), log.clone());
    run(move || {
        let lock = own(8);
        let old = k8("KeAcquireSpinLockRaiseToDpc", &[lock]);
        assert_eq!((old, world().cpu().irql()), (0, DISPATCH));
        a.say("0 in");
        let other = on_cpu(1, move || {
            let old = k8("KeAcquireSpinLockRaiseToDpc", &[lock]);
            b.say("1 in");
            k("KeReleaseSpinLock", &[lock, u64::from(old)]);
        });
        world().sched.stall(Duration::from_millis(2));
        assert_eq!(k8("KeTestSpinLock", &[lock]), 0, "held");
        a.say("0 out");
        k("KeReleaseSpinLock", &[lock, 0]);
        assert_eq!(world().cpu().irql(), 0);
        join(&other);
        assert_eq!(read::<u64>(lock), 0, "free again");
    })
    .expect("no violation");
    assert_eq!(log.all(), ["0 in", "0 out", "1 in"]);
}

#[test]
fn acquiring_a_lock_twice_is_found() {
    breaks(&rules::LOCK_DPR_TWICE, "would wait for itself", || {
        let lock = own(8);
        k("KeAcquireSpinLockRaiseToDpc", &[lock]);
        k("KeAcquireSpinLockAtDpcLevel", &[lock]);
    });
}

#[test]
fn releasing_what_is_not_held_is_found() {
    breaks(&rules::LOCK_DPR_NOT_HELD, "nobody holds it", || {
        k("KfRaiseIrql", &[2]);
        k("KeReleaseSpinLockFromDpcLevel", &[own(8)]);
    });
    breaks(&rules::LOCK_DPR_NOT_HELD, "CPU 1 does not hold it, CPU 0 does", || {
        let lock = own(8);
        k("KeAcquireSpinLockRaiseToDpc", &[lock]);
        on_cpu(1, move || {
            k("KfRaiseIrql", &[2]);
            k("KeReleaseSpinLockFromDpcLevel", &[lock]);
        });
        world().sched.stall(Duration::from_secs(5));
    });
}

#[test]
fn a_lock_that_was_never_initialised_is_found() {
    breaks(&rules::LOCK_UNINITIALIZED, "not initialised", || {
        let lock = k("ExAllocatePoolWithTag", &[0, 8, 0x31]);
        k("KeAcquireSpinLockRaiseToDpc", &[lock]);
    });
}

#[test]
fn cpus_that_wait_for_each_other_are_found() {
    breaks(&rules::DEADLOCK, "holds that and wants", || {
        let (one, two) = (own(8), own(8));
        on_cpu(1, move || {
            k("KeAcquireSpinLockRaiseToDpc", &[two]);
            world().sched.stall(Duration::from_millis(2));
            k("KeAcquireSpinLockAtDpcLevel", &[one]);
        });
        k("KeAcquireSpinLockRaiseToDpc", &[one]);
        world().sched.stall(Duration::from_millis(2));
        k("KeAcquireSpinLockAtDpcLevel", &[two]);
    });
}

#[test]
fn the_level_stays_up_while_a_lock_is_held() {
    breaks(&rules::LOCK_LOWERED, "KeLowerIrql(0)", || {
        k("KeAcquireSpinLockRaiseToDpc", &[own(8)]);
        k("KeLowerIrql", &[0]);
    });
}

#[test]
fn a_handler_must_not_go_below_the_level_of_its_call() {
    extern "win64" fn lowers() -> u64 {
        k("KeLowerIrql", &[0]);
        0
    }
    breaks(&rules::IRQL_LOWER_FLOOR, "called at IRQL 2", || {
        k("KfRaiseIrql", &[2]);
        crate::world::call("handler", lowers as *const () as u64, &[]);
    });
    breaks(&rules::IRQL_RAISE, "not higher", || {
        k("KfRaiseIrql", &[2]);
        k("KfRaiseIrql", &[1]);
    });
}

#[test]
fn queued_locks_belong_to_their_handles() {
    run(|| {
        let (lock, handle) = (own(8), own(24));
        k("KeAcquireInStackQueuedSpinLock", &[lock, handle]);
        assert_eq!(world().cpu().irql(), DISPATCH);
        k("KeReleaseInStackQueuedSpinLock", &[handle]);
        assert_eq!(world().cpu().irql(), 0);
    })
    .expect("no violation");
    breaks(&rules::LOCK_MIXED, "acquired as Queued", || {
        let lock = own(8);
        k("KeAcquireInStackQueuedSpinLock", &[lock, own(24)]);
        k("KeReleaseSpinLock", &[lock, 0]);
    });
}

#[test]
fn readers_share_and_a_writer_waits_for_all() {
    let log = Log::default();
    let (a, b) = (log.clone(), log.clone());
    run(move || {
        let lock = own(8);
        k("ExAcquireSpinLockShared", &[lock]);
        let reader = on_cpu(1, move || {
            let old = k("ExAcquireSpinLockShared", &[lock]);
            a.say("reader");
            k("ExReleaseSpinLockShared", &[lock, old & 0xFF]);
            let old = k("ExAcquireSpinLockExclusive", &[lock]);
            a.say("writer");
            assert_eq!(k("ExTryConvertSharedSpinLockExclusive", &[lock]) as u32, 0, "it is exclusive");
            k("ExReleaseSpinLockExclusive", &[lock, old & 0xFF]);
        });
        world().sched.stall(Duration::from_millis(2));
        b.say("first reader leaves");
        k("ExReleaseSpinLockShared", &[lock, 0]);
        join(&reader);
    })
    .expect("no violation");
    assert_eq!(log.all(), ["reader", "first reader leaves", "writer"]);
}
