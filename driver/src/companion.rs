//! What shares a device with the miniport and knows nothing of NDIS: it hears when the device comes, is up, is not up
//! any more, and goes.

use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use ferrite_ddk::ndis::{self, DEVICE_OBJECT, NDIS_HANDLE};

/// The calls, all at `PASSIVE_LEVEL`. The context is what `add` has returned; NULL is one.
pub struct Companion {
    /// A device: its adapter handle and its physical device object.
    pub add: fn(NDIS_HANDLE, *mut DEVICE_OBJECT) -> *mut c_void,
    /// The hardware is up.
    ///
    /// # Safety
    /// The context is `add`'s.
    pub start: unsafe fn(*mut c_void),
    /// The device is about to sleep, or is awake again.
    ///
    /// # Safety
    /// The context is `add`'s.
    pub power: unsafe fn(*mut c_void, bool),
    /// The hardware is about to be taken down.
    ///
    /// # Safety
    /// The context is `add`'s.
    pub stop: unsafe fn(*mut c_void),
    /// The device goes; the last call with this context.
    ///
    /// # Safety
    /// The context is `add`'s.
    pub remove: unsafe fn(*mut c_void),
}

static COMPANION: AtomicPtr<Companion> = AtomicPtr::new(ptr::null_mut());

/// Remembers it, before any device is there.
pub fn set(companion: &'static Companion) {
    COMPANION.store(ptr::from_ref(companion).cast_mut(), Ordering::Release);
}

fn get() -> Option<&'static Companion> {
    // SAFETY: NULL, or what `set` was given.
    unsafe { COMPANION.load(Ordering::Acquire).as_ref() }
}

/// A device's companion, told of everything in order. Dropping it is the removal.
pub struct Presence(*mut c_void);

impl Presence {
    /// A device has come (NDIS-PNP-02). IRQL: `PASSIVE_LEVEL`.
    pub fn new(adapter: NDIS_HANDLE) -> Self {
        let mut device = ptr::null_mut();
        // SAFETY: the handle is NDIS's; what is not asked for is NULL.
        unsafe {
            ndis::NdisMGetDeviceProperty(
                adapter,
                &raw mut device,
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null_mut(),
            );
        }
        Self(get().map_or(ptr::null_mut(), |companion| (companion.add)(adapter, device)))
    }

    /// The hardware is up. IRQL: `PASSIVE_LEVEL`.
    pub fn start(&self) {
        if let Some(companion) = get() {
            // SAFETY: the context is `add`'s, and is given up in the drop.
            unsafe { (companion.start)(self.0) };
        }
    }

    /// The device is about to sleep, or is awake again. IRQL: `PASSIVE_LEVEL`.
    pub fn power(&self, awake: bool) {
        if let Some(companion) = get() {
            // SAFETY: as for `start`.
            unsafe { (companion.power)(self.0, awake) };
        }
    }

    /// It is about to be taken down. IRQL: `PASSIVE_LEVEL`.
    pub fn stop(&self) {
        if let Some(companion) = get() {
            // SAFETY: as for `start`.
            unsafe { (companion.stop)(self.0) };
        }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        if let Some(companion) = get() {
            // SAFETY: as for `start`, once.
            unsafe { (companion.remove)(self.0) };
        }
    }
}
