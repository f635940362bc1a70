//! The driver with one fault at a time: each is caught, under its rule.

use crate::{
    fault::{Fault, is},
    machine::with,
};
use ferrite_host::{
    abi::constants as c,
    nt::plug::{DeviceNode, Power},
    verify::{End, Rule},
};
use std::ptr;

/// Everything that a device goes through, then a surprise removal where the fault is in one.
fn life(node: &DeviceNode) {
    if node.add().is_err() || node.start().is_err() {
        return;
    }
    let _ = node.set_power(Power::Device(c::PowerDeviceD3));
    let _ = node.set_power(Power::Device(c::PowerDeviceD0));
    node.system_control();
    for cancel in [true, false] {
        if node.query_stop().is_ok() && cancel {
            node.cancel_stop();
        }
    }
    node.stop();
    if node.start().is_err() {
        return;
    }
    if is(Fault::KeepsInterruptWhenGone) {
        node.surprise_remove();
    } else {
        let _ = node.query_remove();
    }
    node.remove();
}

#[test]
fn the_sound_driver_passes() {
    for _ in 0..3 {
        if let Err(end) = with(None, |node, _| life(node)) {
            panic!("{end}");
        }
    }
}

/// The driver with this fault ends the run, by this rule, and the report says `what`.
#[track_caller]
fn broken(fault: Fault, rule: &'static Rule, what: &str) {
    let violation = match with(Some(fault), |node, _| life(node)) {
        Err(End::Violation(violation)) => violation,
        Err(End::Failure(what)) => panic!("{fault:?} ends the run otherwise: {what}"),
        Ok(()) => panic!("{fault:?} is not caught"),
    };
    assert!(ptr::eq(violation.rule, rule), "{fault:?} is caught as something else: {violation}");
    assert!(violation.detail.contains(what), "{fault:?}: {violation} does not say {what:?}");
}

/// One test for each fault: its name, the fault, the rule that catches it, words of the report.
macro_rules! mutants {
    ($( $test:ident: $fault:ident is $rule:ident, $what:literal; )*) => { $(
        #[test]
        fn $test() {
            broken(Fault::$fault, &ferrite_host::verify::rules::$rule, $what);
        }
    )* };
}

mutants! {
    attaching_nothing: AttachesNothing is ADD_DEVICE, "attached nothing";
    leaving_a_device_initializing: StaysInitializing is ADD_DEVICE, "DO_DEVICE_INITIALIZING";
    failing_to_add_and_keeping_the_device: FailsAndKeepsDevice is ADD_DEVICE, "is not deleted";

    starting_without_the_bus: StartsAlone is IRP_NOT_PASSED, "IRP_MN_START_DEVICE";
    mapping_before_the_bus_has_started: MapsBeforeStart is START_WAIT, "registers at 0xc0000000";
    keeping_the_old_requirements: KeepsOldRequirements is POOL, "replaced, but not freed";
    replacing_requirements_by_fewer_bytes_than_stated: ReplacesWithShortList is POOL, "in a pool block of";

    completing_an_irp_twice: CompletesTwice is IRP, "IoCompleteRequest";
    never_completing_a_pending_irp: NeverCompletes is IRP_LOST, "IRP_MN_QUERY_STOP_DEVICE: pended";
    returning_without_completing: ForgetsToComplete is IRP_LOST, "IRP_MN_QUERY_REMOVE_DEVICE";
    pending_without_a_mark: PendsUnmarked is IRP_PENDING, "not marked pending";
    marking_and_returning_a_status: MarksAndReturns is IRP_PENDING, "was marked pending";
    returning_another_status: ReturnsOtherStatus is IRP_STATUS, "IRP_MN_START_DEVICE";
    dropping_an_unknown_irp: DropsUnknown is IRP_NOT_PASSED, "IRP_MN_QUERY_CAPABILITIES";
    keeping_a_power_irp: SwallowsPower is IRP_NOT_PASSED, "IRP_MN_SET_POWER";
    keeping_a_wmi_irp: SwallowsWmi is IRP_NOT_PASSED, "IRP_MJ_SYSTEM_CONTROL";
    failing_a_removal: FailsRemove is IRP_NOT_PASSED, "IRP_MN_REMOVE_DEVICE";

    writing_a_register_when_off: TouchesWhenOff is POWER, "write of register 0x8";

    keeping_an_interrupt_at_stop: KeepsInterruptAtStop is STOP_LEAK, "2 interrupts connected";
    keeping_registers_at_stop: KeepsRegistersAtStop is STOP_LEAK, "1 register ranges mapped";
    keeping_an_interrupt_when_gone: KeepsInterruptWhenGone is STOP_LEAK, "after IRP_MN_SURPRISE_REMOVAL";
    keeping_an_interrupt: KeepsInterrupt is REMOVE_LEAK, "2 interrupts connected";
    keeping_the_device_object: KeepsDevice is REMOVE_LEAK, "is not deleted";
    staying_attached: StaysAttached is REMOVE_LEAK, "is attached";
    keeping_a_thread: KeepsThread is REMOVE_LEAK, "system thread";
    keeping_the_bus_interface: KeepsBusInterface is REMOVE_LEAK, "1 references of the physical device object";
    keeping_a_dma_adapter: KeepsDmaAdapter is REMOVE_LEAK, "DMA adapter";
    keeping_memory: KeepsMemory is UNLOAD_LEAK, "64 bytes";
}
