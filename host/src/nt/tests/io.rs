use super::*;
use crate::{
    abi::{DEVICE_OBJECT as Device, DRIVER_OBJECT, IO_STACK_LOCATION as Stack, IRP, Ptr, constants as c},
    nt::{
        Platform,
        io::{driver::NewDriver, irp, pdo, request},
    },
    verify::rules,
};

/// A machine with one PCI function and one register window.
struct Machine;

impl Platform for Machine {
    fn map_registers(&self, physical: u64, len: u64) -> Option<u64> {
        (physical == 0xFEB0_0000 && len <= 0x20000).then(|| own(usize::try_from(len).unwrap_or(0)))
    }

    fn read_config(&self, bus: u32, slot: u32, offset: u32, into: &mut [u8]) -> usize {
        if (bus, slot) != (0, 3 | 1 << 5) {
            return 0;
        }
        for (byte, at) in into.iter_mut().zip(offset as usize..) {
            *byte = [0x86, 0x80, 0xD3, 0x10].get(at).copied().unwrap_or(0);
        }
        into.len()
    }

    fn property(&self, _pdo: u64, property: u32) -> Option<Vec<u8>> {
        match property {
            14 => Some(vec![0; 4]),
            // Device 3, function 1.
            16 => Some((3_u32 << 16 | 1).to_le_bytes().to_vec()),
            _ => None,
        }
    }

    fn device_key(&self, _pdo: u64, _driver: bool) -> Option<String> {
        Some(
            r"HKLM\SYSTEM\CurrentControlSet\Control\Class\{4d36e972-e325-11ce-bfc1-08002be10318}\0000".into(),
        )
    }
}

fn driver() -> u64 {
    world().nt.set_platform(Rc::new(Machine));
    let new = NewDriver { service: "nic", start: 0x10000, size: 0x1000, entry: 0 };
    world().nt.create_driver(&new).expect("memory")
}

fn device(driver: u64, extension: u64) -> u64 {
    let out = own(8);
    assert_eq!(k32("IoCreateDevice", &[driver, extension, 0, 0x17, 0x100, 0, out]), 0);
    read(out)
}

#[test]
fn devices_stack_and_come_apart() {
    run(|| {
        let driver = driver();
        let bottom = pdo::create().expect("memory");
        let mine = device(driver, 100);
        let p: Ptr<Device> = Ptr::new(mine);
        assert_eq!(read::<u64>(p.get(Device::DeviceExtension)), 0, "the extension is zeroed");
        assert_eq!(Ptr::<DRIVER_OBJECT>::new(driver).get(DRIVER_OBJECT::DeviceObject), mine);
        assert_eq!(k("IoAttachDeviceToDeviceStack", &[mine, bottom]), bottom);
        assert_eq!(p.get(Device::StackSize), 2);
        assert_eq!(k("IoGetAttachedDeviceReference", &[bottom]), mine);
        k("ObfDereferenceObject", &[mine]);
        assert_eq!(world().nt.left_behind().len(), 1);
        k("IoDetachDevice", &[bottom]);
        k("IoDeleteDevice", &[mine]);
        assert!(world().nt.left_behind().is_empty());
        assert_eq!(Ptr::<DRIVER_OBJECT>::new(driver).get(DRIVER_OBJECT::DeviceObject), 0);
    })
    .expect("no violation");
    breaks(&rules::DEVICE_ATTACHED, "still attached", || {
        let mine = device(driver(), 0);
        let bottom = pdo::create().expect("memory");
        k("IoAttachDeviceToDeviceStack", &[mine, bottom]);
        k("IoDeleteDevice", &[mine]);
    });
}

/// A dispatch routine that passes everything down and asks to see it come back.
extern "win64" fn pass_down(device: u64, addr: u64) -> u64 {
    let here = irp::location(addr);
    let below = irp::next_location(addr);
    write_bytes(below.addr(), &crate::abi::bytes(here.addr(), 56));
    below.set(Stack::CompletionRoutine, came_back as *const () as u64);
    below.set(Stack::Context, 11);
    below.set(Stack::Control, 0xE0);
    let extension: u64 = Ptr::<Device>::new(device).get(Device::DeviceExtension);
    k("IofCallDriver", &[read(extension), addr])
}

extern "win64" fn came_back(device: u64, addr: u64, context: u64) -> u64 {
    note(device, addr, context, u64::from(irp::status_of(addr)));
    0
}

