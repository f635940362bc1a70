//! The version resource.

use object::LittleEndian as LE;
use object::pe::{IMAGE_DIRECTORY_ENTRY_RESOURCE, RT_VERSION};
use object::read::pe::{ResourceDirectory, ResourceDirectoryEntryData};

use super::directory::Layout;

/// What the version resource says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// File version, four parts.
    pub file: [u16; 4],
    /// Product version, four parts.
    pub product: [u16; 4],
    /// The first string table: keys and values in file order.
    pub strings: Vec<(String, String)>,
}

/// First word of the fixed part.
const SIGNATURE: u32 = 0xfeef_04bd;

/// The first version resource. A broken one counts as none: it is no reason to refuse an image.
pub(super) fn read(layout: &Layout<'_>) -> Option<Version> {
    let (rva, _) = layout.directory(IMAGE_DIRECTORY_ENTRY_RESOURCE, "resource").ok()??;
    let directory = ResourceDirectory::new(layout.memory.get(rva as usize..)?);
    // Three levels: type, name, language.
    let kind = directory.root().ok()?;
    let kind = kind.entries.iter().find(|e| e.name_or_id().id() == Some(RT_VERSION))?;
    let name = kind.data(directory).ok()?.table()?.entries.first()?;
    let language = name.data(directory).ok()?.table()?.entries.first()?;
    let ResourceDirectoryEntryData::Data(entry) = language.data(directory).ok()? else { return None };
    let start = entry.offset_to_data.get(LE) as usize;
    parse(layout.memory.get(start..start.checked_add(entry.size.get(LE) as usize)?)?)
}

fn parse(bytes: &[u8]) -> Option<Version> {
    let root = Node::read(bytes)?;
    if root.key != "VS_VERSION_INFO" {
        return None;
    }
    let word = |index: usize| {
        let bytes = root.value.get(index * 4..index * 4 + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    };
    if word(0)? != SIGNATURE {
        return None;
    }
    let parts = |high: u32, low: u32| {
        [high >> 16, high & 0xffff, low >> 16, low & 0xffff].map(|part| u16::try_from(part).unwrap_or(0))
    };
    let mut version =
        Version { file: parts(word(2)?, word(3)?), product: parts(word(4)?, word(5)?), strings: Vec::new() };
    let table = root.children().find(|n| n.key == "StringFileInfo").and_then(|info| info.children().next());
    for string in table.iter().flat_map(Node::children) {
        version.strings.push((string.key, utf16(string.value)));
    }
    Some(version)
}

/// A block of the version resource: a key, a value and further blocks, each part on a 4-byte boundary.
struct Node<'a> {
    key: String,
    value: &'a [u8],
    rest: &'a [u8],
    /// Length with padding.
    length: usize,
}

impl<'a> Node<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let half = |at: usize| Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
        let (length, value_length, kind) = (usize::from(half(0)?), usize::from(half(2)?), half(4)?);
        let bytes = bytes.get(..length)?;
        let key_length = bytes.get(6..)?.chunks_exact(2).position(|c| c == [0, 0])? * 2;
        let key = utf16(bytes.get(6..6 + key_length)?);
        let start = (6 + key_length + 2).next_multiple_of(4).min(length);
        // Text is measured in characters, binary in bytes.
        let value_length = if kind == 1 { value_length * 2 } else { value_length };
        let end = (start + value_length).min(length);
        let rest = bytes.get(end.next_multiple_of(4).min(length)..)?;
        Some(Self { key, value: bytes.get(start..end)?, rest, length: length.next_multiple_of(4) })
    }

    fn children(&self) -> impl Iterator<Item = Node<'a>> + use<'a> {
        let mut rest = self.rest;
        std::iter::from_fn(move || {
            let node = Node::read(rest)?;
            // A block has at least its header, so this ends.
            rest = rest.get(node.length.max(8)..).unwrap_or(&[]);
            Some(node)
        })
    }
}

/// Zero-terminated UTF-16 as text.
fn utf16(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).map(|c| u16::from_le_bytes([c[0], c[1]]));
    char::decode_utf16(units.take_while(|u| *u != 0))
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}
