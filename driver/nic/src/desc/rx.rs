//! Extended receive descriptors.

/// What the driver posts: the address of a buffer. Its second word is zero, which clears DD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RxRead {
    /// Where the device finds the buffer. Zero makes the device skip the descriptor.
    pub address: u64,
}

impl RxRead {
    /// The two words.
    #[must_use]
    pub const fn encode(self) -> [u64; 2] {
        [self.address, 0]
    }
}

const DD: u64 = 1 << 0;
const EOP: u64 = 1 << 1;
const CE: u64 = 1 << 24;
const SE: u64 = 1 << 25;
const SEQ: u64 = 1 << 26;
const CXE: u64 = 1 << 28;
const RXE: u64 = 1 << 31;
/// TCPE and IPE are the sender's checksums and no fault of the frame on the wire.
const FRAME_ERRORS: u64 = CE | SE | SEQ | CXE | RXE;

/// The second word of a write-back, as the device wrote it: nothing in it has been believed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RxWriteBack(u64);

/// Why a written-back descriptor carries no usable frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RxError {
    /// An error bit of the frame: CRC or alignment, symbol, sequence, carrier extension, receive data.
    Frame,
    /// No EOP: the frame continues in the next descriptor, although every buffer holds a whole frame.
    Continued,
    /// The length is larger than the buffer.
    TooLong,
    /// The length is smaller than an Ethernet header.
    TooShort,
}

impl RxWriteBack {
    /// The shortest frame that is passed on: an Ethernet header.
    pub const MIN_LENGTH: u32 = 14;

    /// Takes the second word of a descriptor.
    #[must_use]
    pub const fn new(word: u64) -> Self {
        Self(word)
    }

    /// A write-back with this status and error dword and length; the inverse of decoding.
    #[must_use]
    pub const fn from_parts(status_error: u32, length: u16, vlan: u16) -> Self {
        Self(status_error as u64 | (length as u64) << 32 | (vlan as u64) << 48)
    }

    /// The word.
    #[must_use]
    pub const fn word(self) -> u64 {
        self.0
    }

    /// Descriptor done: the device has finished with it.
    #[must_use]
    pub const fn is_done(self) -> bool {
        self.0 & DD != 0
    }

    /// End of packet.
    #[must_use]
    pub const fn is_end(self) -> bool {
        self.0 & EOP != 0
    }

    /// The status bits 19:0: IXSM 2, VP 3, UDPCS 4, TCPCS 5, IPCS 6 and others.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // masked
    pub const fn status(self) -> u32 {
        (self.0 & 0xf_ffff) as u32
    }

    /// The frame's length if it is a whole frame without errors that fits a buffer of `buffer` bytes.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    #[inline]
    pub const fn frame(self, buffer: u32) -> Result<u32, RxError> {
        if !self.is_end() {
            return Err(RxError::Continued);
        }
        if self.0 & FRAME_ERRORS != 0 {
            return Err(RxError::Frame);
        }
        #[allow(clippy::cast_possible_truncation)] // masked
        let length = ((self.0 >> 32) & 0xffff) as u32;
        if length > buffer {
            Err(RxError::TooLong)
        } else if length < Self::MIN_LENGTH {
            Err(RxError::TooShort)
        } else {
            Ok(length)
        }
    }
}
