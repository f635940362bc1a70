//! Dispatcher objects, timers, DPCs, threads, references, handles, lists, work items.

use super::{ok, routines};
use crate::abi::{import, write};
use super::{at, cell, counted, dispatch, own, raise, routine};

/// `MaximumWorkQueue`.
const MAXIMUM_WORK_QUEUE: u64 = 7;
/// An hour from now.
const LATER: i64 = -36_000_000_000;

fn timer() -> u64 {
    let timer = own(64);
    import!(KeInitializeTimer, timer);
    timer
}

fn dpc() -> u64 {
    let dpc = own(64);
    import!(KeInitializeDpc, dpc, routine(), 0);
    dpc
}

/// An empty doubly linked list.
fn list() -> u64 {
    let head = own(16);
    write(head, head);
    write(head + 8, head);
    head
}

extern "system" fn ends() -> u64 {
    import!(PsTerminateSystemThread, 0)
}

routines! {
    /// A wait for what is no dispatcher object.
    waiting_for_garbage {
        let block = own(64);
        write(block, 0x77_u8);
        import!(KeWaitForSingleObject, block, 0, 0, 0, 0)
    }
    /// 0xC4/0x123.
    waiting_in_user_mode_for_the_stack {
        let event = [0_u64; 3];
        let event = event.as_ptr() as u64;
        import!(KeInitializeEvent, event, 0, 1);
        import!(KeWaitForSingleObject, event, 0, 1, 0, 0)
    }
    /// An event initialised while a thread waits for it.
    initialising_what_a_thread_waits_for {
        let event = own(24);
        import!(KeInitializeEvent, event, 0, 0);
        super::spawn(1, move || {
            import!(KeWaitForSingleObject, event, 0, 0, 0, 0);
        });
        super::pause();
        import!(KeInitializeEvent, event, 0, 0)
    }
    /// 0x0C.
    waiting_for_four_objects {
        import!(KeWaitForMultipleObjects, 4, own(32), 1, 0, 0, 0, 0, 0)
    }
    /// An event that is none.
    setting_what_is_no_event { import!(KeSetEvent, timer(), 0, 0) }
    /// An event of a type that does not exist.
    an_event_of_no_type { import!(KeInitializeEvent, own(24), 7, 0) }
    /// A semaphore that is none.
    releasing_what_is_no_semaphore {
        import!(KeReleaseSemaphore, own(32), 0, 1, 0)
    }
    /// A semaphore with more units than its limit.
    a_semaphore_beyond_its_limit {
        import!(KeInitializeSemaphore, own(32), 2, 1)
    }
    /// `STATUS_SEMAPHORE_LIMIT_EXCEEDED`.
    releasing_a_semaphore_beyond_its_limit {
        let semaphore = own(32);
        import!(KeInitializeSemaphore, semaphore, 1, 1);
        import!(KeReleaseSemaphore, semaphore, 0, 1, 0)
    }
    /// A timer that is none.
    setting_what_is_no_timer {
        import!(KeSetTimer, own(64), LATER.cast_unsigned(), 0)
    }
    /// A timer initialised while it is set.
    initialising_a_set_timer {
        let timer = timer();
        import!(KeSetTimer, timer, LATER.cast_unsigned(), 0);
        import!(KeInitializeTimer, timer)
    }
    /// A timer with a DPC that is none.
    setting_a_timer_with_no_dpc {
        import!(KeSetTimer, timer(), LATER.cast_unsigned(), own(64))
    }
    /// An allocated timer that was deleted.
    setting_a_deleted_timer {
        let timer = import!(ExAllocateTimer, 0, 0, 0);
        import!(ExDeleteTimer, timer, 1, 1, 0);
        import!(ExSetTimer, timer, LATER.cast_unsigned(), 0, 0)
    }
    /// `ExDeleteTimer` with Wait, but not Cancel.
    waiting_for_a_timer_without_cancelling {
        let timer = import!(ExAllocateTimer, 0, 0, 0);
        import!(ExDeleteTimer, timer, 0, 1, 0)
    }
    /// A DPC that is none.
    queueing_what_is_no_dpc { import!(KeInsertQueueDpc, own(64), 0, 0) }
    /// A DPC initialised while it is queued.
    initialising_a_queued_dpc {
        let dpc = dpc();
        raise(2);
        import!(KeInsertQueueDpc, dpc, 0, 0);
        import!(KeInitializeDpc, dpc, routine(), 0)
    }
    /// 0xC7/0x03.
    a_dpc_for_a_processor_that_is_not_there {
        import!(KeSetTargetProcessorDpc, dpc(), 9)
    }
    /// A thread of the system's ended by the driver.
    ending_anothers_thread { import!(PsTerminateSystemThread, 0) }
    /// 0x03.
    an_affinity_without_a_processor {
        import!(KeSetSystemAffinityThreadEx, 1 << 40)
    }
    /// 0xC4/0x3F.
    dropping_a_reference_to_nothing {
        import!(ObfDereferenceObject, own(8))
    }
    /// 0x93.
    closing_what_is_not_open { import!(ZwClose, 0x7777) }
    /// A callback that is not registered.
    unregistering_no_callback { import!(ExUnregisterCallback, own(8)) }
    /// A processor callback that is not registered.
    deregistering_no_processor_callback {
        import!(KeDeregisterProcessorChangeCallback, own(8))
    }
    /// 0xC4/0xDC.
    unregistering_no_trace_provider { import!(EtwUnregister, 77) }
    /// A counter set that is not registered.
    unregistering_no_counter_set { import!(PcwUnregister, 77) }
    /// A notification that is not registered.
    unregistering_no_notification {
        import!(IoUnregisterPlugPlayNotification, own(8))
    }
    /// 0x139/3.
    a_list_that_was_overwritten {
        let head = list();
        write(head + 8, own(16));
        import!(ExInterlockedInsertHeadList, head, own(16), own(8))
    }
    /// `STATUS_DATATYPE_MISALIGNMENT`.
    a_misaligned_sequenced_list {
        import!(ExpInterlockedPopEntrySList, own(64) + 8)
    }
    /// An entry pushed twice.
    pushing_an_entry_twice {
        let (header, entry) = (own(16), own(16));
        import!(ExpInterlockedPushEntrySList, header, entry);
        import!(ExpInterlockedPushEntrySList, header, entry)
    }
    /// 0xE4.
    queueing_what_is_no_work_item {
        import!(IoQueueWorkItem, own(64), routine(), 1, 0)
    }
    /// 0xE4/0x01.
    queueing_an_io_work_item_twice {
        let item = import!(IoAllocateWorkItem, 0);
        raise(2);
        import!(IoQueueWorkItem, item, routine(), 1, 0);
        import!(IoQueueWorkItem, item, routine(), 1, 0)
    }
    /// 0xE4/0x00.
    freeing_a_queued_io_work_item {
        let item = import!(IoAllocateWorkItem, 0);
        raise(2);
        import!(IoQueueWorkItem, item, routine(), 1, 0);
        import!(IoFreeWorkItem, item)
    }
    /// A queue that does not exist.
    queueing_to_no_queue {
        import!(ExQueueWorkItem, work_item(), MAXIMUM_WORK_QUEUE)
    }
    /// 0xE4/0x01.
    queueing_an_executive_work_item_twice {
        let item = work_item();
        raise(2);
        import!(ExQueueWorkItem, item, 1);
        import!(ExQueueWorkItem, item, 1)
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
    import!(KeInitializeEvent, event, 1, 1);
    import!(KeSetEvent, event, 0, 0);
    import!(KeInitializeSemaphore, semaphore, 0, 2);
    import!(KeReleaseSemaphore, semaphore, 0, 1, 0);
    let both = own(16);
    write(both, event);
    write(both + 8, semaphore);
    import!(KeWaitForMultipleObjects, 2, both, 0, 0, 0, 0, 0, 0);
    timers();
    threads();
    handles();
    let (head, lock) = (list(), own(8));
    import!(ExInterlockedInsertHeadList, head, own(16), lock);
    import!(ExInterlockedRemoveHeadList, head, lock);
    let header = own(16);
    import!(ExpInterlockedPushEntrySList, header, own(16));
    import!(ExpInterlockedPopEntrySList, header);
    let item = import!(IoAllocateWorkItem, 0);
    import!(IoQueueWorkItem, item, routine(), 1, 0);
    import!(ExQueueWorkItem, work_item(), 1);
    super::pause();
    import!(IoFreeWorkItem, item);
}

fn timers() {
    let (timer, dpc) = (timer(), dpc());
    import!(KeSetTargetProcessorDpc, dpc, 0);
    import!(KeSetTimer, timer, LATER.cast_unsigned(), dpc);
    import!(KeCancelTimer, timer);
    dispatch(|| import!(KeInsertQueueDpc, dpc, 0, 0));
    let timer = import!(ExAllocateTimer, 0, 0, 0);
    import!(ExSetTimer, timer, LATER.cast_unsigned(), 0, 0);
    import!(ExDeleteTimer, timer, 1, 1, 0);
}

fn threads() {
    let (handle, object) = (own(8), own(8));
    ok!(PsCreateSystemThread, handle, 0, 0, 0, 0, ends as *const () as u64, 0);
    ok!(ObReferenceObjectByHandle, at(handle), 0, 0, 0, object, 0);
    ok!(ZwClose, at(handle));
    import!(KeWaitForSingleObject, at(object), 0, 0, 0, cell(-10_000_000));
    import!(ObfDereferenceObject, at(object));
    let old = import!(KeSetSystemAffinityThreadEx, 1);
    import!(KeRevertToUserAffinityThreadEx, old);
}

fn handles() {
    let (object, name) = (own(8), counted(r"\Callback\Test"));
    let attributes = own(48);
    write(attributes, 48_u32);
    write(attributes + 16, name);
    ok!(ExCreateCallback, object, attributes, 1, 1);
    let registration = import!(ExRegisterCallback, at(object), routine(), 0);
    import!(ExUnregisterCallback, registration);
    import!(ObfDereferenceObject, at(object));
    let handle = import!(KeRegisterProcessorChangeCallback, routine(), 0, 0);
    import!(KeDeregisterProcessorChangeCallback, handle);
    let counters = own(8);
    ok!(PcwRegister, counters, 0);
    import!(PcwUnregister, at(counters));
    let notification = own(8);
    ok!(IoRegisterPlugPlayNotification, 2, 0, 0, 0, routine(), 0, notification);
    ok!(IoUnregisterPlugPlayNotification, at(notification));
    let trace = own(8);
    ok!(EtwRegister, own(16), 0, 0, trace);
    ok!(EtwUnregister, at(trace));
}
