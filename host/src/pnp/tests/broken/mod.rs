//! INFs with one thing wrong each: what is found, where, and in which words.

mod device;
mod entries;
mod header;
mod syntax;

use super::*;

/// An edit of the valid file, and everything that must be found then, as `line:column: severity: reason`.
struct Case {
    name: &'static str,
    from: &'static str,
    to: &'static str,
    findings: &'static [&'static str],
}

fn check(cases: &[Case]) {
    for case in cases {
        let expected: Vec<String> = case.findings.iter().map(|f| format!("test.inf:{f}")).collect();
        let found = findings(&edit(case.from, case.to), &Target::windows_10());
        assert_eq!(found, expected, "{}", case.name);
    }
}

#[test]
fn header() {
    check(header::CASES);
}

#[test]
fn device() {
    check(device::CASES);
}

#[test]
fn entries() {
    check(entries::CASES);
}

#[test]
fn syntax() {
    check(syntax::CASES);
}

/// The driver store exists from Windows 8.1 on.
#[test]
fn driver_store_needs_windows_8_1() {
    let text = edit("DefaultDestDir=12", "DefaultDestDir=13").replace("%12%", "%13%");
    assert_eq!(findings(&text, &Target::workstation(6, 3, 9600)), [""; 0]);
    assert_eq!(
        findings(&text, &Target::windows_7()),
        ["test.inf:18:16: error: directory 13 (the driver store) exists from Windows 8.1 on; the target is \
          Windows 6.1.7601 (amd64)"]
    );
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let text =
        BASE.replace("*IfType=6\n", "").replace("StartType=3\n", "").replace("DriverVer", "DriverVersion");
    let found = findings(&text, &Target::windows_10());
    assert_eq!(found.len(), 4, "{found:#?}");
    assert!(found.iter().any(|f| f.contains("lacks *IfType")), "{found:#?}");
    assert!(found.iter().any(|f| f.contains("no StartType")), "{found:#?}");
    assert!(found.iter().any(|f| f.contains("no DriverVer:")), "{found:#?}");
}

#[test]
fn a_file_that_cannot_be_read() {
    let error = Inf::load("/nonexistent/x.inf".as_ref(), Target::default()).unwrap_err().to_string();
    assert!(error.starts_with("/nonexistent/x.inf: error: cannot read the INF: "), "{error}");
}

#[test]
fn the_image_must_be_where_the_disk_has_it() {
    let text = edit("x.sys=1\n", "x.sys=1,sub\\dir\n");
    let (inf, package) = package(&text, &nic().ids(), &Target::windows_10()).unwrap();
    let error = package.locate_image(&inf, "/nonexistent".as_ref()).unwrap_err().to_string();
    assert_eq!(
        error,
        "test.inf:16:1: error: the driver's image sub/dir/x.sys is not there: /nonexistent/sub/dir/x.sys"
    );
}

#[test]
fn bytes_that_are_no_text() {
    let cases: [(&[u8], &str); 5] = [
        (b"[Version]\nSig\0nature", "test.inf:2:4: error: the file holds a NUL byte"),
        (
            &[0xFF, 0xFE, b'[', 0, b'V'],
            "test.inf: error: the file is UTF-16 by its byte-order mark, but has an odd",
        ),
        (&[0xFF, 0xFE, b'\n', 0, b'V', 0, 0x00, 0xD8], "test.inf:2:2: error: the file is UTF-16"),
        (&[0xFE, 0xFF, 0, b'V', 0, 0], "test.inf:1:2: error: the file holds a NUL character"),
        (b"", "test.inf:1:1: error: the file has no [Version] section"),
    ];
    for (bytes, expected) in cases {
        let error = Inf::parse("test.inf", bytes, Target::default()).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn ansi_is_read_with_a_warning() {
    let text = edit("Maker=\"Maker\"", "Maker=\"M?ller\"");
    let bytes: Vec<u8> = text.bytes().map(|b| if b == b'?' { 0xFC } else { b }).collect();
    let inf = Inf::parse("test.inf", &bytes, Target::default()).unwrap();
    assert_eq!(inf.version().provider, "Müller");
    let warnings: Vec<String> = inf.warnings().iter().map(ToString::to_string).collect();
    let expected =
        "test.inf:45:9: warning: the file is not UTF-8 and has no byte-order mark: read as Windows-1252";
    assert_eq!(warnings, [expected]);
}
