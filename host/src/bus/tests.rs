//! Enumeration, placement and identifiers against a configuration space of plain bytes.

use super::*;
use proptest::prelude::*;
use std::{collections::BTreeMap, convert::Infallible};

/// Functions made of 4096 bytes each, whose BARs answer sizing.
#[derive(Default)]
struct Fake {
    functions: BTreeMap<Bdf, Vec<u8>>,
    /// Size mask and fixed low bits per BAR register.
    bars: BTreeMap<(Bdf, u16), (u32, u32)>,
    /// Set if a BAR was written while decoding was on.
    written_while_decoding: bool,
}

impl Fake {
    fn add(&mut self, at: Bdf, ids: u32, class: u32) {
        self.functions.insert(at, vec![0; 4096]);
        self.put(at, register::VENDOR, &ids.to_le_bytes());
        self.put(at, register::REVISION_CLASS, &class.to_le_bytes());
    }

    fn put(&mut self, at: Bdf, offset: u16, bytes: &[u8]) {
        let start = usize::from(offset);
        self.functions.get_mut(&at).unwrap()[start..start + bytes.len()].copy_from_slice(bytes);
    }

    fn add_bar(&mut self, at: Bdf, index: u8, kind: BarKind, size: u64) {
        let offset = register::BAR0 + 4 * u16::from(index);
        let fixed = match kind {
            BarKind::Io => 1,
            BarKind::Memory32 { prefetchable } => u32::from(prefetchable) << 3,
            BarKind::Memory64 { prefetchable } => 4 | u32::from(prefetchable) << 3,
        };
        let mask = !(size - 1);
        self.bars.insert((at, offset), (mask as u32, fixed));
        self.put(at, offset, &fixed.to_le_bytes());
        if matches!(kind, BarKind::Memory64 { .. }) {
            self.bars.insert((at, offset + 4), ((mask >> 32) as u32, 0));
        }
    }
}

impl ConfigSpace for Fake {
    type Error = Infallible;

    fn config_read(&mut self, at: Bdf, offset: u16, size: usize) -> Result<u32, Infallible> {
        let Some(bytes) = self.functions.get(&at) else { return Ok(u32::MAX >> (32 - 8 * size)) };
        let mut value = [0; 4];
        value[..size].copy_from_slice(&bytes[usize::from(offset)..][..size]);
        Ok(u32::from_le_bytes(value))
    }

    fn config_write(&mut self, at: Bdf, offset: u16, size: usize, value: u32) -> Result<(), Infallible> {
        let is_bar = (register::BAR0..register::BAR0 + 24).contains(&offset);
        let value = match self.bars.get(&(at, offset)) {
            Some((mask, fixed)) => value & mask | fixed,
            None if is_bar => 0,
            None => value,
        };
        if is_bar {
            self.written_while_decoding |= self.config_read(at, register::COMMAND, 2)? & 3 != 0;
        }
        self.put(at, offset, &value.to_le_bytes()[..size]);
        Ok(())
    }
}

const NIC: Bdf = Bdf::new(0, 4, 0);

/// An 82574L as its datasheet lists it.
fn nic() -> Fake {
    let mut fake = Fake::default();
    fake.add(NIC, 0x10D3_8086, 0x0200_0000);
    fake.put(NIC, register::SUBSYSTEM, &[0x86, 0x80, 0x1F, 0xA0]);
    fake.add_bar(NIC, 0, BarKind::Memory32 { prefetchable: false }, 0x2_0000);
    fake.add_bar(NIC, 2, BarKind::Io, 32);
    fake.add_bar(NIC, 3, BarKind::Memory32 { prefetchable: false }, 0x4000);
    fake.put(NIC, register::INTERRUPT_PIN, &[1]);
    fake.put(NIC, register::STATUS, &[0x10, 0]);
    fake.put(NIC, register::CAPABILITIES, &[0xC8]);
    fake.put(NIC, 0xC8, &[0x01, 0xD0, 0x22, 0xC8]);
    fake.put(NIC, 0xD0, &[0x05, 0xE0, 0x80, 0x00]);
    fake.put(NIC, 0xE0, &[0x10, 0xA0, 0x01, 0x00, 0xC1, 0x8C, 0x00, 0x00]);
    fake.put(NIC, 0xA0, &[0x11, 0x00, 0x04, 0x00, 0x03, 0, 0, 0, 0x03, 0x20, 0, 0]);
    fake.put(NIC, 0x100, &[0x01, 0x00, 0x01, 0x14]);
    fake.put(NIC, 0x140, &[0x03, 0x00, 0x01, 0x00]);
    fake
}

