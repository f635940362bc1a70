//! What may be wrong with the text as such.

use super::Case;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "string undefined",
        from: "Provider=%Maker%",
        to: "Provider=%Vendor%",
        findings: &["5:10: warning: %Vendor% is not defined in [Strings]"],
    },
    Case {
        name: "string twice",
        from: "Maker=\"Maker\"\n",
        to: "Maker=\"Maker\"\nMaker=\"Other\"\n",
        findings: &["46:1: warning: string Maker is defined a second time; the first definition holds"],
    },
    Case {
        name: "percent stray",
        from: r#"1="Disk""#,
        to: r#"1="50% off""#,
        findings: &["14:6: warning: a single % stands alone: write %% for a percent sign"],
    },
    Case {
        name: "quote open",
        from: r#"1="Disk""#,
        to: r#"1="Disk"#,
        findings: &["14:3: error: the quoted string is not closed on its line"],
    },
    Case {
        name: "section unclosed",
        from: "[Params]",
        to: "[Params",
        findings: &["27:1: error: the section name has no closing bracket"],
    },
    Case {
        name: "section empty",
        from: "[Params]\n",
        to: "[]\n[Params]\n",
        findings: &["27:1: error: the section name is empty"],
    },
    Case {
        name: "section junk",
        from: "[Params]\n",
        to: "[Params] HKR\n",
        findings: &["27:10: error: text after the section header [Params]"],
    },
    Case {
        name: "section unreferenced",
        from: "[Params]\n",
        to: "[Spare]\nHKR,,A,,\"b\"\n[Params]\n",
        findings: &["27:1: warning: nothing refers to the section [Spare]"],
    },
    Case {
        name: "text before sections",
        from: "[Version]\n",
        to: "Hello\n[Version]\n",
        findings: &["1:1: error: text before the first [section]: this is not an INF file"],
    },
    Case {
        name: "continued onto header",
        from: "DefaultDestDir=12\n",
        to: "DefaultDestDir=12 \\\n",
        findings: &[
            "12:1: error: the file has no install section for Adapter: [Install.NTamd64], [Install.NT], [Install]",
            r"18:19: warning: the line is continued by \ onto what looks like a section header",
        ],
    },
];
