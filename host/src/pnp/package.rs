//! What installing one model of an INF does: files, services and registry entries, read and checked.

use std::path::{Path, PathBuf};

use super::diag::{Diagnostic, Diagnostics, Log};
use super::fold::{fold, same};
use super::inf::{
    self, CopiedFile, Entry, Inf, Line, Section, Service, add_reg, check_directives, copy_files, del_reg,
};
use super::matching::Match;
use super::net::{self, NetAdapter};

/// Directives of any install section ("INF `DDInstall` Section") that do something here.
const KNOWN: [&str; 6] = ["AddReg", "DelReg", "CopyFiles", "DriverVer", "FeatureScore", "ExcludeID"];
/// Those that are valid but do not.
const TOLERATED: [&str; 20] = [
    "Include",
    "Needs",
    "CopyINF",
    "AddProperty",
    "DelProperty",
    "DelFiles",
    "RenFiles",
    "BitReg",
    "LogConfig",
    "ProfileItems",
    "UpdateInis",
    "UpdateIniFields",
    "Ini2Reg",
    "RegisterDlls",
    "UnregisterDlls",
    "Reboot",
    "Security",
    "AddPowerSetting",
    "AddFilter",
    "AddEventProvider",
];

/// A setup class that can be installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Class {
    /// Network adapters.
    Net(NetAdapter),
    /// System devices, such as DMA engines.
    System,
}

impl Class {
    /// Name and GUID of each class.
    const GUIDS: [(&'static str, &'static str); 2] = [
        ("Net", "{4d36e972-e325-11ce-bfc1-08002be10318}"),
        ("System", "{4d36e97d-e325-11ce-bfc1-08002be10318}"),
    ];
}

/// What the installation of one model does.
#[derive(Clone, Debug)]
pub struct Package {
    /// The model and how it matched.
    pub matched: Match,
    /// Setup class with what is particular to it.
    pub class: Class,
    /// Name of the install section that applies, with its decoration.
    pub section: String,
    /// The decoration alone.
    pub decoration: String,
    /// Files to copy.
    pub files: Vec<CopiedFile>,
    /// The one of them that holds the driver's image.
    pub image: CopiedFile,
    /// Changes to the driver (software) key, in the order in which they are made.
    pub driver_entries: Vec<Entry>,
    /// Changes to the hardware key (`Device Parameters`).
    pub hardware_entries: Vec<Entry>,
    /// All services.
    pub services: Vec<Service>,
    /// The one of them that drives the device.
    pub driver: Service,
    /// Findings that do not keep the package from being installed, those about the file included.
    pub warnings: Vec<Diagnostic>,
}

impl Package {
    /// Reads what the installation of `matched` does.
    ///
    /// # Errors
    /// The INF lacks something that the device needs, or contradicts itself: each reason with its place.
    pub fn read(inf: &Inf, matched: Match) -> Result<Package, Diagnostics> {
        let mut log = inf.log();
        let model = &matched.model;
        let Some(section) = inf.install_section(&model.install_section) else {
            let names = inf.target().install_suffixes().map(|s| format!("[{}{s}]", model.install_section));
            log.error(
                model.at,
                format!("the file has no install section for {}: {}", model.description, names.join(", ")),
            );
            return Err(log.fail());
        };
        let class = class_name(inf, &mut log);
        directives(inf, section, class, &mut log);
        let before = log.errors();
        let files = copy_files(inf, section, &mut log);
        let copied = log.errors() == before;
        let services = services(inf, section, &mut log);
        let driver = function_driver(section, &services, &mut log);
        let image = driver.as_ref().filter(|_| copied).and_then(|d| image(section, d, &files, &mut log));
        let driver_entries = changes(inf, section, &mut log);
        let hardware_entries = match inf.section(&format!("{}.HW", section.name)) {
            None => Vec::new(),
            Some(hardware) => {
                check_directives(hardware, "a .HW section", &["AddReg", "DelReg"], &TOLERATED, &mut log);
                changes(inf, hardware, &mut log)
            }
        };
        let class = match class {
            Some("Net") => Some(Class::Net(net::read(section, &driver_entries, driver.as_ref(), &mut log))),
            Some(_) => Some(Class::System),
            None => None,
        };
        let (Some(class), Some(driver), Some(image)) = (class, driver, image) else { return Err(log.fail()) };
        let package = Package {
            class,
            section: section.name.clone(),
            decoration: section.name.get(model.install_section.len()..).unwrap_or_default().to_owned(),
            files,
            image,
            driver_entries,
            hardware_entries,
            services,
            driver,
            warnings: Vec::new(),
            matched,
        };
        let (mut package, warnings) = log.finish(package)?;
        package.warnings = warnings;
        Ok(package)
    }

