//! Which models section serves which Windows, and how models are ranked.

use super::super::{Architecture, Rank};
use super::*;

/// The install section that `target` gets from a `[Manufacturer]` line with these decorations, each with a
/// models section that refers to a section of its own name.
fn chosen(decorations: &[&str], target: &Target) -> Option<String> {
    let named: Vec<&str> = decorations.iter().copied().filter(|d| !d.is_empty()).collect();
    let list = [&["Models"], named.as_slice()].concat().join(",");
    let section = |d: &&str| {
        let dot = if d.is_empty() { "" } else { "." };
        format!("[Models{dot}{d}]\nDevice=For{dot}{d},PCI\\VEN_8086&DEV_10D3\n")
    };
    let sections: Vec<String> = decorations.iter().map(section).collect();
    let version = BASE.split("[Manufacturer]").next().unwrap();
    let text = format!("{version}[Manufacturer]\nM={list}\n{}[Strings]\nMaker=M\n", sections.concat());
    let inf = Inf::parse("test.inf", text.as_bytes(), target.clone()).unwrap();
    matching::find(&inf, &nic().ids()).ok().map(|m| m.model.install_section)
}

#[test]
fn the_highest_version_not_above_the_target() {
    let all = ["NTamd64", "NTamd64.6.1", "NTamd64.6.3", "NTamd64.10.0"];
    let cases = [
        (Target::workstation(6, 0, 6002), "For.NTamd64"),
        (Target::windows_7(), "For.NTamd64.6.1"),
        (Target::workstation(6, 2, 9200), "For.NTamd64.6.1"),
        (Target::workstation(6, 3, 9600), "For.NTamd64.6.3"),
        (Target::windows_10(), "For.NTamd64.10.0"),
        (Target::windows_11(), "For.NTamd64.10.0"),
    ];
    for (target, expected) in cases {
        assert_eq!(chosen(&all, &target).as_deref(), Some(expected), "{target}");
        let reversed: Vec<&str> = all.iter().rev().copied().collect();
        assert_eq!(chosen(&reversed, &target).as_deref(), Some(expected), "{target}, listed backwards");
    }
    assert_eq!(chosen(&["NTamd64.10.0"], &Target::windows_7()), None);
}

#[test]
fn a_build_counts_only_within_its_version() {
    let all = ["NTamd64.10.0", "NTamd64.10.0...22000"];
    assert_eq!(chosen(&all, &Target::windows_10()).as_deref(), Some("For.NTamd64.10.0"));
    assert_eq!(chosen(&all, &Target::windows_11()).as_deref(), Some("For.NTamd64.10.0...22000"));
    let later = Target::workstation(10, 1, 100);
    assert_eq!(chosen(&["NTamd64.10.0...22000"], &later).as_deref(), Some("For.NTamd64.10.0...22000"));
}

#[test]
fn sixty_four_bits_must_be_named() {
    assert_eq!(chosen(&[""], &Target::windows_10()), None);
    assert_eq!(chosen(&["NT"], &Target::windows_10()), None);
    assert_eq!(chosen(&["NTx86", "NTarm64"], &Target::windows_10()), None);
    let x86 = Target { architecture: Architecture::X86, ..Target::windows_7() };
    assert_eq!(chosen(&["", "NTamd64"], &x86).as_deref(), Some("For"));
    assert_eq!(chosen(&["NT", "NTx86"], &x86).as_deref(), Some("For.NTx86"));
}

#[test]
fn products_and_suites() {
    let server = Target { product_type: 3, suite_mask: 0x80, ..Target::windows_10() };
    let all = ["NTamd64.6.1", "NTamd64.6.1.3", "NTamd64.6.1.3.0x80"];
    assert_eq!(chosen(&all, &Target::windows_10()).as_deref(), Some("For.NTamd64.6.1"));
    assert_eq!(chosen(&all, &server).as_deref(), Some("For.NTamd64.6.1.3.0x80"));
    // A version counts for more than product and suite.
    let all = ["NTamd64.10.0", "NTamd64.6.1.3.0x80"];
    assert_eq!(chosen(&all, &server).as_deref(), Some("For.NTamd64.10.0"));
}

