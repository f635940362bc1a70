//! Configuration keywords: `Ndi\params\<keyword>`, what an adapter's Advanced page offers.

use std::fmt;

use super::diag::{Log, Position};
use super::fold::{fold, same};
use super::inf::{Action, Entry, Root, number};
use super::registry::Value;

/// Names that the network class keeps for itself ("Specifying Configuration Parameters").
const RESERVED: [&str; 19] = [
    "BundleId",
    "BusType",
    "Characteristics",
    "ComponentId",
    "Description",
    "DeviceInstanceId",
    "DriverDate",
    "DriverDesc",
    "DriverVersion",
    "InfPath",
    "InfSection",
    "InfSectionExt",
    "*IfType",
    "InstallTimeStamp",
    "Manufacturer",
    "*MediaType",
    "NetCfgInstanceId",
    "NetLuidIndex",
    "*PhysicalMediaType",
];

/// Standardized keywords whose values are an enumeration from 0 to the number given.
const STANDARD_ENUMERATIONS: [(&str, i64); 17] = [
    ("*SpeedDuplex", 10),
    ("*FlowControl", 4),
    ("*PriorityVLANTag", 3),
    ("*InterruptModeration", 1),
    ("*IPChecksumOffloadIPv4", 3),
    ("*TCPChecksumOffloadIPv4", 3),
    ("*TCPChecksumOffloadIPv6", 3),
    ("*UDPChecksumOffloadIPv4", 3),
    ("*UDPChecksumOffloadIPv6", 3),
    ("*LsoV1IPv4", 1),
    ("*LsoV2IPv4", 1),
    ("*LsoV2IPv6", 1),
    ("*RSS", 1),
    ("*HeaderDataSplit", 1),
    ("*WakeOnMagicPacket", 1),
    ("*WakeOnPattern", 1),
    ("*EEE", 1),
];

/// Values from here on give *`SpeedDuplex`'s speed in Mb/s directly.
const SPEED_IN_MEGABITS: i64 = 1000;

/// Standardized keywords that are numbers.
const STANDARD_NUMBERS: [&str; 6] =
    ["*JumboPacket", "*ReceiveBuffers", "*TransmitBuffers", "*NumRSSQueues", "*MaxRssProcessors", "VLANID"];

/// How a keyword is edited, and what its values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeywordKind {
    /// Signed, 16 bits in the interface's description; treated as 32.
    Int,
    /// Signed, 32 bits.
    Long,
    /// Unsigned, 16 bits.
    Word,
    /// Unsigned, 32 bits.
    Dword,
    /// One of a list.
    Enum,
    /// Any text.
    Edit,
}

impl KeywordKind {
    const ALL: [(&'static str, KeywordKind); 6] = [
        ("int", KeywordKind::Int),
        ("long", KeywordKind::Long),
        ("word", KeywordKind::Word),
        ("dword", KeywordKind::Dword),
        ("enum", KeywordKind::Enum),
        ("edit", KeywordKind::Edit),
    ];

    /// The values that the type can hold, if it is a number.
    fn range(self) -> Option<(i64, i64)> {
        match self {
            KeywordKind::Int | KeywordKind::Long => Some((i32::MIN.into(), i32::MAX.into())),
            KeywordKind::Word => Some((0, u16::MAX.into())),
            KeywordKind::Dword => Some((0, u32::MAX.into())),
            KeywordKind::Enum | KeywordKind::Edit => None,
        }
    }
}

impl fmt::Display for KeywordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::ALL.iter().find(|(_, k)| k == self).map_or("", |(name, _)| name))
    }
}

/// A keyword that users can set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyword {
    /// Name, also of the value in the driver key.
    pub name: String,
    /// What the Advanced page calls it.
    pub description: String,
    /// Type.
    pub kind: KeywordKind,
    /// Value until the user sets another.
    pub default: Option<String>,
    /// Whether it may be absent from the driver key.
    pub optional: bool,
    /// Smallest number.
    pub min: Option<i64>,
    /// Largest number.
    pub max: Option<i64>,
    /// Distance between numbers, counted from the smallest.
    pub step: Option<i64>,
    /// Whether numbers are shown and stored in hexadecimal.
    pub hexadecimal: bool,
    /// Values of an enumeration with their descriptions.
    pub choices: Vec<(String, String)>,
    /// Where the INF first mentions it.
    pub at: Position,
    default_at: Position,
}

