//! The adapter's settings from the registry.

use core::ptr::{self, NonNull};
use core::slice;

use ferrite_ddk::ndis::{self, NDIS_CONFIGURATION_OBJECT, NDIS_HANDLE};
use ferrite_ddk::{Object, Result, Status};
use ferrite_nic::config::Keyword;
use ferrite_nic::{MacAddress, Settings};

use crate::trace::trace;

/// An open configuration handle; closed when dropped (NDIS-CFG-05).
struct Configuration(NDIS_HANDLE);

impl Configuration {
    /// Opens the parameters of the adapter.
    fn open(adapter: NDIS_HANDLE) -> Result<Self> {
        let mut object = NDIS_CONFIGURATION_OBJECT { NdisHandle: adapter, ..Object::new() };
        let mut handle: NDIS_HANDLE = ptr::null_mut();
        // SAFETY: PASSIVE_LEVEL (NDIS-CFG-01); `adapter` is the handle given to MiniportInitializeEx, and
        // both places live through the call.
        let status = unsafe { ndis::NdisOpenConfigurationEx(&raw mut object, &raw mut handle) };
        Status(status).result()?;
        Ok(Self(handle))
    }

    /// The number behind `keyword`; `None` if there is none, or something else.
    fn integer(&self, keyword: &Keyword) -> Option<u32> {
        let bytes = u16::try_from(size_of_val(keyword.wide)).ok()?;
        let mut name = ndis::NDIS_STRING {
            // Without the NUL.
            Length: bytes.saturating_sub(2),
            MaximumLength: bytes,
            Buffer: keyword.wide.as_ptr().cast_mut(),
        };
        let mut status = ndis::NDIS_STATUS_FAILURE;
        let mut parameter = ptr::null_mut();
        // SAFETY: PASSIVE_LEVEL, one thread (NDIS-CFG-02); the handle is open, NDIS only reads the name, and
        // all three places live through the call.
        unsafe {
            ndis::NdisReadConfiguration(
                &raw mut status,
                &raw mut parameter,
                self.0,
                &raw mut name,
                ndis::NdisParameterInteger,
            );
        };
        if status != ndis::NDIS_STATUS_SUCCESS {
            return None;
        }
        let parameter = NonNull::new(parameter)?;
        // SAFETY: NDIS has succeeded, so the parameter is valid until the handle is closed (NDIS-CFG-03).
        let parameter = unsafe { parameter.as_ref() };
        let kind = parameter.ParameterType;
        if kind != ndis::NdisParameterInteger && kind != ndis::NdisParameterHexInteger {
            return None;
        }
        // SAFETY: the type says that the number is the member in use.
        Some(unsafe { parameter.ParameterData.IntegerData })
    }

    /// `NetworkAddress`, if it is there and a station may have it (NDIS-CFG-08).
    fn network_address(&self) -> Option<MacAddress> {
        let mut status = ndis::NDIS_STATUS_FAILURE;
        let mut address = ptr::null_mut();
        let mut length = 0;
        // SAFETY: PASSIVE_LEVEL, one thread (NDIS-CFG-02); the handle is open and the three places live
        // through the call.
        unsafe { ndis::NdisReadNetworkAddress(&raw mut status, &raw mut address, &raw mut length, self.0) };
        if status != ndis::NDIS_STATUS_SUCCESS {
            return None;
        }
        let address = NonNull::new(address.cast::<u8>())?;
        // SAFETY: NDIS has succeeded, so there are `length` bytes until the handle is closed (NDIS-CFG-03).
        let bytes = unsafe { slice::from_raw_parts(address.as_ptr(), length as usize) };
        let station = MacAddress::station(bytes);
        if station.is_err() {
            trace!(c"ferrite: NetworkAddress is no station address, ignored\n");
        }
        station.ok()
    }
}

impl Drop for Configuration {
    fn drop(&mut self) {
        // SAFETY: opened by `open`, closed once, and nothing read through it is referred to any more.
        unsafe { ndis::NdisCloseConfiguration(self.0) };
    }
}

/// Reads every keyword of the adapter; what is absent or not allowed has its default (NDIS-CFG-04, -06).
///
/// IRQL: `PASSIVE_LEVEL`, in `MiniportInitializeEx`.
///
/// # Errors
/// NDIS's status, if the settings cannot be opened.
pub fn read(adapter: NDIS_HANDLE) -> Result<Settings> {
    let configuration = Configuration::open(adapter)?;
    let mut settings = Settings::read(|keyword| configuration.integer(keyword));
    settings.network_address = configuration.network_address();
    Ok(settings)
}
