//! What an installation leaves in the registry.

use super::super::Value;
use super::*;

/// Installs the base with these lines added to its `AddReg` section, over what `registry` holds.
fn add_reg(registry: &mut Registry, lines: &str) -> Installed {
    install_into(registry, &edit("[Params]\n", &format!("[Params]\n{lines}\n")))
}

#[test]
fn every_type_of_value() {
    let lines = r#"
        HKR,,Text,,"a, b"
        HKR,,Text2,0,5
        HKR,,Expand,0x00020000,"%%TEMP%%\x"
        HKR,,List,0x00010000,"one","two",,"three"
        HKR,,Empty list,0x00010000
        HKR,,Number,0x00010001,0x10
        HKR,,Decimal,0x00010001,16
        HKR,,Minus,0x00010001,-1
        HKR,,Bytes of a number,0x00010001,78,56,34,12
        HKR,,Binary,1,0,ff,0x7f,A
        HKR,,Nothing,0x00020001
        HKR,,Long,0x000b0001,1,0,0,0,0,0,0,80
        HKR,,Custom,0x00380001,1,2
        HKR,Sub\Key,,,"default value"
        HKR,Only\A\Key
        HKR,Another\Key,ignored,0x10,"ignored"
    "#;
    let mut registry = Registry::new();
    let done = add_reg(&mut registry, lines);
    let expected = [
        ("Text", Value::sz("a, b")),
        ("Text2", Value::sz("5")),
        ("Expand", Value::ExpandSz(r"%TEMP%\x".into())),
        ("List", Value::MultiSz(vec!["one".into(), "two".into(), "three".into()])),
        ("Empty list", Value::MultiSz(vec![])),
        ("Number", Value::Dword(16)),
        ("Decimal", Value::Dword(16)),
        ("Minus", Value::Dword(u32::MAX)),
        ("Bytes of a number", Value::Dword(0x1234_5678)),
        ("Binary", Value::Binary(vec![0, 0xFF, 0x7F, 0x0A])),
        ("Nothing", Value::None(vec![])),
        ("Long", Value::Qword(0x8000_0000_0000_0001)),
        ("Custom", Value::Other { kind: 0x38, data: vec![1, 2] }),
    ];
    for (name, value) in expected {
        assert_eq!(registry.value(&done.driver_key, name), Some(&value), "{name}");
    }
    let below = |path: &str| registry.key(&format!(r"{}\{path}", done.driver_key)).unwrap();
    assert_eq!(below(r"Sub\Key").value(""), Some(&Value::sz("default value")));
    assert_eq!(below(r"Only\A\Key").values().count(), 0);
    assert_eq!(below(r"Another\Key").values().count(), 0);
}

#[test]
fn operations_on_what_is_there() {
    let mut registry = Registry::new();
    let list = |items: &[&str]| Value::MultiSz(items.iter().map(|&i| i.to_owned()).collect());
    let done = add_reg(
        &mut registry,
        "HKR,,Kept,,\"old\"\nHKR,,Gone,,\"old\"\nHKR,,List,0x10000,a,b\nHKR,Tree\\Below,v,,\"x\"\nHKR,Tree2,v,,\"x\"",
    );
    let lines = r#"
        HKR,,Kept,2,"new"
        HKR,,Fresh,2,"new"
        HKR,,Absent,0x20,"new"
        HKR,,Gone,4
        HKR,,List,0x00010008,"B","c"
        HKR,Tree,,4
        HKLM,SOFTWARE\Ferrite,Installed,0x00010001,1
    "#;
    let again = add_reg(&mut registry, lines);
    assert_eq!(again, done, "the device keeps its keys");
    let value = |name: &str| registry.value(&done.driver_key, name).cloned();
    assert_eq!(value("Kept"), Some(Value::sz("old")));
    assert_eq!(value("Fresh"), Some(Value::sz("new")));
    assert_eq!(value("Absent"), None);
    assert_eq!(value("Gone"), None);
    assert_eq!(value("List"), Some(list(&["a", "b", "c"])), "appended without regard to case");
    assert!(registry.key(&format!(r"{}\Tree", done.driver_key)).is_none());
    assert_eq!(registry.value(r"HKLM\SOFTWARE\Ferrite", "Installed"), Some(&Value::Dword(1)));

    let removals = "AddReg=Params\nDelReg=Old\n[Old]\nHKR,,Kept\nHKR,Tree2\nHKR,,List,0x00018002,\"A\"\nHKR,,Fresh\n[Params]\nHKR,,Fresh,,\"anew\"\n";
    install_into(&mut registry, &edit("AddReg=Params\n[Params]\n", removals));
    let value = |name: &str| registry.value(&done.driver_key, name).cloned();
    assert_eq!(value("Kept"), None);
    assert_eq!(value("List"), Some(list(&["b", "c"])));
    assert_eq!(value("Fresh"), Some(Value::sz("anew")), "deletions come before additions");
    assert!(registry.key(&format!(r"{}\Tree2", done.driver_key)).is_none());
}

