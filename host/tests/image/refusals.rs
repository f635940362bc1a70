//! Images and INFs that must be refused, with words that say what is wrong and where.

use crate::common::rig::{boot, built, setup};
use ferrite_host::system::{Setup, System};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A folder with a copy of the package, to spoil.
struct Package(tempfile::TempDir);

impl Package {
    fn copy() -> Self {
        let folder = tempfile::tempdir().expect("a folder for a package");
        for name in ["ferrite.sys", "ferrite.inf"] {
            fs::copy(built(name), folder.path().join(name)).expect("a copy of the package");
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn setup(&self) -> Setup {
        Setup { inf: self.path("ferrite.inf"), ..setup() }
    }

    /// Changes the image.
    fn image(self, change: impl FnOnce(&mut Vec<u8>)) -> Self {
        let path = self.path("ferrite.sys");
        let mut bytes = fs::read(&path).expect("the image");
        change(&mut bytes);
        fs::write(&path, bytes).expect("the spoilt image");
        self
    }

    /// Changes the INF, one text for another that must be there.
    #[track_caller]
    fn inf(self, from: &str, to: &str) -> Self {
        let path = self.path("ferrite.inf");
        let text = fs::read_to_string(&path).expect("the INF");
        assert!(text.contains(from), "the INF has no \"{from}\"");
        fs::write(&path, text.replace(from, to)).expect("the spoilt INF");
        self
    }

    /// What the driver's load says.
    fn load(&self) -> Result<(), String> {
        load(&self.setup())
    }

    /// What the system's boot says.
    fn boot_error(&self) -> String {
        match System::boot(&self.setup()) {
            Ok(_) => panic!("the INF is accepted"),
            Err(error) => error.to_string(),
        }
    }
}

fn load(setup: &Setup) -> Result<(), String> {
    let system = boot(setup);
    let outcome = std::rc::Rc::new(std::cell::RefCell::new(Ok(())));
    let place = std::rc::Rc::clone(&outcome);
    let ended = system.run(move |system| {
        let loaded = system.load().map_err(|error| error.to_string());
        if loaded.is_ok() {
            system.unload();
        }
        *place.borrow_mut() = loaded;
    });
    assert!(ended.is_ok(), "{}", ended.unwrap_err());
    outcome.replace(Ok(()))
}

/// The first place of an imported name, with its NUL.
fn name_at(image: &[u8], name: &str) -> usize {
    let wanted: Vec<u8> = name.bytes().chain([0]).collect();
    let found = image.windows(wanted.len()).position(|window| window == wanted);
    found.unwrap_or_else(|| panic!("the image does not import {name}"))
}

/// NDIS-REG-16: a driver that imports what nobody provides is refused, with every missing name and its module.
#[test]
fn missing_imports_are_listed_in_full() {
    let package = Package::copy().image(|image| {
        for name in ["NdisMSendNetBufferListsComplete", "NdisMPauseComplete", "NdisMRegisterInterruptEx"] {
            let at = name_at(image, name);
            image[at + 5] = b'Q';
        }
    });
    let error = package.load().expect_err("a driver that cannot be bound is loaded");
    for name in ["NdisMQendNetBufferListsComplete", "NdisMQauseComplete", "NdisMQegisterInterruptEx"] {
        assert!(error.contains(name), "{name} is not named in: {error}");
    }
    assert!(error.to_lowercase().contains("ndis.sys"), "{error}");
}

/// Files that are no drivers for this machine are refused with the reason, and nothing of them runs.
#[test]
fn images_that_are_none() {
    let cases: [(&str, fn(&mut Vec<u8>)); 5] = [
        ("empty", Vec::clear),
        ("text", |image| *image = b"this is not an image".to_vec()),
        ("cut off", |image| image.truncate(image.len() / 3)),
        ("for another machine", |image| {
            let header = u32::from_le_bytes(*image[0x3C..].first_chunk().expect("a header")) as usize;
            image[header + 4..header + 6].copy_from_slice(&0x01C4_u16.to_le_bytes());
        }),
        ("without a signature", |image| {
            let header = u32::from_le_bytes(*image[0x3C..].first_chunk().expect("a header")) as usize;
            image[header] = b'Q';
        }),
    ];
    for (what, change) in cases {
        let package = Package::copy().image(change);
        let error = package.load().expect_err(what);
        assert!(error.contains("ferrite.sys"), "{what}: the file is not named in: {error}");
    }
}

/// An image that is not where the INF says is named.
#[test]
fn a_missing_image() {
    let package = Package::copy();
    fs::remove_file(package.path("ferrite.sys")).expect("the copy");
    let error = package.boot_error();
    assert!(error.contains("ferrite.sys"), "{error}");
    let mut setup = setup();
    setup.image = Some(Path::new("/nonexistent/x.sys").into());
    let error = load(&setup).expect_err("an image that does not exist is loaded");
    assert!(error.contains("/nonexistent/x.sys"), "{error}");
}

/// The number of the line that begins with `start`.
fn line_of(package: &Package, start: &str) -> usize {
    let text = fs::read_to_string(package.path("ferrite.inf")).expect("the INF");
    1 + text
        .lines()
        .position(|line| line.starts_with(start))
        .unwrap_or_else(|| panic!("no line begins with {start}"))
}

/// An INF with a fault is refused with the file, the line and the reason.
#[test]
fn broken_infs() {
    let cases = [
        ("no closing bracket", "[Manufacturer]", "[Manufacturer", "[Manufacturer"),
        ("class", "Class        = Net", "Class        = Mouse", "Class        = Mouse"),
        (
            "a section that is not there",
            "AddReg             = Ferrite.Binding,",
            "AddReg             = Ferrite.Nowhere,",
            "AddReg             = Ferrite.Nowhere",
        ),
        (
            "a service without its section",
            "AddService = ferrite, 0x00000002, Ferrite.Service,",
            "AddService = ferrite, 0x00000002, Ferrite.Nowhere,",
            "AddService = ferrite",
        ),
        (
            "a number that is none",
            "Characteristics    = 0x84",
            "Characteristics    = many",
            "Characteristics    = many",
        ),
    ];
    for (what, from, to, line) in cases {
        let package = Package::copy().inf(from, to);
        println!("{what}");
        let error = package.boot_error();
        let place = format!("ferrite.inf:{}:", line_of(&package, line));
        assert!(error.contains(&place), "{what}: {place} is not named in: {error}");
    }
}

/// An INF for other hardware is refused, with what the machine has and what the INF serves.
#[test]
fn an_inf_for_other_hardware() {
    let package = Package::copy().inf("DEV_10D3", "DEV_10D4");
    let error = package.boot_error();
    assert!(error.contains("DEV_10D3") && error.contains("ferrite.inf"), "{error}");
}

/// NDIS-INIT-16: an INF that lacks a keyword without which NDIS does not initialize the adapter is refused, with the
/// keyword.
#[test]
fn an_inf_without_a_mandatory_keyword() {
    for keyword in ["*IfType", "*MediaType", "*PhysicalMediaType"] {
        let package = Package::copy();
        let text = fs::read_to_string(package.path("ferrite.inf")).expect("the INF");
        let line =
            text.lines().find(|line| line.starts_with(keyword)).expect("a line with the keyword").to_owned();
        let package = package.inf(&line, "");
        let error = package.boot_error();
        assert!(error.contains(keyword) && error.contains("ferrite.inf"), "{keyword}: {error}");
    }
}
