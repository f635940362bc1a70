//! A driver of both kinds: NDIS has taken over the driver object, and the driver's own entries stand in front.

use crate::{
    driver::{self, Locals, import},
    fault,
    machine::{self, Engine, system},
};
use ferrite_host::{
    abi::{NDIS_MINIPORT_DRIVER_CHARACTERISTICS as Chars, NDIS_OBJECT_HEADER as Header, Ptr, constants as c},
    devnode::Device,
    nt::{
        io::driver::NewDriver,
        plug::{DeviceNode, State},
    },
    verify::{Rule, rules},
    world::{Hardware, call, world},
};
use std::{cell::RefCell, rc::Rc};

thread_local! {
    /// The miniport handlers that were called.
    static CALLED: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

fn called() -> Vec<&'static str> {
    CALLED.with_borrow_mut(std::mem::take)
}

/// `MiniportInitializeEx`: this adapter does not come up.
extern "win64" fn initialize(_adapter: u64, _context: u64, _parameters: u64) -> u64 {
    CALLED.with_borrow_mut(|called| called.push("initialize"));
    c::NDIS_STATUS_ADAPTER_NOT_FOUND.into()
}

/// `MiniportDriverUnload`.
extern "win64" fn unload(object: u64) -> u64 {
    CALLED.with_borrow_mut(|called| called.push("unload"));
    let handle = HANDLE.with_borrow(Locals::addr);
    import("NdisMDeregisterMiniportDriver", &[ferrite_host::abi::read(handle)]);
    driver::unload(object)
}

thread_local! {
    static HANDLE: RefCell<Locals<1>> = RefCell::new(Locals::new());
}

/// `DriverEntry`: registers with NDIS first, then as the WDM driver does.
extern "win64" fn entry(object: u64, path: u64) -> u64 {
    let block = Locals::<40>::new();
    let header: Ptr<Header> = Ptr::new(block.addr());
    header.set(Header::Type, c::NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS as u8);
    header.set(Header::Revision, 2);
    header.set(Header::Size, c::NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2 as u16);
    let p: Ptr<Chars> = Ptr::new(block.addr());
    p.set(Chars::MajorNdisVersion, 6);
    p.set(Chars::MinorNdisVersion, 20);
    for field in [
        Chars::HaltHandlerEx,
        Chars::PauseHandler,
        Chars::RestartHandler,
        Chars::OidRequestHandler,
        Chars::SendNetBufferListsHandler,
        Chars::ReturnNetBufferListsHandler,
        Chars::CancelSendHandler,
        Chars::DevicePnPEventNotifyHandler,
        Chars::ShutdownHandlerEx,
    ] {
        p.set(field, unload as *const () as u64);
    }
    p.set(Chars::InitializeHandlerEx, initialize as *const () as u64);
    p.set(Chars::UnloadHandler, unload as *const () as u64);
    let out = HANDLE.with_borrow(Locals::addr);
    assert_eq!(import("NdisMRegisterMiniportDriver", &[object, path, 0, block.addr(), out]) as u32, 0);
    driver::entry(object, path)
}

/// The node of a NIC, which no class System INF serves.
fn nic() -> Rc<DeviceNode> {
    let instance = r"PCI\VEN_8086&DEV_10D3\3&11583659&0&18".to_owned();
    let hardware = Engine::new(8) as Rc<dyn Hardware>;
    DeviceNode::new(Rc::new(Device::new(instance, hardware, "Driver".into(), 1)))
}

fn load() {
    let new = NewDriver { service: "wdm", start: 0, size: 0, entry: entry as *const () as u64 };
    let object = world().nt.create_driver(&new).expect("memory");
    assert_eq!(call("DriverEntry", new.entry, &[object, object]), 0);
}

/// NDIS-REG-13: NDIS owns AddDevice, the dispatch table and the unload routine; what a router in front passes on gets
/// there, and its own device beside it does not.
#[test]
fn each_node_gets_to_its_half_of_the_driver() {
    fault::set(None);
    let engine = Engine::new(0);
    let ended = system(&[Rc::clone(&engine)], |_| {}).run(|system| {
        load();
        let (dma, nic) = (&system.functions[0].plug, nic());
        assert_eq!(dma.add(), Ok(()));
        assert!(world().ndis.adapters().is_empty(), "the engine is none of NDIS's");
        assert_eq!(dma.start(), Ok(()));
        assert_eq!(nic.add(), Ok(()));
        assert_eq!(world().ndis.adapters().len(), 1);
        assert_eq!(called(), [""; 0], "not yet");
        assert_eq!(nic.start(), Err(c::NDIS_STATUS_ADAPTER_NOT_FOUND));
        assert_eq!(called(), ["initialize"]);
        assert_eq!((nic.state(), world().ndis.adapters().len()), (State::Enumerated, 0));
        assert_eq!(dma.state(), State::Started);
        dma.remove();
        system.unload();
        assert_eq!(called(), ["unload"]);
    });
    assert!(ended.is_ok(), "{}", ended.unwrap_err());
}

/// A node that is not the driver's is refused where NDIS has not registered either.
#[test]
fn a_node_of_another_class_is_refused() {
    fault::set(None);
    let ended = system(&[Engine::new(0)], |_| {}).run(|system| {
        machine::load();
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
