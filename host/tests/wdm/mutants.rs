//! The driver with one fault at a time: each is caught, under its rule.

use crate::{machine::with, rows::mutants, sound::life};
use ferrite_host::verify::{End, Rule, rules};
use std::ptr;

/// Those that show when the device is pulled out.
const WHEN_GONE: [&str; 4] =
    ["KeepsInterruptWhenGone", "KeepsRegistersWhenGone", "KeepsSurprise", "FailsSurprise"];

#[test]
fn the_sound_driver_passes() {
    for pulled_out in [false, true, false] {
        if let Err(end) = with(None, move |node, _| life(node, pulled_out)) {
            panic!("{end}");
        }
    }
}

/// The driver with this fault ends the run, by this rule, and the report says `what`.
#[track_caller]
fn caught(fault: &'static str, rule: &'static Rule, what: &str) {
    let pulled_out = WHEN_GONE.contains(&fault);
    let violation = match with(Some(fault), move |node, _| life(node, pulled_out)) {
        Err(End::Violation(violation)) => violation,
        Err(End::Failure(what)) => panic!("{fault} ends the run otherwise: {what}"),
        Ok(()) => panic!("{fault} is not caught"),
    };
    assert!(ptr::eq(violation.rule, rule), "{fault} is caught as {}: {violation}", violation.rule.ident);
    assert!(violation.detail.contains(what), "{fault}: {violation} does not say {what:?}");
}

/// A name that is no fault's does not pass for a driver that is not caught.
#[test]
fn a_fault_that_there_is_not_is_refused() {
    let Err(End::Failure(what)) = with(Some("Breaks nothing"), |_, _| ()) else {
        panic!("the driver comes up")
    };
    assert!(what.contains("Breaks nothing") && what.contains("0xc0000034"), "{what}");
}

