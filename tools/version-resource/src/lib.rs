//! A driver's version resource as a `.res` file, which link.exe and lld-link both take as an input.
//!
//! Written without a resource compiler, so that the image carries the same bytes whichever host built it. The
//! formats are `RESOURCEHEADER` and `VS_VERSIONINFO` of the Win32 documentation ("Resource File Formats",
//! "Version Information").

#![forbid(unsafe_code)]

mod block;

use block::{Block, Value};

/// `RT_VERSION`, the resource type.
const RT_VERSION: u16 = 16;
/// `VS_VERSION_INFO`, the only name that a version resource can have.
const VS_VERSION_INFO: u16 = 1;
/// MOVEABLE | PURE, what resource compilers write; unused since 16-bit Windows.
const MEMORY_FLAGS: u16 = 0x30;
/// US English, and the UTF-16 code page that goes with it in the translation table.
const LANGUAGE: u16 = 0x0409;
const CODE_PAGE: u16 = 1200;

/// What the file's property sheet and `sigverif` show.
#[derive(Debug, Clone)]
pub struct VersionInfo<'a> {
    /// `CompanyName`.
    pub company: &'a str,
    /// `ProductName`.
    pub product: &'a str,
    /// `FileDescription`.
    pub description: &'a str,
    /// `OriginalFilename`; `InternalName` is the same.
    pub file_name: &'a str,
    /// `LegalCopyright`.
    pub copyright: &'a str,
    /// File and product version.
    pub version: [u16; 4],
}

impl VersionInfo<'_> {
    /// The `.res` file.
    ///
    /// # Panics
    /// If a string is longer than a resource can hold (32 Ki characters).
    #[must_use]
    pub fn to_res(&self) -> Vec<u8> {
        let data = self.root().to_bytes();
        let mut file = resource_header(0, 0, 0, 0, 0); // the empty resource that marks a 32-bit .res file
        let size = u32::try_from(data.len()).expect("a version resource is at most 64 KiB");
        file.extend(resource_header(size, RT_VERSION, VS_VERSION_INFO, MEMORY_FLAGS, LANGUAGE));
        file.extend(data);
        file.resize(file.len().next_multiple_of(4), 0);
        file
    }

    fn root(&self) -> Block<'_> {
        let [major, minor, build, revision] = self.version;
        let version = format!("{major}.{minor}.{build}.{revision}");
        let string = |key, value: &str| Block { key, value: Value::Text(value.into()), children: vec![] };
        let strings = vec![
            string("CompanyName", self.company),
            string("FileDescription", self.description),
            string("FileVersion", &version),
            string("InternalName", self.file_name),
            string("LegalCopyright", self.copyright),
            string("OriginalFilename", self.file_name),
            string("ProductName", self.product),
            string("ProductVersion", &version),
        ];
        let translation = [LANGUAGE.to_le_bytes(), CODE_PAGE.to_le_bytes()].concat();
        Block {
            key: "VS_VERSION_INFO",
            value: Value::Binary(self.fixed()),
            children: vec![
                Block {
                    key: "StringFileInfo",
                    value: Value::None,
                    children: vec![Block { key: "040904b0", value: Value::None, children: strings }],
                },
                Block {
                    key: "VarFileInfo",
                    value: Value::None,
                    children: vec![Block {
                        key: "Translation",
                        value: Value::Binary(translation),
                        children: vec![],
                    }],
                },
            ],
        }
    }

    /// `VS_FIXEDFILEINFO`.
    fn fixed(&self) -> Vec<u8> {
        const SIGNATURE: u32 = 0xFEEF_04BD;
        const STRUCTURE_VERSION: u32 = 0x0001_0000;
        const VS_FFI_FILEFLAGSMASK: u32 = 0x3F;
        const VOS_NT_WINDOWS32: u32 = 0x0004_0004;
        const VFT_DRV: u32 = 3;
        const VFT2_DRV_NETWORK: u32 = 6;
        let [major, minor, build, revision] = self.version.map(u32::from);
        let (high, low) = (major << 16 | minor, build << 16 | revision);
        [
            SIGNATURE,
            STRUCTURE_VERSION,
            high, // file version
            low,
            high, // product version
            low,
            VS_FFI_FILEFLAGSMASK,
            0, // flags: neither debug nor prerelease
            VOS_NT_WINDOWS32,
            VFT_DRV,
            VFT2_DRV_NETWORK,
            0, // date: none
            0,
        ]
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .collect()
    }
}

/// `RESOURCEHEADER` with numeric type and name.
fn resource_header(size: u32, kind: u16, name: u16, flags: u16, language: u16) -> Vec<u8> {
    const HEADER_SIZE: u32 = 32;
    const ORDINAL_FOLLOWS: u16 = 0xFFFF;
    let mut header = Vec::with_capacity(32);
    header.extend(size.to_le_bytes());
    header.extend(HEADER_SIZE.to_le_bytes());
    for word in [ORDINAL_FOLLOWS, kind, ORDINAL_FOLLOWS, name] {
        header.extend(word.to_le_bytes());
    }
    header.extend([0; 4]); // data version
    header.extend(flags.to_le_bytes());
    header.extend(language.to_le_bytes());
    header.extend([0; 8]); // version, characteristics
    header
}

#[cfg(test)]
mod tests;
