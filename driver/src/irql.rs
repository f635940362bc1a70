//! Running at `DISPATCH_LEVEL` without holding a lock, as the SG list calls want it.

use core::marker::PhantomData;

use ferrite_ddk::ndis::{DISPATCH_LEVEL, KIRQL};

unsafe extern "C" {
    // Inline or exported, depending on the kit's headers; exported by every x64 kernel.
    fn KfRaiseIrql(new: KIRQL) -> KIRQL;
    fn KeLowerIrql(new: KIRQL);
}

/// The current processor runs at `DISPATCH_LEVEL` as long as this lives.
pub struct Dispatch {
    old: Option<KIRQL>,
    /// An IRQL is its processor's: the value stays with its thread.
    processor: PhantomData<*mut ()>,
}

impl Dispatch {
    /// Raises the IRQL. IRQL: up to `DISPATCH_LEVEL`.
    #[must_use]
    pub fn raise() -> Self {
        // SAFETY: called at or below DISPATCH_LEVEL; the drop puts the IRQL back.
        let old = unsafe { KfRaiseIrql(DISPATCH_LEVEL) };
        Self { old: Some(old), processor: PhantomData }
    }

    /// For callers that are known to run at `DISPATCH_LEVEL` (NDIS-SEND-11).
    ///
    /// # Safety
    /// The IRQL is `DISPATCH_LEVEL` as long as the value lives.
    #[must_use]
    pub const unsafe fn assume() -> Self {
        Self { old: None, processor: PhantomData }
    }
}

impl Drop for Dispatch {
    fn drop(&mut self) {
        if let Some(old) = self.old {
            // SAFETY: `raise` has raised it from `old` on this processor; locks taken since have been freed.
            unsafe { KeLowerIrql(old) };
        }
    }
}