impl Keyword {
    /// Whether users may set the keyword to `value`.
    ///
    /// # Errors
    /// They may not, and why.
    pub fn check(&self, value: &str) -> Result<(), String> {
        let Some((low, high)) = self.kind.range() else {
            let listed = self.choices.iter().any(|(v, _)| v == value);
            if self.kind == KeywordKind::Enum && !listed {
                let values = self.choices.iter().map(|(v, _)| v.as_str()).collect::<Vec<_>>().join(", ");
                return Err(format!("{value} is not one of the values of {}: {values}", self.name));
            }
            return Ok(());
        };
        // As NDIS reads the text from the registry: digits, and no prefix.
        let number = number::digits(value, if self.hexadecimal { 16 } else { 10 });
        let Some(number) = number else { return Err(format!("{value} is not a number; {} is", self.name)) };
        let min = self.min.unwrap_or(low).max(low);
        let max = self.max.unwrap_or(high).min(high);
        if number < min || number > max {
            return Err(format!("{value} is outside the range of {}: {min} to {max}", self.name));
        }
        match self.step {
            Some(step) if step > 0 && (number - min) % step != 0 => {
                Err(format!("{value} is not a step of {}: {min} and multiples of {step} above it", self.name))
            }
            _ => Ok(()),
        }
    }
}

/// The entries of a keyword, before they are judged.
struct Draft<'a> {
    name: &'a str,
    at: Position,
    values: Vec<(&'a str, &'a Value, Position)>,
    choices: Vec<(String, String)>,
}

/// Reads the keywords that `entries` describe.
pub(super) fn read(entries: &[Entry], log: &mut Log) -> Vec<Keyword> {
    let mut drafts: Vec<Draft<'_>> = Vec::new();
    for entry in entries.iter().filter(|e| e.root == Root::Relative) {
        let parts: Vec<&str> = entry.subkey.split('\\').filter(|p| !p.is_empty()).collect();
        let (name, of_enum) = match parts.as_slice() {
            [ndi, params, name] if same(ndi, "Ndi") && same(params, "params") => (*name, false),
            [ndi, params, name, e] if same(ndi, "Ndi") && same(params, "params") && same(e, "enum") => {
                (*name, true)
            }
            _ => continue,
        };
        let Action::Set { name: value_name, value, .. } = &entry.action else { continue };
        let index = drafts.iter().position(|d| same(d.name, name)).unwrap_or(drafts.len());
        if index == drafts.len() {
            drafts.push(Draft { name, at: entry.at, values: Vec::new(), choices: Vec::new() });
        }
        let Some(draft) = drafts.get_mut(index) else { continue };
        if of_enum {
            draft.choices.push((value_name.clone(), value.as_str().unwrap_or_default().to_owned()));
        } else {
            draft.values.push((value_name, value, entry.value_at));
        }
    }
    drafts.into_iter().filter_map(|draft| judge(draft, log)).collect()
}

