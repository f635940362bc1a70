//! The project's own INF.

use super::super::{KeywordKind, Value};
use super::*;

const FERRITE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../inf/ferrite.inf"));

#[test]
fn no_finding_on_any_windows() {
    for target in
        [Target::windows_7(), Target::workstation(6, 3, 9600), Target::windows_10(), Target::windows_11()]
    {
        assert_eq!(findings(FERRITE, &target), [""; 0], "{target}");
    }
}

#[test]
fn windows_older_than_7_is_refused() {
    let vista = Target::workstation(6, 0, 6002);
    let found = findings(FERRITE, &vista);
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("no models section applies to Windows 6.0.6002 (amd64)"), "{found:?}");
    assert!(found[0].contains("[Ferrite.NTamd64.6.1]"), "{found:?}");
}

#[test]
fn the_version_is_the_crates() {
    let inf = Inf::parse("test.inf", FERRITE.as_bytes(), Target::default()).unwrap();
    assert_eq!(inf.version().driver.version, concat!(env!("CARGO_PKG_VERSION"), ".0"));
}

#[test]
fn another_device_is_refused_with_both_lists() {
    let other = Nic { device: 0x100E, ..nic() };
    let error = package(FERRITE, &other.ids(), &Target::windows_10()).unwrap_err().to_string();
    let line = 1 + FERRITE.lines().position(|l| l == "[Ferrite.NTamd64.6.1]").unwrap();
    assert!(
        error.starts_with(&format!("test.inf:{line}:1: error: no model in [Ferrite.NTamd64.6.1]")),
        "{error}"
    );
    assert!(error.contains(r"the file serves PCI\VEN_8086&DEV_10D3, "), "{error}");
    assert!(error.contains(r"the device is PCI\VEN_8086&DEV_100E&SUBSYS_00008086&REV_00, "), "{error}");
}

#[test]
fn the_subsystem_chooses_the_name() {
    let names = [
        (0x0000, "Intel 82574L Gigabit Network Connection (Ferrite)"),
        (0xA01F, "Intel Gigabit CT Desktop Adapter (Ferrite)"),
        (0x0001, "Intel Gigabit CT2 Desktop Adapter (Ferrite)"),
    ];
    for (subsystem, name) in names {
        let ids = Nic { subsystem, ..nic() }.ids();
        let (_, package) = package(FERRITE, &ids, &Target::windows_10()).unwrap();
        assert_eq!(package.matched.model.description, name);
    }
}

#[test]
fn the_driver_key_has_what_the_driver_reads() {
    let (registry, done) = installed(FERRITE);
    let value = |name: &str| registry.value(&done.driver_key, name).cloned();
    assert_eq!(value("*IfType"), Some(Value::Dword(6)));
    assert_eq!(value("*MediaType"), Some(Value::Dword(0)));
    assert_eq!(value("*PhysicalMediaType"), Some(Value::Dword(14)));
    assert_eq!(value("Characteristics"), Some(Value::Dword(0x84)));
    assert_eq!(value("BusType"), Some(Value::sz("5")));
    let defaults = [
        ("*SpeedDuplex", "0"),
        ("*FlowControl", "3"),
        ("*ReceiveBuffers", "256"),
        ("*TransmitBuffers", "512"),
        ("*InterruptModeration", "1"),
    ];
    for (name, default) in defaults {
        assert_eq!(value(name), Some(Value::sz(default)), "{name}");
    }
    assert_eq!(value("NetworkAddress"), None, "an optional keyword is absent until it is set");
    assert_eq!(registry.value(&format!(r"{}\Ndi", done.driver_key), "Service"), Some(&Value::sz("ferrite")));
}

#[test]
fn messages_and_service_are_set_up() {
    let (registry, done) = installed(FERRITE);
    let messages = format!(r"{}\Interrupt Management\MessageSignaledInterruptProperties", done.hardware_key);
    assert_eq!(registry.value(&messages, "MSISupported"), Some(&Value::Dword(1)));
    assert_eq!(registry.value(&messages, "MessageNumberLimit"), Some(&Value::Dword(3)));
    let service = registry.key(&done.service_key).unwrap();
    assert_eq!(service.value("Type"), Some(&Value::Dword(1)));
    assert_eq!(service.value("Start"), Some(&Value::Dword(3)));
    assert_eq!(service.value("Group"), Some(&Value::sz("NDIS")));
    assert_eq!(
        service.value("ImagePath"),
        Some(&Value::ExpandSz(r"\SystemRoot\System32\drivers\ferrite.sys".into()))
    );
    let log = registry.key(r"HKLM\SYSTEM\CurrentControlSet\Services\EventLog\System\ferrite").unwrap();
    assert_eq!(
        log.value("EventMessageFile"),
        Some(&Value::ExpandSz(r"%SystemRoot%\System32\netevent.dll".into()))
    );
    assert_eq!(log.value("TypesSupported"), Some(&Value::Dword(7)));
}

#[test]
fn keywords_accept_what_the_page_offers_and_nothing_else() {
    let (_, package) = package(FERRITE, &nic().ids(), &Target::windows_10()).unwrap();
    let keyword = |name: &str| package.net().unwrap().keyword(name).unwrap();
    let cases: [(&str, &[&str], &[&str]); 5] = [
        ("*SpeedDuplex", &["0", "1", "2", "3", "4", "6"], &["5", "7", "", "auto"]),
        ("*FlowControl", &["0", "1", "2", "3"], &["4", "-1"]),
        ("*ReceiveBuffers", &["80", "256", "2048"], &["79", "81", "2056", "many", "", "0x50", "0X100"]),
        ("*TransmitBuffers", &["80", "512", "2048"], &["72", "4096"]),
        ("*InterruptModeration", &["0", "1"], &["2"]),
    ];
    for (name, good, bad) in cases {
        for value in good {
            assert_eq!(keyword(name).check(value), Ok(()), "{name}={value}");
        }
        for value in bad {
            let error = keyword(name).check(value).unwrap_err();
            assert!(error.contains(name), "{error}");
        }
    }
    assert_eq!(keyword("NetworkAddress").kind, KeywordKind::Edit);
    assert!(keyword("NetworkAddress").optional);
}

#[test]
fn utf_16_reads_the_same() {
    let utf16 = |bom: [u8; 2], unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
        bom.into_iter().chain(FERRITE.replace('\n', "\r\n").encode_utf16().flat_map(unit)).collect()
    };
    let plain = Inf::parse("x.inf", FERRITE.as_bytes(), Target::default()).unwrap();
    for bytes in [utf16([0xFF, 0xFE], u16::to_le_bytes), utf16([0xFE, 0xFF], u16::to_be_bytes)] {
        let inf = Inf::parse("x.inf", &bytes, Target::default()).unwrap();
        assert_eq!(inf.sections(), plain.sections());
    }
    let marked: Vec<u8> = [0xEF, 0xBB, 0xBF].into_iter().chain(FERRITE.bytes()).collect();
    assert_eq!(Inf::parse("x.inf", &marked, Target::default()).unwrap().sections(), plain.sections());
}
