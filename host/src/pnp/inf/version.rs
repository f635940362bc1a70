//! `[Version]`: what kind of file this is, who made it, and for which class of device.

use super::super::diag::{Log, Position};
use super::super::fold::same;
use super::{Field, Inf, Section};

/// Directives that `[Version]` may hold ("INF Version Section").
const KNOWN: [&str; 16] = [
    "Signature",
    "Class",
    "ClassGuid",
    "Provider",
    "LayoutFile",
    "CatalogFile",
    "CatalogFile.NT",
    "CatalogFile.NTx86",
    "CatalogFile.NTamd64",
    "CatalogFile.NTia64",
    "CatalogFile.NTarm",
    "CatalogFile.NTarm64",
    "DriverVer",
    "PnpLockdown",
    "DriverPackageDisplayName",
    "DriverPackageType",
];

/// Directives that are valid, but mean nothing to an installation of one device.
const TOLERATED: [&str; 5] =
    ["ExtensionId", "DontReflectOffline", "SetupClass", "Dependencies", "CompatibleIDs"];

/// Date and version of a driver.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DriverVersion {
    /// `mm/dd/yyyy`
    pub date: String,
    /// `w.x.y.z`, empty if the file gives none.
    pub version: String,
}

/// The contents of `[Version]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Where the section begins.
    pub at: Position,
    /// Setup class, such as `Net`.
    pub class: String,
    /// Where `Class` stands.
    pub class_at: Position,
    /// Setup class GUID in braces, in lower case.
    pub class_guid: String,
    /// Where `ClassGuid` stands.
    pub class_guid_at: Position,
    /// Who provides the package.
    pub provider: String,
    /// Date and version; empty where the file has no `DriverVer`.
    pub driver: DriverVersion,
    /// The catalog that signs the package on the target.
    pub catalog: Option<String>,
}

impl Default for Version {
    fn default() -> Version {
        Version {
            at: Position::START,
            class: String::new(),
            class_at: Position::START,
            class_guid: String::new(),
            class_guid_at: Position::START,
            provider: String::new(),
            driver: DriverVersion::default(),
            catalog: None,
        }
    }
}

pub(super) fn read(inf: &Inf, log: &mut Log) -> Version {
    let Some(section) = inf.section("Version") else {
        log.error(Position::START, "the file has no [Version] section: it is not an INF file");
        return Version::default();
    };
    signature(section, log);
    for line in &section.lines {
        let Some(key) = &line.key else {
            log.warn(line.at, "[Version] holds a line that is not directive = value");
            continue;
        };
        if !KNOWN.iter().chain(&TOLERATED).any(|k| same(k, &key.text)) {
            log.warn(key.at, format!("[Version] has no directive called {}", key.text));
        }
    }
    let class = required(section, "Class", log);
    let guid = required(section, "ClassGuid", log);
    let class_guid = guid.map(|g| g.text.to_lowercase()).unwrap_or_default();
    if let Some(guid) = guid
        && !is_guid(&class_guid)
    {
        log.error(guid.at, format!("ClassGuid {} is not a GUID in braces", guid.text));
    }
    let driver = if let Some(line) = section.first("DriverVer") {
        driver_version(line, log)
    } else {
        log.warn(section.at(), "[Version] has no DriverVer: Windows ranks the driver as the oldest possible");
        DriverVersion::default()
    };
    let architecture = inf.target().architecture.name();
    let catalog = section
        .first(&format!("CatalogFile.NT{architecture}"))
        .or_else(|| section.first("CatalogFile.NT"))
        .or_else(|| section.first("CatalogFile"));
    match catalog {
        None => log.warn(section.at(), "[Version] has no CatalogFile: the package cannot be signed"),
        Some(line) => {
            if !line.value(0).to_ascii_lowercase().ends_with(".cat") {
                log.warn(line.place(0), format!("CatalogFile {} does not end in .cat", line.value(0)));
            }
        }
    }
    if section.first("PnpLockdown").is_none_or(|l| l.value(0) != "1") {
        let at = section.first("PnpLockdown").map_or(section.at(), |l| l.at);
        log.warn(at, "[Version] does not set PnpLockdown=1: programs may replace the driver's files");
    }
    Version {
        at: section.at(),
        class_at: class.map_or(section.at(), |c| c.at),
        class: class.map(|c| c.text.clone()).unwrap_or_default(),
        class_guid_at: guid.map_or(section.at(), |g| g.at),
        class_guid,
        provider: required(section, "Provider", log).map(|p| p.text.clone()).unwrap_or_default(),
        driver,
        catalog: catalog.map(|l| l.value(0).to_owned()),
    }
}

/// Windows takes a file for an INF by this directive.
fn signature(section: &Section, log: &mut Log) {
    match section.first("Signature") {
        None => log.error(section.at(), "[Version] has no Signature; it must be \"$Windows NT$\""),
        Some(line) => {
            let text = line.value(0);
            if !same(text, "$Windows NT$") && !same(text, "$CHICAGO$") {
                log.error(
                    line.place(0),
                    format!("Signature \"{text}\" is neither \"$Windows NT$\" nor \"$CHICAGO$\""),
                );
            }
        }
    }
}

fn required<'a>(section: &'a Section, key: &str, log: &mut Log) -> Option<&'a Field> {
    let line = section.first(key);
    let field = line.and_then(|l| l.field(0));
    if field.is_none() {
        let at = line.map_or(section.at(), |l| l.at);
        log.error(at, format!("[Version] has no {key}, which Plug and Play needs"));
    }
    field
}

fn is_guid(text: &str) -> bool {
    let Some(inner) = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')) else { return false };
    let lengths = [8, 4, 4, 4, 12];
    let parts: Vec<&str> = inner.split('-').collect();
    parts.len() == lengths.len()
        && parts.iter().zip(lengths).all(|(p, n)| p.len() == n && p.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// `DriverVer = mm/dd/yyyy[, w.x.y.z]`.
fn driver_version(line: &super::Line, log: &mut Log) -> DriverVersion {
    let (date, version) = (line.value(0).to_owned(), line.value(1).to_owned());
    let parts: Vec<&str> = date.split(['/', '-']).collect();
    let number = |i: usize, digits: usize, range: std::ops::RangeInclusive<u32>| {
        parts.get(i).is_some_and(|p| p.len() == digits && p.parse().is_ok_and(|n| range.contains(&n)))
    };
    if parts.len() != 3 || !number(0, 2, 1..=12) || !number(1, 2, 1..=31) || !number(2, 4, 1980..=9999) {
        log.warn(
            line.place(0),
            format!("DriverVer date {date} is not of the form mm/dd/yyyy: Windows ignores it"),
        );
    }
    let fields: Vec<&str> = version.split('.').collect();
    let valid = fields.len() <= 4 && fields.iter().all(|f| f.parse::<u16>().is_ok_and(|n| n < u16::MAX));
    if version.is_empty() {
        log.warn(line.at, "DriverVer gives no version number");
    } else if !valid {
        log.warn(
            line.place(1),
            format!("DriverVer version {version} is not of the form w.x.y.z, each below 65535"),
        );
    }
    DriverVersion { date: date.replace('-', "/"), version }
}
