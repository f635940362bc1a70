//! The project's INF for QuickData functions.

use super::*;
use crate::inspect::{InfReport, inspect_inf};
use std::{collections::BTreeSet, path::Path};

const DMA: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../inf/ferrite-dma.inf"));
const NET: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../inf/ferrite.inf"));

fn function(device: u16) -> DeviceIds {
    Nic { device, subsystem: 0 }.ids()
}

#[test]
fn no_finding_where_it_applies() {
    let (inf, _) = package(DMA, &function(0x0E20), &Target::windows_7()).unwrap();
    assert!(inf.warnings().is_empty(), "{:?}", inf.warnings());
}

/// Windows 8 and later take no provider: nothing is bound there.
#[test]
fn windows_7_only() {
    assert!(package(DMA, &function(0x0E20), &Target::windows_7()).is_ok());
    for target in [Target::workstation(6, 2, 9200), Target::windows_10(), Target::windows_11()] {
        let error = package(DMA, &function(0x0E20), &target).unwrap_err().to_string();
        assert!(error.contains("no model in [Ferrite.NTamd64.6.2]"), "{error}");
    }
}

/// A function of every version, by its device identifier alone: class 0x0880 has much that is no QuickData function.
#[test]
fn every_version_by_its_own_identifier() {
    for device in [0x1A38, 0x402F, 0x3430, 0x3C20, 0x0E27, 0x2F20, 0x6F20, 0x2021, 0x0C50, 0x0B00] {
        let (_, package) = package(DMA, &function(device), &Target::windows_7()).unwrap();
        assert_eq!(package.matched.id, format!(r"PCI\VEN_8086&DEV_{device:04X}"));
        assert!(package.net().is_none());
    }
    for other in [0x0E2E, 0x10D3, 0x0E28] {
        assert!(package(DMA, &function(other), &Target::windows_7()).is_err(), "{other:#x}");
    }
    let inf = Inf::parse("test.inf", DMA.as_bytes(), Target::windows_7()).unwrap();
    let ids: Vec<_> = inf.models().filter_map(|model| model.hardware_id.clone()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "an identifier twice");
}

/// Both packages install the one service, and must not change each other's.
#[test]
fn the_service_is_the_network_drivers() {
    let [dma, net] =
        [DMA, NET].map(|text| Inf::parse("x.inf", text.as_bytes(), Target::windows_7()).unwrap());
    assert_eq!(dma.version().driver.version, net.version().driver.version);
    let lines = |text: &str, section: &str| {
        let from = text.split_once(&format!("[{section}]\n")).expect("the section").1;
        let inside = |line: &&str| !line.is_empty() && !line.starts_with('[');
        from.lines().take_while(inside).map(str::to_owned).collect::<Vec<_>>()
    };
    for section in ["Ferrite.Service", "Ferrite.EventLog", "Ferrite.EventSource", "Ferrite.Files"] {
        assert_eq!(lines(DMA, section), lines(NET, section), "{section}");
    }
    let name = |text: &str| {
        let of = |line: &&str| line.starts_with("Service.");
        text.lines().filter(of).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(name(DMA), name(NET));
}

/// `inspect` of both INFs: what they install, and on which Windows.
#[test]
fn what_inspect_says() {
    let file = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("../inf").join(name);
    let ids = |report: &InfReport| -> Vec<usize> { report.on.iter().map(|on| on.models.len()).collect() };
    let dma = inspect_inf(&file("ferrite-dma.inf")).unwrap();
    assert_eq!((dma.class.as_str(), ids(&dma)), ("System", vec![50, 0, 0]));
    let image = r"C:\Windows\System32\drivers\ferrite.sys";
    assert_eq!(dma.on[0].service, Some(("ferrite".into(), image.into())));
    assert_eq!(dma.on[1].service, None);
    assert_eq!((dma.warnings.len(), dma.catalog.as_deref()), (0, Some("ferrite-dma.cat")));
    let net = inspect_inf(&file("ferrite.inf")).unwrap();
    assert_eq!((net.class.as_str(), ids(&net)), ("Net", vec![3, 3, 3]));
    assert_eq!(net.on[2].service, dma.on[0].service, "one service");
    assert!(net.to_string().contains("Intel Gigabit CT Desktop Adapter"), "{net}");
    let error = inspect_inf(&file("no-such.inf")).unwrap_err().to_string();
    assert!(error.contains("no-such.inf") && error.contains("cannot read the INF"), "{error}");
}
