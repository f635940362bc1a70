use super::*;
use crate::verify::rules;
use std::time::Duration;

#[test]
fn a_work_item_runs_once_at_passive_level_on_another_thread() {
    run(|| {
        let item = k("IoAllocateWorkItem", &[0x1234]);
        k("KfRaiseIrql", &[2]);
        k("IoQueueWorkItem", &[item, noting(), 1, 9]);
        assert!(seen().is_empty());
        k("KeLowerIrql", &[0]);
        wait_seen(1);
        assert_eq!((seen()[0].irql, seen()[0].args[0], seen()[0].args[1]), (0, 0x1234, 9));
        k("IoQueueWorkItemEx", &[item, noting(), 1, 9]);
        wait_seen(2);
        assert_eq!(seen()[1].args[..3], [0x1234, 9, item]);
        k("IoFreeWorkItem", &[item]);
        assert!(world().mem.drivers_blocks().is_empty());
    })
    .expect("no violation");
}

#[test]
fn queueing_twice_and_freeing_what_is_queued_are_found() {
    breaks(&rules::WORK_ITEM_TWICE, "queued already", || {
        let item = k("IoAllocateWorkItem", &[0]);
        k("KfRaiseIrql", &[2]);
        k("IoQueueWorkItem", &[item, noting(), 1, 0]);
        k("IoQueueWorkItem", &[item, noting(), 1, 0]);
    });
    breaks(&rules::WORK_ITEM_FREED, "is queued", || {
        let item = k("IoAllocateWorkItem", &[0]);
        k("KfRaiseIrql", &[2]);
        k("IoQueueWorkItem", &[item, noting(), 1, 0]);
        k("IoFreeWorkItem", &[item]);
    });
}

#[test]
fn a_blocked_item_does_not_keep_the_others_from_running() {
    extern "win64" fn waits(event: u64) -> u64 {
        k("KeWaitForSingleObject", &[event, 0, 0, 0, 0])
    }
    extern "win64" fn sets(event: u64) -> u64 {
        k("KeSetEvent", &[event, 0, 0])
    }
    run(|| {
        let event = own(24);
        k("KeInitializeEvent", &[event, 0, 0]);
        let item = |routine: *const ()| {
            let item = own(32);
            write(item + 16, routine as u64);
            write(item + 24, event);
            item
        };
        for _ in 0..4 {
            k("ExQueueWorkItem", &[item(waits as *const ()), 1]);
        }
        k("ExQueueWorkItem", &[item(sets as *const ()), 1]);
        let deadline = world().clock.now().after(Duration::from_secs(5));
        assert!(world().sched.wait("work", Some(deadline), &|| world().nt.work.pending() == 0));
    })
    .expect("no violation");
}