fn read_nic(fake: &mut Fake) -> PciFunction {
    PciFunction::read(fake, NIC).unwrap().expect("there is a NIC")
}

#[test]
fn a_function_is_read_whole() {
    let mut fake = nic();
    let nic = read_nic(&mut fake);
    assert_eq!((nic.vendor, nic.device), (0x8086, 0x10D3));
    assert_eq!((nic.subsystem_vendor, nic.subsystem), (0x8086, 0xA01F));
    assert_eq!(nic.class, Class { base: 2, sub: 0, interface: 0 });
    assert_eq!(nic.pin, Some(Pin::IntA));
    let sizes: Vec<_> = nic.bars.iter().map(|bar| (bar.index, bar.size, bar.base)).collect();
    assert_eq!(sizes, [(0, 0x2_0000, None), (2, 32, None), (3, 0x4000, None)]);
    let msix = nic.msix().expect("MSI-X");
    assert_eq!((msix.vectors, msix.table_bar, msix.table_offset), (5, 3, 0));
    assert_eq!((msix.pending_bar, msix.pending_offset), (3, 0x2000));
    let msi = nic.msi().expect("MSI");
    assert_eq!((msi.vectors, msi.wide, msi.maskable), (1, true, false));
    let express = nic.capabilities.iter().find_map(|c| match c {
        Capability::Express(express) => Some((express.version, express.port_type, express.max_payload)),
        _ => None,
    });
    assert_eq!(express, Some((1, 0, 256)));
    assert_eq!(nic.extended.iter().map(|c| c.id).collect::<Vec<_>>(), [1, 3]);
    assert!(!fake.written_while_decoding);
}

#[test]
fn sizing_leaves_a_placed_function_as_it_was() {
    let mut fake = nic();
    fake.put(NIC, register::COMMAND, &[7, 0]);
    fake.put(NIC, register::BAR0, &0xE000_0000u32.to_le_bytes());
    let before = fake.functions[&NIC].clone();
    let nic = read_nic(&mut fake);
    assert_eq!(fake.functions[&NIC], before);
    assert_eq!(nic.bar(0).unwrap().base, Some(0xE000_0000));
    assert!(!fake.written_while_decoding, "decoding is off while BARs hold nonsense");
}

#[test]
fn identifiers_are_those_of_windows() {
    let nic = read_nic(&mut nic());
    assert_eq!(
        nic.hardware_ids(),
        [
            r"PCI\VEN_8086&DEV_10D3&SUBSYS_A01F8086&REV_00",
            r"PCI\VEN_8086&DEV_10D3&SUBSYS_A01F8086",
            r"PCI\VEN_8086&DEV_10D3&CC_020000",
            r"PCI\VEN_8086&DEV_10D3&CC_0200",
        ]
    );
    assert_eq!(
        nic.compatible_ids(),
        [
            r"PCI\VEN_8086&DEV_10D3&REV_00",
            r"PCI\VEN_8086&DEV_10D3",
            r"PCI\VEN_8086&CC_020000",
            r"PCI\VEN_8086&CC_0200",
            r"PCI\VEN_8086",
            r"PCI\CC_020000",
            r"PCI\CC_0200",
        ]
    );
    assert_eq!(nic.location(), "PCI bus 0, device 4, function 0");
}

#[test]
fn lists_that_run_in_circles_end() {
    let mut fake = nic();
    fake.put(NIC, 0xA0, &[0x11, 0xC8]);
    fake.put(NIC, 0x140, &[0x03, 0x00, 0x01, 0x10]);
    let nic = read_nic(&mut fake);
    assert_eq!(nic.capabilities.len(), 48);
    assert_eq!(nic.extended.len(), 960);
}

#[test]
fn enumeration_finds_functions_and_what_is_behind_bridges() {
    let mut fake = nic();
    let multi = Bdf::new(0, 31, 0);
    fake.add(multi, 0x2918_8086, 0x0601_0002);
    fake.put(multi, register::HEADER_TYPE, &[0x80]);
    fake.add(Bdf::new(0, 31, 3), 0x2930_8086, 0x0C05_0002);
    let bridge = Bdf::new(0, 2, 0);
    fake.add(bridge, 0x3420_8086, 0x0604_0002);
    fake.put(bridge, register::HEADER_TYPE, &[1]);
    fake.put(bridge, register::SECONDARY_BUS, &[7]);
    fake.add(Bdf::new(7, 0, 0), 0x100E_8086, 0x0200_0003);
    // A function 1 without the multi-function bit in function 0 does not exist.
    fake.add(Bdf::new(7, 0, 1), 0x100E_8086, 0x0200_0003);
    let found: Vec<_> = enumerate(&mut fake).unwrap().iter().map(|f| f.at.to_string()).collect();
    assert_eq!(found, ["00:02.0", "00:04.0", "00:1f.0", "00:1f.3", "07:00.0"]);
}

