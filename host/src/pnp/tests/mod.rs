//! The whole path, from the bytes of an INF to the registry, through the public interface.

mod broken;
mod decoration;
mod installation;
mod lexer;
mod mutation;
mod project;
mod project_dma;
mod registry;
mod system;

use super::{DeviceIds, Diagnostics, Inf, Installed, Package, Registry, Target, install, matching};

/// A package of class Net as small as it can be without a warning; the cases below are edits of it.
const BASE: &str = r#"[Version]
Signature="$Windows NT$"
Class=Net
ClassGuid={4d36e972-e325-11ce-bfc1-08002be10318}
Provider=%Maker%
CatalogFile=x.cat
DriverVer=01/02/2024,1.2.3.4
PnpLockdown=1
[Manufacturer]
%Maker%=Models,NTamd64
[Models.NTamd64]
"Adapter"=Install,PCI\VEN_8086&DEV_10D3
[SourceDisksNames]
1="Disk"
[SourceDisksFiles]
x.sys=1
[DestinationDirs]
DefaultDestDir=12
[Install.NTamd64]
Characteristics=0x84
BusType=5
*IfType=6
*MediaType=0
*PhysicalMediaType=14
CopyFiles=@x.sys
AddReg=Params
[Params]
HKR,Ndi,Service,,"x"
HKR,Ndi\Interfaces,UpperRange,,"ndis5"
HKR,Ndi\Interfaces,LowerRange,,"ethernet"
HKR,Ndi\params\Speed,ParamDesc,,"Speed"
HKR,Ndi\params\Speed,Type,,"int"
HKR,Ndi\params\Speed,Default,,"10"
HKR,Ndi\params\Speed,Min,,"0"
HKR,Ndi\params\Speed,Max,,"100"
HKR,Ndi\params\Speed,Step,,"5"
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

/// A PCI Ethernet controller of Intel's, as Windows' PCI bus driver names it.
#[derive(Clone, Copy)]
struct Nic {
    device: u16,
    subsystem: u16,
}

impl Nic {
    fn ids(self) -> DeviceIds {
        let Nic { device, subsystem } = self;
        let model = format!(r"PCI\VEN_8086&DEV_{device:04X}");
        let board = format!("{model}&SUBSYS_{subsystem:04X}8086");
        DeviceIds {
            hardware: vec![
                format!("{board}&REV_00"),
                board,
                format!("{model}&CC_020000"),
                format!("{model}&CC_0200"),
            ],
            compatible: [
                &format!("{model}&REV_00"),
                &model,
                r"PCI\VEN_8086&CC_020000",
                r"PCI\VEN_8086&CC_0200",
            ]
            .into_iter()
            .chain([r"PCI\VEN_8086", r"PCI\CC_020000", r"PCI\CC_0200"])
            .map(str::to_owned)
            .collect(),
        }
    }

    fn instance(self, slot: u8) -> String {
        format!(r"{}\3&11583659&0&{:02X}", self.ids().hardware[0], slot << 3)
    }
}

/// QEMU's 82574L.
fn nic() -> Nic {
    Nic { device: 0x10D3, subsystem: 0 }
}

/// All steps up to the package.
fn package(text: &str, device: &DeviceIds, target: &Target) -> Result<(Inf, Package), Diagnostics> {
    let inf = Inf::parse("test.inf", text.as_bytes(), target.clone())?;
    let found = matching::find(&inf, device)?;
    let package = Package::read(&inf, found)?;
    Ok((inf, package))
}

/// All steps, for QEMU's NIC under Windows 10, into an empty registry.
fn installed(text: &str) -> (Registry, Installed) {
    let mut registry = Registry::new();
    let done = install_into(&mut registry, text);
    (registry, done)
}

fn install_into(registry: &mut Registry, text: &str) -> Installed {
    let (inf, package) = package(text, &nic().ids(), &Target::windows_10()).expect("the INF is valid");
    install(registry, &inf, &package, &nic().ids(), &nic().instance(3))
}

/// `BASE` with `from`, which must occur once, replaced.
fn edit(from: &str, to: &str) -> String {
    assert_eq!(BASE.matches(from).count(), 1, "{from:?} must occur exactly once in the base");
    BASE.replace(from, to)
}

/// Everything reported about `text`, in order; empty if it can be installed without a warning.
fn findings(text: &str, target: &Target) -> Vec<String> {
    match package(text, &nic().ids(), target) {
        Ok((_, package)) => package.warnings.iter().map(ToString::to_string).collect(),
        Err(diagnostics) => diagnostics.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn the_base_is_clean() {
    assert_eq!(findings(BASE, &Target::windows_10()), [""; 0]);
    assert_eq!(findings(BASE, &Target::windows_7()), [""; 0]);
}
