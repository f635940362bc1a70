//! Whatever a file holds, reading it ends in a report or an installation, never in a panic.

use proptest::prelude::*;

use super::*;

const FERRITE: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../inf/ferrite.inf"));

/// Pieces that mean something to the reader.
const PIECES: [&[u8]; 24] = [
    b"[",
    b"]",
    b"%",
    b"%%",
    b"\"",
    b"\"\"",
    b"\\\n",
    b";",
    b",",
    b",,,,",
    b"=",
    b"\n",
    b"\r",
    b"\0",
    b"\xFF\xFE",
    b"\xEF\xBB\xBF",
    b"\xE9",
    b"@",
    b"0x",
    b"-1",
    b"99999999999999999999",
    b"NTamd64",
    b"HKR,,",
    b"%12%",
];

#[derive(Clone, Debug)]
enum Edit {
    Remove(usize, usize),
    Insert(usize, &'static [u8]),
    Flip(usize, u8),
    Copy(usize, usize, usize),
    Cut(usize),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let place = 0..FERRITE.len();
    let one = prop_oneof![
        (place.clone(), 0..40usize).prop_map(|(at, n)| Edit::Remove(at, n)),
        (place.clone(), prop::sample::select(&PIECES[..])).prop_map(|(at, p)| Edit::Insert(at, p)),
        (place.clone(), any::<u8>()).prop_map(|(at, b)| Edit::Flip(at, b)),
        (place.clone(), place.clone(), 0..200usize).prop_map(|(from, to, n)| Edit::Copy(from, to, n)),
        place.prop_map(Edit::Cut),
    ];
    prop::collection::vec(one, 1..12)
}

fn mutate(mut bytes: Vec<u8>, edits: &[Edit]) -> Vec<u8> {
    for edit in edits {
        let length = bytes.len();
        match *edit {
            Edit::Remove(at, n) if at < length => drop(bytes.drain(at..length.min(at + n))),
            Edit::Insert(at, piece) => {
                drop(bytes.splice(at.min(length)..at.min(length), piece.iter().copied()));
            }
            Edit::Flip(at, bits) if at < length => bytes[at] ^= bits,
            Edit::Copy(from, to, n) if from < length => {
                let piece = bytes[from..length.min(from + n)].to_vec();
                drop(bytes.splice(to.min(length)..to.min(length), piece));
            }
            // Rarely useful near the start: keep at least half.
            Edit::Cut(at) => bytes.truncate(at.max(length / 2)),
            _ => {}
        }
    }
    bytes
}

/// Goes as far as the file allows; reports whether it could be installed.
fn run(bytes: &[u8]) -> bool {
    let lines = u32::try_from(bytes.iter().filter(|b| **b == b'\n' || **b == b'\r').count()).unwrap() + 1;
    let result = Inf::parse("test.inf", bytes, Target::windows_10()).and_then(|inf| {
        let package = Package::read(&inf, matching::find(&inf, &nic().ids())?)?;
        Ok((inf, package))
    });
    let check = |d: &super::super::Diagnostic| {
        let at = d.at.expect("a finding about a file that could be read has a place");
        assert!((1..=lines).contains(&at.line), "{d}: the file has {lines} lines");
        assert!(!d.reason.is_empty());
    };
    match result {
        Err(diagnostics) => {
            assert!(diagnostics.errors().count() > 0, "a refusal names a reason");
            if !bytes.starts_with(&[0xFF, 0xFE]) && !bytes.starts_with(&[0xFE, 0xFF]) {
                diagnostics.iter().for_each(check);
            }
            false
        }
        Ok((inf, package)) => {
            package.warnings.iter().for_each(check);
            let mut registry = Registry::new();
            let done = install(&mut registry, &inf, &package, &nic().ids(), &nic().instance(3));
            assert!(registry.key(&done.driver_key).is_some());
            true
        }
    }
}

#[test]
fn the_unchanged_file_is_installed() {
    assert!(run(FERRITE));
}

proptest! {
    #[test]
    fn mutations(edits in edits()) {
        run(&mutate(FERRITE.to_vec(), &edits));
    }

    #[test]
    fn mutations_of_utf_16(edits in edits()) {
        let text = std::str::from_utf8(FERRITE).unwrap();
        let bytes = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        run(&mutate(bytes, &edits));
    }

    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        assert!(!run(&bytes));
    }

    #[test]
    fn arbitrary_lines(lines in prop::collection::vec("[\\[\\]%\"=,;\\\\A-Za-z0-9 ]{0,30}", 0..30)) {
        run(&[BASE.as_bytes(), lines.join("\n").as_bytes()].concat());
    }
}
