//! Class System: the INF of a DMA engine.

use super::super::{Class, Value};
use super::*;

/// An INF of class System with several models of one install section, as small as it can be without a warning.
const ENGINE: &str = r#"[Version]
Signature="$Windows NT$"
Class=System
ClassGuid={4d36e97d-e325-11ce-bfc1-08002be10318}
Provider=%Maker%
CatalogFile=x.cat
DriverVer=01/02/2024,1.2.3.4
PnpLockdown=1
[Manufacturer]
%Maker%=Models,NTamd64.6.1
[Models.NTamd64.6.1]
"First"=Install,PCI\VEN_8086&DEV_0E20
"Second"=Install,PCI\VEN_8086&DEV_0E21
"Any"=Install,,PCI\VEN_8086&CC_0880
[SourceDisksNames]
1="Disk"
[SourceDisksFiles]
x.sys=1
[DestinationDirs]
DefaultDestDir=12
[Install.NTamd64]
CopyFiles=@x.sys
AddReg=Params
[Params]
HKR,,Channels,0x00010001,4
[Install.NTamd64.HW]
AddReg=Messages
[Messages]
HKR,Interrupt Management,,0x00000010
HKR,Interrupt Management\MessageSignaledInterruptProperties,,0x00000010
HKR,Interrupt Management\MessageSignaledInterruptProperties,MSISupported,0x00010001,1
HKR,Interrupt Management\MessageSignaledInterruptProperties,MessageNumberLimit,0x00010001,8
[Install.NTamd64.Services]
AddService=x,2,Service
[Service]
ServiceType=1
StartType=3
ErrorControl=1
ServiceBinary=%12%\x.sys
[Strings]
Maker="Maker"
"#;

/// A function of class 0x0880 of Intel's.
fn engine(device: u16) -> DeviceIds {
    let model = format!(r"PCI\VEN_8086&DEV_{device:04X}");
    DeviceIds {
        hardware: vec![
            format!("{model}&SUBSYS_00008086&REV_04"),
            format!("{model}&SUBSYS_00008086"),
            format!("{model}&CC_088000"),
            format!("{model}&CC_0880"),
        ],
        compatible: vec![
            format!("{model}&REV_04"),
            model,
            r"PCI\VEN_8086&CC_088000".into(),
            r"PCI\VEN_8086&CC_0880".into(),
            r"PCI\VEN_8086".into(),
            r"PCI\CC_088000".into(),
            r"PCI\CC_0880".into(),
        ],
    }
}

#[test]
fn no_finding_and_the_class_system() {
    for target in [Target::windows_7(), Target::windows_10(), Target::windows_11()] {
        let (inf, package) = package(ENGINE, &engine(0x0E20), &target).expect("a valid INF");
        let warnings: Vec<String> = inf.warnings().iter().map(ToString::to_string).collect();
        assert_eq!(warnings, [""; 0], "{target}");
        assert_eq!((package.class, package.warnings.len()), (Class::System, 0));
    }
}

#[test]
fn the_best_model_serves_the_function() {
    for (device, name) in [(0x0E20, "First"), (0x0E21, "Second"), (0x2F20, "Any")] {
        let (_, package) = package(ENGINE, &engine(device), &Target::windows_10()).expect("served");
        assert_eq!(package.matched.model.description, name);
    }
    let mut other = engine(0x0E20);
    other.hardware.iter_mut().chain(&mut other.compatible).for_each(|id| *id = id.replace("8086", "1234"));
    let refused = package(ENGINE, &other, &Target::windows_10()).expect_err("another maker's");
    assert!(refused.to_string().contains(r"the device is PCI\VEN_1234&DEV_0E20"), "{refused}");
}

#[test]
fn each_function_has_keys_of_its_own_and_no_adapters() {
    let mut registry = Registry::new();
    let mut done = Vec::new();
    for slot in [0x20, 0x21] {
        let ids = engine(0x0E20);
        let (inf, package) = package(ENGINE, &ids, &Target::windows_10()).expect("served");
        let instance = format!(r"{}\3&11583659&0&{slot:02X}", ids.hardware[0]);
        done.push(install(&mut registry, &inf, &package, &ids, &instance));
    }
    let class = r"HKLM\SYSTEM\CurrentControlSet\Control\Class\{4d36e97d-e325-11ce-bfc1-08002be10318}";
    for (number, one) in done.iter().enumerate() {
        assert_eq!(one.driver_key, format!(r"{class}\{number:04}"));
        assert_eq!(one.net_cfg_instance_id, None);
        assert_eq!(registry.value(&one.driver_key, "Channels"), Some(&Value::Dword(4)));
        assert_eq!(registry.value(&one.driver_key, "*IfType"), None);
        assert_eq!(registry.value(&one.device_key, "Class"), Some(&Value::sz("System")));
        let messages =
            format!(r"{}\Interrupt Management\MessageSignaledInterruptProperties", one.hardware_key);
        assert_eq!(registry.value(&messages, "MessageNumberLimit"), Some(&Value::Dword(8)));
    }
    assert_eq!(done[0].service_key, done[1].service_key);
}

#[test]
fn the_classes_must_agree() {
    let mixed = ENGINE.replace("4d36e97d", "4d36e972");
    let refused = package(&mixed, &engine(0x0E20), &Target::windows_10()).expect_err("another class's GUID");
    let text = refused.to_string();
    assert!(
        text.contains("test.inf:4:11: error: ClassGuid") && text.contains("is not that of class System"),
        "{text}"
    );
    // What class Net asks for has no meaning here.
    let keywords = ENGINE.replace("CopyFiles=@x.sys", "CopyFiles=@x.sys\n*IfType=6");
    let found = package(&keywords, &engine(0x0E20), &Target::windows_10());
    let text = match found {
        Err(refused) => refused.to_string(),
        Ok((inf, package)) => {
            inf.warnings().iter().chain(&package.warnings).map(ToString::to_string).collect()
        }
    };
    assert!(text.contains("*IfType"), "{text:?}");
}
