//! Configuration space through the HAL, and the HAL's other names of old.

use crate::{
    abi::{bytes, read, write, write_bytes, write_out},
    imports,
    verify::rules,
    world::world,
};

/// BUS_DATA_TYPE: PCIConfiguration.
const PCI: u32 = 4;
/// The largest configuration space.
const CONFIG_SPACE: u32 = 4096;

/// Reads configuration space into the driver's buffer.
pub fn get(bus: u32, slot: u32, buffer: u64, offset: u32, len: u32) -> u32 {
    let mut data = vec![0xFF; len.min(CONFIG_SPACE) as usize];
    let got = world().nt.platform().read_config(bus, slot, offset, &mut data);
    write_bytes(buffer, data.get(..got).unwrap_or(&data));
    got as u32
}

/// Writes configuration space from the driver's buffer.
pub fn set(bus: u32, slot: u32, buffer: u64, offset: u32, len: u32) -> u32 {
    let data = bytes(buffer, len.min(CONFIG_SPACE) as usize);
    world().nt.platform().write_config(bus, slot, offset, &data) as u32
}

imports! {
    /// HAL.
    TABLE from "hal.dll";

    fn HalGetBusData(kind: u32, bus: u32, slot: u32, buffer: u64, len: u32) -> u32 {
        if kind == PCI { get(bus, slot, buffer, 0, len) } else { 0 }
    }

    fn HalGetBusDataByOffset(kind: u32, bus: u32, slot: u32, buffer: u64, offset: u32, len: u32) -> u32 {
        if kind == PCI { get(bus, slot, buffer, offset, len) } else { 0 }
    }

    fn HalSetBusData(kind: u32, bus: u32, slot: u32, buffer: u64, len: u32) -> u32 {
        if kind == PCI { set(bus, slot, buffer, 0, len) } else { 0 }
    }

    fn HalSetBusDataByOffset(kind: u32, bus: u32, slot: u32, buffer: u64, offset: u32, len: u32) -> u32 {
        if kind == PCI { set(bus, slot, buffer, offset, len) } else { 0 }
    }

    fn HalTranslateBusAddress(_interface: u32, _bus: u32, address: u64, space: u64, out: u64) -> u8 {
        // Memory is seen by the bus as by the CPU; there is no port space to give out.
        if read::<u32>(space) != 0 {
            return 0;
        }
        write(out, address);
        1
    }

    fn HalGetInterruptVector(_interface: u32, _bus: u32, level: u32, vector: u32, irql: u64, affinity: u64) -> u32 {
        let _ = (level, vector);
        write_out(irql, 0_u8);
        write_out(affinity, 0_u64);
        world().violation(&rules::UNSUPPORTED, "HalGetInterruptVector: interrupts are assigned by plug and play".into())
    }

}
