//! What registry entries and keywords may get wrong.

use super::Case;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "add reg section missing",
        from: "[Params]",
        to: "[Parms]",
        findings: &[
            "26:8: error: AddReg names the section [Params], which the file does not have",
            "27:1: warning: nothing refers to the section [Parms]",
        ],
    },
    Case {
        name: "add reg root wrong",
        from: r#"HKR,Ndi,Service,,"x""#,
        to: r#"HKX,Ndi,Service,,"x""#,
        findings: &["28:1: error: HKX is not a registry root: HKR, HKLM, HKCR, HKCU or HKU"],
    },
    Case {
        name: "add reg flags wrong",
        from: r#"HKR,Ndi,Service,,"x""#,
        to: r#"HKR,Ndi,Service,REG_SZ,"x""#,
        findings: &["28:17: error: flags REG_SZ are not a number"],
    },
    Case {
        name: "add reg type wrong",
        from: r#"HKR,Ndi,Service,,"x""#,
        to: r#"HKR,Ndi,Service,0x00050000,"x""#,
        findings: &["28:17: error: flags 0x50000 name no registry type"],
    },
    Case {
        name: "add reg dword wrong",
        from: "[Params]\n",
        to: "[Params]\nHKR,,Number,0x00010001,12x\n",
        findings: &["28:24: error: 12x is not a number of 32 bits"],
    },
    Case {
        name: "add reg dword too large",
        from: "[Params]\n",
        to: "[Params]\nHKR,,Number,0x00010001,0x100000000\n",
        findings: &["28:24: error: 0x100000000 is not a number of 32 bits"],
    },
    Case {
        name: "add reg byte wrong",
        from: "[Params]\n",
        to: "[Params]\nHKR,,Bytes,1,0,fff\n",
        findings: &["28:16: error: fff is not a byte in hexadecimal"],
    },
    Case {
        name: "add reg append needs multi",
        from: "[Params]\n",
        to: "[Params]\nHKR,,Text,8,\"more\"\n",
        findings: &["28:11: error: FLG_ADDREG_APPEND (8) goes with FLG_ADDREG_TYPE_MULTI_SZ (0x10000) only"],
    },
    Case {
        name: "add reg is not assignment",
        from: "[Params]\n",
        to: "[Params]\nHKR=1\n",
        findings: &["28:1: error: HKR = ... is not a registry entry: root, subkey, name, flags, value"],
    },
    Case {
        name: "add reg deletes root",
        from: "[Params]\n",
        to: "[Params]\nHKR,,,4\n",
        findings: &["28:1: error: the entry would delete the root itself: it names neither subkey nor value"],
    },
    Case {
        name: "add reg comma in value",
        from: r#"HKR,Ndi\params\Speed,ParamDesc,,"Speed""#,
        to: r"HKR,Ndi\params\Speed,ParamDesc,,Speed, of link",
        findings: &[
            "31:40: warning: values after the first are ignored: quote the value if it holds a comma",
        ],
    },
    Case {
        name: "ndi service differs",
        from: r#"HKR,Ndi,Service,,"x""#,
        to: r#"HKR,Ndi,Service,,"y""#,
        findings: &[r"28:18: error: Ndi\Service is y, but AddService installs x"],
    },
    Case {
        name: "ndi service missing",
        from: "HKR,Ndi,Service,,\"x\"\n",
        to: "",
        findings: &[r"19:1: warning: no AddReg entry sets Ndi\Service to the name of the driver's service"],
    },
    Case {
        name: "upper range missing",
        from: "HKR,Ndi\\Interfaces,UpperRange,,\"ndis5\"\n",
        to: "",
        findings: &[r"19:1: warning: no AddReg entry sets Ndi\Interfaces\UpperRange: nothing can bind"],
    },
    Case {
        name: "default outside range",
        from: r#"Default,,"10""#,
        to: r#"Default,,"101""#,
        findings: &[
            "33:31: warning: the default of Speed is wrong: 101 is outside the range of Speed: 0 to 100",
        ],
    },
    Case {
        name: "default off step",
        from: r#"Default,,"10""#,
        to: r#"Default,,"12""#,
        findings: &[
            "33:31: warning: the default of Speed is wrong: 12 is not a step of Speed: 0 and multiples of 5 above it",
        ],
    },
    Case {
        name: "default no number",
        from: r#"Default,,"10""#,
        to: r#"Default,,"fast""#,
        findings: &["33:31: warning: the default of Speed is wrong: fast is not a number; Speed is"],
    },
    Case {
        name: "default missing",
        from: "HKR,Ndi\\params\\Speed,Default,,\"10\"\n",
        to: "",
        findings: &["31:1: warning: keyword Speed is required (Optional is not 1), but has no Default"],
    },
    Case {
        name: "default outside enum",
        from: "HKR,Ndi\\params\\Speed,Type,,\"int\"\n",
        to: "HKR,Ndi\\params\\Speed,Type,,\"enum\"\nHKR,Ndi\\params\\Speed\\enum,\"1\",,\"one\"\n",
        findings: &["34:31: warning: the default of Speed is wrong: 10 is not one of the values of Speed: 1"],
    },
    Case {
        name: "type unknown",
        from: r#"Type,,"int""#,
        to: r#"Type,,"float""#,
        findings: &[
            "32:28: warning: keyword Speed: float is not a type: int, long, word, dword, enum or edit",
        ],
    },
    Case {
        name: "type missing",
        from: "HKR,Ndi\\params\\Speed,Type,,\"int\"\n",
        to: "",
        findings: &["31:1: warning: keyword Speed has no Type: the Advanced page leaves it out"],
    },
    Case {
        name: "min above max",
        from: r#"Min,,"0""#,
        to: r#"Min,,"500""#,
        findings: &[
            "31:1: warning: keyword Speed: Min 500 is above Max 100",
            "33:31: warning: the default of Speed is wrong: 10 is outside the range of Speed: 500 to 100",
        ],
    },
    Case {
        name: "attribute unknown",
        from: r#"Step,,"5""#,
        to: r#"Stride,,"5""#,
        findings: &["36:30: warning: keyword Speed has no attribute called Stride"],
    },
];
