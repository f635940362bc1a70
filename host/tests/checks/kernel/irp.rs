//! IRPs that the driver makes.

use super::{broken, k, pdo};
use ferrite_host::{
    abi::{IO_STACK_LOCATION as Stack, IRP, Ptr, constants as c, write},
    nt::io::irp,
};

/// An IRP with so many stack locations.
fn allocate(locations: u64) -> u64 {
    k("IoAllocateIrp", &[locations, 0])
}

/// The status that it is completed with.
fn set_status(addr: u64, status: u32) {
    irp::set_status(addr, status, 0);
}

broken! {
    /// 0x44.
    completing_an_irp_twice: IRP in "IofCompleteRequest" {
        let addr = allocate(1);
        irp::send("test", pdo(), addr);
        k("IofCompleteRequest", &[addr, 0])
    }
    /// An IRP that was freed.
    completing_a_freed_irp: IRP_OBJECT in "IofCompleteRequest" {
        let addr = allocate(1);
        k("IoFreeIrp", &[addr]);
        k("IofCompleteRequest", &[addr, 0])
    }
    /// 0x35.
    sending_an_irp_without_a_location: IRP_STACK in "IofCallDriver" {
        let addr = allocate(1);
        Ptr::<IRP>::new(addr).set(IRP::CurrentLocation, 1);
        k("IofCallDriver", &[pdo(), addr])
    }
    /// An IRP completed as pending.
    completing_an_irp_as_pending: IRP_COMPLETED_PENDING in "IofCompleteRequest" {
        let addr = allocate(1);
        set_status(addr, c::STATUS_PENDING);
        k("IofCompleteRequest", &[addr, 0])
    }
    /// A major function that does not exist.
    sending_an_unknown_major_function: IRP_MAJOR in "IofCallDriver" {
        let addr = allocate(1);
        irp::next_location(addr).set(Stack::MajorFunction, 0x77);
        k("IofCallDriver", &[pdo(), addr])
    }
}

/// What happens to an IRP of the driver's: it comes back, and is freed.
extern "win64" fn came_back(_device: u64, _irp: u64, _context: u64) -> u64 {
    u64::from(c::STATUS_MORE_PROCESSING_REQUIRED)
}

/// An IRP sent down, completed there, and freed.
pub fn sound() {
    let addr = allocate(2);
    set_status(addr, c::STATUS_NOT_SUPPORTED);
    let below = irp::next_location(addr);
    below.set(Stack::MajorFunction, c::IRP_MJ_PNP as u8);
    below.set(Stack::MinorFunction, 0x77_u8);
    below.set(Stack::CompletionRoutine, came_back as *const () as u64);
    write(below.addr() + 3, 0xE0_u8);
    k("IofCallDriver", &[pdo(), addr]);
    k("IoFreeIrp", &[addr]);
}
