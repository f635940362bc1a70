//! A driver of both kinds: NDIS has taken over the driver object, and the driver's own entries stand in front.

use crate::{
    driver,
    machine::{self, Engine, system},
};
use ferrite_host::{
    abi::constants as c,
    devnode::Device,
    nt::plug::{DeviceNode, State},
    verify::{Rule, rules},
    world::{Hardware, world},
};
use std::rc::Rc;

/// The miniport handlers that were called since the last time, each with a space.
fn called() -> String {
    driver::take("Called").and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The node of a NIC, which no class System INF serves.
fn nic() -> Rc<DeviceNode> {
    let instance = r"PCI\VEN_8086&DEV_10D3\3&11583659&0&18".to_owned();
    let hardware = Engine::new(8) as Rc<dyn Hardware>;
    DeviceNode::new(Rc::new(Device::new(instance, hardware, "Driver".into(), 1)))
}

/// NDIS-REG-13: NDIS owns AddDevice, the dispatch table and the unload routine; what a router in front passes on gets
/// there, and its own device beside it does not.
#[test]
fn each_node_gets_to_its_half_of_the_driver() {
    let engine = Engine::new(0);
    let ended = system(&[Rc::clone(&engine)], |_| {}).run(|system| {
        machine::load_as("Router", system, None);
        let (dma, nic) = (&system.functions[0].plug, nic());
        assert_eq!(dma.add(), Ok(()));
        assert!(world().ndis.adapters().is_empty(), "the engine is none of NDIS's");
        assert_eq!(dma.start(), Ok(()));
        assert_eq!(nic.add(), Ok(()));
        assert_eq!(world().ndis.adapters().len(), 1);
        assert_eq!(called(), "", "not yet");
        assert_eq!(nic.start(), Err(c::NDIS_STATUS_ADAPTER_NOT_FOUND));
        assert_eq!(called(), "initialize ");
        assert_eq!((nic.state(), world().ndis.adapters().len()), (State::Enumerated, 0));
        assert_eq!(dma.state(), State::Started);
        dma.remove();
        system.unload();
        assert_eq!(called(), "unload ");
    });
    assert!(ended.is_ok(), "{}", ended.unwrap_err());
}

/// A node that is not the driver's is refused where NDIS has not registered either.
#[test]
fn a_node_of_another_class_is_refused() {
    let ended = system(&[Engine::new(0)], |_| {}).run(|system| {
        machine::load(system, None);
        assert_eq!(nic().add(), Err(c::STATUS_INVALID_PARAMETER));
        system.unload();
    });
    assert!(ended.is_ok(), "{}", ended.unwrap_err());
}

/// A step out of order is the test's mistake, and is told as such.
#[test]
fn a_step_out_of_order_is_noticed() {
    let ended = machine::with(None, |node, _| {
        assert_eq!(node.add(), Ok(()));
        node.stop();
    });
    let Err(ferrite_host::verify::End::Violation(violation)) = ended else { panic!("{ended:?}") };
    let rule: &'static Rule = &rules::HOST;
    assert!(std::ptr::eq(violation.rule, rule), "{violation}");
    assert!(violation.detail.starts_with("stop of PCI"), "{violation}");
}
