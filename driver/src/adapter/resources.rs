//! What the `PnP` manager has assigned, and whether the device is what the INF promised.

use core::ptr::NonNull;
use core::slice;

use ferrite_ddk::Status;
use ferrite_ddk::ndis::{self, CM_PARTIAL_RESOURCE_DESCRIPTOR, NDIS_HANDLE};
use ferrite_nic::regs::BAR0_BYTES;

use crate::error_log::{Failure, Step};

/// Intel.
const VENDOR: u16 = 0x8086;
/// The 82574L.
const DEVICE: u16 = 0x10d3;

/// The offset of the command register in PCI configuration space.
const COMMAND: u32 = 4;

/// The hardware resources of the adapter (NDIS-INIT-14). Interrupts are NDIS's to connect; there has to be
/// one.
#[derive(Clone, Copy)]
pub struct Resources {
    /// BAR 0.
    pub registers: ndis::PHYSICAL_ADDRESS,
}

impl Resources {
    /// Finds BAR 0, and an interrupt, in NDIS's list.
    ///
    /// The list has the BARs in their order, so the first memory range is BAR 0.
    ///
    /// # Errors
    /// [`Step::Resources`]: no memory range of BAR 0's size, or no interrupt.
    pub fn find(descriptors: &[CM_PARTIAL_RESOURCE_DESCRIPTOR]) -> Result<Self, Failure> {
        let mut registers = None;
        let mut interrupt = false;
        for descriptor in descriptors {
            match descriptor.Type {
                ndis::CmResourceTypeMemory if registers.is_none() => {
                    // SAFETY: the type says that this is the member in use; it is copied out of the packed
                    // structure.
                    let memory = unsafe { descriptor.u.Memory };
                    registers = Some((memory.Start, memory.Length));
                }
                ndis::CmResourceTypeInterrupt => interrupt = true,
                _ => {}
            }
        }
        let failure = Failure::refused(Step::Resources, Status::RESOURCE_CONFLICT)
            .with_code(ndis::NDIS_ERROR_CODE_RESOURCE_CONFLICT);
        match registers {
            Some((registers, length)) if length >= BAR0_BYTES && interrupt => Ok(Self { registers }),
            _ => Err(failure),
        }
    }
}

/// The descriptors of the list that `MiniportInitializeEx` is given.
///
/// # Safety
/// `list` is NULL or NDIS's list, valid for as long as the result is used.
pub unsafe fn descriptors<'a>(
    list: *const ndis::CM_PARTIAL_RESOURCE_LIST,
) -> &'a [CM_PARTIAL_RESOURCE_DESCRIPTOR] {
    let Some(list) = NonNull::new(list.cast_mut()) else { return &[] };
    // SAFETY: a list begins with its header (caller's promise).
    let count = unsafe { (*list.as_ptr()).Count };
    // SAFETY: as above; the descriptors begin in the header and continue behind it.
    let first = unsafe { &raw const (*list.as_ptr()).PartialDescriptors }.cast();
    // SAFETY: the list holds `count` descriptors (caller's promise).
    unsafe { slice::from_raw_parts(first, count as usize) }
}

/// Reads from PCI configuration space into `buffer`; whether all of it was read.
fn read_configuration(adapter: NDIS_HANDLE, offset: u32, buffer: &mut [u8; 4]) -> bool {
    // SAFETY: `adapter` is the handle given to MiniportInitializeEx; the buffer has the four bytes.
    let read = unsafe {
        ndis::NdisMGetBusData(adapter, ndis::PCI_WHICHSPACE_CONFIG, offset, buffer.as_mut_ptr().cast(), 4)
    };
    read == 4
}

/// Checks that the device is an 82574L, and lets it decode memory and master the bus if nobody has yet.
///
/// IRQL: `PASSIVE_LEVEL`.
///
/// # Errors
/// [`Step::PciConfiguration`]; the detail is the identification read.
pub fn check_device(adapter: NDIS_HANDLE) -> Result<(), Failure> {
    let mut dword = [0; 4];
    let read = read_configuration(adapter, 0, &mut dword);
    let [v0, v1, d0, d1] = dword;
    if !read || u16::from_le_bytes([v0, v1]) != VENDOR || u16::from_le_bytes([d0, d1]) != DEVICE {
        return Err(Failure {
            detail: u32::from_le_bytes(dword),
            ..Failure::refused(Step::PciConfiguration, Status::ADAPTER_NOT_FOUND)
                .with_code(ndis::NDIS_ERROR_CODE_ADAPTER_NOT_FOUND)
        });
    }

    let wanted = ndis::PCI_ENABLE_MEMORY_SPACE | ndis::PCI_ENABLE_BUS_MASTER;
    if !read_configuration(adapter, COMMAND, &mut dword) {
        return Err(Failure::refused(Step::PciConfiguration, Status::FAILURE));
    }
    let [c0, c1, ..] = dword;
    let command = u16::from_le_bytes([c0, c1]);
    if command & wanted == wanted {
        return Ok(());
    }
    let mut bytes = (command | wanted).to_le_bytes();
    // SAFETY: as for reading; the buffer has the two bytes. The status half of the dword is
    // write-one-to-clear and left alone.
    let written = unsafe {
        ndis::NdisMSetBusData(adapter, ndis::PCI_WHICHSPACE_CONFIG, COMMAND, bytes.as_mut_ptr().cast(), 2)
    };
    if written == 2 { Ok(()) } else { Err(Failure::refused(Step::PciConfiguration, Status::FAILURE)) }
}

/// The offset of the pointer to the first capability in PCI configuration space.
const CAPABILITIES: u32 = 0x34;
/// MSI's message control, behind identifier and next pointer, begins with the enable bit.
const MSI_ENABLE: u8 = 1;

/// Whether the message granted is MSI's and not MSI-X's: the system has turned MSI on.
///
/// IRQL: `PASSIVE_LEVEL`, after the interrupt has been registered.
pub fn uses_msi(adapter: NDIS_HANDLE) -> bool {
    let mut dword = [0; 4];
    if !read_configuration(adapter, CAPABILITIES, &mut dword) {
        return false;
    }
    let [mut at, ..] = dword;
    // A capability takes four bytes at least, so a list that does not end is longer than this.
    for _ in 0..48 {
        if at < 0x40 || !read_configuration(adapter, u32::from(at & !3), &mut dword) {
            return false;
        }
        let [id, next, control, _] = dword;
        if u32::from(id) == u32::from(ndis::PCI_CAPABILITY_ID_MSI) {
            return control & MSI_ENABLE != 0;
        }
        at = next;
    }
    false
}
