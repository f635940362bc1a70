//! The file is read back by the rules of the format.

use super::VersionInfo;

const INFO: VersionInfo = VersionInfo {
    company: "Ferrite",
    product: "Ferrite",
    description: "odd",
    file_name: "ferrite.sys",
    copyright: "",
    version: [1, 2, 3, 40000],
};

fn word(bytes: &[u8], at: usize) -> usize {
    usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]))
}

/// Reads a zero-terminated UTF-16 string; returns it with the offset behind its terminator.
fn text(bytes: &[u8], mut at: usize) -> (String, usize) {
    let mut units = Vec::new();
    while word(bytes, at) != 0 {
        units.push(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
        at += 2;
    }
    (String::from_utf16(&units).unwrap(), at + 2)
}

/// Walks a block and its children, noting `key=value` for text and `key:length` for binary values.
fn walk(bytes: &[u8], at: usize, found: &mut Vec<String>) -> usize {
    assert_eq!(at % 4, 0, "blocks are aligned");
    let end = at + word(bytes, at);
    let (count, is_text) = (word(bytes, at + 2), word(bytes, at + 4) == 1);
    let (key, mut next) = text(bytes, at + 6);
    if count > 0 {
        next = next.next_multiple_of(4);
        if is_text {
            let (value, behind) = text(bytes, next);
            assert_eq!(behind - next, count * 2, "{key}: value length");
            found.push(format!("{key}={value}"));
            next = behind;
        } else {
            found.push(format!("{key}:{count}"));
            next += count;
        }
    }
    while next < end {
        next = walk(bytes, next.next_multiple_of(4), found);
    }
    assert_eq!(next, end, "{key}: block length");
    end
}

#[test]
fn file_holds_the_empty_resource_and_the_version() {
    let file = INFO.to_res();
    let empty = [0, 0, 0, 0, 0x20, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF, 0, 0];
    assert_eq!(file[..16], empty);
    assert_eq!(file[16..32], [0; 16]);
    assert_eq!(file[40..48], [0xFF, 0xFF, 16, 0, 0xFF, 0xFF, 1, 0], "RT_VERSION, name 1");
    let size = u32::from_le_bytes(file[32..36].try_into().unwrap()) as usize;
    assert_eq!(file.len(), (64 + size).next_multiple_of(4));
}

#[test]
fn blocks_read_back() {
    let file = INFO.to_res();
    let mut found = Vec::new();
    let end = walk(&file[64..], 0, &mut found);
    assert_eq!(end, word(&file, 32));
    let expected = [
        "VS_VERSION_INFO:52",
        "CompanyName=Ferrite",
        "FileDescription=odd",
        "FileVersion=1.2.3.40000",
        "InternalName=ferrite.sys",
        "LegalCopyright=",
        "OriginalFilename=ferrite.sys",
        "ProductName=Ferrite",
        "ProductVersion=1.2.3.40000",
        "Translation:4",
    ];
    assert_eq!(found, expected);
}

#[test]
fn binary_version_matches_the_text() {
    let file = INFO.to_res();
    let fixed = file.windows(4).position(|bytes| bytes == 0xFEEF_04BD_u32.to_le_bytes()).unwrap();
    let words: Vec<usize> = (0..4).map(|index| word(&file, fixed + 8 + index * 2)).collect();
    assert_eq!(words, [2, 1, 40000, 3]);
}
