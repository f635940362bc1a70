//! Carries a package out on the registry, as Windows leaves it when it has installed a device.

use super::fold::same;
use super::inf::{Action, Entry, EventLog, Inf, Mode, Root, Service};
use super::matching::DeviceIds;
use super::net::NetAdapter;
use super::package::{Class, Package};
use super::registry::{CLASS_KEY, ENUM_KEY, Registry, SERVICES_KEY, Value};

/// Where the installation of a device left what; all paths can be given to [`Registry`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// The driver (software) key: `...\Control\Class\{guid}\0000`. Miniports read it through
    /// `NdisOpenConfigurationEx`.
    pub driver_key: String,
    /// The device instance: `...\Enum\<instance>`.
    pub device_key: String,
    /// The hardware key: the instance's `Device Parameters`.
    pub hardware_key: String,
    /// The service's key, which `DriverEntry` gets as its registry path.
    pub service_key: String,
    /// `NetCfgInstanceId` of a network adapter; its device is called `\Device\` and this.
    pub net_cfg_instance_id: Option<String>,
}

/// Installs `package` for the device with these identifiers and this instance path (such as
/// `PCI\VEN_8086&DEV_10D3&...\3&11583659&0&18`).
///
/// A device that is installed already keeps its driver key, and with it the values set there since; a
/// keyword's default is written only where there is no value.
pub fn install(
    registry: &mut Registry,
    inf: &Inf,
    package: &Package,
    device: &DeviceIds,
    instance: &str,
) -> Installed {
    let version = inf.version();
    let device_key = format!(r"{ENUM_KEY}\{instance}");
    let class_key = format!(r"{CLASS_KEY}\{}", version.class_guid);
    let index = driver_index(registry, &device_key, &class_key, &version.class_guid);
    let driver_key = format!(r"{class_key}\{index:04}");
    let hardware_key = format!(r"{device_key}\Device Parameters");
    registry.set(&class_key, "Class", Value::sz(&version.class));
    registry.create(&hardware_key);

    apply(registry, &hardware_key, &package.hardware_entries);
    apply(registry, &driver_key, &package.driver_entries);
    describe_driver(registry, inf, package, &driver_key, index);
    describe_device(registry, inf, package, device, &device_key, index);
    for service in &package.services {
        install_service(registry, service, index);
    }
    let net_cfg_instance_id = match &package.class {
        Class::System => None,
        Class::Net(net) => Some(install_adapter(registry, package, net, &driver_key, instance, index)),
    };
    Installed {
        driver_key,
        device_key,
        hardware_key,
        service_key: format!(r"{SERVICES_KEY}\{}", package.driver.name),
        net_cfg_instance_id,
    }
}

/// The number of the device's driver key: the one it has, or the first that is free.
fn driver_index(registry: &Registry, device_key: &str, class_key: &str, guid: &str) -> u32 {
    let current = registry.value(device_key, "Driver").and_then(Value::as_str);
    let owned = current.and_then(|d| d.rsplit_once('\\')).filter(|(class, _)| same(class, guid));
    let numbers = 0..=9999;
    let owned = owned.and_then(|(_, n)| n.parse().ok()).filter(|n| numbers.contains(n));
    owned.unwrap_or_else(|| {
        let mut free = numbers;
        free.find(|n| registry.key(&format!(r"{class_key}\{n:04}")).is_none()).unwrap_or(0)
    })
}

/// Makes the changes; `HKR` is `base`.
fn apply(registry: &mut Registry, base: &str, entries: &[Entry]) {
    for entry in entries {
        let root = match entry.root {
            Root::Relative => base,
            Root::Named(name) => name,
        };
        let path = format!(r"{root}\{}", entry.subkey);
        match &entry.action {
            Action::CreateKey => {
                registry.create(&path);
            }
            Action::Set { name, value, mode } => set(registry, &path, name, value, *mode),
            Action::DeleteValue { name } => {
                registry.key_mut(&path).map(|key| key.delete_value(name));
            }
            Action::DeleteStrings { name, strings } => {
                let Some(key) = registry.key_mut(&path) else { continue };
                if let Some(Value::MultiSz(list)) = key.value(name) {
                    let kept = list.iter().filter(|s| !strings.iter().any(|d| same(d, s))).cloned();
                    let kept = Value::MultiSz(kept.collect());
                    key.set(name, kept);
                }
            }
            Action::DeleteKey => {
                registry.delete(&path);
            }
        }
    }
}

fn set(registry: &mut Registry, path: &str, name: &str, value: &Value, mode: Mode) {
    let key = registry.create(path);
    let old = key.value(name);
    let new = match (mode, old, value) {
        (Mode::NoClobber, Some(_), _) | (Mode::OverwriteOnly, None, _) => return,
        (Mode::Append, Some(Value::MultiSz(old)), Value::MultiSz(added)) => {
            let added = added.iter().filter(|s| !old.iter().any(|o| same(o, s)));
            Value::MultiSz(old.iter().chain(added).cloned().collect())
        }
        _ => value.clone(),
    };
    key.set(name, new);
}

