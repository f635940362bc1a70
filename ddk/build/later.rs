//! Constants of the contracts after 6.20, from the fact table: statuses, revisions and sizes that a driver of
//! this contract may meet under a newer NDIS.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;

use serde_json::Value;

use super::model::Model;
use super::types;

const PREFIXES: &[&str] = &[
    "NDIS_SIZEOF_",
    "NDIS_STATUS_",
    "NDIS_MINIPORT_ATTRIBUTES_",
    "NDIS_OBJECT_TYPE_",
    "OID_GEN_",
    "OID_PM_",
];

/// Families a plain Ethernet miniport has nothing to do with.
const FOREIGN: &[&str] = &[
    "_FILTER_",
    "_GFP_",
    "_GFT_",
    "_NDK_",
    "_NIC_SWITCH_",
    "_PACKET_DIRECT_",
    "_PD_",
    "_QOS_",
    "_ROUTING_",
    "_SRIOV_",
    "_SWITCH_",
    "_VF_",
    "_VPORT_",
    "_WMI_",
    "_WWAN_",
    "_DOT11_",
    "_ISOLATION_",
    "_CO_",
    "_PROTOCOL_",
    "_BIND_",
];

/// Source of the module: a constant for every name that the bindings do not have already.
pub fn generate(abi: &Value, model: &Model) -> Result<String, Box<dyn Error>> {
    let groups = abi["constants_other_views"].as_object().ok_or("ndis-abi.json: no constants_other_views")?;
    let mut names = BTreeMap::new();
    for group in groups.values().filter_map(Value::as_object) {
        for (name, views) in group {
            let wanted = PREFIXES.iter().any(|p| name.starts_with(p)) || name.contains("_REVISION_");
            let foreign = FOREIGN.iter().any(|f| name.contains(f));
            if !wanted || foreign || model.constants.contains_key(name) {
                continue;
            }
            if let Some(first) = first_later_view(views) {
                names.insert(name, first);
            }
        }
    }
    let mut out = String::new();
    for (name, (view, value)) in names {
        let (major, minor) = view.split_at(1);
        let minor = if minor.len() == 1 { format!("{minor}0") } else { minor.to_string() };
        let Some(kind) = types::of_constant(name, value.try_into()?) else { continue };
        writeln!(out, "/// Since NDIS {major}.{minor}.")?;
        match kind {
            types::Type::Status(alias) => {
                writeln!(out, "pub const {name}: super::ndis::{alias} = {value}_u32.cast_signed();")?;
            }
            other => writeln!(out, "pub const {name}: {} = {value};", other.name())?,
        }
    }
    Ok(out)
}

/// The first contract after 6.20 that has the name; a name that the table's 6.20 view has too is not later.
fn first_later_view(views: &Value) -> Option<(&str, u64)> {
    let views = views.as_object()?;
    if views.keys().any(|view| matches!(view.as_str(), "600" | "610")) {
        return None;
    }
    views.iter().filter_map(|(view, value)| Some((view.as_str(), value.as_u64()?))).min()
}
