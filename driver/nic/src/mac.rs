//! Ethernet addresses.

/// Why bytes or text are no usable station address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressError {
    /// Not exactly six bytes or twelve hexadecimal digits.
    Length,
    /// Something other than hexadecimal digits and separating hyphens.
    Digit,
    /// The group bit is set; this includes the broadcast address.
    Multicast,
    /// All zeros.
    Zero,
}

/// A 48-bit IEEE 802 address, first byte on the wire first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MacAddress(pub [u8; 6]);

impl MacAddress {
    /// ff-ff-ff-ff-ff-ff.
    pub const BROADCAST: Self = Self([0xff; 6]);

    /// The group bit.
    #[must_use]
    pub const fn is_multicast(self) -> bool {
        let [first, ..] = self.0;
        first & 1 != 0
    }

    /// Whether this can be a station's own address: not zero, not a group.
    ///
    /// # Errors
    /// [`AddressError::Multicast`] or [`AddressError::Zero`].
    pub fn check_station(self) -> Result<Self, AddressError> {
        if self.is_multicast() {
            Err(AddressError::Multicast)
        } else if self.0 == [0; 6] {
            Err(AddressError::Zero)
        } else {
            Ok(self)
        }
    }

    /// A station address from the bytes that `NdisReadNetworkAddress` or an OID delivers (NDIS-CFG-08).
    ///
    /// # Errors
    /// Not six bytes, a group address, or zero.
    pub fn station(bytes: &[u8]) -> Result<Self, AddressError> {
        let bytes: [u8; 6] = bytes.try_into().map_err(|_| AddressError::Length)?;
        Self(bytes).check_station()
    }

    /// A station address from the `NetworkAddress` text: twelve hexadecimal digits, pairs optionally separated
    /// by hyphens. A trailing NUL ends the text.
    ///
    /// # Errors
    /// Says which part of the text is wrong.
    pub fn parse(text: impl IntoIterator<Item = u16>) -> Result<Self, AddressError> {
        let mut value = 0_u64;
        let mut digits = 0_u32;
        let mut after_hyphen = false;
        for unit in text {
            if unit == 0 {
                break;
            }
            if unit == u16::from(b'-') {
                // A hyphen separates whole bytes, one at a time.
                if digits == 0 || !digits.is_multiple_of(2) || after_hyphen {
                    return Err(AddressError::Digit);
                }
                after_hyphen = true;
                continue;
            }
            let digit = u8::try_from(unit)
                .ok()
                .and_then(|byte| char::from(byte).to_digit(16))
                .ok_or(AddressError::Digit)?;
            if digits == 12 {
                return Err(AddressError::Length);
            }
            value = (value << 4) | u64::from(digit);
            digits += 1;
            after_hyphen = false;
        }
        if after_hyphen {
            return Err(AddressError::Digit);
        }
        if digits != 12 {
            return Err(AddressError::Length);
        }
        let [_, _, address @ ..] = value.to_be_bytes();
        Self(address).check_station()
    }

    /// RAL: the first four bytes, first on the wire in the low byte.
    #[must_use]
    pub const fn low(self) -> u32 {
        let [a, b, c, d, ..] = self.0;
        u32::from_le_bytes([a, b, c, d])
    }

    /// The low half of RAH: the last two bytes.
    #[must_use]
    pub const fn high(self) -> u32 {
        let [.., e, f] = self.0;
        u32::from_le_bytes([e, f, 0, 0])
    }
}
