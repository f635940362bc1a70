use super::*;
use crate::{abi::constants as c, verify::rules};
use std::time::Duration;

fn dpc(context: u64) -> u64 {
    let dpc = own(64);
    k("KeInitializeDpc", &[dpc, noting(), context]);
    dpc
}

fn timer(kind: u64) -> u64 {
    let timer = own(64);
    k("KeInitializeTimerEx", &[timer, kind]);
    timer
}

fn in_ms(count: i64) -> u64 {
    (-10_000 * count) as u64
}

#[test]
fn a_timer_queues_its_dpc_when_it_is_due_on_the_cpu_that_set_it() {
    run(|| {
        let (timer, dpc) = (timer(0), dpc(7));
        let before = world().clock.now();
        let setter = on_cpu(1, move || assert_eq!(k8("KeSetTimer", &[timer, in_ms(3), dpc]), 0));
        join(&setter);
        wait_seen(1);
        assert!(world().clock.now().since(before) >= Duration::from_millis(3));
        let call = seen()[0];
        assert_eq!((call.cpu, call.irql, call.args[0], call.args[1]), (1, 2, dpc, 7));
        assert_eq!(k8("KeReadStateTimer", &[timer]), 1);
        assert_eq!(k8("KeCancelTimer", &[timer]), 0, "it is over");
    })
    .expect("no violation");
}

#[test]
fn a_target_processor_wins_and_a_synchronization_timer_resets_itself() {
    run(|| {
        let (timer, dpc) = (timer(1), dpc(0));
        k("KeSetTargetProcessorDpc", &[dpc, 1]);
        k("KeSetTimer", &[timer, in_ms(1), dpc]);
        assert_eq!(k32("KeWaitForSingleObject", &[timer, 0, 0, 0, 0]), c::STATUS_SUCCESS);
        wait_seen(1);
        assert_eq!(seen()[0].cpu, 1);
        assert_eq!(k8("KeReadStateTimer", &[timer]), 0);
    })
    .expect("no violation");
}

#[test]
fn a_periodic_timer_repeats_until_it_is_cancelled() {
    run(|| {
        let (timer, dpc) = (timer(0), dpc(0));
        k("KeSetTimerEx", &[timer, in_ms(1), 1, dpc]);
        wait_seen(3);
        assert_eq!(k8("KeCancelTimer", &[timer]), 1);
        k("KeFlushQueuedDpcs", &[]);
        let count = seen().len();
        world().sched.sleep(Duration::from_millis(4));
        assert_eq!(seen().len(), count);
        assert!(world().nt.left_behind().is_empty());
    })
    .expect("no violation");
}

#[test]
fn an_absolute_time_is_reached() {
    run(|| {
        let now = own(8);
        k("KeQuerySystemTime", &[now]);
        let due = read::<u64>(now) + 20_000;
        let (timer, dpc) = (timer(0), dpc(0));
        k("KeSetTimer", &[timer, due, dpc]);
        wait_seen(1);
        k("KeQuerySystemTime", &[now]);
        assert!(read::<u64>(now) >= due);
    })
    .expect("no violation");
}

#[test]
fn freeing_a_timer_that_is_set_is_found() {
    breaks(&rules::FREED_TIMER, "a timer that is set", || {
        let block = k("ExAllocatePoolWithTag", &[0, 200, 0x31]);
        k("KeInitializeTimer", &[block + 64]);
        k("KeSetTimer", &[block + 64, in_ms(1000), 0]);
        assert_eq!(world().nt.left_behind().len(), 1);
        k("ExFreePoolWithTag", &[block, 0x31]);
    });
}

