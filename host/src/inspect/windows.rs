//! Which Windows has which function, from the fact table of the binary interface.

use serde::Serialize;
use serde_json::Value;
use std::{collections::HashMap, fmt, sync::LazyLock};

/// Windows versions, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Windows {
    /// NT 5.0.
    #[serde(rename = "2000")]
    Nt50,
    /// NT 5.1, NDIS 5.1.
    #[serde(rename = "XP")]
    Xp,
    /// NT 5.2, the first on x64.
    #[serde(rename = "Server 2003")]
    Server2003,
    /// NT 6.0, NDIS 6.0.
    Vista,
    /// NT 6.0 with the kernel of Server 2008, NDIS 6.1.
    #[serde(rename = "Vista SP1")]
    VistaSp1,
    /// NT 6.1, NDIS 6.20.
    #[serde(rename = "7")]
    Seven,
    /// NT 6.2, NDIS 6.30.
    #[serde(rename = "8")]
    Eight,
    /// NT 6.3, NDIS 6.40.
    #[serde(rename = "8.1")]
    EightOne,
    /// NT 10.0, NDIS 6.50 and later.
    #[serde(rename = "10")]
    Ten,
}

impl fmt::Display for Windows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// What is known of an exported function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// The module that exports it.
    pub(super) module: String,
    /// The oldest Windows that documentation names.
    pub(super) oldest: Option<Windows>,
    /// Whether Windows 7 x64 has it.
    pub(super) in_seven: Option<bool>,
}

/// What the table says of a function; nothing for one that it lacks, or that is no export.
pub(super) fn known(name: &str) -> Option<&'static Known> {
    static TABLE: LazyLock<HashMap<String, Known>> = LazyLock::new(table);
    TABLE.get(name)
}

fn table() -> HashMap<String, Known> {
    let json: Value =
        serde_json::from_str(include_str!("../../../ddk/abi/functions.json")).unwrap_or_default();
    let rows = json["functions"].as_object().into_iter().flatten();
    rows.filter_map(|(name, row)| {
        // Without a module stand functions that are no exports, and those looked for and not found.
        let lists = row["in_win7_x64_export_list"].as_object();
        let absent = lists.is_some_and(|lists| lists.values().all(|listed| listed == false));
        let module = row["module"].as_str().or(absent.then_some("no module"))?.to_owned();
        let documented = row["min_client"].as_str().and_then(oldest);
        let known = Known { in_seven: in_seven(row, &module), oldest: documented, module };
        Some((name.clone(), known))
    })
    .collect()
}

/// The kernel's export lists of Windows 7 are in the table. NDIS's is not: there, documentation and the version
/// guards of the header have to agree.
fn in_seven(row: &Value, module: &str) -> Option<bool> {
    let list = match module {
        "hal.dll" => "hal",
        "ndis.sys" => {
            let documented = row["win7_by_doc"].as_bool()?;
            let first = row["first_header_view"].as_str()?.parse::<u32>().ok()?;
            return Some(documented && first <= 620);
        }
        _ => "ntoskrnl",
    };
    row["in_win7_x64_export_list"][list].as_bool()
}

/// Reads the documentation's wording. It may name several versions, some of them by what NDIS calls itself there.
fn oldest(wording: &str) -> Option<Windows> {
    // Before the names that they contain.
    const NAMES: [(&str, Windows); 18] = [
        ("Windows Vista with SP1", Windows::VistaSp1),
        ("Windows Server 2008", Windows::VistaSp1),
        ("Windows Server 2003", Windows::Server2003),
        ("Windows 2000", Windows::Nt50),
        ("Windows XP", Windows::Xp),
        ("Windows Vista", Windows::Vista),
        ("Windows 7", Windows::Seven),
        ("Windows 8.1", Windows::EightOne),
        ("Windows 8", Windows::Eight),
        ("Windows 10", Windows::Ten),
        ("NDIS 5.1", Windows::Xp),
        ("NDIS 6.0", Windows::Vista),
        ("NDIS 6.1", Windows::VistaSp1),
        ("NDIS 6.20", Windows::Seven),
        ("NDIS 6.30", Windows::Eight),
        ("NDIS 6.40", Windows::EightOne),
        ("NDIS 6.50", Windows::Ten),
        ("NDIS 6.80", Windows::Ten),
    ];
    // Followed by how to do without on older versions.
    let wording = wording.split("Drivers that must").next()?;
    let mut rest = wording.to_owned();
    let mut found = None;
    for (name, version) in NAMES {
        if rest.contains(name) {
            rest = rest.replace(name, "");
            found = Some(found.map_or(version, |older: Windows| older.min(version)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Windows, known, oldest};

    #[test]
    fn wording_is_understood() {
        for (wording, expected) in [
            ("Available starting with Windows 2000.", Some(Windows::Nt50)),
            ("Available starting with Windows Vista with SP1.", Some(Windows::VistaSp1)),
            (
                "Available on Windows Vista. Drivers that must also work on Windows 2000 can link",
                Some(Windows::Vista),
            ),
            ("Supported in NDIS 6.20 and later.", Some(Windows::Seven)),
            ("Supported for NDIS 6.0 and NDIS 5.1 drivers in Windows Vista.", Some(Windows::Xp)),
            ("Deprecated for NDIS 6.20 drivers. Supported in NDIS 6.0 and 6.1.", Some(Windows::Vista)),
            ("", None),
        ] {
            assert_eq!(oldest(wording), expected, "{wording}");
        }
    }

    #[test]
    fn functions_are_where_windows_7_has_them() {
        let counter = known("KeQueryPerformanceCounter").unwrap();
        assert_eq!((counter.module.as_str(), counter.in_seven), ("hal.dll", Some(true)));
        assert_eq!(known("IoReportInterruptActive").unwrap().in_seven, Some(false));
        assert_eq!(known("__chkstk").unwrap().in_seven, Some(false));
        let register = known("NdisMRegisterMiniportDriver").unwrap();
        assert_eq!((register.oldest, register.in_seven), (Some(Windows::Vista), Some(true)));
        assert!(known("NdisInitializeString").is_none_or(|known| known.module == "ndis.sys"));
        assert_eq!(known("NoSuchFunction"), None);
    }
}
