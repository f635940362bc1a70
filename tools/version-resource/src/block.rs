//! The nested blocks that a version resource consists of.

/// A block: length, value length and type, key, value, children; value and children on 4-byte boundaries.
pub(crate) struct Block<'a> {
    pub(crate) key: &'a str,
    pub(crate) value: Value,
    pub(crate) children: Vec<Block<'a>>,
}

/// A block's value.
pub(crate) enum Value {
    None,
    Text(String),
    Binary(Vec<u8>),
}

impl Block<'_> {
    /// The block's bytes, without padding behind it.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        // Text counts its value in characters and its terminator among them, binary in bytes.
        let (kind, count, value): (u16, usize, Vec<u8>) = match &self.value {
            Value::None => (1, 0, Vec::new()),
            Value::Text(text) => {
                let units = utf16z(text);
                (1, units.len() / 2, units)
            }
            Value::Binary(bytes) => (0, bytes.len(), bytes.clone()),
        };
        let mut bytes = vec![0; 2]; // the length, known at the end
        bytes.extend(length(count).to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(utf16z(self.key));
        if !value.is_empty() {
            align(&mut bytes);
            bytes.extend(value);
        }
        for child in &self.children {
            align(&mut bytes);
            bytes.extend(child.to_bytes());
        }
        let total = length(bytes.len()).to_le_bytes();
        bytes[..2].copy_from_slice(&total);
        bytes
    }
}

fn length(count: usize) -> u16 {
    u16::try_from(count).expect("a version resource's lengths are 16 bits wide")
}

fn align(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

fn utf16z(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}
