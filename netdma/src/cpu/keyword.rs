//! `NetDmaCpuEngine`, read before there is an adapter: `NDIS`'s configuration opens only in `MiniportInitializeEx`
//! (NDIS-CFG-01), so the device's own key is.

use core::ptr;

use ferrite_ddk::ndis::{self, DEVICE_OBJECT, HANDLE};
use ferrite_ddk::{Status, unicode_string};

/// `KEY_VALUE_PARTIAL_INFORMATION`, with room for one digit and its terminator, or a number.
#[repr(C)]
#[derive(Default)]
struct Value {
    title_index: u32,
    kind: u32,
    length: u32,
    data: [u16; 2],
}

/// Whether the device's key asks for the engine: the digit 1, or the number. IRQL: `PASSIVE_LEVEL`.
pub fn is_on(device: *mut DEVICE_OBJECT) -> bool {
    let mut key: HANDLE = ptr::null_mut();
    // SAFETY: PASSIVE_LEVEL; the device object is the PnP manager's and there as long as the device; the handle's place
    // lives through the call.
    let status = unsafe {
        ndis::IoOpenDeviceRegistryKey(
            device,
            ndis::PLUGPLAY_REGKEY_DRIVER,
            ndis::KEY_QUERY_VALUE,
            &raw mut key,
        )
    };
    if Status(status).result().is_err() {
        return false;
    }
    let name = unicode_string!("NetDmaCpuEngine");
    let mut value = Value::default();
    let bytes = u32::try_from(size_of::<Value>()).unwrap_or(0);
    let mut needed = 0;
    // SAFETY: the key is open; the kernel reads the name and writes at most `bytes` bytes of the value.
    let status = unsafe {
        ndis::ZwQueryValueKey(
            key,
            name.as_ptr(),
            ndis::KeyValuePartialInformation,
            (&raw mut value).cast(),
            bytes,
            &raw mut needed,
        )
    };
    // SAFETY: opened above, closed once.
    let _closed = unsafe { ndis::ZwClose(key) };
    let one = match value.kind {
        // With or without its terminator.
        ndis::REG_SZ => value.data == [u16::from(b'1'), 0],
        ndis::REG_DWORD => value.length == 4 && value.data == [1, 0],
        _ => false,
    };
    Status(status).result().is_ok() && one
}
