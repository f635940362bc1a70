//! Class Net: what the network class asks of an adapter's INF, beyond what any device needs.

use super::diag::{Log, Position};
use super::fold::same;
use super::inf::{Action, Entry, Root, Section, Service, number};
use super::keyword::{self, Keyword};
use super::registry::Value;

/// Directives that an install section of class Net may hold besides the general ones.
pub(super) const DIRECTIVES: [&str; 9] = [
    "Characteristics",
    "BusType",
    "Port1DeviceNumber",
    "Port1FunctionNumber",
    "*IfType",
    "*MediaType",
    "*PhysicalMediaType",
    "*NdisDeviceType",
    "*IfConnectorPresent",
];

const NCF_VIRTUAL: u32 = 0x1;
const NCF_SOFTWARE_ENUMERATED: u32 = 0x2;
const NCF_PHYSICAL: u32 = 0x4;
const NCF_NO_SERVICE: u32 = 0x10;
const NCF_HAS_UI: u32 = 0x80;

/// What an INF says of a network adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetAdapter {
    /// `NCF_*` bits.
    pub characteristics: u32,
    /// `INTERFACE_TYPE` of the bus; 5 is PCI.
    pub bus_type: Option<u32>,
    /// `*IfType`; 6 is Ethernet.
    pub if_type: u32,
    /// `*MediaType`; 0 is `NdisMedium802_3`.
    pub media_type: u32,
    /// `*PhysicalMediaType`; 14 is `NdisPhysicalMedium802_3`.
    pub physical_media_type: u32,
    /// `*NdisDeviceType`, if the INF has one.
    pub device_type: Option<u32>,
    /// What the Advanced page offers.
    pub keywords: Vec<Keyword>,
}

impl NetAdapter {
    /// The keyword called `name`.
    #[must_use]
    pub fn keyword(&self, name: &str) -> Option<&Keyword> {
        self.keywords.iter().find(|k| same(&k.name, name))
    }
}

/// Reads what class Net needs from an install section and its registry entries.
pub(super) fn read(
    section: &Section,
    entries: &[Entry],
    driver: Option<&Service>,
    log: &mut Log,
) -> NetAdapter {
    let mut setting = |name: &str| number_of(section, entries, name, log);
    let characteristics = setting("Characteristics");
    let bus_type = setting("BusType");
    let device_type = setting("*NdisDeviceType");
    let [if_type, media_type, physical_media_type] =
        ["*IfType", "*MediaType", "*PhysicalMediaType"].map(&mut setting).map(|s| s.map(|(n, _)| n));
    for (name, value) in
        [("*IfType", if_type), ("*MediaType", media_type), ("*PhysicalMediaType", physical_media_type)]
    {
        if value.is_none() && !mentions(section, entries, name) {
            log.error(
                section.at(),
                format!(
                    "install section [{}] lacks {name}: without it NDIS does not call MiniportInitializeEx (NDIS-INIT-16)",
                    section.name
                ),
            );
        }
    }
    match characteristics {
        Some((bits, at)) => check_characteristics(bits, at, log),
        None if !mentions(section, entries, "Characteristics") => {
            log.error(
                section.at(),
                format!("install section [{}] lacks Characteristics, which class Net needs", section.name),
            );
        }
        None => {}
    }
    let bits = characteristics.map_or(0, |(bits, _)| bits);
    if bits & NCF_PHYSICAL != 0 && bus_type.is_none() && !mentions(section, entries, "BusType") {
        let name = &section.name;
        log.error(
            section.at(),
            format!("install section [{name}] lacks BusType, which a physical adapter needs"),
        );
    }
    let keywords = keyword::read(entries, log);
    if let (Some(first), Some((bits, at))) = (keywords.first(), characteristics)
        && bits & NCF_HAS_UI == 0
    {
        log.warn(at, format!("Characteristics lack NCF_HAS_UI (0x80): {} is not shown to users", first.name));
    }
    check_binding(entries, driver, log);
    if log.errors() == 0 {
        check_interfaces(section, entries, log);
    }
    NetAdapter {
        characteristics: bits,
        bus_type: bus_type.map(|(n, _)| n),
        if_type: if_type.unwrap_or_default(),
        media_type: media_type.unwrap_or_default(),
        physical_media_type: physical_media_type.unwrap_or_default(),
        device_type: device_type.map(|(n, _)| n),
        keywords,
    }
}

/// The value that `entries` give to `name` in the key at `subkey` below the driver key.
fn registry_value<'a>(entries: &'a [Entry], subkey: &str, name: &str) -> Option<(&'a Value, Position)> {
    entries.iter().rev().find_map(|e| match &e.action {
        Action::Set { name: n, value, .. }
            if e.root == Root::Relative && same(&e.subkey, subkey) && same(n, name) =>
        {
            Some((value, e.value_at))
        }
        _ => None,
    })
}

/// Whether the INF says anything about `name`, be it wrong.
fn mentions(section: &Section, entries: &[Entry], name: &str) -> bool {
    section.first(name).is_some() || registry_value(entries, "", name).is_some()
}

/// A number that is given as a directive of the install section or as a value of the driver key.
fn number_of(section: &Section, entries: &[Entry], name: &str, log: &mut Log) -> Option<(u32, Position)> {
    if let Some(line) = section.first(name) {
        let value = number::parse_u32(line.value(0));
        if value.is_none() {
            log.error(line.place(0), format!("{name} {} is not a number", line.value(0)));
        }
        return value.map(|v| (v, line.place(0)));
    }
    let (value, at) = registry_value(entries, "", name)?;
    let number = value.as_integer(10);
    if number.is_none() {
        log.error(at, format!("{name} {value} is not a number"));
    }
    number.map(|n| (n, at))
}

fn check_characteristics(bits: u32, at: Position, log: &mut Log) {
    let kinds = (bits & (NCF_VIRTUAL | NCF_SOFTWARE_ENUMERATED | NCF_PHYSICAL)).count_ones();
    if kinds > 1 {
        log.error(
            at,
            format!(
                "Characteristics {bits:#x}: NCF_VIRTUAL, NCF_SOFTWARE_ENUMERATED and NCF_PHYSICAL exclude each other"
            ),
        );
    }
    if kinds > 0 && bits & NCF_NO_SERVICE != 0 {
        log.error(at, format!("Characteristics {bits:#x}: an adapter cannot be NCF_NO_SERVICE"));
    }
}

/// `Ndi\Service` has to be the driver's service.
fn check_binding(entries: &[Entry], driver: Option<&Service>, log: &mut Log) {
    if let Some((value, at)) = registry_value(entries, "Ndi", "Service")
        && let (Some(driver), Some(name)) = (driver, value.as_str())
        && !same(name, &driver.name)
    {
        log.error(at, format!(r"Ndi\Service is {name}, but AddService installs {}", driver.name));
    }
}

/// What else the binding engine needs: the service's name, and the interfaces above and below.
fn check_interfaces(section: &Section, entries: &[Entry], log: &mut Log) {
    if registry_value(entries, "Ndi", "Service").is_none() {
        log.warn(section.at(), r"no AddReg entry sets Ndi\Service to the name of the driver's service");
    }
    for name in ["UpperRange", "LowerRange"] {
        if registry_value(entries, r"Ndi\Interfaces", name).is_none() {
            log.warn(section.at(), format!(r"no AddReg entry sets Ndi\Interfaces\{name}: nothing can bind"));
        }
    }
}
