//! The report as a person reads it.

use super::Report;
use std::{collections::BTreeMap, fmt};

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.file)?;
        self.headers(f)?;
        writeln!(f, "\n  section     address      size  access")?;
        for section in &self.sections {
            let note = match (section.pageable, section.discardable) {
                (false, false) => "",
                (false, true) => "  discardable",
                (true, false) => "  pageable",
                (true, true) => "  pageable, discardable",
            };
            writeln!(
                f,
                "  {:<9} {:>#9x} {:>9}  {}{note}",
                section.name, section.rva, section.size, section.access
            )?;
        }
        self.imports(f)?;
        if !self.missing.is_empty() {
            writeln!(f, "\n  not implemented by ferrite-host, which would refuse to load the image:")?;
            for name in &self.missing {
                writeln!(f, "    {name}")?;
            }
        }
        Ok(())
    }
}

impl Report {
    fn headers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.subsystem == 1 { "native" } else { "not native" };
        let dll = if self.is_dll { ", calls itself a DLL" } else { "" };
        writeln!(
            f,
            "  image       {} bytes, {} in memory, checksum {:#x}",
            self.file_size, self.image_size, self.checksum
        )?;
        writeln!(f, "  subsystem   {kind} {}{dll}", self.subsystem_version)?;
        if let Some(version) = &self.version {
            let text = |key| version.strings.get(key).map_or("", String::as_str);
            writeln!(
                f,
                "  version     {} {}: {}",
                text("ProductName"),
                version.file,
                text("FileDescription")
            )?;
        }
        match (&self.pdb.functions, &self.pdb.problem) {
            (Some(count), _) => writeln!(f, "  symbols     {} ({count} functions)", self.pdb.file)?,
            (None, problem) => {
                writeln!(f, "  symbols     none: {}", problem.as_deref().unwrap_or("not looked for"))?;
            }
        }
        if !self.exports.is_empty() {
            writeln!(f, "  exports     {}", self.exports.join(", "))?;
        }
        let stack = &self.stack;
        let notes = [
            (!stack.path.is_empty()).then(|| format!(": {}", stack.path.join(" > "))),
            (!stack.recursive.is_empty()).then(|| format!("; without bound: {}", stack.recursive.join(", "))),
            (stack.indirect > 0).then(|| format!("; {} indirect calls not followed", stack.indirect)),
        ];
        let notes: String = notes.into_iter().flatten().collect();
        writeln!(f, "  stack       {} bytes at most along direct calls{notes}", stack.deepest)?;
        for remark in &self.remarks {
            writeln!(f, "  remark      {remark}")?;
        }
        Ok(())
    }

    fn imports(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut modules: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for import in &self.imports {
            modules.entry(&import.module).or_default().push(import);
        }
        for (module, mut imports) in modules {
            imports.sort_by_key(|import| &import.name);
            writeln!(f, "\n  {module}, {} imports, with the oldest Windows that has each", imports.len())?;
            for import in imports {
                let oldest = import.oldest_windows.map_or_else(|| "?".into(), |oldest| oldest.to_string());
                let note = if import.implemented { "" } else { "  not implemented" };
                writeln!(f, "    {:<44} {oldest}{note}", import.name)?;
            }
        }
        if let Some(oldest) = self.oldest_windows {
            writeln!(f, "\n  all imports are in Windows {oldest} and later, as far as documented")?;
        }
        Ok(())
    }
}
