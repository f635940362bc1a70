use crate::{abi::Bind, nt::imports::TABLES};
use std::collections::BTreeMap;

#[test]
fn every_name_is_provided_once() {
    let mut by_name: BTreeMap<&str, usize> = BTreeMap::new();
    for import in TABLES.iter().flat_map(|table| table.iter()) {
        assert!(matches!(import.module, "ntoskrnl.exe" | "hal.dll"), "{}", import.name);
        assert_eq!(import.address.0.is_null(), import.bind == Bind::Data, "{}", import.name);
        *by_name.entry(import.name).or_default() += 1;
    }
    let twice: Vec<_> = by_name.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn what_the_fact_tables_list_is_provided() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../ddk/abi/functions.json");
    let text = std::fs::read_to_string(path).expect("the fact table");
    let table: serde_json::Value = serde_json::from_str(&text).expect("well formed");
    // Not for network drivers: other frameworks, and C's non-local jumps.
    let left_out =
        ["PoFxRegisterDevice", "PoFxStartDevicePowerManagement", "_setjmp", "_setjmpex", "longjmp"];
    let provided =
        |name: &str| TABLES.iter().flat_map(|table| table.iter()).any(|import| import.name == name);
    let rows = table["functions"].as_object().expect("functions");
    let missing: Vec<_> = rows
        .iter()
        .filter(|(_, row)| matches!(row["module"].as_str(), Some("ntoskrnl.exe" | "hal.dll")))
        .filter(|(name, row)| {
            let inline = row["linkage"].as_str().is_some_and(|text| text.starts_with("macro"));
            !inline && !left_out.contains(&name.as_str()) && !provided(name)
        })
        .map(|(name, _)| name.as_str())
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
