use super::*;
use crate::{abi::constants as c, verify::rules};
use std::time::Duration;

fn event(kind: u64) -> u64 {
    let event = own(24);
    k("KeInitializeEvent", &[event, kind, 0]);
    event
}

fn wait(object: u64, timeout: u64) -> u32 {
    k32("KeWaitForSingleObject", &[object, 0, 0, 0, timeout])
}

#[test]
fn a_wait_ends_with_its_timeout_and_not_before() {
    run(|| {
        let event = event(0);
        let before = world().clock.now();
        assert_eq!(wait(event, milliseconds(3)), c::STATUS_TIMEOUT);
        assert!(world().clock.now().since(before) >= Duration::from_millis(3));
        assert_eq!(wait(event, cell(0)), c::STATUS_TIMEOUT, "a look");
        k("KeSetEvent", &[event, 0, 0]);
        assert_eq!(wait(event, cell(0)), c::STATUS_SUCCESS);
    })
    .expect("no violation");
}

#[test]
fn an_event_that_is_set_and_reset_wakes_those_who_waited() {
    let log = Log::default();
    let said = log.clone();
    run(move || {
        let event = event(0);
        let waiters: Vec<_> = (0..3)
            .map(|i| {
                let log = said.clone();
                on_cpu(i % 2, move || log.say(format!("{:#x}", wait(event, milliseconds(5000)))))
            })
            .collect();
        world().sched.sleep(Duration::from_millis(2));
        assert_eq!(k32("KeSetEvent", &[event, 0, 0]), 0);
        assert_eq!(k32("KeResetEvent", &[event]), 1);
        waiters.iter().for_each(join);
        assert_eq!(k32("KeReadStateEvent", &[event]), 0);
    })
    .expect("no violation");
    assert_eq!(log.all(), ["0x0", "0x0", "0x0"]);
}

#[test]
fn a_synchronization_event_wakes_one_at_a_time_in_order() {
    let log = Log::default();
    let said = log.clone();
    run(move || {
        let event = event(1);
        let waiters: Vec<_> = ["first", "second"]
            .map(|name| {
                let log = said.clone();
                let thread = on_cpu(1, move || {
                    wait(event, 0);
                    log.say(name);
                });
                world().sched.sleep(Duration::from_millis(1));
                thread
            })
            .into();
        k("KeSetEvent", &[event, 0, 0]);
        world().sched.sleep(Duration::from_millis(1));
        assert_eq!(said.all(), ["first"]);
        k("KeSetEvent", &[event, 0, 0]);
        waiters.iter().for_each(join);
    })
    .expect("no violation");
    assert_eq!(log.all(), ["first", "second"]);
}

#[test]
fn waiting_for_all_takes_nothing_until_all_are_there() {
    run(|| {
        let (one, two, list) = (event(1), event(1), own(16));
        write(list, one);
        write(list + 8, two);
        let all = |timeout| k32("KeWaitForMultipleObjects", &[2, list, 0, 0, 0, 0, timeout, 0]);
        let any = |timeout| k32("KeWaitForMultipleObjects", &[2, list, 1, 0, 0, 0, timeout, 0]);
        k("KeSetEvent", &[two, 0, 0]);
        assert_eq!(all(milliseconds(1)), c::STATUS_TIMEOUT);
        assert_eq!(k32("KeReadStateEvent", &[two]), 1, "not taken");
        assert_eq!(any(0), 1, "the second");
        k("KeSetEvent", &[one, 0, 0]);
        k("KeSetEvent", &[two, 0, 0]);
        assert_eq!(all(0), c::STATUS_SUCCESS);
        assert_eq!((k32("KeReadStateEvent", &[one]), k32("KeReadStateEvent", &[two])), (0, 0));
    })
    .expect("no violation");
}

#[test]
fn semaphores_count_to_their_limit() {
    run(|| {
        let semaphore = own(32);
        k("KeInitializeSemaphore", &[semaphore, 1, 3]);
        assert_eq!(wait(semaphore, cell(0)), c::STATUS_SUCCESS);
        assert_eq!(wait(semaphore, cell(0)), c::STATUS_TIMEOUT);
        assert_eq!(k32("KeReleaseSemaphore", &[semaphore, 0, 2, 0]), 0);
        assert_eq!(k32("KeReadStateSemaphore", &[semaphore]), 2);
    })
    .expect("no violation");
    breaks(&rules::SEMAPHORE_LIMIT, "the limit is 1", || {
        let semaphore = own(32);
        k("KeInitializeSemaphore", &[semaphore, 1, 1]);
        k("KeReleaseSemaphore", &[semaphore, 0, 1, 0]);
    });
}

#[test]
fn a_mutex_is_its_owners() {
    run(|| {
        let mutex = own(56);
        k("KeInitializeMutex", &[mutex, 0]);
        assert_eq!(wait(mutex, 0), 0);
        assert_eq!(wait(mutex, 0), 0, "again, by the owner");
        let other = on_cpu(1, move || assert_eq!(wait(mutex, milliseconds(1)), c::STATUS_TIMEOUT));
        join(&other);
        k("KeReleaseMutex", &[mutex, 0]);
        k("KeReleaseMutex", &[mutex, 0]);
        let other = on_cpu(1, move || {
            assert_eq!(wait(mutex, milliseconds(1)), 0);
            k("KeReleaseMutex", &[mutex, 0]);
        });
        join(&other);
    })
    .expect("no violation");
    breaks(&rules::MUTEX_OWNER, "does not own it", || {
        let mutex = own(56);
        k("KeInitializeMutex", &[mutex, 0]);
        k("KeReleaseMutex", &[mutex, 0]);
    });
}