#[test]
fn the_driver_key_describes_the_installation() {
    let (registry, done) = installed(BASE);
    assert_eq!(
        done.driver_key,
        r"HKLM\SYSTEM\CurrentControlSet\Control\Class\{4d36e972-e325-11ce-bfc1-08002be10318}\0000"
    );
    let key = registry.key(&done.driver_key).unwrap();
    let expected = [
        ("DriverDesc", "Adapter"),
        ("ProviderName", "Maker"),
        ("DriverDate", "1-2-2024"),
        ("DriverVersion", "1.2.3.4"),
        ("InfSection", "Install"),
        ("InfSectionExt", ".NTamd64"),
        ("MatchingDeviceId", r"pci\ven_8086&dev_10d3"),
        ("ComponentId", r"pci\ven_8086&dev_10d3"),
    ];
    for (name, text) in expected {
        assert_eq!(key.value(name), Some(&Value::sz(text)), "{name}");
    }
    let guid = done.net_cfg_instance_id.unwrap();
    assert_eq!(key.value("NetCfgInstanceId"), Some(&Value::sz(&guid)));
    let export = key.subkey("Linkage").unwrap().value("Export");
    assert_eq!(export, Some(&Value::MultiSz(vec![format!(r"\Device\{guid}")])));
}

#[test]
fn the_device_key_names_driver_and_service() {
    let (registry, done) = installed(BASE);
    let key = registry.key(&done.device_key).unwrap();
    assert_eq!(key.value("Service"), Some(&Value::sz("x")));
    assert_eq!(key.value("Driver"), Some(&Value::sz(r"{4d36e972-e325-11ce-bfc1-08002be10318}\0000")));
    assert_eq!(key.value("HardwareID"), Some(&Value::MultiSz(nic().ids().hardware)));
    assert!(registry.key(&done.hardware_key).is_some());
    assert_eq!(done.hardware_key, format!(r"{}\Device Parameters", done.device_key));
}

#[test]
fn two_devices_have_keys_of_their_own() {
    let mut registry = Registry::new();
    let (inf, package) = package(BASE, &nic().ids(), &Target::windows_10()).unwrap();
    let [first, second] =
        [3, 4].map(|slot| install(&mut registry, &inf, &package, &nic().ids(), &nic().instance(slot)));
    assert!(second.driver_key.ends_with(r"\0001"), "{second:?}");
    assert_ne!(first.device_key, second.device_key);
    assert_ne!(first.net_cfg_instance_id, second.net_cfg_instance_id);
    assert_eq!(first.service_key, second.service_key);
}

#[test]
fn a_default_does_not_undo_what_the_user_has_set() {
    let (mut registry, done) = installed(BASE);
    assert_eq!(registry.value(&done.driver_key, "Speed"), Some(&Value::sz("10")));
    registry.set(&done.driver_key, "Speed", Value::sz("55"));
    install_into(&mut registry, BASE);
    assert_eq!(registry.value(&done.driver_key, "Speed"), Some(&Value::sz("55")));
    // An optional keyword's default is only a proposal.
    let optional = "HKR,Ndi\\params\\Speed,Optional,,\"1\"";
    let (registry, done) = installed(&edit("[Params]\n", &format!("[Params]\n{optional}\n")));
    assert_eq!(registry.value(&done.driver_key, "Speed"), None);
    // A value of the INF's own comes before the default.
    let (registry, done) = installed(&edit("[Params]\n", "[Params]\nHKR,,Speed,,\"20\"\n"));
    assert_eq!(registry.value(&done.driver_key, "Speed"), Some(&Value::sz("20")));
}

