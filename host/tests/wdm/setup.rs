//! What a system without QEMU refuses to be made of, and what a list of an INF's models says.

use crate::machine::{Engine, INF};
use ferrite_host::{
    bus::Bdf,
    devices,
    system::{InProcess, Setup, System},
    world::Hardware,
};
use std::{fs, path::Path, rc::Rc};

fn function(device: u8) -> InProcess {
    InProcess::new(Bdf::new(0, device, 0), Engine::new(u64::from(device)) as Rc<dyn Hardware>)
}

/// Why a system of these functions does not come up, with the INF edited.
fn refusal(functions: &[InProcess], edit: impl FnOnce(&Path, &mut Setup)) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let inf = folder.path().join("wdm.inf");
    fs::write(&inf, INF).expect("an INF");
    fs::write(folder.path().join("wdm.sys"), b"").expect("an image");
    let mut setup = Setup::without_nics(&inf);
    edit(folder.path(), &mut setup);
    System::boot_with(&setup, functions).err().expect("it does not come up").to_string()
}

#[test]
fn two_functions_at_one_address() {
    let text = refusal(&[function(5), function(5)], |_, _| {});
    assert_eq!(text, "the address 00:05.0 is taken, or not on bus 0");
    let far = InProcess { at: Bdf::new(1, 0, 0), ..function(5) };
    assert!(refusal(&[far], |_, _| {}).contains("01:00.0"));
}

#[test]
fn functions_without_an_inf() {
    let text = refusal(&[function(5)], |_, setup| setup.dma_inf = None);
    assert_eq!(text, "a function at 00:05.0 has no INF of class System; name one");
}

#[test]
fn no_function_at_all() {
    assert!(refusal(&[], |_, _| {}).starts_with("the machine has no function to drive"));
}

#[test]
fn an_inf_that_does_not_serve_the_function() {
    let text = refusal(&[function(5)], |folder, _| {
        let other = INF.replace("DEV_0E20", "DEV_0E21").replace("CC_0880", "CC_0881");
        fs::write(folder.join("wdm.inf"), other).expect("an INF");
    });
    assert!(text.contains("no model in [Engines.NTamd64]"), "{text}");
    assert!(text.contains(r"the device is PCI\VEN_8086&DEV_0E20&SUBSYS_00000000&REV_04"), "{text}");
}

#[test]
fn an_image_that_is_not_there() {
    let text =
        refusal(&[function(5)], |folder, _| fs::remove_file(folder.join("wdm.sys")).expect("it was there"));
    assert!(text.contains("the driver's image wdm.sys is not there"), "{text}");
}

#[test]
fn the_identifiers_are_those_of_the_configuration_space() {
    let ids = function(5).ids;
    assert_eq!(ids.hardware[0], r"PCI\VEN_8086&DEV_0E20&SUBSYS_00000000&REV_04");
    assert!(ids.compatible.iter().any(|id| id == r"PCI\CC_0880"), "{ids:?}");
}

#[test]
fn an_inf_of_class_system_is_listed_without_qemu() {
    let folder = tempfile::tempdir().expect("a folder");
    let inf = folder.path().join("wdm.inf");
    fs::write(&inf, INF).expect("an INF");
    let list = devices::list(Path::new("no-such-program"), &inf).expect("a list");
    let ids: Vec<&str> = list.models.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, [r"PCI\VEN_8086&DEV_0E20", r"PCI\VEN_8086&CC_0880"]);
    let text = list.to_string();
    assert!(text.contains("class System") && text.contains("Any engine (line 13)"), "{text}");
}
