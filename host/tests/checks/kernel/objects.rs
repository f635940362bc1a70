//! Dispatcher objects, timers, DPCs, threads, references, handles, lists, work items.

use super::{at, broken, cell, counted, dispatch, k, ok, own, raise, routine};
use ferrite_host::abi::write;

/// An hour from now.
const LATER: i64 = -36_000_000_000;

fn timer() -> u64 {
    let timer = own(64);
    k("KeInitializeTimer", &[timer]);
    timer
}

fn dpc() -> u64 {
    let dpc = own(64);
    k("KeInitializeDpc", &[dpc, routine(), 0]);
    dpc
}

/// An empty doubly linked list.
fn list() -> u64 {
    let head = own(16);
    write(head, head);
    write(head + 8, head);
    head
}

extern "win64" fn ends() -> u64 {
    k("PsTerminateSystemThread", &[0])
}

broken! {
    /// A wait for what is no dispatcher object.
    waiting_for_garbage: WAIT_OBJECT in "KeWaitForSingleObject" {
        let block = own(64);
        write(block, 0x77_u8);
        k("KeWaitForSingleObject", &[block, 0, 0, 0, 0])
    }
    /// 0xC4/0x123.
    waiting_in_user_mode_for_the_stack: WAIT_STACK in "KeWaitForSingleObject" {
        let event = [0_u64; 3];
        let event = event.as_ptr() as u64;
        k("KeInitializeEvent", &[event, 0, 1]);
        k("KeWaitForSingleObject", &[event, 0, 1, 0, 0])
    }
    /// An event initialised while a thread waits for it.
    initialising_what_a_thread_waits_for: OBJECT_WAITED in "KeInitializeEvent" {
        let event = own(24);
        k("KeInitializeEvent", &[event, 0, 0]);
        ferrite_host::world::world().sched.spawn("waiter", 1, move || {
            k("KeWaitForSingleObject", &[event, 0, 0, 0, 0]);
        });
        super::pause();
        k("KeInitializeEvent", &[event, 0, 0])
    }
    /// 0x0C.
    waiting_for_four_objects: WAIT_COUNT in "KeWaitForMultipleObjects" {
        k("KeWaitForMultipleObjects", &[4, own(32), 1, 0, 0, 0, 0, 0])
    }
    /// An event that is none.
    setting_what_is_no_event: EVENT_OBJECT in "KeSetEvent" { k("KeSetEvent", &[timer(), 0, 0]) }
    /// An event of a type that does not exist.
    an_event_of_no_type: EVENT_TYPE in "KeInitializeEvent" { k("KeInitializeEvent", &[own(24), 7, 0]) }
    /// A semaphore that is none.
    releasing_what_is_no_semaphore: SEMAPHORE_OBJECT in "KeReleaseSemaphore" {
        k("KeReleaseSemaphore", &[own(32), 0, 1, 0])
    }
    /// A semaphore with more units than its limit.
    a_semaphore_beyond_its_limit: SEMAPHORE_COUNT in "KeInitializeSemaphore" {
        k("KeInitializeSemaphore", &[own(32), 2, 1])
    }
    /// `STATUS_SEMAPHORE_LIMIT_EXCEEDED`.
    releasing_a_semaphore_beyond_its_limit: SEMAPHORE_LIMIT in "KeReleaseSemaphore" {
        let semaphore = own(32);
        k("KeInitializeSemaphore", &[semaphore, 1, 1]);
        k("KeReleaseSemaphore", &[semaphore, 0, 1, 0])
    }
    /// A timer that is none.
    setting_what_is_no_timer: TIMER_OBJECT in "KeSetTimer" {
        k("KeSetTimer", &[own(64), LATER.cast_unsigned(), 0])
    }
    /// A timer initialised while it is set.
    initialising_a_set_timer: TIMER_SET in "KeInitializeTimer" {
        let timer = timer();
        k("KeSetTimer", &[timer, LATER.cast_unsigned(), 0]);
        k("KeInitializeTimer", &[timer])
    }
    /// A timer with a DPC that is none.
    setting_a_timer_with_no_dpc: TIMER_DPC in "KeSetTimer" {
        k("KeSetTimer", &[timer(), LATER.cast_unsigned(), own(64)])
    }
    /// An allocated timer that was deleted.
    setting_a_deleted_timer: EX_TIMER_OBJECT in "ExSetTimer" {
        let timer = k("ExAllocateTimer", &[0, 0, 0]);
        k("ExDeleteTimer", &[timer, 1, 1, 0]);
        k("ExSetTimer", &[timer, LATER.cast_unsigned(), 0, 0])
    }
    /// `ExDeleteTimer` with Wait, but not Cancel.
    waiting_for_a_timer_without_cancelling: EX_TIMER_WAIT in "ExDeleteTimer" {
        let timer = k("ExAllocateTimer", &[0, 0, 0]);
        k("ExDeleteTimer", &[timer, 0, 1, 0])
    }
    /// A DPC that is none.
    queueing_what_is_no_dpc: DPC_OBJECT in "KeInsertQueueDpc" { k("KeInsertQueueDpc", &[own(64), 0, 0]) }
    /// A DPC initialised while it is queued.
    initialising_a_queued_dpc: DPC_QUEUED in "KeInitializeDpc" {
        let dpc = dpc();
        raise(2);
        k("KeInsertQueueDpc", &[dpc, 0, 0]);
        k("KeInitializeDpc", &[dpc, routine(), 0])
    }
    /// 0xC7/0x03.
    a_dpc_for_a_processor_that_is_not_there: DPC_PROCESSOR in "KeSetTargetProcessorDpc" {
        k("KeSetTargetProcessorDpc", &[dpc(), 9])
    }
    /// A thread of the system's ended by the driver.
    ending_anothers_thread: THREAD_FOREIGN in "PsTerminateSystemThread" { k("PsTerminateSystemThread", &[0]) }
    /// 0x03.
    an_affinity_without_a_processor: THREAD_AFFINITY in "KeSetSystemAffinityThreadEx" {
        k("KeSetSystemAffinityThreadEx", &[1 << 40])
    }
    /// 0xC4/0x3F.
    dropping_a_reference_to_nothing: REFERENCE in "ObfDereferenceObject" {
        k("ObfDereferenceObject", &[own(8)])
    }
    /// 0x93.
    closing_what_is_not_open: KERNEL_HANDLE in "ZwClose" { k("ZwClose", &[0x7777]) }
    /// A callback that is not registered.
    unregistering_no_callback: CALLBACK in "ExUnregisterCallback" { k("ExUnregisterCallback", &[own(8)]) }
    /// A processor callback that is not registered.
    deregistering_no_processor_callback: PROCESSOR_CALLBACK in "KeDeregisterProcessorChangeCallback" {
        k("KeDeregisterProcessorChangeCallback", &[own(8)])
    }
    /// 0xC4/0xDC.
    unregistering_no_trace_provider: ETW_HANDLE in "EtwUnregister" { k("EtwUnregister", &[77]) }
    /// A counter set that is not registered.
    unregistering_no_counter_set: PCW_HANDLE in "PcwUnregister" { k("PcwUnregister", &[77]) }
    /// A notification that is not registered.
    unregistering_no_notification: NOTIFICATION in "IoUnregisterPlugPlayNotification" {
        k("IoUnregisterPlugPlayNotification", &[own(8)])
    }
    /// 0x139/3.
    a_list_that_was_overwritten: LIST in "ExInterlockedInsertHeadList" {
        let head = list();
        write(head + 8, own(16));
        k("ExInterlockedInsertHeadList", &[head, own(16), own(8)])
    }
    /// `STATUS_DATATYPE_MISALIGNMENT`.
    a_misaligned_sequenced_list: SLIST_ALIGNMENT in "ExpInterlockedPopEntrySList" {
        k("ExpInterlockedPopEntrySList", &[own(64) + 8])
    }
    /// An entry pushed twice.
    pushing_an_entry_twice: SLIST_TWICE in "ExpInterlockedPushEntrySList" {
        let (header, entry) = (own(16), own(16));
        k("ExpInterlockedPushEntrySList", &[header, entry]);
        k("ExpInterlockedPushEntrySList", &[header, entry])
    }
    /// 0xE4.
    queueing_what_is_no_work_item: WORK_ITEM in "IoQueueWorkItem" {
        k("IoQueueWorkItem", &[own(64), routine(), 1, 0])
    }
    /// 0xE4/0x01.
    queueing_an_io_work_item_twice: WORK_ITEM_TWICE in "IoQueueWorkItem" {
        let item = k("IoAllocateWorkItem", &[0]);
        raise(2);
        k("IoQueueWorkItem", &[item, routine(), 1, 0]);
        k("IoQueueWorkItem", &[item, routine(), 1, 0])
    }
    /// 0xE4/0x00.
    freeing_a_queued_io_work_item: WORK_ITEM_FREED in "IoFreeWorkItem" {
        let item = k("IoAllocateWorkItem", &[0]);
        raise(2);
        k("IoQueueWorkItem", &[item, routine(), 1, 0]);
        k("IoFreeWorkItem", &[item])
    }
    /// A queue that does not exist.
    queueing_to_no_queue: WORK_QUEUE in "ExQueueWorkItem" {
        k("ExQueueWorkItem", &[work_item(), u64::from(ferrite_host::abi::constants::MaximumWorkQueue)])
    }
    /// 0xE4/0x01.
    queueing_an_executive_work_item_twice: EX_WORK_ITEM_TWICE in "ExQueueWorkItem" {
        let item = work_item();
        raise(2);
        k("ExQueueWorkItem", &[item, 1]);
        k("ExQueueWorkItem", &[item, 1])
    }
}