#[test]
fn an_empty_models_section_excludes_a_windows() {
    let text = edit("Models,NTamd64\n", "Models,NTamd64,NTamd64.10.0\n[Models.NTamd64.10.0]\n");
    assert_eq!(findings(&text, &Target::windows_7()), [""; 0]);
    let found = findings(&text, &Target::windows_10());
    assert_eq!(found.len(), 1);
    assert!(
        found[0].contains("[Models.NTamd64.10.0]") && found[0].contains("the file serves no device"),
        "{found:?}"
    );
}

#[test]
fn malformed_decorations() {
    let cases = [
        ("NTamd64.6.1.1.1.1.1", "has more fields"),
        ("NTamd64..1", "names a minor version or build without a major version"),
        ("NTamd64.six", "six is not a number (major version)"),
        ("XP", "must begin with NT"),
    ];
    for (decoration, expected) in cases {
        let found =
            findings(&edit("Models,NTamd64\n", &format!("Models,{decoration}\n")), &Target::windows_10());
        assert!(
            found.iter().any(|f| f.starts_with("test.inf:10:16: error: ") && f.contains(expected)),
            "{found:?}"
        );
    }
}

#[test]
fn install_sections_go_from_the_particular_to_the_general() {
    for (present, expected) in [
        (&["NTamd64", "NT", ""][..], ".NTamd64"),
        (&["NTx86", "NT", ""][..], ".NT"),
        (&["NTx86", ""][..], ""),
    ] {
        let section = |d: &&str| format!("[Install{}{d}]\nBusType=5\n", if d.is_empty() { "" } else { "." });
        let sections: Vec<String> = present.iter().map(section).collect();
        let text = edit("[Install.NTamd64]\n", &format!("{}[Spare]\n", sections.concat()));
        let inf = Inf::parse("test.inf", text.as_bytes(), Target::windows_10()).unwrap();
        assert_eq!(inf.install_section("Install").unwrap().name, format!("Install{expected}"));
    }
}

/// The rank of the one model line `ids` for QEMU's NIC, and the identifier that matched.
fn rank(ids: &str) -> Option<(u16, String)> {
    let text = edit(r"PCI\VEN_8086&DEV_10D3", ids);
    let inf = Inf::parse("test.inf", text.as_bytes(), Target::windows_10()).unwrap();
    matching::find(&inf, &nic().ids()).ok().map(|m| {
        let Rank(rank) = m.rank;
        (rank, m.id)
    })
}

#[test]
fn identifier_scores() {
    let full = r"PCI\VEN_8086&DEV_10D3&SUBSYS_00008086&REV_00";
    let cases = [
        // hardware ID of the device, hardware ID of the model
        (full.to_owned(), 0x0000),
        (r"pci\ven_8086&dev_10d3&cc_0200".to_owned(), 0x0003),
        // hardware ID, compatible ID
        (format!(r"PCI\OTHER,{full}"), 0x1000),
        // compatible ID, hardware ID
        (r"PCI\VEN_8086&DEV_10D3".to_owned(), 0x2001),
        // compatible ID, compatible ID: position in the INF counts too
        (r"PCI\OTHER,PCI\VEN_8086&DEV_10D3&REV_00".to_owned(), 0x3000),
        (r"PCI\OTHER,PCI\ANOTHER,PCI\CC_0200".to_owned(), 0x3106),
        // the best of several
        (r"PCI\VEN_8086&DEV_10D3,PCI\VEN_8086&DEV_10D3&SUBSYS_00008086".to_owned(), 0x1001),
    ];
    for (ids, expected) in cases {
        assert_eq!(rank(&ids).map(|(r, _)| r), Some(expected), "{ids}");
    }
    assert_eq!(rank(r"PCI\VEN_8086&DEV_10D"), None, "a prefix is no match");
}

#[test]
fn the_best_model_wins_and_of_equals_the_first() {
    let line = |name: &str, id: &str| format!("\"{name}\"=Install,{id}");
    let models = [
        line("general", r"PCI\VEN_8086&DEV_10D3"),
        line("particular", r"PCI\VEN_8086&DEV_10D3&SUBSYS_00008086"),
        line("same again", r"PCI\VEN_8086&DEV_10D3&SUBSYS_00008086"),
        line("class", r"PCI\CC_0200"),
    ];
    let text = edit(r#""Adapter"=Install,PCI\VEN_8086&DEV_10D3"#, &models.join("\n"));
    let (_, package) = package(&text, &nic().ids(), &Target::windows_10()).unwrap();
    assert_eq!(package.matched.model.description, "particular");
}
