//! The rules for our own image.

use super::{
    AllowedImports, Finding, Rule,
    code::Code,
    header::Header,
    panics,
    windows::{Windows, known},
};
use crate::{
    pe::{Image, Import, Remark},
    symbols::Symbols,
};

/// The modules that a miniport of ours may import from.
const MODULES: [&str; 3] = ["ntoskrnl.exe", "hal.dll", "ndis.sys"];
const IMAGE_SUBSYSTEM_NATIVE: u16 = 1;

/// Subsystem, flags, checksum, sections, version.
pub(super) fn header(image: &Image, header: &Header, findings: &mut Vec<Finding>) {
    let mut unless = |holds: bool, rule, what: &str| {
        if !holds {
            findings.push(Finding::new(rule, what));
        }
    };
    unless(header.subsystem == IMAGE_SUBSYSTEM_NATIVE, Rule::Subsystem, "the subsystem is not NATIVE");
    unless(!header.is_dll, Rule::NoDll, "IMAGE_FILE_DLL is set");
    unless(!header.relocations_stripped, Rule::Relocatable, "the relocations are stripped");
    unless(header.dynamic_base, Rule::Relocatable, "DYNAMICBASE is not set");
    unless(header.nx_compatible, Rule::WritableCode, "NXCOMPAT is not set");
    unless(image.version().is_some(), Rule::Version, "there is no version resource");
    for export in image.exports() {
        findings.push(Finding::new(Rule::NoDll, format!("{} is exported", export.name)));
    }
    for remark in image.remarks() {
        let rule = match remark {
            Remark::Checksum { .. } => Rule::Checksum,
            Remark::WritableCode { .. } => Rule::WritableCode,
            Remark::Ignored { .. } => Rule::Image,
        };
        findings.push(Finding::new(rule, remark.to_string()));
    }
}

/// Each import by itself, then all of them against the list.
pub(super) fn imports(image: &Image, allowed: &AllowedImports, findings: &mut Vec<Finding>) {
    for import in image.imports() {
        if let Err((rule, reason)) = check_import(import) {
            findings.push(Finding::new(rule, format!("{}!{} {reason}", import.module, import.name)));
        }
        if !allowed.contains(&import.module, &import.name) {
            let list = allowed.path().display();
            findings.push(Finding::new(
                Rule::ImportList,
                format!("{}!{} is imported and {list} does not say why", import.module, import.name),
            ));
        }
    }
    for row in allowed.rows().iter().filter(|row| !row.optional) {
        let imported =
            |import: &Import| import.name == row.name && import.module.eq_ignore_ascii_case(&row.module);
        if !image.imports().iter().any(imported) {
            let (list, line) = (allowed.path().display(), row.line);
            findings.push(Finding::new(
                Rule::ImportList,
                format!(
                    "{list}:{line}: {}!{} is listed and the image does not import it",
                    row.module, row.name
                ),
            ));
        }
    }
}

fn check_import(import: &Import) -> Result<(), (Rule, String)> {
    if !MODULES.iter().any(|module| module.eq_ignore_ascii_case(&import.module)) {
        return Err((Rule::Modules, format!("is of none of the modules {}", MODULES.join(", "))));
    }
    if import.name.starts_with("NetDma") {
        return Err((Rule::NetDma, "has to be looked up with NdisGetRoutineAddress".into()));
    }
    let Some(known) = known(&import.name) else {
        return Err((Rule::Windows7, "is in no table: whether Windows 7 has it is not known".into()));
    };
    match known.in_seven {
        Some(true) => {}
        Some(false) => return Err((Rule::Windows7, "is not in Windows 7".into())),
        None => return Err((Rule::Windows7, "is not known to be in Windows 7".into())),
    }
    if !known.module.eq_ignore_ascii_case(&import.module) {
        return Err((Rule::Windows7, format!("belongs to {} on Windows 7", known.module)));
    }
    let kernel = !import.module.eq_ignore_ascii_case("ndis.sys");
    match known.oldest.filter(|oldest| kernel && *oldest > Windows::Server2003) {
        Some(oldest) => {
            let reason = format!("is new in Windows {oldest}: look it up with MmGetSystemRoutineAddress");
            Err((Rule::ResolveNewer, reason))
        }
        None => Ok(()),
    }
}

/// What the code can do.
pub(super) fn code(image: &Image, header: &Header, symbols: &Symbols, findings: &mut Vec<Finding>) {
    let code = Code::new(image, &header.pointers, symbols);
    for rva in &code.unnamed {
        let what = format!("the code at RVA {rva:#x} has no name, so nothing can be said about it");
        findings.push(Finding::new(Rule::Pdb, what));
    }
    for culprit in panics::culprits(image, &code, symbols) {
        findings.push(Finding::new(Rule::NoPanic, culprit.to_string()));
    }
    for name in panics::formatting(&code) {
        findings.push(Finding::new(Rule::NoFormatting, format!("{name} is in the image")));
    }
}