fn judge(draft: Draft<'_>, log: &mut Log) -> Option<Keyword> {
    let Draft { name, at, values, choices } = draft;
    // The last entry wins, as it does in the registry.
    let find = |key: &str| values.iter().rev().find(|(n, _, _)| same(n, key));
    let text = |key: &str| find(key).and_then(|(_, v, place)| Some((v.as_str()?, *place)));
    for (key, _, place) in &values {
        let known = [
            "ParamDesc",
            "Type",
            "Default",
            "Optional",
            "Min",
            "Max",
            "Step",
            "Base",
            "UpperCase",
            "LimitText",
        ];
        if !known.iter().any(|k| same(k, key)) {
            log.warn(*place, format!("keyword {name} has no attribute called {key}"));
        }
    }
    if RESERVED.iter().any(|r| same(r, name)) {
        log.warn(at, format!("{name} is a reserved name and cannot be a keyword of the Advanced page"));
    }
    let Some((kind_text, kind_at)) = text("Type") else {
        log.warn(at, format!("keyword {name} has no Type: the Advanced page leaves it out"));
        return None;
    };
    let Some((_, kind)) = KeywordKind::ALL.iter().find(|(n, _)| same(n, kind_text)) else {
        log.warn(
            kind_at,
            format!("keyword {name}: {kind_text} is not a type: int, long, word, dword, enum or edit"),
        );
        return None;
    };
    let description = text("ParamDesc").map_or_else(
        || {
            log.warn(at, format!("keyword {name} has no ParamDesc: it has no name on the Advanced page"));
            String::new()
        },
        |(t, _)| t.to_owned(),
    );
    let mut limit = |key: &str| {
        let (text, place) = text(key)?;
        let value = number::parse(text);
        if value.is_none() {
            log.warn(place, format!("keyword {name}: {key} {text} is not a number"));
        }
        value
    };
    let (min, max, step, base) = (limit("Min"), limit("Max"), limit("Step"), limit("Base"));
    let default = text("Default");
    let keyword = Keyword {
        name: name.to_owned(),
        description,
        kind: *kind,
        default: default.map(|(t, _)| t.to_owned()),
        optional: text("Optional").is_some_and(|(t, _)| t == "1"),
        min,
        max,
        step,
        hexadecimal: base == Some(16),
        choices,
        at,
        default_at: default.map_or(at, |(_, place)| place),
    };
    review(&keyword, base, log);
    Some(keyword)
}

/// Warns of what contradicts itself or the standard.
fn review(keyword: &Keyword, base: Option<i64>, log: &mut Log) {
    let Keyword { name, kind, at, .. } = keyword;
    if kind == &KeywordKind::Enum && keyword.choices.is_empty() {
        log.warn(*at, format!("keyword {name} is an enum without values"));
    }
    if let (Some(min), Some(max)) = (keyword.min, keyword.max)
        && min > max
    {
        log.warn(*at, format!("keyword {name}: Min {min} is above Max {max}"));
    }
    if keyword.step.is_some_and(|s| s <= 0) {
        log.warn(*at, format!("keyword {name}: Step must be above 0"));
    }
    if base.is_some_and(|b| b != 10 && b != 16) {
        log.warn(*at, format!("keyword {name}: Base is neither 10 nor 16"));
    }
    match keyword.default.as_deref() {
        // An optional keyword may propose nothing.
        None | Some("") if keyword.optional => {}
        None => log.warn(*at, format!("keyword {name} is required (Optional is not 1), but has no Default")),
        Some(default) => {
            if let Err(reason) = keyword.check(default) {
                log.warn(keyword.default_at, format!("the default of {name} is wrong: {reason}"));
            }
        }
    }
    standard(keyword, log);
}

/// Standardized keywords have their type and values from the standard.
fn standard(keyword: &Keyword, log: &mut Log) {
    let name = fold(&keyword.name);
    if let Some((_, last)) = STANDARD_ENUMERATIONS.iter().find(|(n, _)| fold(n) == name) {
        if keyword.kind != KeywordKind::Enum {
            log.warn(
                keyword.at,
                format!("{} is an enum by the standard, not {}", keyword.name, keyword.kind),
            );
        }
        for (value, _) in &keyword.choices {
            let standard =
                |n: i64| (0..=*last).contains(&n) || name == "*SPEEDDUPLEX" && n >= SPEED_IN_MEGABITS;
            if !number::parse(value).is_some_and(standard) {
                log.warn(
                    keyword.at,
                    format!("{value} is not a standard value of {}: 0 to {last}", keyword.name),
                );
            }
        }
    } else if STANDARD_NUMBERS.iter().any(|n| fold(n) == name) && keyword.kind.range().is_none() {
        log.warn(keyword.at, format!("{} is a number by the standard, not {}", keyword.name, keyword.kind));
    } else if name == "NETWORKADDRESS" && keyword.kind != KeywordKind::Edit {
        log.warn(
            keyword.at,
            format!("{} is text (edit) by the standard, not {}", keyword.name, keyword.kind),
        );
    }
}
