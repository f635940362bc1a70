//! IRPs that the driver makes.

use super::routines;
use crate::abi::{IO_STACK_LOCATION as Stack, IRP, Ptr, c, import, write};
use super::{pdo};

/// An IRP with so many stack locations.
fn allocate(locations: u64) -> u64 {
    import!(IoAllocateIrp, locations, 0)
}

/// The stack location of the driver below.
fn next_location(addr: u64) -> Ptr<Stack> {
    let current = Ptr::<IRP>::new(addr).get(IRP::CurrentStackLocation);
    Ptr::new(current - size_of::<ferrite_ddk::ndis::IO_STACK_LOCATION>() as u64)
}

/// The status that it is completed with.
fn set_status(addr: u64, status: u32) {
    Ptr::<IRP>::new(addr).set(IRP::IoStatus, status);
}

routines! {
    /// 0x44.
    completing_an_irp_twice {
        let addr = allocate(1);
        import!(IofCallDriver, pdo(), addr);
        import!(IofCompleteRequest, addr, 0)
    }
    /// An IRP that was freed.
    completing_a_freed_irp {
        let addr = allocate(1);
        import!(IoFreeIrp, addr);
        import!(IofCompleteRequest, addr, 0)
    }
    /// 0x35.
    sending_an_irp_without_a_location {
        let addr = allocate(1);
        Ptr::<IRP>::new(addr).set(IRP::CurrentLocation, 1);
        import!(IofCallDriver, pdo(), addr)
    }
    /// An IRP completed as pending.
    completing_an_irp_as_pending {
        let addr = allocate(1);
        set_status(addr, c::STATUS_PENDING);
        import!(IofCompleteRequest, addr, 0)
    }
    /// A major function that does not exist.
    sending_an_unknown_major_function {
        let addr = allocate(1);
        next_location(addr).set(Stack::MajorFunction, 0x77);
        import!(IofCallDriver, pdo(), addr)
    }
}

/// What happens to an IRP of the driver's: it comes back, and is freed.
extern "system" fn came_back(_device: u64, _irp: u64, _context: u64) -> u64 {
    u64::from(c::STATUS_MORE_PROCESSING_REQUIRED)
}

/// An IRP sent down, completed there, and freed.
pub fn sound() {
    let addr = allocate(2);
    set_status(addr, c::STATUS_NOT_SUPPORTED);
    let below = next_location(addr);
    below.set(Stack::MajorFunction, c::IRP_MJ_PNP as u8);
    below.set(Stack::MinorFunction, 0x77_u8);
    below.set(Stack::CompletionRoutine, came_back as *const () as u64);
    write(below.addr() + 3, 0xE0_u8);
    import!(IofCallDriver, pdo(), addr);
    import!(IoFreeIrp, addr);
}
