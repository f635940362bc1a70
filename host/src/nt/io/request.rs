//! IRPs that the host sends, and what it holds a driver to that gets one.

use super::{device, irp};
use crate::{
    abi::{DEVICE_OBJECT, IO_STACK_LOCATION as Stack, Ptr, constants as c},
    verify::rules,
    world::world,
};
use std::{cell::Cell, rc::Rc};

/// Sends an IRP of the host's to the top of a device's stack and waits for it: status and information.
pub fn request(device: u64, fill_in: impl Fn(Ptr<Stack>, u64), what: &'static str) -> (u32, u64) {
    let (status, information, _) = request_down(device, fill_in, what);
    (status, information)
}

/// The same; also whether the IRP got to the bottom of the stack.
pub fn request_down(device: u64, fill_in: impl Fn(Ptr<Stack>, u64), what: &'static str) -> (u32, u64, bool) {
    let world = world();
    let top = device::top(device);
    let addr = irp::allocate(what, Ptr::<DEVICE_OBJECT>::new(top).get(DEVICE_OBJECT::StackSize));
    if addr == 0 {
        return (c::STATUS_INSUFFICIENT_RESOURCES, 0, true);
    }
    irp::set_status(addr, c::STATUS_NOT_SUPPORTED, 0);
    fill_in(irp::next_location(addr), addr);
    let done = Rc::new(Cell::new(None));
    let result = Rc::clone(&done);
    irp::on_finish(addr, move |addr| result.set(Some((irp::status_of(addr), irp::information(addr)))));
    let returned = irp::send(what, top, addr);
    let patience = world.nt.irps.patience.0.get();
    let until = world.clock.now().after(patience);
    // Only a pending IRP may come back later.
    world.hold(&rules::IRP_LOST, done.get().is_some() || returned == c::STATUS_PENDING, || {
        format!("{what}: {returned:#x} returned, but the IRP is not completed")
    });
    if !world.sched.block(what, Some(until), &|| done.get().is_some()) {
        world.violation(&rules::IRP_LOST, format!("{what}: pended, and not completed within {patience:?}"));
    }
    let bottom = world.nt.irps.take_arrival(addr);
    irp::free(what, addr);
    let (status, information) = done.get().unwrap_or((c::STATUS_UNSUCCESSFUL, 0));
    world.hold(&rules::IRP_STATUS, returned == c::STATUS_PENDING || returned == status, || {
        format!("{what}: {returned:#x} returned, but the IRP is completed with {status:#x}")
    });
    (status, information, bottom)
}