mutants! {
    attaching_nothing breaks ADD_ATTACHED: |rule| caught("AttachesNothing", rule, "attached nothing");
    leaving_a_device_initializing breaks ADD_INITIALIZED:
        |rule| caught("StaysInitializing", rule, "DO_DEVICE_INITIALIZING");
    failing_to_add_and_keeping_the_device breaks ADD_FAILED:
        |rule| caught("FailsAndKeepsDevice", rule, "is not deleted");

    keeping_the_old_requirements breaks FILTER_FREED:
        |rule| caught("KeepsOldRequirements", rule, "replaced, but not freed");
    replacing_requirements_by_fewer_bytes_than_stated breaks FILTER_SIZE:
        |rule| caught("ReplacesWithShortList", rule, "in a pool block of");
    mapping_before_the_bus_has_started breaks START_WAIT:
        |rule| caught("MapsBeforeStart", rule, "registers at 0xc0000000");

    keeping_requirements breaks PASSED_FILTER:
        |rule| caught("KeepsFilter", rule, "IRP_MN_FILTER_RESOURCE_REQUIREMENTS");
    starting_without_the_bus breaks PASSED_START: |rule| caught("StartsAlone", rule, "IRP_MN_START_DEVICE");
    keeping_a_query breaks PASSED_QUERY: |rule| caught("KeepsQuery", rule, "IRP_MN_QUERY_STOP_DEVICE");
    keeping_a_cancellation breaks PASSED_CANCEL: |rule| caught("KeepsCancel", rule, "IRP_MN_CANCEL_STOP_DEVICE");
    keeping_a_stop breaks PASSED_STOP: |rule| caught("KeepsStop", rule, "IRP_MN_STOP_DEVICE");
    keeping_a_surprise_removal breaks PASSED_SURPRISE:
        |rule| caught("KeepsSurprise", rule, "IRP_MN_SURPRISE_REMOVAL");
    keeping_a_removal breaks PASSED_REMOVE: |rule| caught("KeepsRemove", rule, "IRP_MN_REMOVE_DEVICE");
    dropping_an_unknown_irp breaks PASSED_UNKNOWN: |rule| caught("DropsUnknown", rule, "IRP_MN_QUERY_CAPABILITIES");
    keeping_a_power_query breaks PASSED_QUERY_POWER: |rule| caught("KeepsQueryPower", rule, "IRP_MN_QUERY_POWER");
    keeping_a_power_irp breaks PASSED_SET_POWER: |rule| caught("SwallowsPower", rule, "IRP_MN_SET_POWER");
    keeping_a_wmi_irp breaks PASSED_WMI: |rule| caught("SwallowsWmi", rule, "IRP_MJ_SYSTEM_CONTROL");

    failing_a_cancellation breaks FAILED_CANCEL: |rule| caught("FailsCancel", rule, "IRP_MN_CANCEL_STOP_DEVICE");
    failing_a_stop breaks FAILED_STOP: |rule| caught("FailsStop", rule, "IRP_MN_STOP_DEVICE");
    failing_a_surprise_removal breaks FAILED_SURPRISE:
        |rule| caught("FailsSurprise", rule, "IRP_MN_SURPRISE_REMOVAL");
    failing_a_removal breaks FAILED_REMOVE: |rule| caught("FailsRemove", rule, "IRP_MN_REMOVE_DEVICE");
    failing_to_go_to_sleep breaks FAILED_POWER_DOWN: |rule| caught("FailsPowerDown", rule, "IRP_MN_SET_POWER");

    writing_a_register_when_off breaks POWER: |rule| caught("TouchesWhenOff", rule, "write of register 0x8");
    unregistering_a_power_callback_twice breaks POWER_CALLBACK:
        |rule| caught("UnregistersTwice", rule, "not registered");

    keeping_an_interrupt_at_stop breaks STOP_INTERRUPT:
        |rule| caught("KeepsInterruptAtStop", rule, "2 interrupts connected");
    keeping_registers_at_stop breaks STOP_REGISTERS:
        |rule| caught("KeepsRegistersAtStop", rule, "1 register ranges mapped");
    keeping_an_interrupt_when_gone breaks SURPRISE_INTERRUPT:
        |rule| caught("KeepsInterruptWhenGone", rule, "after IRP_MN_SURPRISE_REMOVAL");
    keeping_registers_when_gone breaks SURPRISE_REGISTERS:
        |rule| caught("KeepsRegistersWhenGone", rule, "after IRP_MN_SURPRISE_REMOVAL");
    keeping_an_interrupt breaks REMOVE_INTERRUPT: |rule| caught("KeepsInterruptAtRemoval", rule, "2 interrupts connected");
    keeping_registers breaks REMOVE_REGISTERS: |rule| caught("KeepsRegistersAtRemoval", rule, "1 register ranges mapped");
    keeping_the_device_object breaks REMOVE_DEVICE: |rule| caught("KeepsDevice", rule, "is not deleted");
    staying_attached breaks REMOVE_ATTACHED: |rule| caught("StaysAttached", rule, "is attached");
    keeping_a_thread breaks REMOVE_THREAD: |rule| caught("KeepsThread", rule, "system thread");
    keeping_the_bus_interface breaks REMOVE_REFERENCE:
        |rule| caught("KeepsBusInterface", rule, "1 references of the physical device object");
    keeping_a_dma_adapter breaks REMOVE_ADAPTER: |rule| caught("KeepsDmaAdapter", rule, "DMA adapter");

    registering_a_provider_late breaks NETDMA_REGISTER_LATE:
        |rule| caught("RegistersProviderLate", rule, "has been started");
    starting_a_provider_early breaks NETDMA_START_EARLY: |rule| caught("StartsProviderEarly", rule, "not started");
    keeping_a_provider_started breaks NETDMA_STOP:
        |rule| caught("KeepsProviderStarted", rule, "after IRP_MN_STOP_DEVICE");
    sleeping_unannounced breaks NETDMA_POWER_DOWN: |rule| caught("SleepsUnannounced", rule, "unannounced");
    waking_early breaks NETDMA_POWER_UP: |rule| caught("WakesEarly", rule, "is in D3");
}

/// Rules of the kernel's that WDM drivers break as others do.
#[test]
fn irps_and_memory() {
    caught("CompletesIrpTwice", &rules::IRP, "IoCompleteRequest");
    caught("NeverCompletesIrp", &rules::IRP_LOST, "IRP_MN_QUERY_STOP_DEVICE: pended");
    caught("ForgetsToComplete", &rules::IRP_LOST, "IRP_MN_QUERY_REMOVE_DEVICE");
    caught("PendsUnmarked", &rules::IRP_PENDING, "not marked pending");
    caught("MarksAndReturns", &rules::IRP_PENDING, "was marked pending");
    caught("ReturnsOtherStatus", &rules::IRP_STATUS, "IRP_MN_START_DEVICE");
    caught("KeepsPoolAtUnload", &rules::UNLOAD_LEAK, "64 bytes");
}