fn work_item() -> u64 {
    let item = own(32);
    write(item + 16, routine());
    item
}

/// Objects of every kind.
pub fn sound() {
    let (event, semaphore) = (own(24), own(32));
    k("KeInitializeEvent", &[event, 1, 1]);
    k("KeSetEvent", &[event, 0, 0]);
    k("KeInitializeSemaphore", &[semaphore, 0, 2]);
    k("KeReleaseSemaphore", &[semaphore, 0, 1, 0]);
    let both = own(16);
    write(both, event);
    write(both + 8, semaphore);
    k("KeWaitForMultipleObjects", &[2, both, 0, 0, 0, 0, 0, 0]);
    timers();
    threads();
    handles();
    let (head, lock) = (list(), own(8));
    k("ExInterlockedInsertHeadList", &[head, own(16), lock]);
    k("ExInterlockedRemoveHeadList", &[head, lock]);
    let header = own(16);
    k("ExpInterlockedPushEntrySList", &[header, own(16)]);
    k("ExpInterlockedPopEntrySList", &[header]);
    let item = k("IoAllocateWorkItem", &[0]);
    k("IoQueueWorkItem", &[item, routine(), 1, 0]);
    k("ExQueueWorkItem", &[work_item(), 1]);
    super::pause();
    k("IoFreeWorkItem", &[item]);
}

