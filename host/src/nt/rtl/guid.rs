//! GUIDs as text, and new ones.

use super::string;
use crate::{
    abi::{GUID, Ptr, constants as c, write_bytes},
    imports,
    nt::{io::link::give_string, rtl::random},
};

/// `{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}`
#[must_use]
pub fn text(guid: Ptr<GUID>) -> String {
    let (a, b, c) = (guid.get(GUID::Data1), guid.get(GUID::Data2), guid.get(GUID::Data3));
    let d = guid.get(GUID::Data4);
    let (head, tail) = d.split_at(2);
    let number = |part: &[u8]| part.iter().fold(0_u64, |value, &byte| value << 8 | u64::from(byte));
    format!("{{{a:08X}-{b:04X}-{c:04X}-{:04X}-{:012X}}}", number(head), number(tail))
}

/// The 16 bytes of a GUID in braces.
fn parse(text: &str) -> Option<[u8; 16]> {
    let inner = text.strip_prefix('{')?.strip_suffix('}')?;
    let parts: Vec<&str> = inner.split('-').collect();
    let [one, two, three, clock, node] = parts.as_slice() else { return None };
    if [one, two, three, clock, node].map(|part| part.len()) != [8, 4, 4, 4, 12] {
        return None;
    }
    let number = |part: &str| u64::from_str_radix(part, 16).ok();
    let mut bytes = [0; 16];
    let (first, rest) = bytes.split_at_mut(4);
    first.copy_from_slice(&u32::try_from(number(one)?).ok()?.to_le_bytes());
    let (second, rest) = rest.split_at_mut(2);
    second.copy_from_slice(&u16::try_from(number(two)?).ok()?.to_le_bytes());
    let (third, rest) = rest.split_at_mut(2);
    third.copy_from_slice(&u16::try_from(number(three)?).ok()?.to_le_bytes());
    let tail = number(clock)? << 48 | number(node)?;
    rest.copy_from_slice(&tail.to_be_bytes());
    Some(bytes)
}

/// A random GUID, marked as such (RFC 9562, version 4).
#[must_use]
pub fn new() -> [u8; 16] {
    let mut bytes = (u128::from(random::next()) << 64 | u128::from(random::next())).to_le_bytes();
    bytes[7] = bytes[7] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    bytes
}

imports! {
    /// GUIDs.
    TABLE from "ntoskrnl.exe";

    fn RtlGUIDFromString(source: u64, out: u64) -> u32 {
        let text = String::from_utf16_lossy(&string::units(source));
        match parse(&text) {
            Some(bytes) => {
                write_bytes(out, &bytes);
                c::STATUS_SUCCESS
            }
            None => c::STATUS_INVALID_PARAMETER,
        }
    }

    fn RtlStringFromGUID(guid: u64, out: u64) -> u32 {
        let given = give_string(out, &text(Ptr::new(guid)), "RtlStringFromGUID");
        if given { c::STATUS_SUCCESS } else { c::STATUS_NO_MEMORY }
    }

    fn ExUuidCreate(out: u64) -> u32 {
        write_bytes(out, &new());
        c::STATUS_SUCCESS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_survives_text_and_back() {
        let bytes = parse("{00112233-4455-6677-8899-AABBCCDDEEFF}").expect("well formed");
        assert_eq!(bytes[..8], [0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66]);
        assert_eq!(text(Ptr::new(bytes.as_ptr() as u64)), "{00112233-4455-6677-8899-AABBCCDDEEFF}");
        assert_eq!(parse("00112233-4455-6677-8899-AABBCCDDEEFF"), None);
        assert_eq!(parse("{0011223-34455-6677-8899-AABBCCDDEEFF}"), None);
    }
}
