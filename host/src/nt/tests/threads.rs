use super::*;
use crate::{abi::constants as c, verify::rules};

extern "win64" fn moves(out: u64) -> u64 {
    let number = || k32("KeGetCurrentProcessorNumberEx", &[0]);
    let before = number();
    let old = k("KeSetSystemAffinityThreadEx", &[2]);
    write(out, u64::from(before) << 32 | u64::from(number()));
    k("KeRevertToUserAffinityThreadEx", &[old]);
    0
}

/// Starts a system thread and answers its object, referenced.
fn start(routine: extern "win64" fn(u64) -> u64, context: u64) -> u64 {
    let (handle, object) = (own(8), own(8));
    let args = [handle, 0, 0, 0, 0, routine as *const () as u64, context];
    assert_eq!(k32("PsCreateSystemThread", &args), 0);
    assert_eq!(k32("ObReferenceObjectByHandle", &[read(handle), 0, 0, 0, object, 0]), 0);
    k("ZwClose", &[read(handle)]);
    read(object)
}

#[test]
fn a_thread_moves_to_the_cpu_it_asks_for_and_its_end_is_signalled() {
    run(|| {
        let out = own(8);
        let thread = start(moves, out);
        assert_eq!(k32("KeWaitForSingleObject", &[thread, 0, 0, 0, milliseconds(5000)]), c::STATUS_SUCCESS);
        assert_eq!(read::<u64>(out), 1, "from CPU 0 to CPU 1");
        assert_eq!(world().nt.left_behind().len(), 1, "a reference to the thread");
        k("ObfDereferenceObject", &[thread]);
        assert!(world().nt.left_behind().is_empty());
    })
    .expect("no violation");
}

#[test]
fn a_thread_ends_in_the_middle_of_its_frames() {
    extern "win64" fn ends(out: u64) -> u64 {
        write(out, k("PsGetCurrentThread", &[]));
        k("PsTerminateSystemThread", &[0]);
        write(out, 0_u64);
        0
    }
    run(|| {
        let out = own(8);
        let thread = start(ends, out);
        k("KeWaitForSingleObject", &[thread, 0, 0, 0, 0]);
        assert_eq!(read::<u64>(out), thread);
        assert_ne!(k("PsGetCurrentThread", &[]), thread);
        k("ObfDereferenceObject", &[thread]);
    })
    .expect("no violation");
    breaks(&rules::REFERENCE, "no object", || {
        k("ObfDereferenceObject", &[own(8)]);
    });
}

#[test]
fn a_broadcast_runs_on_every_cpu_at_ipi_level() {
    run(|| {
        assert_eq!(k("KeIpiGenericCall", &[noting(), 5]), 0, "what it answers here");
        let mut cpus: Vec<(usize, u8)> = seen().iter().map(|call| (call.cpu, call.irql)).collect();
        cpus.sort_unstable();
        assert_eq!(cpus, [(0, 14), (1, 14)]);
        assert_eq!(world().cpu().irql(), 0);
    })
    .expect("no violation");
}

#[test]
fn processors_are_two_in_one_group() {
    run(|| {
        let mask = own(8);
        assert_eq!(k32("KeQueryActiveProcessorCount", &[mask]), 2);
        assert_eq!(read::<u64>(mask), 3);
        assert_eq!(k32("KeQueryActiveProcessorCountEx", &[0xFFFF]), 2);
        assert_eq!(k32("KeQueryActiveProcessorCountEx", &[1]), 0);
        let number = own(4);
        assert_eq!(k32("KeGetProcessorNumberFromIndex", &[1, number]), 0);
        assert_eq!(k32("KeGetProcessorIndexFromNumber", &[number]), 1);
        let handle = k("KeRegisterProcessorChangeCallback", &[noting(), 3, 1]);
        assert_eq!(seen().len(), 4, "start and complete for each");
        k("KeDeregisterProcessorChangeCallback", &[handle]);
    })
    .expect("no violation");
}
