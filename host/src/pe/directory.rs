//! The data directories of an image, read from its laid-out form, where an offset is an RVA.

use object::LittleEndian as LE;
use object::pe::{
    IMAGE_DEBUG_TYPE_CODEVIEW, IMAGE_DIRECTORY_ENTRY_BASERELOC, IMAGE_DIRECTORY_ENTRY_DEBUG,
    IMAGE_DIRECTORY_ENTRY_EXPORT, IMAGE_DIRECTORY_ENTRY_IMPORT, IMAGE_DIRECTORY_ENTRY_LOAD_CONFIG,
    IMAGE_REL_BASED_ABSOLUTE, IMAGE_REL_BASED_DIR64, ImageDebugDirectory, ImageNtHeaders64,
};
use object::read::pe::{
    DataDirectories, ExportTable, ExportTarget, Import as Thunk, ImportTable, RelocationBlockIterator,
};

use super::{Export, Import, PdbRef, Problem};

/// More imports than any driver has; a longer table is a broken one.
const MOST_IMPORTS: usize = 8192;

/// An image laid out as in memory (not relocated) and its directories.
pub(super) struct Layout<'a> {
    pub(super) memory: &'a [u8],
    pub(super) directories: DataDirectories<'a>,
}

fn bad(directory: &'static str, what: impl Into<String>, rva: u32) -> Problem {
    Problem::Directory { directory, what: what.into(), rva }
}

impl<'a> Layout<'a> {
    /// RVA and bytes of a directory; `None` if the image has none.
    pub(super) fn directory(
        &self,
        id: usize,
        name: &'static str,
    ) -> Result<Option<(u32, &'a [u8])>, Problem> {
        let Some(entry) = self.directories.get(id) else { return Ok(None) };
        let (rva, size) = entry.address_range();
        if size == 0 {
            return Ok(None);
        }
        let bytes = self.range(rva, size).ok_or_else(|| {
            bad(name, format!("{size:#x} bytes reach beyond the image ({:#x} bytes)", self.memory.len()), rva)
        })?;
        Ok(Some((rva, bytes)))
    }

