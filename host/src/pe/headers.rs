//! The headers and the section table, checked.

use object::LittleEndian as LE;
use object::pe::{
    IMAGE_FILE_MACHINE_AMD64, IMAGE_FILE_RELOCS_STRIPPED, IMAGE_NT_OPTIONAL_HDR64_MAGIC,
    IMAGE_SCN_MEM_DISCARDABLE, IMAGE_SCN_MEM_EXECUTE, IMAGE_SCN_MEM_NOT_PAGED, IMAGE_SCN_MEM_READ,
    IMAGE_SCN_MEM_WRITE, IMAGE_SUBSYSTEM_NATIVE, ImageDosHeader, ImageNtHeaders64, ImageOptionalHeader64,
    ImageSectionHeader,
};
use object::read::pe::{DataDirectories, ImageNtHeaders};

use super::{Problem, Section};

/// The unit of section protections.
pub(super) const PAGE: u32 = 4096;
/// No miniport comes near; a bigger size is a broken header.
const LARGEST: u32 = 64 << 20;
/// Windows loads no image with more.
const MOST_SECTIONS: usize = 96;

/// What the headers say, all of it consistent.
pub(super) struct Headers<'a> {
    pub(super) optional: &'a ImageOptionalHeader64,
    pub(super) timestamp: u32,
    pub(super) directories: DataDirectories<'a>,
    pub(super) sections: Vec<Section>,
    /// Bytes in memory, whole pages.
    pub(super) size: u32,
    /// File offset of the checksum field.
    pub(super) checksum_at: usize,
}

/// Reads and checks the headers of an image file.
pub(super) fn parse(file: &[u8]) -> Result<Headers<'_>, Problem> {
    let dos = ImageDosHeader::parse(file)
        .map_err(|_| header("this is no executable image: the DOS signature MZ is missing", 0))?;
    let start = u64::from(dos.nt_headers_offset());
    probe_kind(file, start)?;
    let mut offset = start;
    let (nt, directories) =
        ImageNtHeaders64::parse(file, &mut offset).map_err(|e| header(&e.to_string(), start))?;
    let optional = &nt.optional_header;
    check_use(nt.file_header.characteristics.get(LE).0, optional)?;
    let size = check_layout(file, optional)?;
    let table = nt.sections(file, offset).map_err(|e| header(&e.to_string(), offset))?;
    let count = table.iter().count();
    if count == 0 || count > MOST_SECTIONS {
        return Err(header(&format!("{count} sections; 1 to {MOST_SECTIONS} are allowed"), start + 6));
    }
    let headers = optional.size_of_headers.get(LE);
    let end = offset.saturating_add((count * size_of::<ImageSectionHeader>()) as u64);
    if end > u64::from(headers) {
        let what = format!("the section table ends at {end:#x}, behind the headers ({headers:#x} bytes)");
        return Err(header(&what, offset));
    }
    let sections = sections(file, table.iter(), headers, size)?;
    check_entry(optional.address_of_entry_point.get(LE), &sections)?;
    // Signature (4), file header (20), and 64 bytes of optional header come before the checksum.
    let checksum_at = usize::try_from(start).unwrap_or(usize::MAX).saturating_add(4 + 20 + 64);
    let timestamp = nt.file_header.time_date_stamp.get(LE);
    Ok(Headers { optional, timestamp, directories, sections, size, checksum_at })
}

fn header(what: &str, offset: u64) -> Problem {
    Problem::Header { what: what.into(), offset }
}

/// Signature, machine and magic: the same in 32-bit and 64-bit images, so wrong kinds get their own message.
fn probe_kind(file: &[u8], start: u64) -> Result<(), Problem> {
    let at = |skip: u64| {
        let from = usize::try_from(start.checked_add(skip)?).ok()?;
        file.get(from..from.checked_add(2)?).map(|b| u16::from_le_bytes([b[0], b[1]]))
    };
    let ends = |skip| header("the file ends before the end of its PE headers", start.saturating_add(skip));
    if at(0).ok_or_else(|| ends(0))? != u16::from_le_bytes(*b"PE") || at(2).ok_or_else(|| ends(2))? != 0 {
        return Err(header("the PE signature is missing", start));
    }
    let machine = at(4).ok_or_else(|| ends(4))?;
    if machine != IMAGE_FILE_MACHINE_AMD64.0 {
        let name = match machine {
            0x14c => " (i386)",
            0xaa64 => " (ARM64)",
            0x1c4 => " (ARM)",
            _ => "",
        };
        return Err(Problem::Unsuitable(format!("machine {machine:#06x}{name} is not AMD64 (0x8664)")));
    }
    let magic = at(24).ok_or_else(|| ends(24))?;
    if magic != IMAGE_NT_OPTIONAL_HDR64_MAGIC {
        return Err(Problem::Unsuitable(format!("optional header magic {magic:#x} is not PE32+ (0x20b)")));
    }
    Ok(())
}

