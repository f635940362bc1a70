//! `NDIS_STATUS` as a type.

use crate::ndis::{self, NDIS_STATUS};

/// What the functions of kernel code return before a callback turns it into a number.
pub type Result<T> = core::result::Result<T, Status>;

/// An `NDIS_STATUS` or `NTSTATUS`: one number space, the same type in C.
///
/// Compare exactly: severity says little, `NDIS_STATUS_NOT_ACCEPTED` counts as success for `NT_SUCCESS`
/// (conflict C-14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
#[must_use]
pub struct Status(pub NDIS_STATUS);

macro_rules! statuses {
    ($($name:ident = $value:ident),* $(,)?) => {
        impl Status {
            $(
                #[doc = concat!("`", stringify!($value), "`")]
                pub const $name: Self = Self(ndis::$value);
            )*
        }
    };
}

statuses! {
    SUCCESS = NDIS_STATUS_SUCCESS,
    PENDING = NDIS_STATUS_PENDING,
    NOT_ACCEPTED = NDIS_STATUS_NOT_ACCEPTED,
    NOT_RECOGNIZED = NDIS_STATUS_NOT_RECOGNIZED,
    INDICATION_REQUIRED = NDIS_STATUS_INDICATION_REQUIRED,
    FAILURE = NDIS_STATUS_FAILURE,
    RESOURCES = NDIS_STATUS_RESOURCES,
    NOT_SUPPORTED = NDIS_STATUS_NOT_SUPPORTED,
    INVALID_PARAMETER = NDIS_STATUS_INVALID_PARAMETER,
    INVALID_DEVICE_REQUEST = NDIS_STATUS_INVALID_DEVICE_REQUEST,
    INVALID_STATE = NDIS_STATUS_INVALID_STATE,
    // Driver and adapter
    BAD_VERSION = NDIS_STATUS_BAD_VERSION,
    BAD_CHARACTERISTICS = NDIS_STATUS_BAD_CHARACTERISTICS,
    UNSUPPORTED_REVISION = NDIS_STATUS_UNSUPPORTED_REVISION,
    UNSUPPORTED_MEDIA = NDIS_STATUS_UNSUPPORTED_MEDIA,
    ADAPTER_NOT_FOUND = NDIS_STATUS_ADAPTER_NOT_FOUND,
    ADAPTER_NOT_READY = NDIS_STATUS_ADAPTER_NOT_READY,
    ADAPTER_REMOVED = NDIS_STATUS_ADAPTER_REMOVED,
    DEVICE_FAILED = NDIS_STATUS_DEVICE_FAILED,
    OPEN_FAILED = NDIS_STATUS_OPEN_FAILED,
    HARD_ERRORS = NDIS_STATUS_HARD_ERRORS,
    SOFT_ERRORS = NDIS_STATUS_SOFT_ERRORS,
    RESOURCE_CONFLICT = NDIS_STATUS_RESOURCE_CONFLICT,
    ALREADY_MAPPED = NDIS_STATUS_ALREADY_MAPPED,
    // Sends and states
    PAUSED = NDIS_STATUS_PAUSED,
    LOW_POWER_STATE = NDIS_STATUS_LOW_POWER_STATE,
    RESET_IN_PROGRESS = NDIS_STATUS_RESET_IN_PROGRESS,
    NOT_RESETTABLE = NDIS_STATUS_NOT_RESETTABLE,
    SEND_ABORTED = NDIS_STATUS_SEND_ABORTED,
    REQUEST_ABORTED = NDIS_STATUS_REQUEST_ABORTED,
    CLOSING = NDIS_STATUS_CLOSING,
    NO_CABLE = NDIS_STATUS_NO_CABLE,
    MEDIA_DISCONNECTED = NDIS_STATUS_MEDIA_DISCONNECTED,
    INVALID_PACKET = NDIS_STATUS_INVALID_PACKET,
    INVALID_PORT = NDIS_STATUS_INVALID_PORT,
    INVALID_PORT_STATE = NDIS_STATUS_INVALID_PORT_STATE,
    // OID requests
    INVALID_OID = NDIS_STATUS_INVALID_OID,
    INVALID_LENGTH = NDIS_STATUS_INVALID_LENGTH,
    INVALID_DATA = NDIS_STATUS_INVALID_DATA,
    BUFFER_TOO_SHORT = NDIS_STATUS_BUFFER_TOO_SHORT,
    BUFFER_OVERFLOW = NDIS_STATUS_BUFFER_OVERFLOW,
    MULTICAST_FULL = NDIS_STATUS_MULTICAST_FULL,
    MULTICAST_EXISTS = NDIS_STATUS_MULTICAST_EXISTS,
    MULTICAST_NOT_FOUND = NDIS_STATUS_MULTICAST_NOT_FOUND,
    FILE_NOT_FOUND = NDIS_STATUS_FILE_NOT_FOUND,
}

impl Status {
    /// Whether this is `NDIS_STATUS_SUCCESS`, exactly.
    #[must_use]
    pub const fn is_success(self) -> bool {
        self.0 == ndis::NDIS_STATUS_SUCCESS
    }

    /// Whether the call will be completed later.
    #[must_use]
    pub const fn is_pending(self) -> bool {
        self.0 == ndis::NDIS_STATUS_PENDING
    }

    /// For `?` behind a call.
    ///
    /// # Errors
    /// Everything but `NDIS_STATUS_SUCCESS`, `NDIS_STATUS_PENDING` included: where a call may pend, ask
    /// [`is_pending`](Self::is_pending) first.
    pub const fn result(self) -> Result<()> {
        if self.is_success() { Ok(()) } else { Err(self) }
    }

    /// The number, as an event log or a trace has it.
    #[must_use]
    pub const fn code(self) -> u32 {
        self.0.cast_unsigned()
    }
}

impl From<NDIS_STATUS> for Status {
    fn from(status: NDIS_STATUS) -> Self {
        Self(status)
    }
}

impl From<Status> for NDIS_STATUS {
    fn from(status: Status) -> Self {
        status.0
    }
}

/// The one place where a callback's `Result` becomes what NDIS is told.
impl From<Result<()>> for Status {
    fn from(result: Result<()>) -> Self {
        match result {
            Ok(()) => Self::SUCCESS,
            Err(status) => status,
        }
    }
}
