//! `%strkey%` tokens: which `[Strings]` section serves, and the substitution itself.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::super::diag::{Log, Position};
use super::super::fold::{fold, same};
use super::dirid;
use super::lexer::{Piece, RawField, RawLine, RawSection};
use super::{Field, Line, Section};

/// Longest field, before and after substitution, without `SetupAPI`'s terminating NUL.
const MAX_FIELD: usize = 4095;
/// The ten bits of a language identifier that hold the primary language.
const PRIMARY_LANGUAGE: u16 = 0x3FF;

/// Definitions in effect for one language.
struct Strings<'a> {
    inf: &'a str,
    chosen: HashMap<String, String>,
    /// `[Strings]` itself, where the chosen section is a localized one.
    fallback: HashMap<String, String>,
    chosen_name: String,
}

/// Replaces every token of `raw` for a user whose language identifier is `language`.
pub(super) fn resolve(raw: Vec<RawSection>, inf: &str, language: u16, log: &mut Log) -> Vec<Section> {
    let strings = Strings::select(&raw, inf, language, log);
    raw.into_iter()
        .map(|section| {
            let lines = section.lines.into_iter().map(|line| strings.line(line, log)).collect();
            Section { name: section.name, headers: section.headers, lines }
        })
        .collect()
}

impl<'a> Strings<'a> {
    /// `SetupAPI`'s choice: the language, its neutral form, a relative of it, or the undecorated section.
    fn select(sections: &[RawSection], inf: &'a str, language: u16, log: &mut Log) -> Strings<'a> {
        let localized: Vec<(u16, &RawSection)> =
            sections.iter().filter_map(|s| Some((language_of(&s.name, s, log)?, s))).collect();
        let primary = language & PRIMARY_LANGUAGE;
        let chosen = localized
            .iter()
            .find(|(id, _)| *id == language)
            .or_else(|| localized.iter().find(|(id, _)| *id == primary))
            .or_else(|| localized.iter().find(|(id, _)| id & PRIMARY_LANGUAGE == primary))
            .map(|(_, s)| *s);
        let plain = sections.iter().find(|s| same(&s.name, "Strings"));
        let mut read = |s: Option<&RawSection>| s.map(|s| definitions(s, log)).unwrap_or_default();
        match chosen {
            Some(section) => Strings {
                inf,
                chosen: read(Some(section)),
                fallback: read(plain),
                chosen_name: section.name.clone(),
            },
            None => {
                Strings { inf, chosen: read(plain), fallback: HashMap::new(), chosen_name: "Strings".into() }
            }
        }
    }

    fn line(&self, line: RawLine, log: &mut Log) -> Line {
        let RawLine { at, key, values } = line;
        Line {
            at,
            key: key.map(|f| self.field(f, log)),
            values: values.into_iter().map(|f| self.field(f, log)).collect(),
        }
    }

    fn field(&self, field: RawField, log: &mut Log) -> Field {
        let mut text = String::new();
        for piece in field.pieces {
            match piece {
                Piece::Text(t) => text.push_str(&t),
                Piece::Token(name, at) => self.token(&mut text, &name, at, log),
            }
        }
        let length = text.chars().count();
        if length > MAX_FIELD {
            log.error(
                field.at,
                format!("the field has {length} characters; at most {MAX_FIELD} are allowed"),
            );
        }
        Field { text, at: field.at }
    }

    fn token(&self, text: &mut String, name: &str, at: Position, log: &mut Log) {
        let key = fold(name);
        if let Some(value) = self.chosen.get(&key) {
            text.push_str(value);
        } else if let Some(value) = self.fallback.get(&key) {
            log.warn(
                at,
                format!(
                    "%{name}% is defined in [Strings] but not in [{}], which alone Windows uses for this language",
                    self.chosen_name
                ),
            );
            text.push_str(value);
        } else if let Some(path) = name.parse().ok().and_then(|id| dirid::path(id, self.inf)) {
            text.push_str(&path);
        } else {
            let number = !name.is_empty() && name.chars().all(|c| c.is_ascii_digit());
            let why =
                if number { "is not a directory that drivers use" } else { "is not defined in [Strings]" };
            log.warn(at, format!("%{name}% {why}"));
            // SetupAPI leaves a token that it does not know as it stands.
            text.push('%');
            text.push_str(name);
            text.push('%');
        }
    }
}

/// The language identifier of a `Strings.XXXX` section.
fn language_of(name: &str, section: &RawSection, log: &mut Log) -> Option<u16> {
    let suffix = fold(name).strip_prefix("STRINGS.")?.to_owned();
    let digits = suffix.strip_prefix("0X").unwrap_or(&suffix);
    match u16::from_str_radix(digits, 16) {
        Ok(id) if id != 0 => Some(id),
        _ => {
            let at = section.headers.first().copied().unwrap_or(Position::START);
            log.warn(
                at,
                format!("[{name}]: {suffix} is not a language identifier (four hexadecimal digits)"),
            );
            None
        }
    }
}

fn definitions(section: &RawSection, log: &mut Log) -> HashMap<String, String> {
    let mut map = HashMap::new();
    for line in &section.lines {
        let Some(key) = &line.key else {
            log.warn(line.at, format!("[{}] holds a line that is not name = \"text\"", section.name));
            continue;
        };
        let name = plain_text(key);
        match map.entry(fold(&name)) {
            Entry::Occupied(_) => {
                log.warn(
                    line.at,
                    format!("string {name} is defined a second time; the first definition holds"),
                );
            }
            Entry::Vacant(slot) => {
                slot.insert(line.values.first().map(plain_text).unwrap_or_default());
            }
        }
    }
    map
}

/// The text of a field of a `[Strings]` section, which has no tokens.
fn plain_text(field: &RawField) -> String {
    field
        .pieces
        .iter()
        .map(|p| match p {
            Piece::Text(t) | Piece::Token(t, _) => t.as_str(),
        })
        .collect()
}
