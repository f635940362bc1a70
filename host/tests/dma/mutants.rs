//! The provider with one fault at a time: each ends the run, under its rule.

use crate::{
    provider,
    rows::mutants,
    sound::{BYTES, SEEDS},
};
use ferrite_host::verify::{End, Rule, rules};
use std::ptr;

/// With each of these faults the first of the seeds whose choices meet it ends the run under this rule.
#[track_caller]
fn caught(faults: &[&'static str], rule: &'static Rule) {
    caught_unless(faults, rule, None);
}

/// The same, without the seeds with which it comes so late that it looks like something else.
#[track_caller]
fn caught_unless(faults: &[&'static str], rule: &'static Rule, late: Option<&'static Rule>) {
    for &fault in faults {
        let broken = |seed| {
            let (_, ended) = provider::run(fault, seed, BYTES);
            let end = ended.err()?;
            let is_late = |end: &End| match (end, late) {
                (End::Violation(violation), Some(late)) => ptr::eq(violation.rule, late),
                _ => false,
            };
            (!is_late(&end)).then_some((seed, end))
        };
        let Some((seed, end)) = SEEDS.into_iter().find_map(broken) else {
            panic!("{fault} is not caught with any of the seeds {SEEDS:?}");
        };
        let End::Violation(violation) = end else {
            panic!("{fault}, seed {seed} ends the run otherwise: {end}")
        };
        assert!(
            ptr::eq(violation.rule, rule),
            "{fault} is caught as {} with seed {seed}: {violation}",
            violation.rule.ident
        );
    }
}

mutants! {
    /// NDMA-REG-02.
    a_version_that_there_is_not breaks NETDMA_VERSION: |rule| caught(&["TooNew"], rule);
    /// NDMA-REG-02.
    a_wrong_size breaks NETDMA_SIZE: |rule| caught(&["WrongSize"], rule);
    /// NDMA-REG-06.
    wrong_flags breaks NETDMA_FLAGS: |rule| caught(&["WrongFlags"], rule);
    /// NDMA-REG-03.
    a_device_of_nobody breaks NETDMA_DEVICE: |rule| caught(&["ForeignDevice"], rule);
    /// NDMA-REG-01.
    a_second_provider_of_a_device breaks NETDMA_REGISTER_TWICE: |rule| caught(&["RegistersTwice"], rule);
    /// NDMA-REG-04.
    a_missing_entry breaks NETDMA_ENTRIES: |rule| caught(&["LacksAppend"], rule);
    /// NDMA-REG-04.
    a_missing_affinity_handler breaks NETDMA_AFFINITY: |rule| caught(&["LacksAffinity"], rule);
    /// NDMA-REG-05.
    a_suspension_without_an_end breaks NETDMA_RESUME: |rule| caught(&["LacksResume"], rule);
    /// NDMA-REG-07.
    no_name breaks NETDMA_NAME: |rule| caught(&["Nameless"], rule);
    /// NDMA-REG-01.
    a_handle_of_no_provider breaks NETDMA_PROVIDER: |rule| caught(&["StrangeProvider"], rule);
    /// NDMA-START-02.
    short_attributes breaks NETDMA_ATTRIBUTES: |rule| caught(&["ShortAttributes"], rule);
    /// NDMA-START-02.
    attributes_with_flags breaks NETDMA_ATTRIBUTE_FLAGS: |rule| caught(&["FlaggedAttributes"], rule);
    /// NDMA-START-02.
    no_vendor breaks NETDMA_VENDOR: |rule| caught(&["NoVendor"], rule);
    /// NDMA-START-02.
    too_many_channels breaks NETDMA_CHANNELS: |rule| caught(&["TooManyChannels"], rule);
    /// NDMA-START-02.
    transfers_that_are_too_small breaks NETDMA_TRANSFER_SIZE: |rule| caught(&["SmallTransfers"], rule);
    /// NDMA-START-02.
    addresses_that_do_not_reach_memory breaks NETDMA_ADDRESS_SPACE: |rule| caught(&["SmallAddresses"], rule);
    /// NDMA-STOP-02.
    two_starts breaks NETDMA_START_TWICE: |rule| caught(&["StartsTwice"], rule);
    /// NDMA-STOP-02.
    two_stops breaks NETDMA_STOP_TWICE: |rule| caught(&["StopsTwice"], rule);
    /// NDMA-STOP-02.
    no_stop breaks NETDMA_DEREGISTER: |rule| caught(&["StaysStarted"], rule);
    /// NDMA-STOP-01.
    descriptors_that_are_outstanding breaks NETDMA_OUTSTANDING: |rule| caught(&["NeverStops"], rule);
    /// NDMA-STOP-03.
    no_deregistration breaks NETDMA_LEAK: |rule| caught(&["ProviderStaysRegistered"], rule);
    /// NDMA-PNP-03.
    a_short_notification breaks NETDMA_EVENT: |rule| caught(&["ShortEvent"], rule);
    /// NDMA-PNP-03.
    a_notification_for_others breaks NETDMA_EVENT_CODE: |rule| caught(&["StrangeEvent"], rule);
    /// NDMA-PNP-03.
    a_notification_with_a_buffer breaks NETDMA_EVENT_BUFFER: |rule| caught(&["BufferedEvent"], rule);
    /// NDMA-CH-04.
    no_processor breaks NETDMA_CPU: |rule| caught(&["NoCpu"], rule);
    /// NDMA-CH-07.
    a_channel_refused_with_another_status breaks NETDMA_CHANNEL_STATUS: |rule| caught(&["StrangeStatus"], rule);
    /// NDMA-INT-05.
    a_handle_of_no_channel breaks NETDMA_CHANNEL: |rule| caught(&["StrangeChannel", "UsesFreedChannel"], rule);
    /// NDMA-INT-01.
    a_service_routine_at_dispatch_level breaks NETDMA_ISR_IRQL: |rule| caught(&["IsrAtDispatch"], rule);
    /// NDMA-INT-02.
    a_dpc_on_another_processor breaks NETDMA_DPC_CPU: |rule| caught(&["DpcOnAnotherCpu"], rule);
    /// NDMA-INT-02.
    a_dpc_without_a_service_routine breaks NETDMA_DPC_ISR: |rule| caught(&["DpcWithoutIsr"], rule);

    /// NDMA-XFER-11.
    wrong_bytes breaks TRANSFER_BYTES: |rule| caught(&["WrongByte"], rule);
    /// NDMA-XFER-11.
    bytes_beside_the_destination breaks TRANSFER_BESIDE: |rule| caught(&["Overruns", "Underruns"], rule);
    /// NDMA-XFER-11.
    a_source_written breaks TRANSFER_SOURCE: |rule| caught(&["WritesSource"], rule);
    /// NDMA-XFER-02.
    a_channel_at_work_not_started_over breaks TRANSFER_START: |rule| caught(&["RefusesRestart"], rule);
    /// NDMA-XFER-02.
    an_old_chain_that_goes_on breaks TRANSFER_RESTART: |rule| caught(&["KeepsOldChain"], rule);
    /// NDMA-XFER-05.
    a_descriptor_left_out breaks TRANSFER_CHAIN: |rule| caught(&["Skips"], rule);
    /// NDMA-XFER-07.
    an_append_refused breaks TRANSFER_APPEND: |rule| caught(&["RefusesAppend"], rule);
    /// NDMA-XFER-07.
    an_append_lost breaks TRANSFER_APPENDED: |rule| caught(&["AppendsNothing"], rule);
    /// NDMA-XFER-08.
    a_channel_that_stays_idle breaks TRANSFER_APPENDED_IDLE: |rule| caught(&["StaysIdle"], rule);
    /// NDMA-XFER-13.
    a_source_read_too_early breaks TRANSFER_FENCE: |rule| caught(&["ReadsAhead"], rule);
    /// NDMA-XFER-14.
    nothing_that_is_moved breaks TRANSFER_NULL: |rule| caught(&["IgnoresNull"], rule);
    /// NDMA-XFER-15.
    a_page_break_of_the_source_passed_over breaks TRANSFER_SOURCE_BREAK: |rule| caught(&["IgnoresSourceBreak"], rule);
    /// NDMA-XFER-15.
    a_page_break_of_the_destination_passed_over breaks TRANSFER_DESTINATION_BREAK:
        |rule| caught(&["IgnoresDestinationBreak"], rule);
    /// NDMA-XFER-16.
    an_append_refused_with_another_status breaks TRANSFER_APPEND_STATUS: |rule| caught(&["RefusesStrangely"], rule);
    /// NDMA-XFER-16.
    an_append_to_a_stopped_channel breaks TRANSFER_APPEND_STOPPED: |rule| caught(&["AppendsToStopped"], rule);

    /// NDMA-CST-01.
    a_word_that_is_missing breaks WORD_MISSING: |rule| caught(&["NoWord"], rule);
    /// NDMA-CST-01.
    a_word_of_another_descriptor breaks WORD_DESCRIPTOR: |rule| caught(&["WordOfAnother"], rule);
    /// NDMA-CST-05.
    a_word_that_was_not_asked_for breaks WORD_UNASKED: |rule| caught(&["WordUnasked"], rule);
    /// NDMA-CST-02.
    a_channel_that_is_never_idle breaks WORD_IDLE: |rule| caught(&["NeverIdle"], rule);
    /// NDMA-CST-02.
    a_channel_that_is_always_idle breaks WORD_ACTIVE: |rule| caught(&["AlwaysIdle"], rule);
    /// NDMA-CST-02.
    an_error_that_is_not_in_the_word breaks WORD_HALTED: |rule| caught(&["ErrorNotInWord"], rule);

    /// NDMA-SUS-01.
    a_suspended_channel_that_goes_on breaks SUSPEND_HOLDS: |rule| caught(&["WorksSuspended"], rule);
    /// NDMA-SUS-01.
    a_suspension_that_is_not_in_the_word breaks SUSPEND_WORD: |rule| caught(&["SuspensionNotInWord"], rule);
    /// NDMA-SUS-01.
    a_suspension_refused breaks SUSPEND_REFUSED: |rule| caught(&["RefusesSuspend"], rule);
    /// NDMA-SUS-02.
    a_suspension_after_nothing breaks SUSPEND_ADDRESS: |rule| caught(&["SuspendsNowhere"], rule);
    /// NDMA-SUS-02.
    a_suspension_after_another_descriptor breaks SUSPEND_LAST: |rule| caught(&["SuspendsAfterAnother"], rule);
    /// NDMA-SUS-03.
    an_append_lost_in_a_suspension breaks RESUME_RELOADS: |rule| caught(&["LosesAppend"], rule);
    /// NDMA-RES-01.
    a_resumption_refused breaks RESUME_REFUSED: |rule| caught(&["RefusesResume"], rule);
    /// NDMA-RES-01.
    a_resumption_behind_a_descriptor breaks RESUME_SKIPS: |rule| caught(&["ResumesBehind"], rule);
    /// NDMA-RES-01.
    a_resumption_before_a_descriptor breaks RESUME_REPEATS: |rule| caught(&["ResumesBefore"], rule);

    /// NDMA-ABT-01.
    an_abort_refused breaks ABORT_REFUSED: |rule| caught(&["RefusesAbort"], rule);
    /// NDMA-ABT-01.
    an_abort_of_nothing breaks ABORT_STOPS: |rule| caught(&["AbortsNothing"], rule);
    /// NDMA-RST-01.
    a_reset_refused breaks RESET_REFUSED: |rule| caught(&["RefusesReset"], rule);
    /// NDMA-RST-01.
    a_reset_of_nothing breaks RESET_STOPS: |rule| caught(&["ResetsNothing"], rule);
    /// NDMA-RST-01.
    a_reset_that_does_not_mend breaks RESET_MENDS: |rule| caught(&["ResetMendsNothing"], rule);

    /// NDMA-INT-01.
    an_interrupt_that_is_missing breaks REPORT_MISSING: |rule| caught(&["NoInterrupt"], rule);
    /// NDMA-CST-05.
    an_interrupt_that_was_not_asked_for breaks REPORT_UNASKED: |rule| caught(&["InterruptUnasked", "Twice"], rule);
    /// NDMA-INT-03.
    a_report_of_nobody breaks REPORT_ADDRESS: |rule| caught(&["ReportsNobody"], rule);
    /// NDMA-INT-03.
    a_report_of_an_older_descriptor breaks REPORT_OLDER: |rule| caught(&["ReportsOlder"], rule);
    /// NDMA-INT-03.
    a_report_that_is_late breaks REPORT_ORDER: |rule| caught(&["ReportsLate"], rule);
    /// NDMA-INT-03.
    a_report_of_an_earlier_chain breaks REPORT_STALE: |rule| caught(&["ReportsStale"], rule);
    /// NDMA-INT-03.
    a_report_of_a_failed_descriptor breaks REPORT_FAILED: |rule| caught(&["ReportsFailed"], rule);
    /// NDMA-INT-03.
    an_error_that_is_not_reported breaks ERROR_MISSING: |rule| caught(&["FailsSilently"], rule);
    /// NDMA-INT-03.
    an_error_reported_twice breaks ERROR_TWICE:
        |rule| caught_unless(&["FailsTwice"], rule, Some(&rules::ERROR_FALSE));
    /// NDMA-INT-03.
    an_error_without_a_cause breaks ERROR_FALSE: |rule| caught(&["FailsUnasked"], rule);
    /// NDMA-CST-02.
    a_chain_that_goes_on_behind_an_error breaks ERROR_HALTS:
        |rule| caught(&["CopiesBehindErrors", "PassesOverErrors"], rule);
}

/// Levels that the fact tables have are found by the check of every import.
#[test]
fn a_dpc_at_passive_level() {
    let (_, ended) = provider::run("DpcAtPassive", SEEDS[0], BYTES);
    let Err(End::Violation(violation)) = ended else {
        panic!("a DPC at PASSIVE_LEVEL is not caught: {ended:?}")
    };
    assert!(violation.to_string().contains("NetDmaInterruptDpc"), "{violation}");
    assert_eq!(violation.rule.code, "0xC4/0xE5", "{violation}");
}
