//! Descriptors: sixteen bytes, two little-endian words, between values and bits.
//!
//! Receive descriptors are the extended kind (RFCTL.EXTEN): the second word of the write-back holds DD, EOP,
//! errors and length together, so one 64-bit read is a consistent snapshot, and the first has room for the
//! RSS hash. Plain frames are sent with legacy descriptors, which need no context; context and data
//! descriptors carry the offloads.

mod rx;
mod tx;

pub use rx::{RxError, RxRead, RxWriteBack};
pub use tx::{TxContext, TxData, TxLegacy, TxStatus};

/// The size of every descriptor.
pub const BYTES: usize = 16;
/// The number of 64-bit words in it.
pub const WORDS: usize = BYTES / 8;