#[test]
fn steps_count_from_the_minimum() {
    let text = edit("Min,,\"0\"", "Min,,\"3\"").replace("Default,,\"10\"", "Default,,\"8\"");
    assert_eq!(findings(&text, &Target::windows_10()), [""; 0]);
    let (_, package) = package(&text, &nic().ids(), &Target::windows_10()).unwrap();
    let speed = package.net().unwrap().keyword("SPEED").unwrap();
    assert_eq!([3, 98, 100, 5].map(|n: u32| speed.check(&n.to_string()).is_ok()), [true, true, false, false]);
}

#[test]
fn mandatory_keywords_may_be_registry_entries() {
    let text = edit("*IfType=6\n", "").replace("[Params]\n", "[Params]\nHKR,,*IfType,0x00010001,6\n");
    let (registry, done) = installed(&text);
    assert_eq!(registry.value(&done.driver_key, "*IfType"), Some(&Value::Dword(6)));
}

#[test]
fn hardware_key_and_service_key() {
    let hardware =
        "[Install.NTamd64.HW]\nAddReg=Hw\n[Hw]\nHKR,Interrupt Management,Affinity,0x00010001,3\n[Service]\n";
    let text = edit("[Service]\n", hardware).replace(
        "ErrorControl=1\n",
        "ErrorControl=1\nDependencies=ndis,+NDIS Wrapper\nAddReg=Svc\nDescription=\"Drives\"\n",
    ) + "[Svc]\nHKR,Parameters,Debug,0x00010001,2\n";
    let (registry, done) = installed(&text);
    let management = format!(r"{}\Interrupt Management", done.hardware_key);
    assert_eq!(registry.value(&management, "Affinity"), Some(&Value::Dword(3)));
    let service = registry.key(&done.service_key).unwrap();
    assert_eq!(service.value("DependOnService"), Some(&Value::MultiSz(vec!["ndis".into()])));
    assert_eq!(service.value("DependOnGroup"), Some(&Value::MultiSz(vec!["NDIS Wrapper".into()])));
    assert_eq!(service.value("Description"), Some(&Value::sz("Drives")));
    assert_eq!(service.subkey("Parameters").unwrap().value("Debug"), Some(&Value::Dword(2)));
}

/// A DMA engine's package: class System asks for none of the network class's directives.
#[test]
fn class_system_needs_no_network_keywords() {
    let text = BASE
        .replace("Class=Net", "Class=System")
        .replace("4d36e972", "4D36E97D")
        .replace("Characteristics=0x84\nBusType=5\n*IfType=6\n*MediaType=0\n*PhysicalMediaType=14\n", "");
    assert_eq!(findings(&text, &Target::windows_7()), [""; 0]);
    let (registry, done) = installed(&text);
    assert_eq!(done.net_cfg_instance_id, None);
    assert!(done.driver_key.contains("{4d36e97d-"), "{}", done.driver_key);
    assert_eq!(registry.value(&done.driver_key, "*IfType"), None);
}

#[test]
fn file_lists_rename_and_place_files() {
    let text = edit("CopyFiles=@x.sys\n", "CopyFiles=Files\n")
        .replace("x.sys=1\n", "built.sys=1,amd64\n")
        .replace("DefaultDestDir=12\n", "DefaultDestDir=11\nFiles=12\n[Files]\nx.sys,built.sys,,2\n")
        .replace("1=\"Disk\"", "0x1=\"Disk\",,,\\pkg");
    assert_eq!(findings(&text, &Target::windows_10()), [""; 0]);
    let (_, package) = package(&text, &nic().ids(), &Target::windows_10()).unwrap();
    assert_eq!(package.image.source, "pkg/amd64/built.sys");
    assert_eq!(package.image.target, r"C:\Windows\System32\drivers\x.sys");
}

#[test]
fn architecture_specific_source_sections_come_first() {
    let text = edit("[SourceDisksFiles]\n", "[SourceDisksFiles.amd64]\nx.sys=1,x64\n[SourceDisksFiles]\n");
    let (_, package) = package(&text, &nic().ids(), &Target::windows_10()).unwrap();
    assert_eq!(package.image.source, "x64/x.sys");
}