#[test]
fn an_irp_goes_down_the_stack_and_comes_back_through_the_routines() {
    run(|| {
        let driver = driver();
        let p: Ptr<DRIVER_OBJECT> = Ptr::new(driver);
        write(
            p.at(&DRIVER_OBJECT::MajorFunction) + 8 * u64::from(c::IRP_MJ_PNP),
            pass_down as *const () as u64,
        );
        let bottom = pdo::create().expect("memory");
        let mine = device(driver, 8);
        write(Ptr::<Device>::new(mine).get(Device::DeviceExtension), bottom);
        k("IoAttachDeviceToDeviceStack", &[mine, bottom]);
        // Asks the bus for its interface, as drivers do.
        let (event, block, guid, interface) = (own(24), own(16), own(16), own(64));
        k("KeInitializeEvent", &[event, 0, 0]);
        k("RtlGUIDFromString", &[counted("{496B8280-6F25-11D0-BEAF-08002BE2092F}"), guid]);
        let addr =
            k("IoBuildSynchronousFsdRequest", &[u64::from(c::IRP_MJ_PNP), bottom, 0, 0, 0, event, block]);
        irp::set_status(addr, c::STATUS_NOT_SUPPORTED, 0);
        let stack = irp::next_location(addr);
        stack.set(Stack::MinorFunction, c::IRP_MN_QUERY_INTERFACE as u8);
        stack.set(Stack::Parameters_QueryInterface_InterfaceType, guid);
        stack.set(Stack::Parameters_QueryInterface_Size, 64);
        stack.set(Stack::Parameters_QueryInterface_Version, 1);
        stack.set(Stack::Parameters_QueryInterface_Interface, interface);
        assert_eq!(k32("IofCallDriver", &[mine, addr]), 0);
        assert_eq!(k32("KeWaitForSingleObject", &[event, 0, 0, 0, milliseconds(1000)]), 0);
        assert_eq!(read::<u32>(block), c::STATUS_SUCCESS);
        assert_eq!((seen().len(), seen()[0].args[0], seen()[0].args[2]), (1, mine, 11));
        let context: u64 = read(interface + 8);
        let data = own(4);
        assert_eq!(jump(read(interface + 56), &[context, 0, data, 0, 4]) as u32, 4);
        assert_eq!(read::<u32>(data), 0x10D3_8086);
        jump(read(interface + 24), &[context]);
        assert!(world().mem.drivers_blocks().is_empty(), "the system freed the IRP");
    })
    .expect("no violation");
}

#[test]
fn an_irp_is_completed_once_and_has_room_for_every_driver() {
    breaks(&rules::IRP, "completed before", || {
        let addr = k("IoAllocateIrp", &[1, 0]);
        irp::send("test", pdo::create().expect("memory"), addr);
        k("IofCompleteRequest", &[addr, 0]);
    });
    breaks(&rules::IRP_STACK, "no stack location", || {
        let addr = k("IoAllocateIrp", &[1, 0]);
        Ptr::<IRP>::new(addr).set(IRP::CurrentLocation, 1);
        k("IofCallDriver", &[pdo::create().expect("memory"), addr]);
    });
}

#[test]
fn what_a_driver_does_not_handle_is_refused() {
    run(|| {
        let mine = device(driver(), 0);
        let fill = |stack: Ptr<Stack>, _: u64| stack.set(Stack::MajorFunction, c::IRP_MJ_READ as u8);
        assert_eq!(request::request(mine, fill, "test"), (c::STATUS_INVALID_DEVICE_REQUEST, 0));
    })
    .expect("no violation");
}

#[test]
fn registers_and_configuration_space_are_the_platforms() {
    run(|| {
        driver();
        assert_eq!(k("MmMapIoSpace", &[0x1000, 0x1000, 0]), 0, "no device there");
        let base = k("MmMapIoSpace", &[0xFEB0_0000, 0x20000, 0]);
        assert_eq!(world().nt.left_behind().len(), 1);
        k("MmUnmapIoSpace", &[base, 0x20000]);
        let data = own(2);
        assert_eq!(k32("HalGetBusDataByOffset", &[4, 0, 3 | 1 << 5, data, 2, 2]), 2);
        assert_eq!(read::<u16>(data), 0x10D3);
        let handle = own(8);
        assert_eq!(k32("IoOpenDeviceRegistryKey", &[0, 2, 0, handle]), 0);
        k("ZwClose", &[read(handle)]);
    })
    .expect("no violation");
    breaks(&rules::IO_SPACE_LENGTH, "131072 bytes were mapped", || {
        driver();
        let base = k("MmMapIoSpace", &[0xFEB0_0000, 0x20000, 0]);
        k("MmUnmapIoSpace", &[base, 0x1000]);
    });
}

