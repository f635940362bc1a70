//! Counted UTF-16 strings.

use core::marker::PhantomData;
use core::slice;

use crate::ndis::{PUNICODE_STRING, UNICODE_STRING};

/// A `UNICODE_STRING` over units that live as long as `'a`.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct UnicodeString<'a> {
    raw: UNICODE_STRING,
    units: PhantomData<&'a [u16]>,
}

// SAFETY: a shared view of units that nobody changes while it lives.
unsafe impl Send for UnicodeString<'_> {}

// SAFETY: as for `Send`.
unsafe impl Sync for UnicodeString<'_> {}

impl<'a> UnicodeString<'a> {
    /// A string of these units; `None` if they are more than 32767, the most that a `UNICODE_STRING` counts.
    #[must_use]
    pub const fn new(units: &'a [u16]) -> Option<Self> {
        let bytes = size_of_val(units);
        if bytes > u16::MAX as usize {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "compared with u16::MAX above")]
        let length = bytes as u16;
        let raw = UNICODE_STRING { Length: length, MaximumLength: length, Buffer: units.as_ptr().cast_mut() };
        Some(Self { raw, units: PhantomData })
    }

    /// For parameters that are typed as a mutable string and documented as read only.
    #[must_use]
    pub const fn as_ptr(&self) -> PUNICODE_STRING {
        (&raw const self.raw).cast_mut()
    }

    /// The units, without a terminator.
    #[must_use]
    pub const fn units(&self) -> &'a [u16] {
        if self.raw.Buffer.is_null() {
            return &[];
        }
        // SAFETY: `new` took the pointer from a slice of this length that lives for 'a.
        unsafe { slice::from_raw_parts(self.raw.Buffer, (self.raw.Length / 2) as usize) }
    }
}

/// The units of a string that the system owns.
///
/// # Safety
/// `string` is a valid `UNICODE_STRING` and its buffer stays valid and unchanged for `'a`.
#[must_use]
pub const unsafe fn units_of<'a>(string: &UNICODE_STRING) -> &'a [u16] {
    if string.Buffer.is_null() {
        return &[];
    }
    // SAFETY: the buffer holds Length bytes by the caller's promise, and an odd byte at the end is left out.
    unsafe { slice::from_raw_parts(string.Buffer, (string.Length / 2) as usize) }
}

/// The units of a string literal, as a `&'static [u16]` made at compile time.
#[macro_export]
macro_rules! utf16 {
    ($literal:expr) => {{
        const UNITS: [u16; $crate::string::utf16_length($literal)] = $crate::string::utf16_units($literal);
        &UNITS as &'static [u16]
    }};
}

/// A [`UnicodeString`](crate::UnicodeString) over a string literal, made at compile time.
#[macro_export]
macro_rules! unicode_string {
    ($literal:expr) => {{
        const STRING: $crate::UnicodeString<'static> =
            $crate::UnicodeString::new($crate::utf16!($literal)).expect("too long for a UNICODE_STRING");
        STRING
    }};
}

/// Number of UTF-16 units of a string. For [`utf16!`](crate::utf16), at compile time.
#[doc(hidden)]
#[must_use]
pub const fn utf16_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut units) = (0, 0);
    while at < bytes.len() {
        // A lead byte of four begins a surrogate pair; continuation bytes count nothing.
        units += match bytes[at] {
            0x80..=0xbf => 0,
            0xf0.. => 2,
            _ => 1,
        };
        at += 1;
    }
    units
}

/// The UTF-16 units of a string. For [`utf16!`](crate::utf16), at compile time.
#[doc(hidden)]
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "surrogates and the basic plane fit 16 bits")]
pub const fn utf16_units<const N: usize>(text: &str) -> [u16; N] {
    let bytes = text.as_bytes();
    let mut units = [0; N];
    let (mut at, mut unit) = (0, 0);
    while at < bytes.len() {
        let lead = bytes[at] as u32;
        let (mut point, length) = match lead {
            0..=0x7f => (lead, 1),
            0x80..=0xdf => (lead & 0x1f, 2),
            0xe0..=0xef => (lead & 0x0f, 3),
            _ => (lead & 0x07, 4),
        };
        let mut continuation = 1;
        while continuation < length {
            point = point << 6 | bytes[at + continuation] as u32 & 0x3f;
            continuation += 1;
        }
        at += length;
        if point < 0x1_0000 {
            units[unit] = point as u16;
            unit += 1;
        } else {
            units[unit] = (0xd800 + ((point - 0x1_0000) >> 10)) as u16;
            units[unit + 1] = (0xdc00 + (point & 0x3ff)) as u16;
            unit += 2;
        }
    }
    units
}