#[test]
fn resources_name_bars_and_interrupts() {
    let mut fake = nic();
    let mut nic = read_nic(&mut fake);
    assert_eq!(nic.resources(InterruptMode::None), [], "nothing is placed yet");
    let mut windows =
        Windows { memory: 0xE000_0000..0xE010_0000, high_memory: 0..0, ports: 0xC000..0x1_0000 };
    assign(&mut fake, &mut nic, &mut windows).unwrap();
    assert_eq!(
        nic.resources(InterruptMode::Messages(5)),
        [
            Resource::Memory { bar: 0, base: 0xE000_0000, len: 0x2_0000, prefetchable: false },
            Resource::Port { bar: 2, base: 0xC000, len: 32 },
            Resource::Memory { bar: 3, base: 0xE002_0000, len: 0x4000, prefetchable: false },
            Resource::MessageInterrupt { count: 5 },
        ]
    );
    assert_eq!(nic.resources(InterruptMode::Line(20)).last(), Some(&Resource::LineInterrupt { line: 20 }));
    assert_eq!(read_nic(&mut fake), nic, "the registers hold what was noted");
}

#[test]
fn a_window_that_is_too_small_is_named() {
    let mut fake = nic();
    let mut nic = read_nic(&mut fake);
    let mut windows = Windows { memory: 0xE000_0000..0xE002_0000, high_memory: 0..0, ports: 0xC000..0xD000 };
    let error = assign(&mut fake, &mut nic, &mut windows).unwrap_err().to_string();
    assert!(error.contains("BAR 3 of PCI function 00:04.0: 0x4000 bytes"), "{error}");
}

fn any_bar() -> impl Strategy<Value = (BarKind, u64)> {
    prop_oneof![
        (2u32..9).prop_map(|bits| (BarKind::Io, 1 << bits)),
        (4u32..24, any::<bool>())
            .prop_map(|(bits, prefetchable)| { (BarKind::Memory32 { prefetchable }, 1 << bits) }),
        (4u32..36, any::<bool>())
            .prop_map(|(bits, prefetchable)| { (BarKind::Memory64 { prefetchable }, 1 << bits) }),
    ]
}

proptest! {
    #[test]
    fn placed_bars_are_aligned_apart_and_inside(devices in prop::collection::vec(
        prop::collection::vec(any_bar(), 0..3), 1..8,
    )) {
        let mut fake = Fake::default();
        for (device, bars) in devices.iter().enumerate() {
            let at = Bdf::new(0, device as u8, 0);
            fake.add(at, 0x10D3_8086, 0x0200_0000);
            for (slot, (kind, size)) in bars.iter().enumerate() {
                fake.add_bar(at, 2 * slot as u8, *kind, *size);
            }
        }
        let all = Windows {
            memory: 0xC000_0000..0xFE00_0000,
            high_memory: 0x80_0000_0000..0x100_0000_0000,
            ports: 0xC000..0x1_0000,
        };
        let mut left = all.clone();
        let mut taken: Vec<(bool, u64, u64)> = Vec::new();
        for (mut function, bars) in enumerate(&mut fake).unwrap().into_iter().zip(&devices) {
            let found: Vec<_> = function.bars.iter().map(|bar| (bar.kind, bar.size)).collect();
            prop_assert_eq!(&found, bars);
            assign(&mut fake, &mut function, &mut left).unwrap();
            let again = PciFunction::read(&mut fake, function.at).unwrap();
            prop_assert_eq!(again.as_ref(), Some(&function));
            for bar in &function.bars {
                let base = bar.base.unwrap();
                let (io, end) = (bar.kind == BarKind::Io, base + bar.size);
                prop_assert_eq!(base % bar.size, 0);
                let inside = |range: &std::ops::Range<u64>| base >= range.start && end <= range.end;
                let placed = match bar.kind {
                    BarKind::Io => inside(&all.ports),
                    BarKind::Memory32 { .. } => inside(&all.memory),
                    BarKind::Memory64 { .. } => inside(&all.memory) || inside(&all.high_memory),
                };
                prop_assert!(placed, "{:x?}", bar);
                prop_assert!(taken.iter().all(|&(i, b, e)| i != io || end <= b || e <= base));
                taken.push((io, base, end));
            }
        }
    }
}
