//! The system thread of a channel.

use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::Ordering;

use ferrite_ddk::ndis::{self, HANDLE, PVOID};
use ferrite_ddk::routine::{routine_as, system_routine};
use ferrite_ddk::{Result, Status, unicode_string};

use super::channel::Channel;

/// `KeSetSystemAffinityThreadEx`: Windows Vista and later.
type SetAffinity = unsafe extern "C" fn(usize) -> usize;

/// Starts the channel's thread. IRQL: `PASSIVE_LEVEL`.
///
/// # Errors
/// The kernel's.
pub fn begin(channel: &Channel) -> Result<()> {
    channel.ending.store(false, Ordering::Release);
    let mut handle: HANDLE = ptr::null_mut();
    // SAFETY: PASSIVE_LEVEL; the context stays until `end` has seen the thread's end.
    let status = unsafe {
        ndis::PsCreateSystemThread(
            &raw mut handle,
            ndis::SYNCHRONIZE,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            Some(run),
            ptr::from_ref(channel).cast_mut().cast(),
        )
    };
    Status(status).result()?;
    let mut object: *mut c_void = ptr::null_mut();
    // SAFETY: the handle is open, in the system's table; the object's place lives through the call.
    let status = unsafe {
        ndis::ObReferenceObjectByHandle(
            handle,
            ndis::SYNCHRONIZE,
            ptr::null_mut(),
            0,
            &raw mut object,
            ptr::null_mut(),
        )
    };
    // SAFETY: opened above, closed once.
    let _closed = unsafe { ndis::ZwClose(handle) };
    // A reference to a thread of one's own by a handle of one's own is not refused; if it were, the thread could not be
    // waited for.
    Status(status).result()?;
    channel.thread.store(object, Ordering::Release);
    Ok(())
}

/// Ends it and waits for its end. IRQL: `PASSIVE_LEVEL`.
pub fn end(channel: &Channel) {
    let object = channel.thread.swap(ptr::null_mut(), Ordering::AcqRel);
    if object.is_null() {
        return;
    }
    channel.ending.store(true, Ordering::Release);
    channel.wake();
    // SAFETY: a reference to the thread object is ours; PASSIVE_LEVEL, no time limit.
    let _ended = unsafe { ndis::KeWaitForSingleObject(object, ndis::Executive, 0, 0, ptr::null_mut()) };
    // SAFETY: referenced by `begin`, given back once.
    unsafe { ndis::ObfDereferenceObject(object) };
}

/// The thread.
///
/// # Safety
/// The kernel calls it with the context of `begin`, at `PASSIVE_LEVEL`.
unsafe extern "C" fn run(context: PVOID) {
    // SAFETY: the context is a channel, which stays until this thread has ended.
    let channel = unsafe { &*context.cast_const().cast::<Channel>() };
    // SAFETY: the routine's type, as documented.
    let set_affinity = system_routine(&unicode_string!("KeSetSystemAffinityThreadEx"))
        .map(|address| unsafe { routine_as::<SetAffinity>(address) });
    let mut bound = u32::MAX;
    loop {
        channel.sleep();
        if channel.ending.load(Ordering::Acquire) {
            break;
        }
        let cpu = channel.cpu();
        if cpu != bound
            && let Some(set) = set_affinity
            && let Some(mask) = 1_usize.checked_shl(cpu)
        {
            // SAFETY: PASSIVE_LEVEL; a mask of processors that are not there changes nothing.
            unsafe { set(mask) };
            bound = cpu;
        }
        while channel.step() {}
    }
    // SAFETY: a system thread's own end.
    let _never = unsafe { ndis::PsTerminateSystemThread(ndis::STATUS_SUCCESS) };
}
