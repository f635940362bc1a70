//! `IRP_MJ_POWER`: the driver owns its device's power.

use super::{
    PDO, PENDING, REGISTERS, SUCCESS,
    fault::{Fault, is},
    irps, netdma,
};
use crate::abi::{IO_STACK_LOCATION as Stack, address, c, import, write};
use alloc::boxed::Box;

/// `POWER_STATE_TYPE`.
const SYSTEM: u32 = 0;

pub fn dispatch(device: u64, irp: u64) -> u64 {
    let p = irps::location(irp);
    let set = irps::minor(irp) == c::IRP_MN_SET_POWER;
    if is(if set { Fault::SwallowsPower } else { Fault::KeepsQueryPower }) {
        return irps::complete(irp, SUCCESS);
    }
    import!(PoStartNextPowerIrp, irp);
    if set && p.get(Stack::PowerType) == SYSTEM {
        // The device is off whenever the system does not work.
        let working = p.get(Stack::PowerState) == c::PowerSystemWorking;
        let state = if working { c::PowerDeviceD0 } else { c::PowerDeviceD3 };
        irps::mark_pending(irp);
        let context = Box::into_raw(Box::new((device, irp))) as u64;
        let done = address!(device_is_done);
        let minor = u64::from(c::IRP_MN_SET_POWER);
        import!(PoRequestPowerIrp, PDO.get(device), minor, state.into(), done, context, 0);
        return PENDING;
    }
    let off = p.get(Stack::PowerState) == c::PowerDeviceD3;
    if set && off && is(Fault::FailsPowerDown) {
        return irps::complete(irp, c::STATUS_UNSUCCESSFUL.into());
    }
    irps::set_status(irp, SUCCESS);
    if set && (off || is(Fault::WakesEarly)) {
        netdma::notify(device, !off);
    }
    let status = irps::pass_down(device, irp);
    if set && !off {
        netdma::notify(device, true);
    }
    if set && off && is(Fault::TouchesWhenOff) {
        write(REGISTERS.get(device) + 8, 0_u32);
    }
    status
}

/// The device has its state: the system's IRP goes on.
extern "system" fn device_is_done(_pdo: u64, _minor: u64, _state: u64, context: u64, _block: u64) -> u64 {
    // SAFETY: the context is the box that `dispatch` made for this request, which calls back once.
    let waiting = unsafe { Box::from_raw(context as *mut (u64, u64)) };
    let (device, irp) = *waiting;
    irps::set_status(irp, SUCCESS);
    irps::pass_down(device, irp)
}
