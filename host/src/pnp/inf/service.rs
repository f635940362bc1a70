//! DDInstall.Services: the services that a device needs ("INF `AddService` Directive").

use super::super::diag::{Log, Position};
use super::super::fold::same;
use super::{Entry, Field, Inf, Line, Section, add_reg, check_directives, del_reg, dirid, number};

/// `SPSVCINST_ASSOCSERVICE`: the service is the device's function driver.
pub(super) const ASSOCIATED: u32 = 0x0002;
/// All defined `SPSVCINST_*` bits of `AddService`.
const FLAGS: u32 = 0x0007_FDFB;
const SERVICE_DISABLED: u32 = 4;
const KERNEL_DRIVER: u32 = 1;

/// Directives of a service-install section.
const SERVICE_DIRECTIVES: [&str; 18] = [
    "DisplayName",
    "Description",
    "ServiceType",
    "StartType",
    "ErrorControl",
    "ServiceBinary",
    "StartName",
    "AddReg",
    "DelReg",
    "BitReg",
    "LoadOrderGroup",
    "Dependencies",
    "Security",
    "RequiredPrivileges",
    "ServiceSidType",
    "DelayedAutoStart",
    "AddTrigger",
    "BootFlags",
];

/// An event source that `AddService` registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventLog {
    /// `System`, `Security` or `Application`.
    pub log: String,
    /// The source's name.
    pub source: String,
    /// Changes to its key.
    pub entries: Vec<Entry>,
}

/// A service as `AddService` describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The `AddService` line.
    pub at: Position,
    /// Name of the service and of its key.
    pub name: String,
    /// Whether it is the device's function driver.
    pub associated: bool,
    /// `SERVICE_*` type; 1 is a kernel driver.
    pub service_type: u32,
    /// `SERVICE_*` start type; 3 is on demand.
    pub start_type: u32,
    /// `SERVICE_ERROR_*`.
    pub error_control: u32,
    /// Full path of the binary on the target machine.
    pub binary: String,
    /// Where `ServiceBinary` stands.
    pub binary_at: Position,
    /// The binary as `ImagePath` has it.
    pub image_path: String,
    /// Friendly name.
    pub display_name: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Load order group; `NDIS` for miniports.
    pub group: Option<String>,
    /// Services and, with a leading `+`, groups that come first.
    pub dependencies: Vec<String>,
    /// Changes to the service's key.
    pub entries: Vec<Entry>,
    /// Removals from it, which come first.
    pub removals: Vec<Entry>,
    /// The event source.
    pub event_log: Option<EventLog>,
}

/// Reads the `AddService` directives of `section`.
pub(in super::super) fn services(inf: &Inf, section: &Section, log: &mut Log) -> Vec<Service> {
    section.all("AddService").filter_map(|line| service(inf, line, log)).collect()
}

fn service(inf: &Inf, line: &Line, log: &mut Log) -> Option<Service> {
    let flags = match line.field(1) {
        None => 0,
        Some(field) => number::parse_u32(&field.text).unwrap_or_else(|| {
            log.error(field.at, format!("AddService flags {} are not a number", field.text));
            0
        }),
    };
    if flags & !FLAGS != 0 {
        log.warn(
            line.place(1),
            format!("AddService flags have bits without a meaning: {:#x}", flags & !FLAGS),
        );
    }
    let Some(name) = line.field(0) else {
        log.error(line.at, "AddService names no service: a device without a function driver cannot be run");
        return None;
    };
    let Some(reference) = line.field(2) else {
        log.error(line.at, format!("AddService gives no section that installs the service {}", name.text));
        return None;
    };
    let section = inf.referenced("AddService", reference, log)?;
    check_directives(section, "a service-install section", &SERVICE_DIRECTIVES, &["FailureActions"], log);
    let [service_type, start_type, error_control] =
        ["ServiceType", "StartType", "ErrorControl"].map(|key| code(section, key, log));
    let (binary_at, binary, image_path) = binary(section, log)?;
    let (service_type, start_type, error_control) = (service_type?, start_type?, error_control?);
    if start_type == SERVICE_DISABLED {
        let at = section.first("StartType").map_or(section.at(), |l| l.at);
        log.error(at, "StartType 4 (disabled): a device cannot be installed with it");
    }
    let associated = flags & ASSOCIATED != 0;
    if associated && service_type != KERNEL_DRIVER {
        let at = section.first("ServiceType").map_or(section.at(), |l| l.at);
        log.error(
            at,
            format!("ServiceType {service_type} is not a kernel driver (1), but drives the device"),
        );
    }
    let text = |key: &str| section.first(key).and_then(|l| l.field(0)).map(|f| f.text.clone());
    Some(Service {
        at: line.at,
        name: name.text.clone(),
        associated,
        service_type,
        start_type,
        error_control,
        binary,
        binary_at,
        image_path,
        display_name: text("DisplayName"),
        description: text("Description"),
        group: text("LoadOrderGroup"),
        dependencies: section.all("Dependencies").flat_map(Line::names).map(|f| f.text.clone()).collect(),
        entries: add_reg(inf, section, log),
        removals: del_reg(inf, section, log),
        event_log: event_log(inf, line, name, log),
    })
}

/// A mandatory number of a service-install section.
fn code(section: &Section, key: &str, log: &mut Log) -> Option<u32> {
    let Some(line) = section.first(key) else {
        log.error(section.at(), format!("the service-install section [{}] has no {key}", section.name));
        return None;
    };
    let value = number::parse_u32(line.value(0));
    if value.is_none() {
        log.error(line.place(0), format!("{key} {} is not a number", line.value(0)));
    }
    value
}

fn binary(section: &Section, log: &mut Log) -> Option<(Position, String, String)> {
    let Some(field) = section.first("ServiceBinary").and_then(|l| l.field(0)) else {
        log.error(
            section.at(),
            format!("the service-install section [{}] has no ServiceBinary", section.name),
        );
        return None;
    };
    let Some(image_path) = dirid::image_path(&field.text) else {
        log.error(
            field.at,
            format!(
                "ServiceBinary {} does not begin with a directory below Windows, such as %12%",
                field.text
            ),
        );
        return None;
    };
    Some((field.at, field.text.clone(), image_path))
}

fn event_log(inf: &Inf, line: &Line, service: &Field, log: &mut Log) -> Option<EventLog> {
    let section = inf.referenced("AddService", line.field(3)?, log)?;
    check_directives(section, "an event-log-install section", &["AddReg", "DelReg", "BitReg"], &[], log);
    let kind = line.field(4).map_or("System", |f| &f.text);
    if !["System", "Security", "Application"].iter().any(|k| same(k, kind)) {
        log.error(line.place(4), format!("{kind} is not an event log: System, Security or Application"));
    }
    Some(EventLog {
        log: kind.to_owned(),
        source: line.field(5).unwrap_or(service).text.clone(),
        entries: add_reg(inf, section, log),
    })
}
