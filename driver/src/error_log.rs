//! What goes to the system event log when an adapter cannot be brought up or has died (NDIS-ERR-01).

use ferrite_ddk::Status;
use ferrite_ddk::ndis::{self, NDIS_HANDLE};

use crate::trace::trace;

/// The step that failed: the first of an entry's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Step {
    /// `NdisMSetMiniportAttributes` with the registration attributes.
    RegistrationAttributes = 1,
    /// The PCI identification is not an 82574L's, or the configuration space cannot be read.
    PciConfiguration = 2,
    /// No memory resource that can be BAR 0, or no interrupt.
    Resources = 3,
    /// The registry's settings cannot be opened.
    Configuration = 4,
    /// Mapping BAR 0.
    MapRegisters = 5,
    /// The work item for resets and power changes.
    WorkItem = 6,
    /// The scatter/gather registration.
    ScatterGather = 7,
    /// The transmit ring, its SG list buffers and its bounce buffers.
    TransmitMemory = 8,
    /// The receive ring and its NBLs and buffers.
    ReceiveMemory = 9,
    /// The first reset of the device.
    DeviceReset = 10,
    /// The station address in the NVM, the NVM's checksum, or the PHY's identifier.
    Identify = 11,
    /// `NdisMSetMiniportAttributes` with the general attributes.
    GeneralAttributes = 12,
    /// `NdisMRegisterInterruptEx`.
    Interrupt = 13,
    /// Programming the device after the reset.
    BringUp = 14,
    /// A reset or a power-up of a running adapter: the device is given up.
    Recovery = 15,
    /// The adapter's own memory.
    AdapterMemory = 16,
}

/// Why a step failed.
#[derive(Clone, Copy, Debug)]
pub struct Failure {
    /// The step.
    pub step: Step,
    /// What `MiniportInitializeEx` returns.
    pub status: Status,
    /// One of `NDIS_ERROR_CODE_XXX`.
    pub code: u32,
    /// More, by step: a hardware error's code, or an NDIS status.
    pub detail: u32,
}

impl Failure {
    /// There is not enough memory for `step`.
    pub const fn memory(step: Step) -> Self {
        let code = ndis::NDIS_ERROR_CODE_OUT_OF_RESOURCES;
        Self { step, status: Status::RESOURCES, code, detail: 0 }
    }

    /// NDIS has refused `step`.
    pub const fn refused(step: Step, status: Status) -> Self {
        let code = ndis::NDIS_ERROR_CODE_DRIVER_FAILURE;
        Self { step, status, code, detail: status.0.cast_unsigned() }
    }

    /// The device has failed `step`.
    pub const fn hardware(step: Step, error: ferrite_nic::Error) -> Self {
        let code = ndis::NDIS_ERROR_CODE_HARDWARE_FAILURE;
        Self { step, status: Status::HARD_ERRORS, code, detail: error.code() }
    }

    /// The same under another event log code.
    pub const fn with_code(self, code: u32) -> Self {
        Self { code, ..self }
    }

    /// Writes it to the system event log: the code, and the step, the status and the detail as values.
    ///
    /// IRQL: up to `DISPATCH_LEVEL`. `adapter` is the miniport adapter handle.
    pub fn log(self, adapter: NDIS_HANDLE) {
        trace!(
            c"ferrite: step %u failed, status %x detail %x\n",
            self.step as u32, self.status.0, self.detail
        );
        let status = self.status.0.cast_unsigned();
        // SAFETY: `adapter` is a handle of NDIS's; three values are announced and three 32-bit values follow.
        unsafe { ndis::NdisWriteErrorLogEntry(adapter, self.code, 3, self.step as u32, status, self.detail) };
    }
}
