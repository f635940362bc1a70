use super::*;
use crate::{
    abi::{NDIS_MINIPORT_DRIVER_CHARACTERISTICS as Chars, NDIS_OBJECT_HEADER as Header, Ptr, constants as c},
    devnode::Device,
    nt::io::driver::NewDriver,
    pnp::Value,
    world::{Bar, Hardware, InterruptMode},
};
use std::cell::Cell;

type Sink = Rc<dyn Fn(u32)>;

/// A function with one BAR, two messages and its configuration space.
#[derive(Default)]
struct Nic {
    register: Cell<u64>,
    sink: RefCell<Option<Sink>>,
}

impl Hardware for Nic {
    fn config_read(&self, offset: u32, to: &mut [u8]) {
        for (byte, at) in to.iter_mut().zip(offset as usize..) {
            *byte = [0x86, 0x80, 0xD3, 0x10].get(at).copied().unwrap_or(0);
        }
    }
    fn config_write(&self, _offset: u32, _from: &[u8]) {}
    fn bars(&self) -> Vec<Bar> {
        vec![Bar { index: 0, start: 0xFEB0_0000, len: 0x2_0000, memory: true }]
    }
    fn read(&self, _bar: usize, offset: u64, _size: usize) -> u64 {
        self.register.get() + offset
    }
    fn write(&self, _bar: usize, _offset: u64, _size: usize, value: u64) {
        self.register.set(value);
    }
    fn messages(&self) -> usize {
        2
    }
    fn connect(&self, mode: InterruptMode, sink: Sink) -> Result<(), String> {
        assert_eq!(mode, InterruptMode::Messages(2));
        self.sink.replace(Some(sink));
        Ok(())
    }
    fn disconnect(&self) {
        self.sink.replace(None);
    }
    fn message(&self, number: usize) -> (u64, u32) {
        (0xFEE0_0000, number as u32)
    }
    fn line_asserted(&self) -> bool {
        false
    }
    fn accesses(&self) -> (u64, u64) {
        (0, 0)
    }
    fn pull_out(&self) {}
}

/// A miniport driver whose handlers note their calls, with an adapter in slot 3; its physical device object.
fn adapter(nic: &Rc<Nic>) -> (Rc<crate::ndis::adapter::Adapter>, u64) {
    let world = world();
    let new = NewDriver { service: "nic", start: 0, size: 0, entry: 0 };
    let driver = world.nt.create_driver(&new).expect("memory");
    let chars: Ptr<Chars> = Ptr::new(own(256));
    let header: Ptr<Header> = Ptr::new(chars.addr());
    header.set(Header::Type, c::NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS as u8);
    header.set(Header::Revision, 1);
    header.set(Header::Size, c::NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_1 as u16);
    chars.set(Chars::MajorNdisVersion, 6);
    chars.set(Chars::MinorNdisVersion, 20);
    for field in [
        Chars::InitializeHandlerEx,
        Chars::HaltHandlerEx,
        Chars::UnloadHandler,
        Chars::PauseHandler,
        Chars::RestartHandler,
        Chars::OidRequestHandler,
        Chars::SendNetBufferListsHandler,
        Chars::ReturnNetBufferListsHandler,
        Chars::CancelSendHandler,
        Chars::DevicePnPEventNotifyHandler,
        Chars::ShutdownHandlerEx,
    ] {
        chars.set(field, noting());
    }
    let register = resolve("ndis.sys", "NdisMRegisterMiniportDriver").expect("provided");
    let args = [driver, counted("path"), 0, chars.addr(), own(8)];
    assert_eq!(jump(register.address.0 as u64, &args) as u32, 0);
    let instance = r"PCI\VEN_8086&DEV_10D3\3&11583659&0&18".to_owned();
    let key =
        r"HKLM\SYSTEM\CurrentControlSet\Control\Class\{4d36e972-e325-11ce-bfc1-08002be10318}\0000".to_owned();
    let path = format!(r"{}\{instance}", crate::pnp::registry::ENUM_KEY);
    world.registry.borrow_mut().set(&path, "FriendlyName", Value::sz("A NIC"));
    world.registry.borrow_mut().set(&key, "Speed", Value::Dword(7));
    let device = Rc::new(Device::new(instance, Rc::clone(nic) as Rc<dyn Hardware>, key, 2));
    let miniport = world.ndis.miniport().expect("registered");
    let adapter = world.ndis.add(&miniport, device).expect("no AddDevice handler");
    let (pdo, fdo) = world.nt.device_objects(&adapter.device);
    assert_eq!(k("IoGetAttachedDevice", &[pdo]), fdo);
    (adapter, pdo)
}

