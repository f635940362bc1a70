//! A function's PCI configuration space, through the interface that its bus driver has.

use core::ptr;

use ferrite_ddk::Status;
use ferrite_ddk::ndis::{self, BUS_INTERFACE_STANDARD, DEVICE_OBJECT, GUID, IO_STATUS_BLOCK};

use super::irp::Event;

/// `GUID_BUS_INTERFACE_STANDARD`.
static INTERFACE: GUID = GUID {
    Data1: 0x496B_8280,
    Data2: 0x6F25,
    Data3: 0x11D0,
    Data4: [0xBE, 0xAF, 0x08, 0x00, 0x2B, 0xE2, 0x09, 0x2F],
};
/// Bytes of it.
#[expect(clippy::cast_possible_truncation, reason = "64")]
const BYTES: u16 = size_of::<BUS_INTERFACE_STANDARD>() as u16;

/// Status: there are capabilities.
const STATUS: u32 = 0x06;
const HAS_CAPABILITIES: u16 = 1 << 4;
/// Where the first capability is.
const FIRST: u32 = 0x34;
/// More capabilities do not fit.
const MOST: usize = 48;
/// Device Control of the PCI Express capability, and its Enable Relaxed Ordering.
const DEVICE_CONTROL: u32 = 0x08;
const RELAXED_ORDERING: u16 = 1 << 4;
/// Message Control of MSI-X: on. The table behind it: its BAR in three bits, its offset in the rest.
const MESSAGE_CONTROL: u32 = 0x02;
const MSI_X_ON: u16 = 1 << 15;
const TABLE: u32 = 0x04;

/// See the module.
pub struct Bus(BUS_INTERFACE_STANDARD);

/// The MSI-X capability.
#[derive(Clone, Copy)]
pub struct MsiX {
    /// It is on.
    pub on: bool,
    /// The BAR that has the table, and where in it.
    pub bar: u32,
    /// See `bar`.
    pub offset: u32,
}

impl Bus {
    /// Asks the drivers below `device` for it. IRQL: `PASSIVE_LEVEL`.
    pub fn of(lower: *mut DEVICE_OBJECT) -> Option<Self> {
        let event = Event::new();
        let mut block = IO_STATUS_BLOCK::default();
        let mut interface = BUS_INTERFACE_STANDARD::default();
        // SAFETY: PASSIVE_LEVEL; event and block live until the request is over, for which this function waits.
        let irp = unsafe {
            ndis::IoBuildSynchronousFsdRequest(
                ndis::IRP_MJ_PNP.into(),
                lower,
                ptr::null_mut(),
                0,
                ptr::null_mut(),
                event.as_ptr(),
                &raw mut block,
            )
        };
        if irp.is_null() {
            return None;
        }
        // SAFETY: the IRP is ours until it is sent.
        let request = unsafe { &mut *irp };
        // Who does not know the request leaves this status.
        request.IoStatus.__bindgen_anon_1.Status = ndis::STATUS_NOT_SUPPORTED;
        // SAFETY: as above; the next location is that of the device below.
        let location = unsafe { ndis::IoGetNextIrpStackLocation(irp) };
        // SAFETY: as above.
        let location = unsafe { &mut *location };
        location.MinorFunction = ndis::IRP_MN_QUERY_INTERFACE;
        location.Parameters.QueryInterface.InterfaceType = &raw const INTERFACE;
        location.Parameters.QueryInterface.Size = BYTES;
        location.Parameters.QueryInterface.Version = 1;
        location.Parameters.QueryInterface.Interface = (&raw mut interface).cast();
        location.Parameters.QueryInterface.InterfaceSpecificData = ptr::null_mut();
        // SAFETY: the device below is there as long as ours is attached to it.
        if unsafe { ndis::IofCallDriver(lower, irp) } == ndis::STATUS_PENDING {
            event.wait();
        }
        // SAFETY: every bit pattern is a status; the request is over.
        let status = unsafe { block.__bindgen_anon_1.Status };
        (Status(status).result().is_ok() && interface.GetBusData.is_some()).then(|| Self(interface))
    }

    fn read(&self, offset: u32, buffer: &mut [u8]) -> bool {
        let Some(get) = self.0.GetBusData else { return false };
        let bytes = u32::try_from(buffer.len()).unwrap_or(0);
        // SAFETY: the interface is referenced until it is dropped; the buffer is that long.
        unsafe {
            get(self.0.Context, ndis::PCI_WHICHSPACE_CONFIG, buffer.as_mut_ptr().cast(), offset, bytes)
                == bytes
        }
    }

    fn read16(&self, offset: u32) -> u16 {
        let mut buffer = [0; 2];
        if self.read(offset, &mut buffer) { u16::from_le_bytes(buffer) } else { u16::MAX }
    }

    fn read32(&self, offset: u32) -> u32 {
        let mut buffer = [0; 4];
        if self.read(offset, &mut buffer) { u32::from_le_bytes(buffer) } else { u32::MAX }
    }

    fn write16(&self, offset: u32, value: u16) {
        let Some(set) = self.0.SetBusData else { return };
        let mut buffer = value.to_le_bytes();
        let at = buffer.as_mut_ptr().cast();
        // SAFETY: as for `read`; SetBusData only reads the buffer.
        let _written = unsafe { set(self.0.Context, ndis::PCI_WHICHSPACE_CONFIG, at, offset, 2) };
    }

    /// Vendor and device.
    pub fn ids(&self) -> (u16, u16) {
        (self.read16(0), self.read16(2))
    }

    /// Where a capability is.
    fn capability(&self, id: u8) -> Option<u32> {
        let status = self.read16(STATUS);
        if status == u16::MAX || status & HAS_CAPABILITIES == 0 {
            return None;
        }
        let mut at = u32::from(self.read16(FIRST) & 0xFC);
        // A list that leads back to itself ends as well.
        for _ in 0..MOST {
            if at < 0x40 {
                return None;
            }
            let [found, next] = self.read16(at).to_le_bytes();
            if found == id {
                return Some(at);
            }
            at = u32::from(next & 0xFC);
        }
        None
    }

    /// Lets no write of the function pass another one, so that the completion word cannot come before the data.
    pub fn order_strictly(&self) {
        let Some(at) = self.capability(ndis::PCI_CAPABILITY_ID_PCI_EXPRESS) else { return };
        let register = at.wrapping_add(DEVICE_CONTROL);
        let control = self.read16(register);
        if control != u16::MAX && control & RELAXED_ORDERING != 0 {
            self.write16(register, control & !RELAXED_ORDERING);
        }
    }

    /// The MSI-X capability, if the function has it.
    pub fn msi_x(&self) -> Option<MsiX> {
        let at = self.capability(ndis::PCI_CAPABILITY_ID_MSIX)?;
        let table = self.read32(at.wrapping_add(TABLE));
        let control = self.read16(at.wrapping_add(MESSAGE_CONTROL));
        let there = table != u32::MAX && control != u16::MAX;
        there.then_some(MsiX { on: control & MSI_X_ON != 0, bar: table & 7, offset: table & !7 })
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        if let Some(release) = self.0.InterfaceDereference {
            // SAFETY: referenced when it was handed out, released once.
            unsafe { release(self.0.Context) };
        }
    }
}
