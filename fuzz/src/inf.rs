//! INF text, from the bytes of the file to the registry.
//!
//! Whatever a file holds: it is refused for a reason with a place in it, or it can be installed; and how it is encoded
//! and how its lines end changes nothing.

use ferrite_host::pnp::registry::CLASS_KEY;
use ferrite_host::pnp::{
    DeviceIds, Diagnostic, Inf, Key, Model, Package, Registry, Severity, Target, Value, install, matching,
};

const NAME: &str = "fuzzed.inf";
const NIC: &str = r"PCI\VEN_8086&DEV_10D3";

/// Runs one input: the file.
///
/// # Panics
/// A property does not hold.
pub fn run(data: &[u8]) {
    let text = decode(data);
    let lines = text.as_deref().map(line_lengths);
    // One Windows and one other spelling for each input: over many inputs, all of them.
    let choice = data.len();
    let targets = [Target::windows_10(), Target::windows_7(), Target::windows_11()];
    let target = &targets[choice % targets.len()];
    let findings = read(data, target);
    for finding in &findings {
        check(finding, lines.as_deref());
    }
    let spellings = text.iter().flat_map(|text| spellings(data, text)).collect::<Vec<_>>();
    if let Some(other) = spellings.get(choice / targets.len() % spellings.len().max(1)) {
        assert_eq!(read(other, target), findings, "another spelling of the same text");
    }
}

/// Everything that is found about a file that is installed for all of its devices.
fn read(data: &[u8], target: &Target) -> Vec<Diagnostic> {
    let inf = match Inf::parse(NAME, data, target.clone()) {
        Ok(inf) => inf,
        Err(refused) => {
            assert!(refused.errors().count() > 0, "a refusal without a reason");
            return refused.iter().cloned().collect();
        }
    };
    let mut findings = inf.warnings().to_vec();
    let listed = inf.models().flat_map(Model::ids).map(str::to_owned);
    for id in std::iter::once(NIC.to_owned()).chain(listed).take(3) {
        let device = DeviceIds { hardware: vec![id], compatible: Vec::new() };
        let package = matching::find(&inf, &device).and_then(|found| Package::read(&inf, found));
        match package {
            Ok(package) => {
                findings.extend(package.warnings.iter().cloned());
                assert!(findings.iter().all(|finding| finding.severity == Severity::Warning));
                check_installation(&inf, &package, &device);
            }
            Err(refused) => {
                assert!(refused.errors().count() > 0, "a refusal without a reason");
                findings.extend(refused.iter().cloned());
                break;
            }
        }
    }
    findings
}

/// The text, as far as lines and columns go; `None` for broken UTF-16.
fn decode(data: &[u8]) -> Option<String> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (units, odd) = bytes.as_chunks::<2>();
        let units: Vec<u16> = units.iter().map(|&pair| unit(pair)).collect();
        if odd.is_empty() { String::from_utf16(&units).ok() } else { None }
    };
    match data {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] | rest => Some(match std::str::from_utf8(rest) {
            Ok(text) => text.to_owned(),
            // Windows-1252 has one character for each byte, and lines end in it as in ASCII.
            Err(_) => rest.iter().map(|&byte| char::from(byte)).collect(),
        }),
    }
}

/// The lengths of the lines, in characters.
fn line_lengths(text: &str) -> Vec<usize> {
    text.replace("\r\n", "\n").split(['\n', '\r']).map(|line| line.chars().count()).collect()
}

/// A finding says what, and where if the file is text at all.
fn check(finding: &Diagnostic, lines: Option<&[usize]>) {
    assert!(!finding.reason.is_empty());
    assert_eq!(&*finding.file, NAME);
    let Some(at) = finding.at else {
        assert!(lines.is_none(), "{finding}: a finding about a text has a place");
        return;
    };
    let printed = finding.to_string();
    assert!(printed.starts_with(&format!("{NAME}:{}:{}: ", at.line, at.column)), "{printed}");
    let Some(lines) = lines else { return };
    let length = (at.line as usize).checked_sub(1).and_then(|line| lines.get(line));
    let Some(&length) = length else { panic!("{printed}: the file has {} lines", lines.len()) };
    assert!((1..=length + 1).contains(&(at.column as usize)), "{printed}: the line has {length} columns");
}

/// The same text in other bytes.
fn spellings(data: &[u8], text: &str) -> Vec<Vec<u8>> {
    if text.contains('\0') {
        // It is no text then, and in UTF-8 not even tried.
        return Vec::new();
    }
    if std::str::from_utf8(data).is_err() && !data.starts_with(b"\xff\xfe") && !data.starts_with(b"\xfe\xff")
    {
        // The guess that it is Windows-1252 is a finding of its own.
        return Vec::new();
    }
    let utf16 = |text: &str| {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect::<Vec<u8>>()
    };
    let utf8 = [b"\xef\xbb\xbf", text.as_bytes()].concat();
    let mut all = vec![utf16(text), utf8, data.to_vec()];
    if !text.contains('\r') {
        all.push(utf16(&text.replace('\n', "\r\n")));
    }
    all
}

/// What an installation leaves behind can be found, as the kernel names it; and it can be repeated.
fn check_installation(inf: &Inf, package: &Package, device: &DeviceIds) {
    let mut registry = Registry::new();
    let instance = format!(r"{}\3&11583659&0&18", device.hardware[0]);
    let done = install(&mut registry, inf, package, device, &instance);
    assert!(done.driver_key.starts_with(CLASS_KEY));
    for path in [&done.service_key, &done.driver_key] {
        let kernel = Registry::kernel_path(path);
        assert_eq!(registry.key(path).is_some(), registry.key(&kernel).is_some(), "{path} and {kernel}");
    }
    if let Some(key) = registry.key(&done.driver_key) {
        check_values(key);
    }
    if let (Some(net), Some(key)) = (package.net(), registry.key(&done.driver_key)) {
        for keyword in net.keywords.iter().filter(|keyword| !keyword.optional && keyword.default.is_some()) {
            assert!(key.value(&keyword.name).is_some(), "{} is required and has a default", keyword.name);
        }
    }
    let again = install(&mut registry, inf, package, device, &instance);
    let number = again.driver_key.rsplit('\\').next().unwrap_or_default();
    assert!(number.len() == 4, "{} is no driver key", again.driver_key);
}

fn check_values(key: &Key) {
    for (name, value) in key.values() {
        let back = Value::from_bytes(value.kind(), &value.to_bytes());
        assert_eq!(&back, value, "{name} as the kernel hands it out");
        assert_eq!(key.value(name), Some(value));
    }
    key.subkeys().for_each(check_values);
}
