//! What `[Version]`, `[Manufacturer]` and the models may get wrong.

use super::Case;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "no version",
        from: "[Version]",
        to: "[Versio]",
        findings: &["1:1: error: the file has no [Version] section: it is not an INF file"],
    },
    Case {
        name: "signature wrong",
        from: r#"Signature="$Windows NT$""#,
        to: r#"Signature="$Windows 98$""#,
        findings: &[r#"2:11: error: Signature "$Windows 98$" is neither "$Windows NT$" nor "$CHICAGO$""#],
    },
    Case {
        name: "signature missing",
        from: "Signature=\"$Windows NT$\"\n",
        to: "",
        findings: &[r#"1:1: error: [Version] has no Signature; it must be "$Windows NT$""#],
    },
    Case {
        name: "class missing",
        from: "Class=Net\n",
        to: "",
        findings: &["1:1: error: [Version] has no Class, which Plug and Play needs"],
    },
    Case {
        name: "class other",
        from: "Class=Net\n",
        to: "Class=Display\n",
        findings: &["3:7: error: class Display cannot be installed here; the classes are Net and System"],
    },
    Case {
        name: "class guid other",
        from: "4d36e972",
        to: "4d36e97d",
        findings: &[
            "4:11: error: ClassGuid {4d36e97d-e325-11ce-bfc1-08002be10318} is not that of class Net, which is {4d36e972-e325-11ce-bfc1-08002be10318}",
        ],
    },
    Case {
        name: "class guid malformed",
        from: "{4d36e972-e325-11ce-bfc1-08002be10318}",
        to: "4d36e972-e325-11ce-bfc1-08002be10318",
        findings: &["4:11: error: ClassGuid 4d36e972-e325-11ce-bfc1-08002be10318 is not a GUID in braces"],
    },
    Case {
        name: "provider missing",
        from: "Provider=%Maker%\n",
        to: "",
        findings: &["1:1: error: [Version] has no Provider, which Plug and Play needs"],
    },
    Case {
        name: "catalog missing",
        from: "CatalogFile=x.cat\n",
        to: "",
        findings: &["1:1: warning: [Version] has no CatalogFile: the package cannot be signed"],
    },
    Case {
        name: "driver ver malformed",
        from: "01/02/2024,1.2.3.4",
        to: "2024-01-02,1.2.3.4.5",
        findings: &[
            "7:11: warning: DriverVer date 2024-01-02 is not of the form mm/dd/yyyy: Windows ignores it",
            "7:22: warning: DriverVer version 1.2.3.4.5 is not of the form w.x.y.z, each below 65535",
        ],
    },
    Case {
        name: "lockdown missing",
        from: "PnpLockdown=1\n",
        to: "",
        findings: &[
            "1:1: warning: [Version] does not set PnpLockdown=1: programs may replace the driver's files",
        ],
    },
    Case {
        name: "version directive unknown",
        from: "PnpLockdown=1\n",
        to: "PnpLockdown=1\nVendor=me\n",
        findings: &["9:1: warning: [Version] has no directive called Vendor"],
    },
    Case {
        name: "no manufacturer",
        from: "[Manufacturer]\n%Maker%=Models,NTamd64\n",
        to: "",
        findings: &["1:1: error: the file has no [Manufacturer] section: it installs no device"],
    },
    Case {
        name: "decoration wrong",
        from: "Models,NTamd64\n",
        to: "Models,amd64\n",
        findings: &["10:16: error: amd64 is not a target version: it must begin with NT"],
    },
    Case {
        name: "decoration unknown arch",
        from: "Models,NTamd64\n",
        to: "Models,NTriscv\n",
        findings: &["10:16: error: NTriscv: riscv is not a processor architecture"],
    },
    Case {
        name: "models section missing",
        from: "[Models.NTamd64]",
        to: "[Models.NTx86]",
        findings: &[
            "10:16: error: [Manufacturer] names the models section [Models.NTamd64], which the file does not have",
        ],
    },
    Case {
        name: "models undecorated",
        from: "%Maker%=Models,NTamd64\n[Models.NTamd64]",
        to: "%Maker%=Models\n[Models]",
        findings: &[
            "9:1: error: no models section applies to Windows 10.0.19045 (amd64); the file has [Models]. 64-bit Windows takes only sections whose name names the architecture (NTamd64)",
        ],
    },
    Case {
        name: "models line without ids",
        from: r#""Adapter"=Install,PCI\VEN_8086&DEV_10D3"#,
        to: r#""Adapter"=Install"#,
        findings: &["12:1: error: model Adapter names no device identifier"],
    },
    Case {
        name: "models line without key",
        from: r#""Adapter"=Install,PCI\VEN_8086&DEV_10D3"#,
        to: r"Install,PCI\VEN_8086&DEV_10D3",
        findings: &["12:1: error: a models line has the form description = install-section, hardware-id"],
    },
    Case {
        name: "device not served",
        from: "DEV_10D3",
        to: "DEV_100E",
        findings: &[
            r"11:1: error: no model in [Models.NTamd64], which applies to Windows 10.0.19045 (amd64), matches the device: the file serves PCI\VEN_8086&DEV_100E; the device is PCI\VEN_8086&DEV_10D3&SUBSYS_00008086&REV_00, PCI\VEN_8086&DEV_10D3&SUBSYS_00008086, PCI\VEN_8086&DEV_10D3&CC_020000, PCI\VEN_8086&DEV_10D3&CC_0200, PCI\VEN_8086&DEV_10D3&REV_00, PCI\VEN_8086&DEV_10D3, PCI\VEN_8086&CC_020000, PCI\VEN_8086&CC_0200, PCI\VEN_8086, PCI\CC_020000, PCI\CC_0200",
        ],
    },
];
