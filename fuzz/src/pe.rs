//! PE images: parsed, described, mapped, bound.
//!
//! What is accepted lies within its own size, and in memory it is the file with its relocations applied and its import
//! slots filled, and nothing else.

mod relocations;

use std::sync::Arc;

use ferrite_host::inspect;
use ferrite_host::pe::{Binding, CallSite, Image, Mapped, PeError, Problem, Remark};

const NAME: &str = "fuzzed.sys";
/// Larger images are not mapped: it would take all the time.
const LARGEST_MAPPED: u32 = 1 << 20;
/// What every import is bound to.
const BOUND: u64 = 0x1122_3344_5566_7788;
/// The /GS cookie that a loader replaces.
const COOKIE: [u8; 8] = 0x0000_2b99_2ddf_a232_u64.to_le_bytes();
const PAGE: u32 = 4096;
const ZEROS: [u8; PAGE as usize] = [0; PAGE as usize];

/// Runs one input: the file.
///
/// # Panics
/// A property does not hold.
pub fn run(data: &[u8]) {
    let described = inspect::describe(NAME, data, &|_, _| false);
    let image = match Image::parse(NAME, data) {
        Ok(image) => image,
        Err(error) => {
            check_error(&error);
            let told = described.expect_err("what cannot be loaded is not described").to_string();
            assert_eq!(told, error.to_string());
            return;
        }
    };
    check_image(&image, data);
    match described {
        Ok(report) => {
            assert_eq!(report.imports.len(), image.imports().len());
            assert_eq!(report.missing.len(), image.imports().len(), "nothing is implemented");
            assert_eq!((report.file_size, report.image_size), (data.len(), image.size()));
            assert!(!report.to_string().is_empty());
        }
        Err(error) => check_error(&error),
    }
    check_checksum(&image, data);
    if image.size() <= LARGEST_MAPPED {
        check_mapped(image, data);
    }
}

/// An error names the file, what is wrong with it and where.
fn check_error(error: &PeError) {
    let text = error.to_string();
    assert!(text.starts_with("fuzzed.sys: "), "{text}");
    match &error.problem {
        Problem::Unreadable(reason) => panic!("bytes in memory cannot be read: {reason}"),
        Problem::Header { what, offset } => {
            assert!(!what.is_empty() && text.contains(&format!("{offset:#x}")), "{text}");
        }
        Problem::Unsuitable(what) => assert!(!what.is_empty()),
        Problem::Section { index, name, what } => {
            assert!(!what.is_empty() && text.contains(&format!("section {index} ({name})")), "{text}");
        }
        Problem::Directory { directory, what, rva } => {
            assert!(!what.is_empty() && text.contains(directory), "{text}");
            assert!(text.contains(&format!("{rva:#x}")), "{text}");
        }
    }
}

/// Everything lies where it may.
fn check_image(image: &Image, data: &[u8]) {
    let size = image.size();
    assert!(size > 0 && size.is_multiple_of(PAGE), "{size:#x} bytes");
    assert_eq!(image.memory().len(), size as usize);
    let inside = |rva: u32, length: u64| u64::from(rva) + length <= u64::from(size);
    let mut free = image.headers_size();
    assert!(inside(0, free.into()));
    assert_eq!(image.memory()[..free as usize], data[..free as usize], "the headers");
    let signature = relocations::word(data, 0x3c) as usize;
    let [optional_header, count] =
        [20, 6].map(|at| relocations::word(data, signature + at) as usize & 0xffff);
    assert_eq!(count, image.sections().len());
    assert!(signature + 24 + optional_header + 40 * count <= free as usize, "headers that are not in memory");
    for section in image.sections() {
        assert!(section.rva.is_multiple_of(PAGE) && section.rva >= free, "{section:?} overlaps");
        assert!(inside(section.rva, section.size.into()), "{section:?}");
        let bytes = data.get(section.file.clone()).expect("in the file");
        assert!(bytes.len() <= section.size as usize);
        let start = section.rva as usize;
        assert_eq!(&image.memory()[start..start + bytes.len()], bytes, "{section:?}");
        let rest = &image.memory()[start + bytes.len()..start + section.size as usize];
        let zero = rest.chunks(ZEROS.len()).all(|chunk| chunk == &ZEROS[..chunk.len()]);
        assert!(zero, "{section:?}: what the file does not have is zero");
        free = section.rva + section.size;
    }
    let entry = image.sections().iter().find(|section| section.contains(image.entry()));
    assert!(entry.is_some_and(|section| section.executable), "the entry point");
    assert!(image.imports().iter().all(|import| inside(import.slot, 8)));
    assert!(image.exports().iter().all(|export| inside(export.rva, 1)));
    let functions = image.function_table();
    assert!(functions.start <= functions.end && functions.end <= size);
}

