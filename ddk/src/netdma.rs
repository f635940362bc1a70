//! NetDMA's entry points, looked up at run time: Windows 8 and later have none that work, and NetDMA 1.0 lacks two.

use crate::ndis::{
    self, NTSTATUS, PHYSICAL_ADDRESS, PNET_DMA_PNP_NOTIFICATION, PNET_DMA_PROVIDER_ATTRIBUTES,
    PNET_DMA_PROVIDER_CHARACTERISTICS, PULONG, PVOID, UINT,
};
use crate::routine::{ndis_routine, routine_as};
use crate::unicode_string;

macro_rules! routines {
    ($($(#[$doc:meta])* $alias:ident = $name:ident: $pointer:ty;)*) => {
        $(
            $(#[$doc])*
            pub type $alias = $pointer;
            // The header's prototype has this very type.
            const _: $alias = ndis::$name;
        )*
    };
}

routines! {
    /// `NetDmaRegisterProvider`. `PASSIVE_LEVEL`.
    RegisterProvider = NetDmaRegisterProvider:
        unsafe extern "C" fn(PVOID, *mut PVOID, PNET_DMA_PROVIDER_CHARACTERISTICS) -> NTSTATUS;
    /// `NetDmaDeregisterProvider`. `PASSIVE_LEVEL`.
    DeregisterProvider = NetDmaDeregisterProvider: unsafe extern "C" fn(PVOID);
    /// `NetDmaProviderStart`. `PASSIVE_LEVEL`.
    ProviderStart = NetDmaProviderStart: unsafe extern "C" fn(PVOID, PNET_DMA_PROVIDER_ATTRIBUTES);
    /// `NetDmaProviderStop`. `PASSIVE_LEVEL`.
    ProviderStop = NetDmaProviderStop: unsafe extern "C" fn(PVOID);
    /// `NetDmaIsr`. DIRQL (NDMA-INT-01).
    Isr = NetDmaIsr: unsafe extern "C" fn(PVOID, PHYSICAL_ADDRESS, PULONG);
    /// `NetDmaInterruptDpc`. `DISPATCH_LEVEL` (NDMA-INT-03).
    InterruptDpc = NetDmaInterruptDpc: unsafe extern "C" fn(PVOID, PHYSICAL_ADDRESS);
    /// `NetDmaPnPEventNotify`. `PASSIVE_LEVEL` (NDMA-PNP-01).
    PnPEventNotify = NetDmaPnPEventNotify: unsafe extern "C" fn(PVOID, PNET_DMA_PNP_NOTIFICATION);
    /// `NetDmaGetVersion`. `PASSIVE_LEVEL` (NDMA-VER-01).
    GetVersion = NetDmaGetVersion: unsafe extern "C" fn() -> UINT;
}

/// What a provider calls.
#[derive(Clone, Copy)]
pub struct EntryPoints {
    /// Registers the provider.
    pub register_provider: RegisterProvider,
    /// Undoes it.
    pub deregister_provider: DeregisterProvider,
    /// Announces the channels.
    pub provider_start: ProviderStart,
    /// Takes them back.
    pub provider_stop: ProviderStop,
    /// For the ISR.
    pub isr: Isr,
    /// For the DPC.
    pub interrupt_dpc: InterruptDpc,
    /// Since NetDMA 1.1.
    pub pnp_event_notify: Option<PnPEventNotify>,
    /// Since NetDMA 1.1; without it the version is 1.0.
    pub get_version: Option<GetVersion>,
}

macro_rules! look_up {
    ($name:literal) => {
        // SAFETY: the routine of this name, whose type `routines!` has checked against the header.
        ndis_routine(&unicode_string!($name)).map(|address| unsafe { routine_as(address) })
    };
}

impl EntryPoints {
    /// Looks all of them up; `None` where NDIS has no NetDMA. IRQL: `PASSIVE_LEVEL`.
    ///
    /// Present entry points do not mean that NetDMA works: registering may still give a NULL handle.
    #[must_use]
    pub fn find() -> Option<Self> {
        Some(Self {
            register_provider: look_up!("NetDmaRegisterProvider")?,
            deregister_provider: look_up!("NetDmaDeregisterProvider")?,
            provider_start: look_up!("NetDmaProviderStart")?,
            provider_stop: look_up!("NetDmaProviderStop")?,
            isr: look_up!("NetDmaIsr")?,
            interrupt_dpc: look_up!("NetDmaInterruptDpc")?,
            pnp_event_notify: look_up!("NetDmaPnPEventNotify"),
            get_version: look_up!("NetDmaGetVersion"),
        })
    }
}