#[test]
fn dpcs_run_once_in_order_when_the_level_falls() {
    run(|| {
        let (one, two, urgent) = (dpc(1), dpc(2), dpc(3));
        k("KeSetImportanceDpc", &[urgent, 2]);
        k("KfRaiseIrql", &[2]);
        assert_eq!(k8("KeInsertQueueDpc", &[one, 10, 20]), 1);
        assert_eq!(k8("KeInsertQueueDpc", &[one, 30, 40]), 0, "queued already");
        assert_eq!(k8("KeInsertQueueDpc", &[two, 0, 0]), 1);
        assert_eq!(k8("KeInsertQueueDpc", &[urgent, 0, 0]), 1);
        // Where it is queued counts, not where it would be queued now.
        k("KeSetTargetProcessorDpc", &[two, 1]);
        assert_eq!(k8("KeInsertQueueDpc", &[two, 0, 0]), 0);
        assert_eq!(k8("KeRemoveQueueDpc", &[two]), 1);
        assert!(seen().is_empty());
        k("KeLowerIrql", &[0]);
        let contexts: Vec<u64> = seen().iter().map(|call| call.args[1]).collect();
        assert_eq!(contexts, [3, 1]);
        assert_eq!(seen()[1].args, [one, 1, 10, 20]);
        assert!(seen().iter().all(|call| call.irql == 2));
    })
    .expect("no violation");
    breaks(&rules::DPC_OBJECT, "not an initialised KDPC", || {
        k("KeInsertQueueDpc", &[own(64), 0, 0]);
    });
}

#[test]
fn allocated_timers_call_back_and_go_away() {
    run(|| {
        let timer = k("ExAllocateTimer", &[noting(), 5, 8]);
        assert_eq!(k8("ExSetTimer", &[timer, in_ms(1), 10_000, 0]), 0);
        wait_seen(2);
        assert_eq!(seen()[0].args[..2], [timer, 5]);
        assert_eq!(seen()[0].irql, 2);
        assert_eq!(k8("ExDeleteTimer", &[timer, 1, 1, 0]), 1);
        assert!(world().mem.drivers_blocks().is_empty());
    })
    .expect("no violation");
}

#[test]
fn time_fields_and_counters_agree() {
    run(|| {
        let frequency = own(8);
        let before = k("KeQueryPerformanceCounter", &[frequency]);
        k("KeStallExecutionProcessor", &[50]);
        let after = k("KeQueryPerformanceCounter", &[0]);
        assert!(after - before >= 50 * read::<u64>(frequency) / 1_000_000);
        let (time, fields) = (cell(0), own(16));
        k("RtlTimeToTimeFields", &[time, fields]);
        assert_eq!((read::<i16>(fields), read::<i16>(fields + 2), read::<i16>(fields + 4)), (1601, 1, 1));
        assert_eq!(read::<i16>(fields + 14), 1, "a Monday");
        assert_eq!(k8("RtlTimeFieldsToTime", &[fields, time]), 1);
        assert_eq!(read::<u64>(time), 0);
    })
    .expect("no violation");
    breaks(&rules::STALL, "51", || {
        k("KeStallExecutionProcessor", &[51]);
    });
}

#[test]
fn drivers_read_the_time_without_a_call() {
    run(|| {
        // What KeQuerySystemTime and KeQueryInterruptTime compile to.
        let read_shared = |offset: u64| -> u64 { read(0xFFFF_F780_0000_0000 + offset) };
        let (system, called) = (read_shared(0x14), own(8));
        k("KeQuerySystemTime", &[called]);
        assert!(read::<u64>(called) - system < 10_000_000, "within a second");
        let before = read_shared(0x08);
        world().sched.sleep(Duration::from_millis(1));
        assert!(read_shared(0x08) - before >= 10_000);
        assert_eq!(read::<u32>(0xFFFF_F780_0000_026C), 10, "NtMajorVersion");
    })
    .expect("no violation");
}

#[test]
fn a_bad_pointer_given_to_the_kernel_is_the_drivers_fault() {
    breaks(&rules::FAULT, "0x10", || {
        k("KeSetEvent", &[0x10, 0, 0]);
    });
    breaks(&rules::READ_ONLY, "", || {
        k("KeQuerySystemTime", &[0xFFFF_F780_0000_0014]);
    });
}
