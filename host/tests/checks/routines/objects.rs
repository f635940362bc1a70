//! Dispatcher objects, timers, DPCs, threads, references, handles, lists, work items.

crate::routines::broken! {
    /// A wait for what is no dispatcher object.
    waiting_for_garbage: WAIT_OBJECT in "KeWaitForSingleObject";
    /// 0xC4/0x123.
    waiting_in_user_mode_for_the_stack: WAIT_STACK in "KeWaitForSingleObject";
    /// An event initialised while a thread waits for it.
    initialising_what_a_thread_waits_for: OBJECT_WAITED in "KeInitializeEvent";
    /// 0x0C.
    waiting_for_four_objects: WAIT_COUNT in "KeWaitForMultipleObjects";
    /// An event that is none.
    setting_what_is_no_event: EVENT_OBJECT in "KeSetEvent";
    /// An event of a type that does not exist.
    an_event_of_no_type: EVENT_TYPE in "KeInitializeEvent";
    /// A semaphore that is none.
    releasing_what_is_no_semaphore: SEMAPHORE_OBJECT in "KeReleaseSemaphore";
    /// A semaphore with more units than its limit.
    a_semaphore_beyond_its_limit: SEMAPHORE_COUNT in "KeInitializeSemaphore";
    /// `STATUS_SEMAPHORE_LIMIT_EXCEEDED`.
    releasing_a_semaphore_beyond_its_limit: SEMAPHORE_LIMIT in "KeReleaseSemaphore";
    /// A timer that is none.
    setting_what_is_no_timer: TIMER_OBJECT in "KeSetTimer";
    /// A timer initialised while it is set.
    initialising_a_set_timer: TIMER_SET in "KeInitializeTimer";
    /// A timer with a DPC that is none.
    setting_a_timer_with_no_dpc: TIMER_DPC in "KeSetTimer";
    /// An allocated timer that was deleted.
    setting_a_deleted_timer: EX_TIMER_OBJECT in "ExSetTimer";
    /// `ExDeleteTimer` with Wait, but not Cancel.
    waiting_for_a_timer_without_cancelling: EX_TIMER_WAIT in "ExDeleteTimer";
    /// A DPC that is none.
    queueing_what_is_no_dpc: DPC_OBJECT in "KeInsertQueueDpc";
    /// A DPC initialised while it is queued.
    initialising_a_queued_dpc: DPC_QUEUED in "KeInitializeDpc";
    /// 0xC7/0x03.
    a_dpc_for_a_processor_that_is_not_there: DPC_PROCESSOR in "KeSetTargetProcessorDpc";
    /// A thread of the system's ended by the driver.
    ending_anothers_thread: THREAD_FOREIGN in "PsTerminateSystemThread";
    /// 0x03.
    an_affinity_without_a_processor: THREAD_AFFINITY in "KeSetSystemAffinityThreadEx";
    /// 0xC4/0x3F.
    dropping_a_reference_to_nothing: REFERENCE in "ObfDereferenceObject";
    /// 0x93.
    closing_what_is_not_open: KERNEL_HANDLE in "ZwClose";
    /// A callback that is not registered.
    unregistering_no_callback: CALLBACK in "ExUnregisterCallback";
    /// A processor callback that is not registered.
    deregistering_no_processor_callback: PROCESSOR_CALLBACK in "KeDeregisterProcessorChangeCallback";
    /// 0xC4/0xDC.
    unregistering_no_trace_provider: ETW_HANDLE in "EtwUnregister";
    /// A counter set that is not registered.
    unregistering_no_counter_set: PCW_HANDLE in "PcwUnregister";
    /// A notification that is not registered.
    unregistering_no_notification: NOTIFICATION in "IoUnregisterPlugPlayNotification";
    /// 0x139/3.
    a_list_that_was_overwritten: LIST in "ExInterlockedInsertHeadList";
    /// `STATUS_DATATYPE_MISALIGNMENT`.
    a_misaligned_sequenced_list: SLIST_ALIGNMENT in "ExpInterlockedPopEntrySList";
    /// An entry pushed twice.
    pushing_an_entry_twice: SLIST_TWICE in "ExpInterlockedPushEntrySList";
    /// 0xE4.
    queueing_what_is_no_work_item: WORK_ITEM in "IoQueueWorkItem";
    /// 0xE4/0x01.
    queueing_an_io_work_item_twice: WORK_ITEM_TWICE in "IoQueueWorkItem";
    /// 0xE4/0x00.
    freeing_a_queued_io_work_item: WORK_ITEM_FREED in "IoFreeWorkItem";
    /// A queue that does not exist.
    queueing_to_no_queue: WORK_QUEUE in "ExQueueWorkItem";
    /// 0xE4/0x01.
    queueing_an_executive_work_item_twice: EX_WORK_ITEM_TWICE in "ExQueueWorkItem";
}
