//! `MiniportInitializeEx`.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicPtr, Ordering};

use ferrite_ddk::Status;
use ferrite_ddk::ndis::{self, NDIS_HANDLE, NDIS_MINIPORT_INIT_PARAMETERS, NDIS_STATUS};
use ferrite_nic::regs::BAR0_BYTES;
use ferrite_nic::{Gate, Mmio};

use super::halt::Running;
use super::mapping::Mapping;
use super::resources::{self, Resources};
use super::{Adapter, Shell, attributes};
use crate::dma::SgDma;
use crate::error_log::{Failure, Step};
use crate::hardware::{Hardware, Passive};
use crate::interrupt::Interrupts;
use crate::link::{self, Monitor};
use crate::memory::Memory;
use crate::receive::Receiver;
use crate::send::Sender;
use crate::trace::trace;
use crate::worker::Worker;
use crate::{MAX_FRAME, config, send};

/// `MiniportInitializeEx`: the adapter is Paused when it has succeeded (NDIS-STATE-01). When it fails,
/// whatever the step, everything acquired has been given back (NDIS-INIT-11), and the event log says which
/// step it was (NDIS-INIT-12).
///
/// IRQL: `PASSIVE_LEVEL`.
///
/// # Safety
/// NDIS calls it with the adapter's handle and its parameters.
pub unsafe extern "C" fn initialize(
    handle: NDIS_HANDLE,
    _driver_context: NDIS_HANDLE,
    parameters: *mut NDIS_MINIPORT_INIT_PARAMETERS,
) -> NDIS_STATUS {
    // SAFETY: NDIS's parameters and the list in them are valid during the call.
    let list = unsafe { (*parameters).AllocatedResources };
    // SAFETY: as above.
    let descriptors = unsafe { resources::descriptors(list) };
    // SAFETY: as above (NDIS-PNP-03).
    let device = unsafe { (*parameters).MiniportAddDeviceContext };
    match try_initialize(handle, device, descriptors) {
        Ok(()) => Status::SUCCESS.0,
        Err(failure) => {
            failure.log(handle);
            failure.status.0
        }
    }
}

/// Every step's result is a value that undoes the step when it is dropped, and they are dropped in reverse.
fn try_initialize(
    handle: NDIS_HANDLE,
    device: NDIS_HANDLE,
    descriptors: &[ndis::CM_PARTIAL_RESOURCE_DESCRIPTOR],
) -> Result<(), Failure> {
    let memory = Memory::zeroed(handle, size_of::<Shell>()).ok_or(Failure::memory(Step::AdapterMemory))?;
    // Before everything that claims hardware (NDIS-INIT-02).
    attributes::register(handle, memory.base().as_ptr().cast())?;
    resources::check_device(handle)?;
    let resources = Resources::find(descriptors)?;
    let adapter = assemble(handle, device, resources)?;
    attributes::describe(&adapter)?;

    // From here on it has its place, and is taken down as a whole.
    let running = Running::place(memory, adapter);
    running.connect()?;
    let adapter = running.adapter();
    adapter.start_device().map_err(|error| Failure::hardware(Step::BringUp, error))?;
    running.set_ready();
    if let Some(presence) = adapter.presence() {
        presence.start();
    }
    trace!(c"ferrite: initialized\n");
    // Allowed since the registration attributes (NDIS-INIT-18).
    link::observe(adapter);
    running.keep();
    Ok(())
}

/// Makes the pieces (NDIS-INIT-08, -09) and identifies the device.
fn assemble(handle: NDIS_HANDLE, device: NDIS_HANDLE, resources: Resources) -> Result<Adapter, Failure> {
    let mut settings =
        config::read(handle).map_err(|status| Failure::refused(Step::Configuration, status))?;
    let mapping = Mapping::new(handle, resources.registers, BAR0_BYTES).map_err(|status| {
        Failure::refused(Step::MapRegisters, status).with_code(ndis::NDIS_ERROR_CODE_RESOURCE_CONFLICT)
    })?;
    let worker = Worker::new(handle).ok_or(Failure::memory(Step::WorkItem))?;
    let dma = SgDma::register(handle, MAX_FRAME, Some(send::process_sg_list))
        .map_err(|status| Failure::refused(Step::ScatterGather, status))?;
    let send = Sender::new(handle, dma.list_bytes(), &mut settings)?;
    let receive = Receiver::new(handle, &mut settings)?;

    // SAFETY: the mapping is of BAR 0, as long as said, and outlives the registers: see `Adapter`.
    let registers = unsafe { Mmio::new(mapping.base(), BAR0_BYTES as usize) }
        .ok_or(Failure::refused(Step::MapRegisters, Status::RESOURCE_CONFLICT))?;
    let hardware = Hardware::new(registers, &settings);
    hardware.reset().map_err(|error| Failure::hardware(Step::DeviceReset, error))?;
    let identity =
        hardware.nic().identify(&Passive).map_err(|error| Failure::hardware(Step::Identify, error))?;

    Ok(Adapter {
        interrupts: Interrupts::new(),
        link: Monitor::new(),
        hardware,
        receive,
        send,
        dma,
        worker,
        _mapping: mapping,
        gate: Gate::new(),
        handle,
        settings,
        permanent: identity.permanent,
        station: settings.network_address.unwrap_or(identity.permanent),
        pending: AtomicPtr::default(),
        device,
    })
}

impl Running {
    /// Moves an adapter to its place.
    fn place(memory: Memory, adapter: Adapter) -> Self {
        let shell = memory.base().cast::<Shell>();
        // SAFETY: the memory is a zeroed shell, which has room for the adapter.
        let place = unsafe { &raw mut (*shell.as_ptr()).adapter };
        // SAFETY: aligned as the pool aligns, and nobody refers to it: `ready` is not set.
        unsafe { place.cast::<Adapter>().write(adapter) };
        Self::new(memory)
    }

    /// Registers the interrupts: the last of what is acquired, for they may come at once (NDIS-INIT-10).
    fn connect(&self) -> Result<(), Failure> {
        let adapter = self.adapter();
        let handle = adapter.handle;
        // SAFETY: the adapter has its place, and is taken down only after its interrupts.
        unsafe { adapter.interrupts.register(handle, self.context(), || resources::uses_msi(handle)) }
            .map_err(|status| {
                Failure::refused(Step::Interrupt, status).with_code(ndis::NDIS_ERROR_CODE_INTERRUPT_CONNECT)
            })
    }

    /// Callbacks that had to be put off are answered from now on.
    fn set_ready(&self) {
        self.shell().ready.store(true, Ordering::Release);
    }

    /// The adapter lives until `MiniportHaltEx`.
    fn keep(self) {
        core::mem::forget(self);
    }

    /// The context that NDIS knows.
    pub(super) fn context(&self) -> NDIS_HANDLE {
        self.base().as_ptr().cast()
    }

    /// The memory as what it is.
    pub(super) fn shell(&self) -> &Shell {
        let shell: NonNull<Shell> = self.base().cast();
        // SAFETY: the memory is a shell, valid as long as this value lives; shared references only.
        unsafe { shell.as_ref() }
    }
}
