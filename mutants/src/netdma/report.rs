//! Interrupts and their DPCs.

use super::{
    channel::{Channel, ENGINE, spawn, wait},
    fault::{Fault, is},
};
use crate::abi::{address, import, netdma as entries, read};
use core::cell::Cell;

const DISPATCH: u64 = 2;

/// A call of `NetDmaInterruptDpc`.
#[derive(Clone, Copy)]
struct Dpc {
    cpu: u32,
    level: u64,
    handle: u64,
    address: u64,
}

impl Dpc {
    fn call(&self) {
        at(self.level, || {
            entries::DPC.call(&[self.handle, self.address]);
        });
    }
}

/// The interrupt and its DPC; this thread is on the channel's CPU.
pub fn report(channel: &Channel, address: u64) {
    let named = Cell::new(channel.cpu);
    let handle = channel.handle + if is(Fault::StrangeChannel) { 8 } else { 0 };
    if !is(Fault::DpcWithoutIsr) {
        at(if is(Fault::IsrAtDispatch) { DISPATCH } else { DISPATCH + 1 }, || {
            entries::ISR.call(&[handle, address, named.as_ptr() as u64]);
        });
        assert!(named.get() == channel.cpu, "NetDMA names the processor that the channel is for");
    }
    let level = if is(Fault::DpcAtPassive) { 0 } else { DISPATCH };
    let mut dpc = Dpc { cpu: channel.cpu, level, handle, address };
    if is(Fault::DpcOnAnotherCpu) {
        dpc.cpu = 1 - channel.cpu;
        // To the end: the thread has what is on this stack.
        let thread = spawn(address!(elsewhere), &raw const dpc as u64);
        wait(ENGINE.done.as_ptr() as u64);
        import!(ObfDereferenceObject, thread);
    } else {
        dpc.call();
    }
}

/// A thread on another processor.
extern "system" fn elsewhere(context: u64) {
    let dpc: Dpc = read(context);
    import!(KeSetSystemAffinityThreadEx, 1 << dpc.cpu);
    dpc.call();
    import!(KeSetEvent, ENGINE.done.as_ptr() as u64, 0, 0);
    import!(PsTerminateSystemThread, 0);
}

/// At a higher IRQL, or as it is.
fn at(level: u64, body: impl FnOnce()) {
    if level == 0 {
        return body();
    }
    let before = import!(KfRaiseIrql, level);
    body();
    import!(KeLowerIrql, before & 0xFF);
}