#[test]
fn fast_mutexes_raise_to_apc_level_and_exclude() {
    run(|| {
        let mutex = own(56);
        k("ExInitializeFastMutex", &[mutex]);
        k("ExAcquireFastMutex", &[mutex]);
        assert_eq!(world().cpu().irql(), 1);
        let other = on_cpu(1, move || {
            assert_eq!(k8("ExTryToAcquireFastMutex", &[mutex]), 0);
            k("ExAcquireFastMutex", &[mutex]);
            k("ExReleaseFastMutex", &[mutex]);
        });
        world().sched.sleep(Duration::from_millis(2));
        assert!(!other.is_over());
        k("ExReleaseFastMutex", &[mutex]);
        assert_eq!(world().cpu().irql(), 0);
        join(&other);
    })
    .expect("no violation");
    breaks(&rules::FAST_MUTEX_TWICE, "would wait for itself", || {
        let mutex = own(56);
        k("ExInitializeFastMutex", &[mutex]);
        k("ExAcquireFastMutex", &[mutex]);
        k("ExAcquireFastMutex", &[mutex]);
    });
}

#[test]
fn blocking_at_dispatch_level_is_found_and_looking_is_not() {
    run(|| {
        let event = event(0);
        k("KfRaiseIrql", &[2]);
        assert_eq!(wait(event, cell(0)), c::STATUS_TIMEOUT);
        k("KeLowerIrql", &[0]);
    })
    .expect("no violation");
    breaks(&rules::WAIT_ENDLESS, "KeWaitForSingleObject at IRQL 2", || {
        let event = event(0);
        k("KfRaiseIrql", &[2]);
        wait(event, 0);
    });
}

#[test]
fn an_object_that_is_none_is_found() {
    breaks(&rules::WAIT_OBJECT, "not initialised", || {
        let block = k("ExAllocatePoolWithTag", &[0, 64, 0x31]);
        wait(block, 0);
    });
}

#[test]
fn run_down_waits_for_every_user_and_lets_no_new_one_in() {
    run(|| {
        let reference = own(8);
        k("ExInitializeRundownProtection", &[reference]);
        assert_eq!(k8("ExAcquireRundownProtection", &[reference]), 1);
        let ender = on_cpu(1, move || {
            k("ExWaitForRundownProtectionRelease", &[reference]);
        });
        world().sched.sleep(Duration::from_millis(2));
        assert!(!ender.is_over());
        assert_eq!(k8("ExAcquireRundownProtection", &[reference]), 0);
        k("ExReleaseRundownProtection", &[reference]);
        join(&ender);
    })
    .expect("no violation");
    breaks(&rules::RUNDOWN_RELEASED, "has 0 users", || {
        let reference = own(8);
        k("ExReleaseRundownProtection", &[reference]);
    });
}

#[test]
fn a_remove_lock_refuses_after_removal_and_waits_for_users() {
    run(|| {
        let lock = own(32);
        k("IoInitializeRemoveLockEx", &[lock, 0x31, 0, 0, 32]);
        assert_eq!(k32("IoAcquireRemoveLockEx", &[lock, 1, 0, 0, 32]), 0);
        assert_eq!(k32("IoAcquireRemoveLockEx", &[lock, 2, 0, 0, 32]), 0);
        let remover = on_cpu(1, move || {
            k("IoReleaseRemoveLockAndWaitEx", &[lock, 1, 32]);
        });
        world().sched.sleep(Duration::from_millis(2));
        assert!(!remover.is_over());
        assert_eq!(k32("IoAcquireRemoveLockEx", &[lock, 3, 0, 0, 32]), c::STATUS_DELETE_PENDING);
        k("IoReleaseRemoveLockEx", &[lock, 2, 32]);
        join(&remover);
    })
    .expect("no violation");
}

#[test]
fn resources_have_one_writer_or_many_readers() {
    run(|| {
        let resource = own(104);
        k("ExInitializeResourceLite", &[resource]);
        k("KeEnterCriticalRegion", &[]);
        assert_eq!(k8("ExAcquireResourceSharedLite", &[resource, 1]), 1);
        let other = on_cpu(1, move || {
            k("KeEnterCriticalRegion", &[]);
            assert_eq!(k8("ExAcquireResourceSharedLite", &[resource, 0]), 1, "another reader");
            k("ExReleaseResourceLite", &[resource]);
            assert_eq!(k8("ExAcquireResourceExclusiveLite", &[resource, 0]), 0, "no writer");
            k("KeLeaveCriticalRegion", &[]);
        });
        join(&other);
        k("ExReleaseResourceLite", &[resource]);
        assert_eq!(k8("ExAcquireResourceExclusiveLite", &[resource, 1]), 1);
        assert_eq!(k8("ExIsResourceAcquiredExclusiveLite", &[resource]), 1);
        k("ExReleaseResourceLite", &[resource]);
        k("KeLeaveCriticalRegion", &[]);
        k("ExDeleteResourceLite", &[resource]);
    })
    .expect("no violation");
}