fn timers() {
    let (timer, dpc) = (timer(), dpc());
    k("KeSetTargetProcessorDpc", &[dpc, 0]);
    k("KeSetTimer", &[timer, LATER.cast_unsigned(), dpc]);
    k("KeCancelTimer", &[timer]);
    dispatch(|| k("KeInsertQueueDpc", &[dpc, 0, 0]));
    let timer = k("ExAllocateTimer", &[0, 0, 0]);
    k("ExSetTimer", &[timer, LATER.cast_unsigned(), 0, 0]);
    k("ExDeleteTimer", &[timer, 1, 1, 0]);
}

fn threads() {
    let (handle, object) = (own(8), own(8));
    ok("PsCreateSystemThread", &[handle, 0, 0, 0, 0, ends as *const () as u64, 0]);
    ok("ObReferenceObjectByHandle", &[at(handle), 0, 0, 0, object, 0]);
    ok("ZwClose", &[at(handle)]);
    k("KeWaitForSingleObject", &[at(object), 0, 0, 0, cell(-10_000_000)]);
    k("ObfDereferenceObject", &[at(object)]);
    let old = k("KeSetSystemAffinityThreadEx", &[1]);
    k("KeRevertToUserAffinityThreadEx", &[old]);
}

fn handles() {
    let (object, name) = (own(8), counted(r"\Callback\Test"));
    let attributes = own(48);
    write(attributes, 48_u32);
    write(attributes + 16, name);
    ok("ExCreateCallback", &[object, attributes, 1, 1]);
    let registration = k("ExRegisterCallback", &[at(object), routine(), 0]);
    k("ExUnregisterCallback", &[registration]);
    k("ObfDereferenceObject", &[at(object)]);
    let handle = k("KeRegisterProcessorChangeCallback", &[routine(), 0, 0]);
    k("KeDeregisterProcessorChangeCallback", &[handle]);
    let counters = own(8);
    ok("PcwRegister", &[counters, 0]);
    k("PcwUnregister", &[at(counters)]);
    let notification = own(8);
    ok("IoRegisterPlugPlayNotification", &[2, 0, 0, 0, routine(), 0, notification]);
    ok("IoUnregisterPlugPlayNotification", &[at(notification)]);
    let trace = own(8);
    ok("EtwRegister", &[own(16), 0, 0, trace]);
    ok("EtwUnregister", &[at(trace)]);
}