#[test]
fn ram_is_mapped_by_its_physical_address_as_often_as_wanted() {
    run(|| {
        driver();
        let block = k("MmAllocateContiguousMemory", &[3 * 4096, u64::from(u32::MAX)]);
        let physical = k("MmGetPhysicalAddress", &[block]);
        let first = k("MmMapIoSpace", &[physical + 100, 5000, 1]);
        let second = k("MmMapIoSpace", &[physical + 100, 5000, 1]);
        write(first, 0x55AA_u32);
        assert_eq!(read::<u32>(second), 0x55AA);
        assert_eq!(read::<u32>(block + 100), 0x55AA);
        assert_eq!(k("MmGetPhysicalAddress", &[first]), physical + 100);
        k("MmUnmapIoSpace", &[first, 5000]);
        assert_eq!(world().nt.left_behind().len(), 1);
        k("MmUnmapIoSpace", &[second, 5000]);
        assert!(world().nt.left_behind().is_empty());
        // The last byte of the RAM below 4 GiB has nothing behind it.
        let end = (1 << 20) + LOW as u64;
        assert_ne!(k("MmMapIoSpace", &[end - 16, 16, 1]), 0);
        assert_eq!(k("MmMapIoSpace", &[end - 16, 17, 1]), 0);
    })
    .expect("no violation");
    breaks(&rules::IO_SPACE_UNMAPPED, "not mapped", || {
        driver();
        let block = k("MmAllocateContiguousMemory", &[4096, u64::from(u32::MAX)]);
        let addr = k("MmMapIoSpace", &[k("MmGetPhysicalAddress", &[block]), 4096, 1]);
        k("MmUnmapIoSpace", &[addr, 4096]);
        k("MmUnmapIoSpace", &[addr, 4096]);
    });
}

#[test]
fn names_are_found_at_run_time_if_the_windows_has_them() {
    run(|| {
        let event = own(24);
        let address = k("MmGetSystemRoutineAddress", &[counted("KeInitializeEvent")]);
        jump(address, &[event, 0, 1]);
        assert_eq!(k32("KeReadStateEvent", &[event]), 1);
        assert_eq!(k("MmGetSystemRoutineAddress", &[counted("KeInitializeEvent")]), address);
        assert_ne!(k("MmGetSystemRoutineAddress", &[counted("ExAllocatePool2")]), 0);
        assert_eq!(k("MmGetSystemRoutineAddress", &[counted("NoSuchRoutine")]), 0);
        let build = k("MmGetSystemRoutineAddress", &[counted("NtBuildNumber")]);
        assert_eq!(read::<u32>(build) & 0xFFFF, 19045);
    })
    .expect("no violation");
    run_as((6, 1, 7601), || {
        assert_eq!(k("MmGetSystemRoutineAddress", &[counted("ExAllocatePool2")]), 0);
    })
    .expect("no violation");
}

#[test]
fn event_log_entries_arrive_with_their_strings() {
    run(|| {
        let entry = k("IoAllocateErrorLogEntry", &[driver(), 40 + 8 + 8]);
        write(entry + 2, 8_u16);
        write(entry + 4, 1_u16);
        write(entry + 6, 48_u16);
        write(entry + 12, 0xC000_1389_u32);
        write(entry + 40, 0x1122_u64);
        crate::abi::write_bytes(entry + 48, &[b'u', 0, b'p', 0, 0, 0]);
        k("IoWriteErrorLogEntry", &[entry]);
        let log = world().nt.error_log.entries();
        assert_eq!((log[0].code, log[0].strings.as_slice()), (0xC000_1389, &["up".to_owned()][..]));
        assert_eq!(log[0].dump, [0x22, 0x11, 0, 0, 0, 0, 0, 0]);
        assert!(world().mem.drivers_blocks().is_empty());
    })
    .expect("no violation");
}
