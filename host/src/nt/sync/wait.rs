//! Waiting for objects and for time.

use super::dispatcher::Patience;
use crate::{
    abi::{constants as c, read},
    cpu::APC,
    imports,
    nt::exec::time,
    verify::rules,
    world::world,
};

/// Objects that a thread's own wait blocks are enough for.
const THREAD_WAIT_OBJECTS: u32 = 3;

/// KPROCESSOR_MODE: UserMode.
const USER_MODE: u8 = 1;

/// The meaning of a PLARGE_INTEGER timeout.
pub fn patience(timeout: u64) -> Patience {
    if timeout == 0 {
        return Patience::Endless;
    }
    match read::<i64>(timeout) {
        0 => Patience::None,
        value => Patience::Until(time::due(value)),
    }
}

imports! {
    /// Waiting.
    TABLE from "ntoskrnl.exe";

    fn KeWaitForSingleObject(object: u64, _reason: u32, mode: u8, _alertable: u8, timeout: u64) -> u32 {
        let limits = world().sched.current().map_or((0, 0), |thread| thread.stack_limits());
        let pageable = mode == USER_MODE && (limits.0..limits.1).contains(&object);
        world().hold(&rules::WAIT_STACK, !pageable, || {
            format!("KeWaitForSingleObject({object:#x}) in user mode: the stack may be paged out")
        });
        world().nt.dispatcher.wait("KeWaitForSingleObject", vec![object], false, patience(timeout))
    }

    fn KeWaitForMutexObject(object: u64, _reason: u32, _mode: u8, _alertable: u8, timeout: u64) -> u32 {
        world().nt.dispatcher.wait("KeWaitForMutexObject", vec![object], false, patience(timeout))
    }

    fn KeWaitForMultipleObjects(count: u32, objects: u64, kind: u32, _reason: u32, _mode: u8, _alertable: u8,
        timeout: u64, blocks: u64) -> u32 {
        let most = if blocks == 0 { THREAD_WAIT_OBJECTS } else { c::MAXIMUM_WAIT_OBJECTS };
        world().hold(&rules::WAIT_COUNT, (1..=most).contains(&count), || {
            format!("KeWaitForMultipleObjects of {count} objects: 1 to {most} are possible")
        });
        let list = (0..u64::from(count)).map(|i| read(objects + 8 * i)).collect();
        world().nt.dispatcher.wait("KeWaitForMultipleObjects", list, kind == c::WaitAll, patience(timeout))
    }

    fn KeDelayExecutionThread(_mode: u8, _alertable: u8, interval: u64) -> u32 {
        super::at_most(&rules::IRQL_KE_APC1, "KeDelayExecutionThread", APC);
        let until = time::due(read(interval));
        world().sched.block("KeDelayExecutionThread", Some(until), &|| false);
        c::STATUS_SUCCESS
    }
}