#[test]
fn a_node_has_properties_keys_registers_and_configuration_space() {
    run(|| {
        let nic = Rc::new(Nic::default());
        let (_, pdo) = adapter(&nic);
        let (out, length) = (own(64), own(4));
        let property =
            |number: u32, room| k32("IoGetDeviceProperty", &[pdo, u64::from(number), room, out, length]);
        assert_eq!(property(c::DevicePropertyFriendlyName, 4), c::STATUS_BUFFER_TOO_SMALL);
        assert_eq!(read::<u32>(length), 12);
        assert_eq!(property(c::DevicePropertyFriendlyName, 64), 0);
        assert_eq!(read::<u16>(out + 4), u16::from(b'N'));
        assert_eq!(property(c::DevicePropertyAddress, 4), 0);
        assert_eq!(read::<u32>(out), 3 << 16);
        assert_eq!(k32("HalGetBusDataByOffset", &[4, 0, 3, out, 0, 4]), 4);
        assert_eq!(read::<u32>(out), 0x10D3_8086);
        assert_eq!(k32("HalGetBusDataByOffset", &[4, 0, 4, out, 0, 4]), 0, "no such slot");
        let handle = own(8);
        assert_eq!(
            k32("IoOpenDeviceRegistryKey", &[pdo, u64::from(c::PLUGPLAY_REGKEY_DRIVER), 0, handle]),
            0
        );
        assert_eq!(k32("ZwQueryValueKey", &[read(handle), counted("Speed"), 2, out, 64, length]), 0);
        assert_eq!(read::<u32>(out + 12), 7);
        let base = k("MmMapIoSpace", &[0xFEB0_1000, 0x1000, 0]);
        write(base, 0x55_u32);
        assert_eq!(nic.register.get(), 0x55);
        assert_eq!(read::<u32>(base + 8), 0x55 + 0x1008, "the BAR's own offset");
        // As RtlCopyMemory from registers does.
        k("memcpy", &[out, base, 8]);
        assert_eq!(read::<u32>(out + 4), 0x55 + 0x1004);
        k("MmUnmapIoSpace", &[base, 0x1000]);
    })
    .expect("no violation");
}

#[test]
fn a_nodes_messages_reach_the_routine_on_their_cpus() {
    run(|| {
        let nic = Rc::new(Nic::default());
        let (adapter, pdo) = adapter(&nic);
        let (p, out) = (own(80), own(8));
        write(p, c::CONNECT_MESSAGE_BASED);
        write(p + 8, pdo);
        write(p + 16, out);
        write(p + 24, noting());
        assert_eq!(k32("IoConnectInterruptEx", &[p]), 0);
        let sink = nic.sink.borrow().clone().expect("connected");
        sink(1);
        sink(0);
        wait_seen(2);
        let mut calls: Vec<_> = seen().iter().map(|call| (call.cpu, call.irql, call.args[2])).collect();
        calls.sort_unstable();
        assert_eq!(calls, [(0, 6, 0), (1, 6, 1)]);
        let end = own(16);
        write(end, c::CONNECT_MESSAGE_BASED);
        write(end + 8, read::<u64>(out));
        k("IoDisconnectInterruptEx", &[end]);
        assert!(nic.sink.borrow().is_none());
        world().nt.remove_device_objects(&adapter.device);
        assert!(world().nt.left_behind().is_empty());
    })
    .expect("no violation");
}