/// With the checksum that was computed in its header, nobody complains of the checksum any more.
fn check_checksum(image: &Image, data: &[u8]) {
    let wrong = image.remarks().iter().find_map(|remark| match remark {
        Remark::Checksum { computed, .. } => Some(*computed),
        _ => None,
    });
    let field = relocations::word(data, 0x3c) as usize + 88;
    let Some(computed) = wrong.filter(|_| field.is_multiple_of(2)) else { return };
    let mut mended = data.to_vec();
    mended[field..field + 4].copy_from_slice(&computed.to_le_bytes());
    if let Ok(image) = Image::parse(NAME, &mended) {
        assert!(!image.remarks().iter().any(|remark| matches!(remark, Remark::Checksum { .. })));
    }
}

/// In memory: relocated, bound, and otherwise as it was.
fn check_mapped(image: Image, data: &[u8]) {
    let image = Arc::new(image);
    let mut site = CallSite::default();
    let resolver = &mut |_: &str, _: &str| Some(Binding::Data(BOUND));
    // SAFETY: nothing of the image is run, so nothing is called and the cell is not filled.
    let mapped = unsafe { Mapped::load(&image, &raw mut site, resolver) }.expect("memory for an image");
    assert_eq!(mapped.size(), u64::from(image.size()));
    for export in image.exports() {
        let address = mapped.export(&export.name).expect("an export");
        assert!(mapped.contains(address), "{} is outside", export.name);
    }

    let mut expected = image.memory().to_vec();
    let delta = mapped.base().wrapping_sub(image.preferred_base());
    for target in relocations::targets(data, image.memory()) {
        let place = &mut expected[target as usize..target as usize + 8];
        let value = u64::from_le_bytes((&*place).try_into().expect("eight bytes"));
        place.copy_from_slice(&value.wrapping_add(delta).to_le_bytes());
    }
    for import in image.imports() {
        expected[import.slot as usize..import.slot as usize + 8].copy_from_slice(&BOUND.to_le_bytes());
    }
    for section in image.sections().iter().filter(|section| section.readable && section.size > 0) {
        let (start, length) = (section.rva as usize, section.size as usize);
        let address = usize::try_from(mapped.base()).expect("an address") + start;
        let address = std::ptr::with_exposed_provenance::<u8>(address);
        // SAFETY: the section lies in the mapping, which `mapped` owns; it is readable, and nobody writes to it.
        let bytes = unsafe { std::slice::from_raw_parts(address, length) };
        check_bytes(bytes, &expected[start..start + length], &section.name);
    }
}

/// The same bytes, but for a cookie that the loader has replaced.
fn check_bytes(found: &[u8], expected: &[u8], section: &str) {
    let differs = |(found, expected): (&u8, &u8)| found != expected;
    let Some(first) = found.iter().zip(expected).position(differs) else { return };
    let from = first.saturating_sub(7);
    let cookie = (from..=first).find(|&at| expected[at..].starts_with(&COOKIE));
    let Some(cookie) = cookie else { panic!("{section}: byte {first:#x} differs") };
    assert_eq!(found[cookie + 8..], expected[cookie + 8..], "{section}: behind the cookie");
}
