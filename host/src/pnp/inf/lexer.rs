//! From text to sections of lines of fields, with `%strkey%` tokens still in place.
//!
//! The rules are those of "General Syntax Rules for INF Files": `;` starts a comment unless quoted, a
//! trailing `\` continues the line, `""` inside quotes is a quote, `%%` is a percent sign, sections of
//! one name are one section.

use super::super::diag::{Log, Position};
use super::super::fold::fold;

/// `SetupAPI`'s limit for a section name.
const MAX_SECTION_NAME: usize = 255;

/// A part of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    /// `%name%`, to be replaced from `[Strings]` or by a directory.
    Token(String, Position),
}

/// A field before substitution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RawField {
    pub(super) at: Position,
    pub(super) pieces: Vec<Piece>,
}

/// An entry: `key = value, value ...` or `value, value ...`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RawLine {
    pub(super) at: Position,
    pub(super) key: Option<RawField>,
    pub(super) values: Vec<RawField>,
}

/// A section; `headers` has a position for each place where the file continues it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RawSection {
    pub(super) name: String,
    pub(super) headers: Vec<Position>,
    pub(super) lines: Vec<RawLine>,
}

/// Whether a section holds string definitions, where `%`, `,` and `=` in a value are plain text.
pub(super) fn is_strings(section: &str) -> bool {
    let name = fold(section);
    name == "STRINGS" || name.starts_with("STRINGS.")
}

