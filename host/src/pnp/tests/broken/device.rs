//! What the install section, the service and the files may get wrong.

use super::Case;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "install section missing",
        from: "[Install.NTamd64]",
        to: "[Setup.NTamd64]",
        findings: &[
            "12:1: error: the file has no install section for Adapter: [Install.NTamd64], [Install.NT], [Install]",
            "19:1: warning: nothing refers to the section [Setup.NTamd64]",
        ],
    },
    Case {
        name: "if type missing",
        from: "*IfType=6\n",
        to: "",
        findings: &[
            "19:1: error: install section [Install.NTamd64] lacks *IfType: without it NDIS does not call MiniportInitializeEx (NDIS-INIT-16)",
        ],
    },
    Case {
        name: "media type missing",
        from: "*MediaType=0\n",
        to: "",
        findings: &[
            "19:1: error: install section [Install.NTamd64] lacks *MediaType: without it NDIS does not call MiniportInitializeEx (NDIS-INIT-16)",
        ],
    },
    Case {
        name: "physical media type missing",
        from: "*PhysicalMediaType=14\n",
        to: "",
        findings: &[
            "19:1: error: install section [Install.NTamd64] lacks *PhysicalMediaType: without it NDIS does not call MiniportInitializeEx (NDIS-INIT-16)",
        ],
    },
    Case {
        name: "if type no number",
        from: "*IfType=6",
        to: "*IfType=ethernet",
        findings: &["22:9: error: *IfType ethernet is not a number"],
    },
    Case {
        name: "characteristics missing",
        from: "Characteristics=0x84\n",
        to: "",
        findings: &[
            "19:1: error: install section [Install.NTamd64] lacks Characteristics, which class Net needs",
        ],
    },
    Case {
        name: "characteristics contradict",
        from: "Characteristics=0x84",
        to: "Characteristics=0x85",
        findings: &[
            "20:17: error: Characteristics 0x85: NCF_VIRTUAL, NCF_SOFTWARE_ENUMERATED and NCF_PHYSICAL exclude each other",
        ],
    },
    Case {
        name: "characteristics without ui",
        from: "Characteristics=0x84",
        to: "Characteristics=4",
        findings: &["20:17: warning: Characteristics lack NCF_HAS_UI (0x80): Speed is not shown to users"],
    },
    Case {
        name: "bus type missing",
        from: "BusType=5\n",
        to: "",
        findings: &[
            "19:1: error: install section [Install.NTamd64] lacks BusType, which a physical adapter needs",
        ],
    },
    Case {
        name: "directive unknown",
        from: "BusType=5\n",
        to: "BusType=5\nBusSpeed=9\n",
        findings: &["22:1: warning: install section [Install.NTamd64] has no directive called BusSpeed"],
    },
    Case {
        name: "include tolerated",
        from: "BusType=5\n",
        to: "BusType=5\nInclude=machine.inf\nNeeds=Other.Section\n",
        findings: &[
            "22:1: warning: Include has no effect here: only this INF and this device are installed",
            "23:1: warning: Needs has no effect here: only this INF and this device are installed",
        ],
    },
    Case {
        name: "services missing",
        from: "[Install.NTamd64.Services]\nAddService=x,2,Service\n",
        to: "",
        findings: &[
            "19:1: error: the device gets no service: the file has no section [Install.NTamd64.Services]",
            "37:1: warning: nothing refers to the section [Service]",
        ],
    },
    Case {
        name: "services undecorated",
        from: "[Install.NTamd64.Services]",
        to: "[Install.Services]",
        findings: &[
            "19:1: error: the device gets no service: the file has no section [Install.NTamd64.Services]; [Install.Services] does not belong to it",
        ],
    },
    Case {
        name: "add service missing",
        from: "AddService=x,2,Service\n",
        to: "",
        findings: &[
            "37:1: error: the device gets no service: [Install.NTamd64.Services] has no AddService",
            "38:1: warning: nothing refers to the section [Service]",
        ],
    },
    Case {
        name: "service not associated",
        from: "AddService=x,2,",
        to: "AddService=x,0,",
        findings: &[
            "38:1: error: no service of [Install.NTamd64] is the device's driver: no AddService has flag 0x2",
        ],
    },
    Case {
        name: "service section missing",
        from: "[Service]",
        to: "[Servis]",
        findings: &[
            "38:16: error: AddService names the section [Service], which the file does not have",
            "39:1: warning: nothing refers to the section [Servis]",
        ],
    },
    Case {
        name: "service null",
        from: "AddService=x,2,Service",
        to: "AddService=,2",
        findings: &[
            "38:1: error: AddService names no service: a device without a function driver cannot be run",
            "39:1: warning: nothing refers to the section [Service]",
        ],
    },
    Case {
        name: "service type missing",
        from: "ServiceType=1\n",
        to: "",
        findings: &["39:1: error: the service-install section [Service] has no ServiceType"],
    },
    Case {
        name: "service disabled",
        from: "StartType=3",
        to: "StartType=4",
        findings: &["41:1: error: StartType 4 (disabled): a device cannot be installed with it"],
    },
    Case {
        name: "service not a driver",
        from: "ServiceType=1",
        to: "ServiceType=0x10",
        findings: &["40:1: error: ServiceType 16 is not a kernel driver (1), but drives the device"],
    },
    Case {
        name: "service binary missing",
        from: "ServiceBinary=%12%\\x.sys\n",
        to: "",
        findings: &["39:1: error: the service-install section [Service] has no ServiceBinary"],
    },
    Case {
        name: "service binary not copied",
        from: r"%12%\x.sys",
        to: r"%12%\y.sys",
        findings: &[
            r"43:15: error: the binary of service x is missing: ServiceBinary is C:\Windows\System32\drivers\y.sys, but CopyFiles copies C:\Windows\System32\drivers\x.sys",
        ],
    },
    Case {
        name: "service binary relative",
        from: r"%12%\x.sys",
        to: r"12\x.sys",
        findings: &[
            r"43:15: error: ServiceBinary 12\x.sys does not begin with a directory below Windows, such as %12%",
        ],
    },
    Case {
        name: "copy files missing",
        from: "CopyFiles=@x.sys\n",
        to: "",
        findings: &[
            r"42:15: error: the binary of service x is missing: ServiceBinary is C:\Windows\System32\drivers\x.sys, but CopyFiles copies nothing",
        ],
    },
    Case {
        name: "file not on disk",
        from: "x.sys=1\n",
        to: "",
        findings: &["24:11: error: x.sys is copied, but [SourceDisksFiles] does not list it"],
    },
    Case {
        name: "disk not listed",
        from: "x.sys=1\n",
        to: "x.sys=2\n",
        findings: &["16:7: error: x.sys is on disk 2, which [SourceDisksNames] does not list"],
    },
    Case {
        name: "source leaves package",
        from: "x.sys=1\n",
        to: "x.sys=1,..\\other\n",
        findings: &["16:1: error: the source path ../other/x.sys leaves the package"],
    },
    Case {
        name: "no destination",
        from: "DefaultDestDir=12\n",
        to: "",
        findings: &[
            "24:11: error: [DestinationDirs] has neither an entry for a file copied by name nor DefaultDestDir",
        ],
    },
    Case {
        name: "destination no number",
        from: "DefaultDestDir=12\n",
        to: "DefaultDestDir=%12%\n",
        findings: &[
            r"18:16: error: C:\Windows\System32\drivers is not a directory identifier; it is written as a number alone: 12",
        ],
    },
];