    fn range(&self, rva: u32, size: u32) -> Option<&'a [u8]> {
        let start = usize::try_from(rva).ok()?;
        self.memory.get(start..start.checked_add(usize::try_from(size).ok()?)?)
    }

    fn u32_at(&self, rva: u32) -> Option<u32> {
        Some(u32::from_le_bytes(self.range(rva, 4)?.try_into().ok()?))
    }

    fn u64_at(&self, rva: u32) -> Option<u64> {
        Some(u64::from_le_bytes(self.range(rva, 8)?.try_into().ok()?))
    }

    /// All imports in file order.
    pub(super) fn imports(&self) -> Result<Vec<Import>, Problem> {
        const NAME: &str = "import";
        let Some((rva, _)) = self.directory(IMAGE_DIRECTORY_ENTRY_IMPORT, NAME)? else {
            return Ok(Vec::new());
        };
        // The thunks of MSVC's images lie outside the directory: the table reads the whole image.
        let table = ImportTable::new(self.memory, 0, rva);
        let fail = |e: object::Error| bad(NAME, e.to_string(), rva);
        let mut descriptors = table.descriptors().map_err(fail)?;
        let mut list = Vec::new();
        while let Some(descriptor) = descriptors.next().map_err(fail)? {
            let module = text(table.name(descriptor.name.get(LE)).map_err(fail)?);
            let slots = descriptor.first_thunk.get(LE);
            let names = match descriptor.original_first_thunk.get(LE) {
                0 => slots,
                names => names,
            };
            let mut thunks = table.thunks(names).map_err(|e| bad(NAME, format!("{module}: {e}"), names))?;
            let mut slot = slots;
            while let Some(thunk) =
                thunks.next::<ImageNtHeaders64>().map_err(|e| bad(NAME, format!("{module}: {e}"), names))?
            {
                let import = table.import::<ImageNtHeaders64>(thunk);
                let name = match import.map_err(|e| bad(NAME, format!("{module}: {e}"), slot))? {
                    Thunk::Name(_, name) => text(name),
                    Thunk::Ordinal(ordinal) => {
                        let what = format!("{module}: imports ordinal {ordinal}; only names can be bound");
                        return Err(bad(NAME, what, slot));
                    }
                };
                if self.u64_at(slot).is_none() {
                    return Err(bad(NAME, format!("{module}!{name}: its slot is outside the image"), slot));
                }
                if list.len() == MOST_IMPORTS {
                    return Err(bad(NAME, format!("more than {MOST_IMPORTS} imports"), rva));
                }
                list.push(Import { module: module.clone(), name, slot });
                slot = slot.wrapping_add(8);
            }
        }
        Ok(list)
    }

    /// Named exports that are in this image (not forwarded).
    pub(super) fn exports(&self) -> Result<Vec<Export>, Problem> {
        const NAME: &str = "export";
        let Some((rva, bytes)) = self.directory(IMAGE_DIRECTORY_ENTRY_EXPORT, NAME)? else {
            return Ok(Vec::new());
        };
        let fail = |e: object::Error| bad(NAME, e.to_string(), rva);
        let exports = ExportTable::parse(bytes, rva).and_then(|table| table.exports()).map_err(fail)?;
        let mut list = Vec::new();
        for export in exports {
            let (Some(name), ExportTarget::Address(rva)) = (export.name, export.target) else { continue };
            if self.range(rva, 1).is_none() {
                return Err(bad(NAME, format!("{} lies outside the image", text(name)), rva));
            }
            list.push(Export { name: text(name), rva });
        }
        Ok(list)
    }

    /// RVAs of the 8-byte addresses to relocate.
    pub(super) fn relocations(&self) -> Result<Vec<u32>, Problem> {
        const NAME: &str = "relocation";
        let Some((rva, bytes)) = self.directory(IMAGE_DIRECTORY_ENTRY_BASERELOC, NAME)? else {
            return Ok(Vec::new());
        };
        let mut list = Vec::new();
        let mut done = 0;
        for block in RelocationBlockIterator::new(bytes) {
            let at = rva.saturating_add(done);
            let block = block.map_err(|e| bad(NAME, e.to_string(), at))?;
            done = done.saturating_add(block.size());
            let page = block.virtual_address();
            if page.checked_add(super::headers::PAGE).is_none() {
                return Err(bad(NAME, format!("a block for page {page:#x}, outside the image"), at));
            }
            for relocation in block {
                let target = relocation.virtual_address;
                match relocation.typ {
                    IMAGE_REL_BASED_ABSOLUTE => {}
                    IMAGE_REL_BASED_DIR64 if self.u64_at(target).is_some() => list.push(target),
                    IMAGE_REL_BASED_DIR64 => {
                        return Err(bad(NAME, format!("address {target:#x} is outside the image"), at));
                    }
                    other => {
                        let what =
                            format!("type {} at {target:#x}; AMD64 images have DIR64 (10) only", other.0);
                        return Err(bad(NAME, what, at));
                    }
                }
            }
        }
        Ok(list)
    }

    /// The `CodeView` record, if there is a sound one; debug data is never a reason to refuse an image.
    pub(super) fn pdb(&self) -> Option<PdbRef> {
        let (_, bytes) = self.directory(IMAGE_DIRECTORY_ENTRY_DEBUG, "debug").ok()??;
        for entry in bytes.chunks_exact(size_of::<ImageDebugDirectory>()) {
            let (entry, _) = object::pod::from_bytes::<ImageDebugDirectory>(entry).ok()?;
            if entry.typ.get(LE) != IMAGE_DEBUG_TYPE_CODEVIEW {
                continue;
            }
            let record = self.range(entry.address_of_raw_data.get(LE), entry.size_of_data.get(LE))?;
            // Signature, GUID, age, zero-terminated path.
            let (signature, rest) = record.split_at_checked(4)?;
            let (guid, rest) = rest.split_at_checked(16)?;
            let (age, path) = rest.split_at_checked(4)?;
            if signature != b"RSDS" {
                return None;
            }
            let end = path.iter().position(|b| *b == 0).unwrap_or(path.len());
            let (guid, age) = (guid.try_into().ok()?, u32::from_le_bytes(age.try_into().ok()?));
            return Some(PdbRef { path: text(path.get(..end)?), guid, age });
        }
        None
    }

    /// RVA of the /GS cookie that the load configuration names.
    pub(super) fn security_cookie(&self, preferred_base: u64) -> Option<u32> {
        // Its size is the first field, the directory's own being historical; the cookie's address is at 0x58.
        let rva = self.directories.get(IMAGE_DIRECTORY_ENTRY_LOAD_CONFIG)?.address_range().0;
        if self.u32_at(rva)? < 0x60 {
            return None;
        }
        let address = self.u64_at(rva.checked_add(0x58)?)?;
        let cookie = u32::try_from(address.checked_sub(preferred_base)?).ok()?;
        self.u64_at(cookie).map(|_| cookie)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