/// Splits `text` into sections. Lines that are wrong are reported and left out.
pub(super) fn lex(text: &str, log: &mut Log) -> Vec<RawSection> {
    // Old editors end the file with Ctrl+Z.
    let text = text.split('\u{1a}').next().unwrap_or_default();
    let lines: Vec<Vec<char>> =
        text.replace("\r\n", "\n").split(['\n', '\r']).map(|l| l.chars().collect()).collect();
    let mut sections: Vec<RawSection> = Vec::new();
    // Where entries go: no section yet, a section whose header was wrong, or an index.
    let mut current: Option<Option<usize>> = None;
    let mut reported_orphan = false;
    let mut row = 0;
    while let Some(line) = lines.get(row) {
        let indent = line.iter().take_while(|c| is_space(**c)).count();
        match line.get(indent) {
            None | Some(';') => row += 1,
            Some('[') => {
                let at = Position::from_index(row, indent);
                current = Some(header(line, indent, at, log).map(|name| enter(&mut sections, name, at)));
                row += 1;
            }
            Some(_) => {
                let section = current.and_then(|c| c);
                let strings = section.and_then(|i| sections.get(i)).is_some_and(|s| is_strings(&s.name));
                let mut scanner = Scanner::new(&lines, row, strings);
                let entry = scanner.entry(log);
                row = scanner.row + 1;
                match (current, entry) {
                    (None, Some(entry)) if !reported_orphan => {
                        log.error(entry.at, "text before the first [section]: this is not an INF file");
                        reported_orphan = true;
                    }
                    (Some(Some(i)), Some(entry)) => {
                        if let Some(s) = sections.get_mut(i) {
                            s.lines.push(entry);
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    sections
}

fn is_space(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

/// Index of the section `name`, made if it is new.
fn enter(sections: &mut Vec<RawSection>, name: String, at: Position) -> usize {
    let folded = fold(&name);
    let known = sections.iter().position(|s| fold(&s.name) == folded);
    let index = known.unwrap_or(sections.len());
    match sections.get_mut(index) {
        Some(section) => section.headers.push(at),
        None => sections.push(RawSection { name, headers: vec![at], lines: Vec::new() }),
    }
    index
}

/// The name in a `[section]` line, or a report.
fn header(line: &[char], indent: usize, at: Position, log: &mut Log) -> Option<String> {
    let inside = line.get(indent + 1..).unwrap_or_default();
    let Some(length) = inside.iter().position(|&c| c == ']') else {
        log.error(at, "the section name has no closing bracket");
        return None;
    };
    let name: String = inside.iter().take(length).collect::<String>().trim().to_owned();
    let after = inside.get(length + 1..).unwrap_or_default();
    if let Some(junk) = after.iter().position(|&c| !is_space(c))
        && after.get(junk) != Some(&';')
    {
        let column = indent + 2 + length + junk;
        let place = Position { column: Position::from_index(0, column).column, ..at };
        log.error(place, format!("text after the section header [{name}]"));
    }
    if name.is_empty() {
        log.error(at, "the section name is empty");
        return None;
    }
    if name.chars().count() > MAX_SECTION_NAME {
        log.error(at, format!("the section name is longer than {MAX_SECTION_NAME} characters"));
        return None;
    }
    Some(name)
}

/// Reads one entry, over as many lines of the file as it continues.
struct Scanner<'a> {
    lines: &'a [Vec<char>],
    row: usize,
    column: usize,
    strings: bool,
}

impl<'a> Scanner<'a> {
    fn new(lines: &'a [Vec<char>], row: usize, strings: bool) -> Scanner<'a> {
        Scanner { lines, row, column: 0, strings }
    }

    fn line(&self) -> &'a [char] {
        self.lines.get(self.row).map_or(&[], Vec::as_slice)
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.line().get(self.column + ahead).copied()
    }

    fn here(&self) -> Position {
        Position::from_index(self.row, self.column)
    }

    fn entry(&mut self, log: &mut Log) -> Option<RawLine> {
        let mut key = None;
        let mut values: Vec<RawField> = Vec::new();
        let mut field = FieldBuilder::default();
        let mut quote: Option<Position> = None;
        let mut start = None;
        while let Some(c) = self.peek(0) {
            let at = self.here();
            if start.is_none() && !is_space(c) {
                start = Some(at);
            }
            let quoted = quote.is_some();
            match c {
                '"' if quoted && self.peek(1) == Some('"') => {
                    field.text(c, at);
                    self.column += 1;
                }
                '"' => {
                    quote = if quoted { None } else { Some(at) };
                    field.open(at);
                }
                '%' if !self.strings => self.percent(quoted, &mut field, log),
                _ if quoted => field.text(c, at),
                ';' => break,
                '\\' if self.continues() => {
                    self.next_line(at, log);
                    continue;
                }
                '=' if key.is_none() && values.is_empty() => key = Some(field.take(at)),
                ',' if !(self.strings && key.is_some()) => values.push(field.take(at)),
                c if is_space(c) => field.space(c),
                c => field.text(c, at),
            }
            self.column += 1;
        }
        if let Some(opened) = quote {
            log.error(opened, "the quoted string is not closed on its line");
            return None;
        }
        let end = self.here();
        // `key =` has no value, and `a, b,` has two.
        if field.at.is_some() {
            values.push(field.take(end));
        }
        let at = start?;
        Some(RawLine { at, key, values })
    }

    /// Whether only backslashes, blanks and a comment are left on the line. Windows ignores all but the
    /// last of several backslashes there.
    fn continues(&self) -> bool {
        let rest = self.line().get(self.column..).unwrap_or_default();
        let after = rest.iter().skip_while(|c| **c == '\\').copied().find(|c| !is_space(*c));
        matches!(after, None | Some(';'))
    }

    fn next_line(&mut self, at: Position, log: &mut Log) {
        self.row += 1;
        self.column = 0;
        let next = self.lines.get(self.row).map(|l| l.iter().copied().find(|c| !is_space(*c)));
        match next {
            None | Some(None) => log.warn(at, "the line is continued by \\, but nothing follows"),
            Some(Some('[')) => {
                log.warn(at, "the line is continued by \\ onto what looks like a section header");
            }
            Some(Some(_)) => {}
        }
        if next.is_none() {
            // Stay inside the file: positions reported from here on name its last line.
            self.row -= 1;
            self.column = self.line().len();
        }
    }

    /// At a percent sign: `%%`, a token, or a stray sign. Leaves the cursor on the last character used.
    fn percent(&mut self, quoted: bool, field: &mut FieldBuilder, log: &mut Log) {
        let at = self.here();
        if self.peek(1) == Some('%') {
            field.text('%', at);
            self.column += 1;
            return;
        }
        let rest = self.line().get(self.column + 1..).unwrap_or_default();
        let stop = |c: &char| *c == '%' || *c == '"' || (!quoted && (*c == ',' || *c == '='));
        let end = rest.iter().position(stop);
        if let Some((n, Some('%'))) = end.map(|n| (n, rest.get(n))) {
            field.token(rest.iter().take(n).collect(), at);
            self.column += n + 1;
        } else {
            log.warn(at, "a single % stands alone: write %% for a percent sign");
            field.text('%', at);
        }
    }
}

/// Collects a field: blanks around it go, unless quoted.
#[derive(Default)]
struct FieldBuilder {
    /// Set once a quote, a token or any visible character has been seen.
    at: Option<Position>,
    pieces: Vec<Piece>,
    blanks: String,
}

impl FieldBuilder {
    fn open(&mut self, at: Position) {
        self.at.get_or_insert(at);
        self.flush_blanks();
    }

    fn text(&mut self, c: char, at: Position) {
        self.at.get_or_insert(at);
        self.flush_blanks();
        match self.pieces.last_mut() {
            Some(Piece::Text(text)) => text.push(c),
            _ => self.pieces.push(Piece::Text(c.into())),
        }
    }

    fn token(&mut self, name: String, at: Position) {
        self.at.get_or_insert(at);
        self.flush_blanks();
        self.pieces.push(Piece::Token(name, at));
    }

    fn space(&mut self, c: char) {
        if self.at.is_some() {
            self.blanks.push(c);
        }
    }

    fn flush_blanks(&mut self) {
        if self.blanks.is_empty() {
            return;
        }
        let blanks = std::mem::take(&mut self.blanks);
        match self.pieces.last_mut() {
            Some(Piece::Text(text)) => text.push_str(&blanks),
            _ => self.pieces.push(Piece::Text(blanks)),
        }
    }

    /// The field, which ends at `end`; the builder is ready for the next one.
    fn take(&mut self, end: Position) -> RawField {
        self.blanks.clear();
        RawField { at: self.at.take().unwrap_or(end), pieces: std::mem::take(&mut self.pieces) }
    }
}
