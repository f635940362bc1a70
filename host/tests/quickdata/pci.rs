//! The function on the bus.

use super::rig::*;
use ferrite_host::{
    bus::{Bdf, Capability, Class},
    device::{
        Ram,
        quickdata::{Config, Interrupts, Quickdata, Version},
    },
    world::{Bar, Hardware},
};

#[test]
fn it_enumerates_as_what_it_is() {
    for (version, id) in Version::ALL.into_iter().zip([0x1A38, 0x402F, 0x3430, 0x0E20, 0x0C50, 0x0B00]) {
        passes(config(version), move |rig| {
            let pci = rig.model.pci();
            assert_eq!((pci.vendor, pci.device), (0x8086, id));
            assert_eq!(pci.class, Class { base: 8, sub: 0x80, interface: 0 });
            let bar = pci.bar(0).expect("BAR 0");
            assert_eq!((bar.base, bar.size), (Some(0x78_0000_0000), 0x4000));
            assert_eq!(pci.bars.len(), 1);
            assert!(pci.capabilities.iter().any(|found| matches!(found, Capability::Express(_))));
            assert_eq!(usize::from(pci.msix().expect("MSI-X").vectors), rig.model.messages());
            assert!(rig.model.hardware_ids()[0].starts_with(&format!("PCI\\VEN_8086&DEV_{id:04X}&SUBSYS_")));
            assert!(rig.model.hardware_ids().contains(&format!("PCI\\VEN_8086&DEV_{id:04X}&CC_088000")));
            assert!(rig.model.compatible_ids().contains(&"PCI\\VEN_8086&CC_0880".to_owned()));
            // Enumeration sizes the BAR and leaves it where it was.
            let bars = rig.model.bars();
            assert_eq!(bars, [Bar { index: 0, start: 0x78_0000_0000, len: 0x4000, memory: true }]);
        });
    }
}

#[test]
fn it_offers_the_interrupts_that_were_asked_for() {
    for (interrupts, messages) in [(Interrupts::MsiX, 2), (Interrupts::Msi, 1), (Interrupts::Line, 0)] {
        passes(with(Version::V3_0, interrupts), move |rig| {
            let pci = rig.model.pci();
            assert_eq!(pci.msix().is_some(), interrupts == Interrupts::MsiX);
            assert_eq!(pci.msi().is_some(), interrupts == Interrupts::Msi);
            assert!(pci.pin.is_some());
            assert_eq!(rig.model.messages(), messages);
        });
    }
}

#[test]
fn identification_reads_as_configured() {
    for (version, cbver) in Version::ALL.into_iter().zip([0x12, 0x20, 0x30, 0x32, 0x33, 0x34]) {
        passes(config(version), move |rig| {
            assert_eq!(rig.read(8, 1), cbver);
            assert_eq!(rig.read(0, 1), if version == Version::V3_4 { 1 } else { 2 });
            assert_eq!(rig.read(1, 1), 20);
            assert_eq!(rig.read(0x10, 4) & 1, u64::from(version != Version::V1_2), "page breaks");
            assert_eq!(rig.read(0x14, 2), 0, "no DCA");
            assert_eq!(rig.read(0x82, 2), if version == Version::V1_2 { 1 } else { 2 });
            rig.write(0xC, 2, 0xFFFF);
            assert_eq!(rig.read(0xC, 2), 0xBFFF, "INTRDELAY");
        });
    }
}

#[test]
fn configuration_space_keeps_what_can_be_written() {
    passes(config(Version::V3_2), |rig| {
        let dword = |at| {
            let mut bytes = [0; 4];
            rig.model.config_read(at, &mut bytes);
            u32::from_le_bytes(bytes)
        };
        rig.model.config_write(0, &[0; 4]);
        assert_eq!(dword(0), 0x0E20_8086);
        assert_eq!(dword(DEVCTL), 0x2810, "as firmware leaves it");
        rig.ordered();
        assert_eq!(dword(DEVCTL), 0);
        rig.model.config_write(0x3C, &[11]);
        assert_eq!(dword(0x3C), 0x10B);
        rig.model.config_write(0x10, &[0, 0, 0xFE, 0x55, 2]);
        assert_eq!(rig.model.bars()[0].start, 0x0002_55FE_0000);
    });
}

#[test]
fn configurations_that_cannot_be() {
    let ram = Ram::new(4 << 20, 0).expect("memory");
    let refused = |config: Config, what: &str| {
        let error = Quickdata::new(config, ram.clone()).err().expect("a refusal");
        assert!(error.contains(what), "{error}");
    };
    refused(Config::new(Version::V3_4, 2), "2 channels");
    refused(Config::new(Version::V2_0, 9), "9 channels");
    refused(Config::new(Version::V2_0, 0), "0 channels");
    let good = Config::new(Version::V2_0, 1);
    refused(Config { xfercap: 11, ..good.clone() }, "XFERCAP 11");
    refused(Config { address: 0x1000, ..good.clone() }, "0x1000");
    refused(Config { bytes: 0, ..good.clone() }, "pace");
    let placed = Config { at: Bdf::new(0, 3, 1), address: 0x7F_0000_0000, ..good };
    let model = Quickdata::new(placed, ram.clone()).expect("a function");
    assert_eq!(model.pci().at, Bdf::new(0, 3, 1));
    assert_eq!(model.bars()[0].start, 0x7F_0000_0000);
}
