//! A request and its buffer.

use core::ptr::NonNull;
use core::slice;

use ferrite_ddk::Status;
use ferrite_ddk::ndis::{
    self, NDIS_INTERRUPT_MODERATION_PARAMETERS, NDIS_LINK_PARAMETERS, NDIS_OBJECT_HEADER, NDIS_OID,
    NDIS_OID_REQUEST, NDIS_PM_PARAMETERS, NDIS_STATISTICS_INFO,
};

/// What has become of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done; so many bytes were written or read.
    Done(u32),
    /// Done in part: the first number was written, the second is what a full answer needs (NDIS-OID-13).
    Partial(u32, u32),
    /// The buffer is shorter than this (NDIS-OID-05).
    Short(u32),
    /// It failed; nothing has changed.
    Failed(Status),
    /// The worker completes it.
    Pending,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A query, for the caller or for WMI.
    Query,
    /// A set.
    Set,
    /// A method: no OID here has one.
    Method,
}

/// A request that is the driver's.
pub struct Request {
    request: NonNull<NDIS_OID_REQUEST>,
    kind: Kind,
}

impl Request {
    /// Takes a request.
    ///
    /// # Safety
    /// `request` is NULL or NDIS's, not yet completed, and its buffer is as long as it says, for as long as
    /// the value is used.
    pub unsafe fn new(request: *mut NDIS_OID_REQUEST) -> Option<Self> {
        let request = NonNull::new(request)?;
        // SAFETY: NDIS's request is valid (caller's promise).
        let kind = match unsafe { (*request.as_ptr()).RequestType } {
            ndis::NdisRequestQueryInformation | ndis::NdisRequestQueryStatistics => Kind::Query,
            ndis::NdisRequestSetInformation => Kind::Set,
            _ => Kind::Method,
        };
        Some(Self { request, kind })
    }

    /// NDIS's structure, for a completion later on.
    #[must_use]
    pub const fn as_ptr(&self) -> *mut NDIS_OID_REQUEST {
        self.request.as_ptr()
    }

    /// What is asked.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The three kinds' members agree in the first three fields; queries and sets in all of them.
    fn query(&self) -> NonNull<ndis::_NDIS_OID_REQUEST__REQUEST_DATA__QUERY> {
        // SAFETY: the place lies in the request (contract of `new`).
        let data = unsafe { &raw mut (*self.request.as_ptr()).DATA };
        // SAFETY: the address of a field of a valid structure is not NULL.
        unsafe { NonNull::new_unchecked(data) }.cast()
    }

    /// The OID.
    #[must_use]
    pub fn oid(&self) -> NDIS_OID {
        // SAFETY: the request is valid (contract of `new`); plain integers.
        unsafe { (*self.query().as_ptr()).Oid }
    }

    /// The caller's buffer.
    pub fn buffer(&mut self) -> &mut [u8] {
        // SAFETY: the request is valid (contract of `new`).
        let buffer = unsafe { (*self.query().as_ptr()).InformationBuffer };
        // SAFETY: as above.
        let length = unsafe { (*self.query().as_ptr()).InformationBufferLength };
        match NonNull::new(buffer.cast::<u8>()) {
            // SAFETY: NDIS guarantees `length` bytes of non-paged memory at the buffer, at any alignment,
            // which are the driver's until the request is completed (NDIS-OID-04); the borrow of the request
            // is that of the buffer.
            Some(buffer) => unsafe { slice::from_raw_parts_mut(buffer.as_ptr(), length as usize) },
            None => &mut [],
        }
    }

    /// Reports the outcome in the request (NDIS-OID-05, -07, -08) and turns it into the status to return.
    pub fn conclude(&mut self, outcome: Outcome, revision: u8) -> Status {
        let (moved, needed, status) = match outcome {
            Outcome::Done(moved) => (moved, 0, Status::SUCCESS),
            Outcome::Partial(moved, needed) => (moved, needed, Status::SUCCESS),
            Outcome::Short(needed) => (0, needed, Status::INVALID_LENGTH),
            Outcome::Failed(status) => (0, 0, status),
            Outcome::Pending => return Status::PENDING,
        };
        if self.kind != Kind::Method {
            // SAFETY: the request is valid (contract of `new`); BytesWritten of a query is BytesRead of a
            // set.
            unsafe { (*self.query().as_ptr()).BytesWritten = moved };
            // SAFETY: as above.
            unsafe { (*self.query().as_ptr()).BytesNeeded = needed };
        }
        if self.kind == Kind::Set && status == Status::SUCCESS && revision != 0 {
            // SAFETY: as above.
            unsafe { (*self.request.as_ptr()).SupportedRevision = revision };
        }
        status
    }
}

/// A structure of integers without padding: any bytes make one, and it is nothing but bytes.
///
/// # Safety
/// That is so.
pub unsafe trait Plain: Copy {
    /// Its bytes.
    fn bytes(&self) -> &[u8] {
        // SAFETY: the structure is valid for reads of its size, and has no padding (contract of the trait).
        unsafe { slice::from_raw_parts((&raw const *self).cast(), size_of::<Self>()) }
    }

    /// The structure at the front of `bytes`, at any alignment (NDIS-RSS-06); `None` if they are too few.
    fn read(bytes: &[u8]) -> Option<Self> {
        let front = bytes.get(..size_of::<Self>())?;
        // SAFETY: the slice is as long as the structure, and any bytes make one (contract of the trait).
        Some(unsafe { front.as_ptr().cast::<Self>().read_unaligned() })
    }
}

// SAFETY: a header of four bytes, two 32-bit integers.
unsafe impl Plain for NDIS_INTERRUPT_MODERATION_PARAMETERS {}
const _: () = assert!(size_of::<NDIS_INTERRUPT_MODERATION_PARAMETERS>() == 12);

// SAFETY: a header of four bytes and a 32-bit integer, then 64-bit integers.
unsafe impl Plain for NDIS_STATISTICS_INFO {}
const _: () = assert!(size_of::<NDIS_STATISTICS_INFO>() == 8 + 18 * 8);

// SAFETY: a header of four bytes and a 32-bit integer, two 64-bit and two 32-bit integers.
unsafe impl Plain for NDIS_LINK_PARAMETERS {}
const _: () = assert!(size_of::<NDIS_LINK_PARAMETERS>() == 8 + 2 * 8 + 8);

// SAFETY: a header of four bytes, three 32-bit integers.
unsafe impl Plain for NDIS_PM_PARAMETERS {}
const _: () = assert!(size_of::<NDIS_PM_PARAMETERS>() == 16);

/// Whether a structure that a set brings is of the general type, and of this revision and size at least
/// (NDIS-OID-04).
pub const fn is_structure(header: NDIS_OBJECT_HEADER, revision: u8, size: u16) -> bool {
    ferrite_ddk::is_object(&header, ndis::NDIS_OBJECT_TYPE_DEFAULT, size) && header.Revision >= revision
}
