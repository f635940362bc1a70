//! Whole-file checks: directives that mean nothing, and sections that nothing leads to.

use std::collections::HashSet;

use super::super::diag::Log;
use super::super::fold::{fold, same};
use super::{Inf, Line, Section};

/// Sections that Windows finds by themselves; a name that ends in `.` stands for all that begin so.
const ROOTS: [&str; 17] = [
    "Version",
    "Manufacturer",
    "Strings",
    "Strings.",
    "SourceDisksNames",
    "SourceDisksNames.",
    "SourceDisksFiles",
    "SourceDisksFiles.",
    "DestinationDirs",
    "ControlFlags",
    "InterfaceInstall32",
    "ClassInstall32",
    "ClassInstall32.",
    "DefaultInstall",
    "DefaultInstall.",
    "DefaultUninstall",
    "DefaultUninstall.",
];

/// What an install section's name can be followed by.
const EXTENSIONS: [&str; 14] = [
    "",
    ".Services",
    ".HW",
    ".CoInstallers",
    ".Interfaces",
    ".Events",
    ".Wdf",
    ".Components",
    ".Software",
    ".Filters",
    ".LogConfigOverride",
    ".FactDef",
    ".PosDup",
    ".Properties",
];

const PLATFORMS: [&str; 7] = ["", ".NT", ".NTx86", ".NTamd64", ".NTia64", ".NTarm", ".NTarm64"];

/// Directives whose values name sections. `AddService` and its kin also have flags and service names among
/// their values; that a section of such a name counts as referenced does no harm.
const REFERRING: [&str; 18] = [
    "AddReg",
    "DelReg",
    "BitReg",
    "AddProperty",
    "DelProperty",
    "CopyFiles",
    "DelFiles",
    "RenFiles",
    "LogConfig",
    "RegisterDlls",
    "UnregisterDlls",
    "Needs",
    "AddService",
    "AddInterface",
    "AddTrigger",
    "AddComponent",
    "AddSoftware",
    "AddEventProvider",
];

/// Reports the directives of `section` that are not among `known`, and says of those in `tolerated` that
/// they have no effect here.
pub(in super::super) fn check_directives(
    section: &Section,
    what: &str,
    known: &[&str],
    tolerated: &[&str],
    log: &mut Log,
) {
    for line in &section.lines {
        // `Reboot` stands alone; everything else is directive = value.
        let name = line.key.as_ref().or(line.values.first()).filter(|f| !f.text.is_empty());
        let Some(name) = name else { continue };
        if known.iter().any(|k| same(k, &name.text)) {
            continue;
        }
        if tolerated.iter().any(|k| same(k, &name.text)) {
            log.warn(
                name.at,
                format!("{} has no effect here: only this INF and this device are installed", name.text),
            );
        } else {
            log.warn(name.at, format!("{what} has no directive called {}", name.text));
        }
    }
}

/// Reports the sections that nothing refers to.
pub(super) fn check_references(inf: &Inf, log: &mut Log) {
    let referenced = referenced(inf);
    for section in inf.sections() {
        let name = fold(&section.name);
        let known = referenced.contains(&name)
            || name.strip_suffix(".SECURITY").is_some_and(|base| referenced.contains(base))
            || ROOTS.iter().any(|root| {
                let root = fold(root);
                if root.ends_with('.') { name.starts_with(&root) } else { name == root }
            });
        if !known {
            log.warn(section.at(), format!("nothing refers to the section [{}]", section.name));
        }
    }
}

fn referenced(inf: &Inf) -> HashSet<String> {
    let mut names = HashSet::new();
    for manufacturer in inf.section("Manufacturer").iter().flat_map(|s| &s.lines) {
        let base = manufacturer.value(0);
        let decorated = manufacturer.values.iter().skip(1).map(|f| format!("{base}.{}", f.text));
        names.extend(decorated.chain([base.to_owned()]).map(|n| fold(&n)));
    }
    for model in inf.manufacturers().iter().flat_map(|m| &m.sections).flat_map(|s| &s.models) {
        for platform in PLATFORMS {
            let extended =
                EXTENSIONS.iter().map(|e| fold(&format!("{}{platform}{e}", model.install_section)));
            names.extend(extended);
        }
    }
    for line in inf.sections().iter().flat_map(|s| &s.lines) {
        let refers = |l: &&Line| l.key.as_ref().is_some_and(|k| REFERRING.iter().any(|r| same(r, &k.text)));
        names.extend(Some(line).filter(refers).iter().flat_map(|l| l.names()).map(|f| fold(&f.text)));
    }
    names
}
