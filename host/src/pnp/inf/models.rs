//! `[Manufacturer]` and the models: which device identifiers the file installs, on which Windows.

use super::super::diag::{Log, Position};
use super::super::target::Decoration;
use super::{Inf, Line, Section};

/// A line of `[Manufacturer]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manufacturer {
    /// The name shown to users.
    pub name: String,
    /// The line.
    pub at: Position,
    /// Its models sections, one for each decoration.
    pub sections: Vec<ModelsSection>,
    selected: Option<usize>,
}

impl Manufacturer {
    /// The models section that fits the target best, if one applies at all. An empty one excludes the
    /// target on purpose.
    #[must_use]
    pub fn selected(&self) -> Option<&ModelsSection> {
        self.selected.and_then(|i| self.sections.get(i))
    }
}

/// A models section as `[Manufacturer]` refers to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelsSection {
    /// The decorated name.
    pub name: String,
    /// The decoration, empty for none.
    pub decoration: String,
    /// Where the section begins.
    pub at: Position,
    /// Its lines.
    pub models: Vec<Model>,
}

/// A line of a models section: `description = install-section, hardware-id, compatible-id ...`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// What Device Manager calls the device.
    pub description: String,
    /// Manufacturer's name.
    pub manufacturer: String,
    /// Undecorated name of the section that installs it.
    pub install_section: String,
    /// The hardware identifier; `None` where the line gives only compatible ones.
    pub hardware_id: Option<String>,
    /// The compatible identifiers, the most specific first.
    pub compatible_ids: Vec<String>,
    /// The line.
    pub at: Position,
}

impl Model {
    /// All identifiers, in the order written.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.hardware_id.iter().chain(&self.compatible_ids).map(String::as_str)
    }
}

pub(super) fn read(inf: &Inf, log: &mut Log) -> Vec<Manufacturer> {
    let Some(section) = inf.section("Manufacturer") else {
        log.error(Position::START, "the file has no [Manufacturer] section: it installs no device");
        return Vec::new();
    };
    if section.lines.is_empty() {
        log.error(section.at(), "[Manufacturer] is empty: the file installs no device");
    }
    section.lines.iter().filter_map(|line| manufacturer(inf, line, log)).collect()
}

fn manufacturer(inf: &Inf, line: &Line, log: &mut Log) -> Option<Manufacturer> {
    // A line without `=` names the manufacturer and the models section at once.
    let base = line.field(0);
    let name = line.key.as_ref().or(base).map(|f| f.text.clone()).unwrap_or_default();
    let Some(base) = base else {
        log.error(line.at, format!("manufacturer {name} names no models section"));
        return None;
    };
    let mut sections = Vec::new();
    let mut best: Option<(usize, _)> = None;
    let decorations = line.values.iter().skip(1).filter(|f| !f.text.is_empty()).collect::<Vec<_>>();
    let undecorated = std::iter::once((None, Ok(Decoration::none())));
    let decorated = decorations.iter().map(|f| (Some(*f), Decoration::parse(&f.text)));
    for (field, decoration) in undecorated.chain(decorated) {
        let place = field.map_or(base.at, |f| f.at);
        let decoration = match decoration {
            Ok(decoration) => decoration,
            Err(reason) => {
                log.error(place, reason);
                continue;
            }
        };
        let suffix = field.map(|f| f.text.clone()).unwrap_or_default();
        let full = if suffix.is_empty() { base.text.clone() } else { format!("{}.{suffix}", base.text) };
        let Some(section) = inf.section(&full) else {
            // The undecorated section is optional where there are decorations.
            if field.is_some() || decorations.is_empty() {
                log.error(
                    place,
                    format!("[Manufacturer] names the models section [{full}], which the file does not have"),
                );
            }
            continue;
        };
        if let Some(fit) = decoration.fit(inf.target())
            && best.as_ref().is_none_or(|(_, other)| fit > *other)
        {
            best = Some((sections.len(), fit));
        }
        sections.push(models_section(section, &name, suffix, log));
    }
    Some(Manufacturer { name, at: line.at, sections, selected: best.map(|(i, _)| i) })
}

fn models_section(section: &Section, manufacturer: &str, decoration: String, log: &mut Log) -> ModelsSection {
    let models = section.lines.iter().filter_map(|line| model(line, manufacturer, log)).collect();
    ModelsSection { name: section.name.clone(), decoration, at: section.at(), models }
}

fn model(line: &Line, manufacturer: &str, log: &mut Log) -> Option<Model> {
    let Some(key) = &line.key else {
        log.error(line.at, "a models line has the form description = install-section, hardware-id");
        return None;
    };
    let Some(install) = line.field(0) else {
        log.error(line.at, format!("model {} names no install section", key.text));
        return None;
    };
    let compatible_ids: Vec<String> =
        line.values.iter().skip(2).map(|f| f.text.clone()).filter(|t| !t.is_empty()).collect();
    let hardware_id = line.field(1).map(|f| f.text.clone());
    if hardware_id.is_none() && compatible_ids.is_empty() {
        log.error(line.at, format!("model {} names no device identifier", key.text));
        return None;
    }
    Some(Model {
        description: key.text.clone(),
        manufacturer: manufacturer.to_owned(),
        install_section: install.text.clone(),
        hardware_id,
        compatible_ids,
        at: line.at,
    })
}