    /// What the package knows of a network adapter, if it installs one.
    #[must_use]
    pub fn net(&self) -> Option<&NetAdapter> {
        match &self.class {
            Class::Net(net) => Some(net),
            Class::System => None,
        }
    }

    /// The path of the driver's image, given the folder that holds the INF.
    ///
    /// # Errors
    /// The file is not there; the report names the `[SourceDisksFiles]` line.
    pub fn locate_image(&self, inf: &Inf, folder: &Path) -> Result<PathBuf, Diagnostics> {
        let image = &self.image;
        let path = image.source.split('/').fold(folder.to_path_buf(), |path, part| path.join(part));
        if path.is_file() {
            return Ok(path);
        }
        let mut log = inf.log();
        log.error(
            image.source_at,
            format!("the driver's image {} is not there: {}", image.source, path.display()),
        );
        Err(log.fail())
    }
}

/// The name of the setup class, if it is one that can be installed.
fn class_name(inf: &Inf, log: &mut Log) -> Option<&'static str> {
    let version = inf.version();
    let Some((name, guid)) = Class::GUIDS.iter().find(|(name, _)| same(name, &version.class)) else {
        log.error(
            version.class_at,
            format!("class {} cannot be installed here; the classes are Net and System", version.class),
        );
        return None;
    };
    if version.class_guid != *guid {
        let given = &version.class_guid;
        log.error(
            version.class_guid_at,
            format!("ClassGuid {given} is not that of class {name}, which is {guid}"),
        );
    }
    Some(name)
}

fn directives(inf: &Inf, section: &Section, class: Option<&str>, log: &mut Log) {
    let Some(class) = class else { return };
    let mut known = KNOWN.to_vec();
    if class == "Net" {
        known.extend(net::DIRECTIVES);
    }
    check_directives(section, &format!("install section [{}]", section.name), &known, &TOLERATED, log);
    for needed in section.all("Needs").flat_map(Line::names) {
        if inf.section(&needed.text).is_some() {
            let name = &needed.text;
            log.warn(needed.at, format!("Needs names sections of other files, but [{name}] is in this one"));
        }
    }
}

/// The registry changes that `section` makes: Windows deletes before it adds.
fn changes(inf: &Inf, section: &Section, log: &mut Log) -> Vec<Entry> {
    let mut entries = del_reg(inf, section, log);
    entries.extend(add_reg(inf, section, log));
    entries
}

fn services(inf: &Inf, section: &Section, log: &mut Log) -> Vec<Service> {
    let name = format!("{}.Services", section.name);
    let Some(services) = inf.section(&name) else {
        let other = inf.sections().iter().find(|s| fold(&s.name).ends_with(".SERVICES"));
        let hint = other.map_or(String::new(), |s| format!("; [{}] does not belong to it", s.name));
        log.error(
            section.at(),
            format!("the device gets no service: the file has no section [{name}]{hint}"),
        );
        return Vec::new();
    };
    check_directives(
        services,
        "a .Services section",
        &["AddService"],
        &["Include", "Needs", "DelService"],
        log,
    );
    if services.first("AddService").is_none() {
        log.error(services.at(), format!("the device gets no service: [{name}] has no AddService"));
    }
    inf::services(inf, services, log)
}

/// The one service that is the device's driver.
fn function_driver(section: &Section, services: &[Service], log: &mut Log) -> Option<Service> {
    let mut associated = services.iter().filter(|s| s.associated);
    let Some(driver) = associated.next() else {
        if let Some(first) = services.first() {
            let name = &section.name;
            log.error(
                first.at,
                format!("no service of [{name}] is the device's driver: no AddService has flag 0x2"),
            );
        }
        return None;
    };
    if let Some(second) = associated.next() {
        log.error(
            second.at,
            format!("{} and {} both claim to be the device's driver", driver.name, second.name),
        );
    }
    Some(driver.clone())
}

/// The driver's binary among the files that are copied.
fn image(section: &Section, driver: &Service, files: &[CopiedFile], log: &mut Log) -> Option<CopiedFile> {
    let image = files.iter().find(|f| same(&f.target, &driver.binary));
    if image.is_none() {
        let copied = files.iter().map(|f| f.target.as_str()).collect::<Vec<_>>().join(", ");
        let copied = if copied.is_empty() { "nothing" } else { &copied };
        let included = section.first("Include").map_or("", |_| "; the files that Include names are not read");
        log.error(
            driver.binary_at,
            format!(
                "the binary of service {} is missing: ServiceBinary is {}, but CopyFiles copies {copied}{included}",
                driver.name, driver.binary
            ),
        );
    }
    image.cloned()
}