/// What Windows itself writes to every driver key.
fn describe_driver(registry: &mut Registry, inf: &Inf, package: &Package, path: &str, index: u32) {
    let (version, model) = (inf.version(), &package.matched.model);
    let key = registry.create(path);
    let mut put = |name: &str, text: &str| key.set(name, Value::sz(text));
    put("DriverDesc", &model.description);
    put("ProviderName", &version.provider);
    put("DriverDate", &short_date(&version.driver.date));
    put("DriverVersion", &version.driver.version);
    put("InfPath", &published_name(index));
    put("InfSection", &model.install_section);
    put("InfSectionExt", &package.decoration);
    put("MatchingDeviceId", &package.matched.id.to_lowercase());
}

/// `mm/dd/yyyy` as the registry has it: `m-d-yyyy`.
fn short_date(date: &str) -> String {
    date.split('/').map(|part| part.trim_start_matches('0')).collect::<Vec<_>>().join("-")
}

/// The name under which Windows keeps the INF.
fn published_name(index: u32) -> String {
    format!("oem{index}.inf")
}

fn describe_device(
    registry: &mut Registry,
    inf: &Inf,
    package: &Package,
    device: &DeviceIds,
    path: &str,
    index: u32,
) {
    let (version, model) = (inf.version(), &package.matched.model);
    let key = registry.create(path);
    let mut put = |name: &str, text: &str| key.set(name, Value::sz(text));
    put("DeviceDesc", &model.description);
    put("Mfg", &model.manufacturer);
    put("Class", &version.class);
    put("ClassGUID", &version.class_guid);
    put("Driver", &format!(r"{}\{index:04}", version.class_guid));
    put("Service", &package.driver.name);
    key.set("ConfigFlags", Value::Dword(0));
    key.set("HardwareID", Value::MultiSz(device.hardware.clone()));
    key.set("CompatibleIDs", Value::MultiSz(device.compatible.clone()));
}

fn install_service(registry: &mut Registry, service: &Service, index: u32) {
    let path = format!(r"{SERVICES_KEY}\{}", service.name);
    let key = registry.create(&path);
    key.set("Type", Value::Dword(service.service_type));
    key.set("Start", Value::Dword(service.start_type));
    key.set("ErrorControl", Value::Dword(service.error_control));
    key.set("ImagePath", Value::ExpandSz(service.image_path.clone()));
    key.set("Owners", Value::MultiSz(vec![published_name(index)]));
    let texts = [
        ("DisplayName", &service.display_name),
        ("Description", &service.description),
        ("Group", &service.group),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            key.set(name, Value::sz(text));
        }
    }
    let (groups, services): (Vec<&String>, Vec<&String>) =
        service.dependencies.iter().partition(|d| d.starts_with('+'));
    for (name, list) in [("DependOnService", services), ("DependOnGroup", groups)] {
        if !list.is_empty() {
            let list = list.iter().map(|d| d.trim_start_matches('+').to_owned()).collect();
            key.set(name, Value::MultiSz(list));
        }
    }
    apply(registry, &path, &service.entries);
    if let Some(EventLog { log, source, entries }) = &service.event_log {
        let path = format!(r"{SERVICES_KEY}\EventLog\{log}\{source}");
        registry.create(&path);
        apply(registry, &path, entries);
    }
}

/// The network class installer's part; returns `NetCfgInstanceId`.
fn install_adapter(
    registry: &mut Registry,
    package: &Package,
    net: &NetAdapter,
    path: &str,
    instance: &str,
    index: u32,
) -> String {
    let key = registry.create(path);
    key.set("Characteristics", Value::Dword(net.characteristics));
    if let Some(bus) = net.bus_type {
        key.set("BusType", Value::sz(bus.to_string()));
    }
    key.set("*IfType", Value::Dword(net.if_type));
    key.set("*MediaType", Value::Dword(net.media_type));
    key.set("*PhysicalMediaType", Value::Dword(net.physical_media_type));
    if let Some(kind) = net.device_type {
        key.set("*NdisDeviceType", Value::Dword(kind));
    }
    key.set("ComponentId", Value::sz(package.matched.id.to_lowercase()));
    key.set("DeviceInstanceID", Value::sz(instance));
    key.set("NetLuidIndex", Value::Dword(index + 1));
    // Windows draws a random one; a fixed one keeps runs comparable.
    let guid = format!("{{46455252-4954-4500-8000-{index:012X}}}");
    key.set("NetCfgInstanceId", Value::sz(&guid));
    // An optional keyword's default is only what the Advanced page proposes.
    for keyword in net.keywords.iter().filter(|k| !k.optional) {
        if let Some(default) = &keyword.default
            && key.value(&keyword.name).is_none()
        {
            key.set(&keyword.name, Value::sz(default));
        }
    }
    let linkage = format!(r"{path}\Linkage");
    registry.set(&linkage, "Export", Value::MultiSz(vec![format!(r"\Device\{guid}")]));
    registry.set(&linkage, "RootDevice", Value::MultiSz(vec![guid.clone()]));
    guid
}
