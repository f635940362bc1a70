//! Which files a package copies, from where, to where: `CopyFiles`, `[SourceDisksNames]`,
//! `[SourceDisksFiles]` and `[DestinationDirs]`.

use super::super::diag::{Log, Position};
use super::super::fold::same;
use super::{Field, Inf, Line, Section, dirid, number};

/// A file that the installation copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopiedFile {
    /// Where the INF asks for the copy.
    pub at: Position,
    /// Where `[SourceDisksFiles]` names the file.
    pub source_at: Position,
    /// Path of the source relative to the INF, with `/`.
    pub source: String,
    /// Full path on the target machine.
    pub target: String,
    /// The directory identifier of the target, where it is a plain number.
    pub dirid: i64,
}

/// Reads the files that `section` copies.
pub(in super::super) fn copy_files(inf: &Inf, section: &Section, log: &mut Log) -> Vec<CopiedFile> {
    let mut files = Vec::new();
    for reference in section.all("CopyFiles").flat_map(Line::names) {
        if let Some(name) = reference.text.strip_prefix('@') {
            files.extend(file(inf, None, name, name, reference.at, log));
            continue;
        }
        let Some(list) = inf.referenced("CopyFiles", reference, log) else { continue };
        for line in &list.lines {
            let Some(target) = line.field(0).filter(|_| line.key.is_none()) else {
                log.error(line.at, "a file list line has the form target[, source[, unused[, flags]]]");
                continue;
            };
            if let Some(flags) = line.field(3)
                && number::parse_u32(&flags.text).is_none()
            {
                log.error(flags.at, format!("copy flags {} are not a number", flags.text));
            }
            let source = line.field(1).map_or(target.text.as_str(), |f| &f.text);
            files.extend(file(inf, Some(reference), &target.text, source, line.at, log));
        }
    }
    files
}

fn file(
    inf: &Inf,
    list: Option<&Field>,
    target: &str,
    source: &str,
    at: Position,
    log: &mut Log,
) -> Option<CopiedFile> {
    let (source_at, source) = source_path(inf, source, at, log)?;
    let (dirid, directory) = destination(inf, list, at, log)?;
    Some(CopiedFile { at, source_at, source, target: join(&directory, target), dirid })
}

/// A section's variant for the target's architecture, then the section itself.
fn variants<'a>(inf: &'a Inf, name: &str) -> impl Iterator<Item = &'a Section> {
    let decorated = format!("{name}.{}", inf.target().architecture.name());
    [decorated, name.to_owned()].into_iter().filter_map(|n| inf.section(&n))
}

/// Looks `name` up on the source disks.
fn source_path(inf: &Inf, name: &str, at: Position, log: &mut Log) -> Option<(Position, String)> {
    let Some(line) = variants(inf, "SourceDisksFiles").find_map(|s| s.first(name)) else {
        log.error(at, format!("{name} is copied, but [SourceDisksFiles] does not list it"));
        return None;
    };
    let Some(disk) = line.field(0) else {
        log.error(line.at, format!("[SourceDisksFiles] gives no disk for {name}"));
        return None;
    };
    let same_disk = |entry: &&Line| {
        let id = entry.key.as_ref().map(|k| k.text.as_str()).unwrap_or_default();
        same(id, &disk.text) || number::parse(id).is_some_and(|n| Some(n) == number::parse(&disk.text))
    };
    let Some(entry) = variants(inf, "SourceDisksNames").find_map(|s| s.lines.iter().find(same_disk)) else {
        log.error(
            disk.at,
            format!("{name} is on disk {}, which [SourceDisksNames] does not list", disk.text),
        );
        return None;
    };
    // diskid = description, tag file, unused, path
    let parts = [entry.value(3), line.value(1), name];
    let path: Vec<&str> = parts.iter().flat_map(|p| p.split(['\\', '/'])).filter(|c| !c.is_empty()).collect();
    if path.contains(&"..") {
        log.error(line.at, format!("the source path {} leaves the package", path.join("/")));
        return None;
    }
    Some((line.at, path.join("/")))
}

/// The directory that `[DestinationDirs]` gives a file list, or files copied by name.
fn destination(inf: &Inf, list: Option<&Field>, at: Position, log: &mut Log) -> Option<(i64, String)> {
    let section = inf.section("DestinationDirs");
    let line =
        section.and_then(|s| list.and_then(|l| s.first(&l.text)).or_else(|| s.first("DefaultDestDir")));
    let Some(line) = line else {
        let of = list.map_or("a file copied by name".into(), |l| format!("the file list [{}]", l.text));
        log.error(at, format!("[DestinationDirs] has neither an entry for {of} nor DefaultDestDir"));
        return None;
    };
    let Some(id) = number::parse(line.value(0)) else {
        log.error(
            line.place(0),
            format!("{} is not a directory identifier; it is written as a number alone: 12", line.value(0)),
        );
        return None;
    };
    let Some(directory) = dirid::path(id, inf.file()) else {
        log.error(line.place(0), format!("{id} is not a directory that drivers use"));
        return None;
    };
    if id == dirid::DRIVER_STORE && !inf.target().at_least(6, 3) {
        log.error(
            line.place(0),
            format!(
                "directory 13 (the driver store) exists from Windows 8.1 on; the target is {}",
                inf.target()
            ),
        );
        return None;
    }
    Some((id, join(&directory, line.value(1))))
}

fn join(directory: &str, name: &str) -> String {
    let (directory, name) = (directory.trim_end_matches('\\'), name.trim_matches('\\'));
    match (directory, name) {
        (d, "") => d.to_owned(),
        ("", n) => n.to_owned(),
        (d, n) => format!(r"{d}\{n}"),
    }
}
