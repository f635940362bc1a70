//! The file's bytes as text.
//!
//! INF files are UTF-16 with a byte-order mark, UTF-8, or (older ones) ANSI. `SetupAPI` takes the machine's
//! code page for the last; here it is always Windows-1252, and a warning says so when it matters.

use encoding_rs::WINDOWS_1252;

use super::super::diag::{Log, Position};

/// Decodes an INF. `None` if it is not text; the reason is in `log` then.
pub(super) fn decode(bytes: &[u8], log: &mut Log) -> Option<String> {
    match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes, log),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes, log),
        [0xEF, 0xBB, 0xBF, rest @ ..] => Some(utf8_or_ansi(rest, log)),
        _ if bytes.contains(&0) => {
            let (line, column) = place(bytes.split(|&b| b == 0).next().unwrap_or_default());
            log.error(
                Position::from_index(line, column),
                "the file holds a NUL byte: it is not text, or UTF-16 without a byte-order mark",
            );
            None
        }
        _ => Some(utf8_or_ansi(bytes, log)),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16, log: &mut Log) -> Option<String> {
    let (units, odd) = bytes.as_chunks::<2>();
    if !odd.is_empty() {
        log.file_error("the file is UTF-16 by its byte-order mark, but has an odd number of bytes");
        return None;
    }
    let mut text = String::with_capacity(units.len());
    for c in char::decode_utf16(units.iter().map(|&u| unit(u))) {
        match c {
            Ok('\0') => {
                let (line, column) = place(text.as_bytes());
                log.error(Position::from_index(line, column), "the file holds a NUL character");
                return None;
            }
            Ok(c) => text.push(c),
            Err(e) => {
                let (line, column) = place(text.as_bytes());
                let unit = e.unpaired_surrogate();
                log.error(
                    Position::from_index(line, column),
                    format!(
                        "the file is UTF-16 by its byte-order mark, but {unit:#06x} is an unpaired surrogate"
                    ),
                );
                return None;
            }
        }
    }
    Some(text)
}

fn utf8_or_ansi(bytes: &[u8], log: &mut Log) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(e) => {
            let (line, column) = place(bytes.get(..e.valid_up_to()).unwrap_or_default());
            log.warn(
                Position::from_index(line, column),
                "the file is not UTF-8 and has no byte-order mark: read as Windows-1252",
            );
            WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()
        }
    }
}

/// Zero-based line and column (in characters) of what follows `before`.
fn place(before: &[u8]) -> (usize, usize) {
    // Lines end as they do for the lexer.
    let text = String::from_utf8_lossy(before).replace("\r\n", "\n");
    let mut lines = text.split(['\n', '\r']);
    let column = lines.next_back().map_or(0, |last| last.chars().count());
    (lines.count(), column)
}
