//! Why a system could not be brought up.

use crate::{bus::AssignError, device, pe, pnp, trap};

/// Why a system could not be brought up.
#[derive(Debug, thiserror::Error)]
pub enum SystemError {
    /// The machine.
    #[error(transparent)]
    Device(#[from] device::Error),
    /// The INF, with every finding.
    #[error("{0}")]
    Inf(#[from] pnp::Diagnostics),
    /// The image.
    #[error(transparent)]
    Image(#[from] pe::LoadError),
    /// A BAR has no room.
    #[error(transparent)]
    Assign(#[from] AssignError<device::Error>),
    /// The process cannot trap registers.
    #[error(transparent)]
    Trap(#[from] trap::TrapError),
    /// There is nothing to drive.
    #[error("the machine has no network function; give it a NIC")]
    NoFunction,
    /// `DriverEntry` failed.
    #[error("DriverEntry returned {0:#010x}")]
    DriverEntry(u32),
    /// `DriverEntry` succeeded without registering a miniport.
    #[error("DriverEntry succeeded, but registered no miniport driver with NDIS")]
    NoMiniport,
    /// `MiniportAddDevice` refused the device.
    #[error("MiniportAddDevice returned {0:#010x}")]
    AddDevice(u32),
    /// `MiniportInitializeEx` failed.
    #[error("MiniportInitializeEx returned {status:#010x}{log}")]
    Initialize {
        /// Its status.
        status: u32,
        /// What the driver wrote to the error log.
        log: String,
    },
    /// `MiniportRestart` failed.
    #[error("MiniportRestart returned {0:#010x}")]
    Restart(u32),
}