fn check_use(characteristics: u16, optional: &ImageOptionalHeader64) -> Result<(), Problem> {
    let subsystem = optional.subsystem.get(LE);
    if subsystem != IMAGE_SUBSYSTEM_NATIVE {
        let name = match subsystem.0 {
            2 => " (Windows GUI)",
            3 => " (Windows console)",
            10 => " (EFI application)",
            _ => "",
        };
        let text = format!("subsystem {}{name} is not NATIVE (1): this is no kernel driver", subsystem.0);
        return Err(Problem::Unsuitable(text));
    }
    if characteristics & IMAGE_FILE_RELOCS_STRIPPED.0 != 0 {
        return Err(Problem::Unsuitable("its relocations are stripped, so it cannot be moved".into()));
    }
    Ok(())
}

fn check_layout(file: &[u8], optional: &ImageOptionalHeader64) -> Result<u32, Problem> {
    let alignment = optional.section_alignment.get(LE);
    if alignment < PAGE || !alignment.is_power_of_two() {
        let text =
            format!("section alignment {alignment:#x} is not a power of two of at least a page ({PAGE:#x})");
        return Err(Problem::Unsuitable(text));
    }
    let (size, headers) = (optional.size_of_image.get(LE), optional.size_of_headers.get(LE));
    if size == 0 || size > LARGEST {
        return Err(Problem::Unsuitable(format!("image size {size:#x} is not within 1 to {LARGEST:#x}")));
    }
    if headers == 0 || headers > size || headers as usize > file.len() {
        let text = format!(
            "{headers:#x} bytes of headers do not fit a file of {:#x} and an image of {size:#x} bytes",
            file.len()
        );
        return Err(Problem::Unsuitable(text));
    }
    Ok(size.next_multiple_of(PAGE))
}

fn sections<'a>(
    file: &[u8],
    table: impl Iterator<Item = &'a ImageSectionHeader>,
    headers: u32,
    image: u32,
) -> Result<Vec<Section>, Problem> {
    // The next free page: sections follow each other and do not share pages, protections being per page.
    let mut free = headers.next_multiple_of(PAGE);
    let mut list = Vec::new();
    for (index, entry) in table.enumerate() {
        let name = String::from_utf8_lossy(entry.raw_name()).into_owned();
        let fail = |what: String| Problem::Section { index, name: name.clone(), what };
        let rva = entry.virtual_address.get(LE);
        let (raw_at, raw) =
            (entry.pointer_to_raw_data.get(LE) as usize, entry.size_of_raw_data.get(LE) as usize);
        let size = match entry.virtual_size.get(LE) {
            // Old linkers leave it out.
            0 => u32::try_from(raw).unwrap_or(u32::MAX),
            size => size,
        };
        if rva % PAGE != 0 {
            return Err(fail(format!("RVA {rva:#x} is not page-aligned")));
        }
        if rva < free {
            return Err(fail(format!("RVA {rva:#x} overlaps what comes before it, up to {free:#x}")));
        }
        let end = rva.checked_add(size).filter(|end| *end <= image).ok_or_else(|| {
            fail(format!("{size:#x} bytes at RVA {rva:#x} reach beyond the end of the image ({image:#x})"))
        })?;
        if raw != 0 && raw_at.checked_add(raw).is_none_or(|end| end > file.len()) {
            let len = file.len();
            return Err(fail(format!(
                "{raw:#x} bytes at file offset {raw_at:#x} reach beyond the file ({len:#x})"
            )));
        }
        free = end.next_multiple_of(PAGE);
        // The file is padded to its own alignment; what exceeds the section is not mapped.
        let used = raw.min(size as usize);
        let flags = entry.characteristics.get(LE).0;
        list.push(Section {
            name,
            rva,
            size,
            file: if used == 0 { 0..0 } else { raw_at..raw_at + used },
            readable: flags & IMAGE_SCN_MEM_READ.0 != 0,
            writable: flags & IMAGE_SCN_MEM_WRITE.0 != 0,
            executable: flags & IMAGE_SCN_MEM_EXECUTE.0 != 0,
            discardable: flags & IMAGE_SCN_MEM_DISCARDABLE.0 != 0,
            not_paged: flags & IMAGE_SCN_MEM_NOT_PAGED.0 != 0,
        });
    }
    Ok(list)
}

fn check_entry(entry: u32, sections: &[Section]) -> Result<(), Problem> {
    if entry == 0 {
        return Err(Problem::Unsuitable("it has no entry point".into()));
    }
    let home = sections.iter().find(|s| s.executable && s.contains(entry));
    home.map(|_| ()).ok_or_else(|| {
        Problem::Unsuitable(format!("the entry point (RVA {entry:#x}) is in no executable section"))
    })
}

/// The checksum as the linker and Windows compute it: 16-bit words summed with the carry folded in, the field
/// itself as zero, plus the file's length.
pub(super) fn checksum(file: &[u8], field: usize) -> u32 {
    let mut sum = 0u32;
    for (index, pair) in file.chunks(2).enumerate() {
        let at = index * 2;
        // The field may lie at an odd offset in a hostile file; then the sum merely differs.
        if (field..field + 4).contains(&at) {
            continue;
        }
        let word = u16::from_le_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]);
        sum += u32::from(word);
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum.wrapping_add(u32::try_from(file.len()).unwrap_or(u32::MAX))
}
