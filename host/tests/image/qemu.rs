//! QEMU that is not there, is no QEMU, dies or falls silent.

use crate::common::{
    load::Load,
    rig::{Rig, attempt, setup, wait},
};
use ferrite_host::{
    system::{System, SystemError},
    verify::End,
    world::world,
};
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// By when a run must have ended after QEMU is gone.
const NOTICED: Duration = Duration::from_secs(15);

fn error_with(program: &str) -> SystemError {
    let mut setup = setup();
    setup.machine.program = program.into();
    System::boot(&setup).err().unwrap_or_else(|| panic!("{program} passes for a QEMU"))
}

/// A QEMU that is missing, or is something else, is named, with what to do about it.
#[test]
fn missing_or_wrong_qemu() {
    let missing = error_with("/nonexistent/qemu-system-x86_64").to_string();
    assert!(missing.contains("/nonexistent/qemu-system-x86_64") && missing.contains("nstall"), "{missing}");
    let other = error_with("/bin/cat").to_string();
    assert!(other.contains("/bin/cat"), "{other}");
}

/// Runs a load, does something to QEMU, and answers how the run ended. QEMU is gone afterwards, and was noticed in time.
fn under_load(strike: impl FnOnce(libc::pid_t) + 'static, answer_bound: Duration) -> String {
    let mut setup = setup();
    setup.machine.answer_bound = answer_bound;
    let struck = std::rc::Rc::new(std::cell::Cell::new(None));
    let mark = std::rc::Rc::clone(&struck);
    let ended = attempt(&setup, move |system, far| {
        let rig = Rig::up(system, far);
        let load = Load::start(&rig, 1);
        load.wait_for(100);
        let pid = system.board().backend.borrow().process_id().cast_signed();
        mark.set(Some((pid, Instant::now())));
        strike(pid);
        // The end comes from wherever QEMU is missed first.
        wait("the end of the run", || false);
    });
    let (pid, when) = struck.get().expect("the load has run");
    assert!(when.elapsed() < NOTICED, "noticed after {:?}", when.elapsed());
    assert!(!Path::new(&format!("/proc/{pid}")).exists(), "QEMU {pid} is still there");
    match ended {
        Err(End::Failure(what)) => what,
        other => panic!("{other:?}"),
    }
}

fn signal(pid: libc::pid_t, signal: libc::c_int) {
    // SAFETY: a plain system call; the process is a child of ours that has not been waited for.
    let sent = unsafe { libc::kill(pid, signal) };
    assert_eq!(sent, 0, "kill({pid}, {signal})");
}

/// QEMU killed under traffic ends the run at once with how it died; nothing of it is left.
#[test]
fn qemu_killed_under_traffic() {
    let what = under_load(|pid| signal(pid, libc::SIGKILL), Duration::from_secs(10));
    assert!(what.contains("the machine is gone") && what.contains("signal: 9"), "{what}");
}

/// QEMU that no longer answers is killed after its bound, and the run ends.
#[test]
fn qemu_silent_under_traffic() {
    let what = under_load(|pid| signal(pid, libc::SIGSTOP), Duration::from_secs(2));
    assert!(what.contains("did not answer"), "{what}");
}

/// A run that ends by itself leaves no QEMU behind either.
#[test]
fn no_qemu_is_left_behind() {
    let pid = std::rc::Rc::new(std::cell::Cell::new(0));
    let seen = std::rc::Rc::clone(&pid);
    let ended = attempt(&setup(), move |system, _| {
        seen.set(system.board().backend.borrow().process_id());
        let _ = world();
    });
    assert!(ended.is_ok());
    assert_ne!(pid.get(), 0);
    assert!(!Path::new(&format!("/proc/{}", pid.get())).exists());
}
