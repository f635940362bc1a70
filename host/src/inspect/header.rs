//! What the headers say beyond what loading needs.

use object::{
    LittleEndian as LE, Object as _,
    pe::{
        IMAGE_DLLCHARACTERISTICS_DYNAMIC_BASE, IMAGE_DLLCHARACTERISTICS_NX_COMPAT, IMAGE_FILE_DLL,
        IMAGE_FILE_RELOCS_STRIPPED, IMAGE_REL_BASED_DIR64,
    },
    read::pe::{ImageOptionalHeader as _, PeFile64},
};

/// Header fields, and the pointers that the image is born with.
#[expect(clippy::struct_excessive_bools, reason = "each is a bit of the format, independent of the others")]
pub(super) struct Header {
    pub(super) file_size: usize,
    pub(super) subsystem: u16,
    pub(super) subsystem_version: (u16, u16),
    pub(super) checksum: u32,
    pub(super) is_dll: bool,
    pub(super) relocations_stripped: bool,
    pub(super) dynamic_base: bool,
    pub(super) nx_compatible: bool,
    pub(super) pointers: Vec<Pointer>,
}

/// An address in the image's data that is relocated when the image is loaded.
#[derive(Clone, Copy)]
pub(super) struct Pointer {
    /// RVA of the pointer.
    pub(super) slot: u32,
    /// RVA that it points to.
    pub(super) target: u32,
}

impl Header {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        Self::read(bytes).map_err(|error| error.to_string())
    }

    fn read(bytes: &[u8]) -> object::Result<Self> {
        let file = PeFile64::parse(bytes)?;
        let optional = &file.nt_headers().optional_header;
        let characteristics = file.nt_headers().file_header.characteristics.get(LE);
        let flags = optional.dll_characteristics.get(LE);
        Ok(Self {
            file_size: bytes.len(),
            subsystem: optional.subsystem().0,
            subsystem_version: (
                optional.major_subsystem_version.get(LE),
                optional.minor_subsystem_version.get(LE),
            ),
            checksum: optional.check_sum.get(LE),
            is_dll: characteristics.contains(IMAGE_FILE_DLL),
            relocations_stripped: characteristics.contains(IMAGE_FILE_RELOCS_STRIPPED),
            dynamic_base: flags.contains(IMAGE_DLLCHARACTERISTICS_DYNAMIC_BASE),
            nx_compatible: flags.contains(IMAGE_DLLCHARACTERISTICS_NX_COMPAT),
            pointers: pointers(&file)?,
        })
    }
}

fn pointers(file: &PeFile64<'_>) -> object::Result<Vec<Pointer>> {
    let mut found = Vec::new();
    let sections = file.section_table();
    let Some(mut blocks) = file.data_directories().relocation_blocks(file.data(), &sections)? else {
        return Ok(found);
    };
    while let Some(block) = blocks.next()? {
        for relocation in block.filter(|relocation| relocation.typ == IMAGE_REL_BASED_DIR64) {
            let slot = relocation.virtual_address;
            let stored = sections.pe_data_at(file.data(), slot).and_then(|data| data.first_chunk::<8>());
            let target =
                stored.map(|bytes| u64::from_le_bytes(*bytes).wrapping_sub(file.relative_address_base()));
            if let Some(Ok(target)) = target.map(u32::try_from) {
                found.push(Pointer { slot, target });
            }
        }
    }
    Ok(found)
}
