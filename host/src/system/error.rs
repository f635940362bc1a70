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
    #[error("the machine has no function to drive; give it a NIC, or a function of this process")]
    NoFunction,
    /// There are functions in this process, but nothing that says what drives them.
    #[error("a function at {0} has no INF of class System; name one")]
    NoInf(crate::bus::Bdf),
    /// A function that is to be played cannot be.
    #[error("{0}")]
    Function(String),
    /// Two functions have one address, or it is on another bus.
    #[error("the address {0} is taken, or not on bus 0")]
    Address(crate::bus::Bdf),
    /// The INFs install the image under two names.
    #[error("the INFs install the services {} and {}; one image is one service", .0[0], .0[1])]
    Services([String; 2]),
    /// An INF of another class than what it is named for.
    #[error("{inf}: class {class} is needed for {what}")]
    Class {
        /// The INF.
        inf: String,
        /// The class.
        class: &'static str,
        /// What it would install.
        what: &'static str,
    },
    /// `DriverEntry` failed.
    #[error("DriverEntry returned {0:#010x}")]
    DriverEntry(u32),
    /// `DriverEntry` succeeded without registering a miniport.
    #[error("DriverEntry succeeded, but registered no miniport driver with NDIS")]
    NoMiniport,
    /// `AddDevice` refused the device.
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
