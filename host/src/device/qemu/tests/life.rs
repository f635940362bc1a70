//! Starting, ending, and everything that can go wrong between.

use super::*;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use std::{
    io::{BufRead, BufReader, Read},
    os::unix::process::ExitStatusExt,
    process::{Command, Stdio},
};

fn start(config: &Config) -> Result<Machine> {
    Machine::start(config, &Ram::new(4 << 20, 0).unwrap())
}

fn pid(number: u32) -> Pid {
    Pid::from_raw(i32::try_from(number).unwrap()).unwrap()
}

fn is_process(number: u32) -> bool {
    Path::new(&format!("/proc/{number}")).exists()
}

/// A program in `directory` that is this shell script. A shell writes it: a file that this process
/// had open for writing might still be so in a child of another test, and could not be executed.
fn script(directory: &tempfile::TempDir, text: &str) -> std::path::PathBuf {
    let path = directory.path().join("qemu");
    let write = r#"printf '#!/bin/sh\n%s\n' "$1" > "$0" && chmod +x "$0""#;
    let status = Command::new("sh").arg("-c").arg(write).arg(&path).arg(text).status().unwrap();
    assert!(status.success());
    path
}

#[test]
fn start_and_stop_take_less_than_a_second() {
    // The best of a few: the tests share the processors.
    let took = (0..3).map(|_| {
        let since = Instant::now();
        let mut machine = start(&Config::default()).unwrap();
        let id = machine.process_id();
        assert_eq!(machine.status().unwrap(), "running");
        drop(machine);
        assert!(!is_process(id), "QEMU has ended and was waited for");
        since.elapsed()
    });
    let best = took.min().unwrap();
    assert!(best < Duration::from_secs(1), "{best:?}");
}

#[test]
fn quitting_is_an_orderly_end() {
    let mut machine = start(&Config::default()).unwrap();
    machine.quit().unwrap();
    assert_eq!(machine.exit_status().and_then(|status| status.code()), Some(0));
    let error = machine.status().unwrap_err();
    assert!(matches!(error, Error::Gone(_)), "{error}");
}

#[test]
fn a_killed_qemu_is_noticed_by_every_call() {
    type Call<'a> = &'a mut dyn FnMut(&mut Machine) -> Result<()>;
    let mut machine = machine(vec![model("e1000e")]);
    let function = place(&mut machine, 0);
    let base = function.bar(0).unwrap().base.unwrap();
    let (wire, id) = (machine.wire(0).unwrap(), machine.process_id());
    kill_process(pid(id), Signal::KILL).unwrap();
    let since = Instant::now();
    let error = machine.memory_read(base, 4).unwrap_err();
    let Error::Gone(gone) = &error else { panic!("{error}") };
    assert!(matches!(gone.cause, Cause::Exited(status) if status.signal() == Some(9)), "{gone}");
    assert!(error.to_string().contains("SIGKILL"), "{error}");
    assert!(!is_process(id), "it was waited for");
    let all: [Call<'_>; 7] = [
        &mut |m| m.memory_write(base, 4, 0),
        &mut |m| m.drain(),
        &mut |m| m.interrupts(&mut Vec::new()),
        &mut |m| m.allocate_message().map(drop),
        &mut |m| m.set_link(0, false),
        &mut |m| m.reset(),
        &mut |m| m.config_read(function.at, 0, 4).map(drop),
    ];
    for call in all {
        assert!(matches!(call(&mut machine), Err(Error::Gone(_))));
    }
    assert!(matches!(wire.send(&[0; 60]), Err(Error::Frame { .. })));
    assert!(since.elapsed() < BOUND);
    assert_eq!(machine.exit_status().and_then(|status| status.signal()), Some(9));
}

#[test]
fn a_killed_qemu_wakes_a_sleeper() {
    let mut machine = machine(vec![model("e1000e")]);
    kill_process(pid(machine.process_id()), Signal::KILL).unwrap();
    assert!(readable_within(machine.poll_fd(), BOUND).unwrap());
    assert!(matches!(machine.interrupts(&mut Vec::new()), Err(Error::Gone(_))));
}

#[test]
fn a_qemu_killed_under_posted_writes_is_an_error_too() {
    let mut machine = machine(vec![model("e1000e")]);
    let function = place(&mut machine, 0);
    let base = function.bar(0).unwrap().base.unwrap();
    let mut result = Ok(());
    for round in 0..1_000_000 {
        if round == 100 {
            kill_process(pid(machine.process_id()), Signal::KILL).unwrap();
        }
        result = machine.memory_write(base + 0x2800, 4, 0);
        if result.is_err() {
            break;
        }
    }
    assert!(matches!(result, Err(Error::Gone(_))), "{result:?}");
}

#[test]
fn a_qemu_that_stops_answering_is_ended() {
    let bound = Duration::from_millis(300);
    let mut machine = start(&Config { answer_bound: bound, ..Config::default() }).unwrap();
    let id = machine.process_id();
    kill_process(pid(id), Signal::STOP).unwrap();
    let error = machine.memory_read(0x10_0000, 4).unwrap_err();
    let Error::Gone(gone) = &error else { panic!("{error}") };
    assert!(matches!(&gone.cause, Cause::Silent { asked, .. } if asked == "readl 0x100000"), "{gone}");
    assert!(!is_process(id));
}

#[test]
fn a_missing_qemu_says_what_to_install() {
    for name in ["/nonexistent/qemu", "no-such-qemu-in-path"] {
        let config = Config { program: name.into(), ..Config::default() };
        let error = start(&config).unwrap_err();
        assert!(matches!(error, Error::NotInstalled { .. }), "{error:?}");
        let words = error.to_string();
        assert!(words.contains(name) && words.contains("apt-get install qemu-system-x86"), "{words}");
        assert!(matches!(offers(Path::new(name)), Err(Error::NotInstalled { .. })));
    }
    let config = Config { program: "/etc/passwd".into(), ..Config::default() };
    let error = start(&config).unwrap_err();
    assert!(matches!(error, Error::NotRun { .. }), "{error:?}");
}

#[test]
fn an_old_qemu_is_named_as_such() {
    let directory = tempfile::tempdir().unwrap();
    let old = script(
        &directory,
        "[ \"$1\" = --version ] || exit 1; echo 'QEMU emulator version 5.2.0 (Debian 1:5.2)'",
    );
    let config = Config { program: old.clone(), ..Config::default() };
    let error = start(&config).unwrap_err();
    assert!(matches!(error, Error::TooOld { version: Version { major: 5, minor: 2, .. }, .. }), "{error:?}");
    let words = error.to_string();
    assert!(words.contains("QEMU 5.2.0, too old: 7.2.0 or later"), "{words}");
    assert!(matches!(offers(&old), Err(Error::TooOld { .. })));
}

#[test]
fn something_else_is_not_taken_for_qemu() {
    let directory = tempfile::tempdir().unwrap();
    let other = script(&directory, "echo hello");
    let error = start(&Config { program: other, ..Config::default() }).unwrap_err();
    assert!(matches!(&error, Error::NotQemu { said, .. } if said == "hello"), "{error:?}");
    // One that says nothing at all is given up on.
    let directory = tempfile::tempdir().unwrap();
    let mute =
        script(&directory, "[ \"$1\" = --version ] && echo QEMU emulator version 8.0.0 || exec sleep 100");
    let bound = Duration::from_millis(300);
    let error = start(&Config { program: mute, start_bound: bound, ..Config::default() }).unwrap_err();
    let Error::NotStarted(gone) = &error else { panic!("{error:?}") };
    assert!(matches!(gone.cause, Cause::Silent { .. }), "{error}");
}

#[test]
fn what_qemu_refuses_is_told_in_its_words() {
    let config = Config { nics: vec![model("no-such-nic")], ..Config::default() };
    let error = start(&config).unwrap_err();
    assert!(matches!(error, Error::NotStarted(_)), "{error:?}");
    assert!(error.to_string().contains("'no-such-nic' is not a valid device model name"), "{error}");

    let mut machine = start(&Config::default()).unwrap();
    let error = machine.monitor("no-such-command", &Value::Null).unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    assert_eq!(machine.status().unwrap(), "running", "a refusal is no loss");
}

#[test]
fn configurations_that_cannot_be_are_refused() {
    let with = |nic: Nic| Config { nics: vec![nic], ..Config::default() };
    let tap = |name: &str| with(Nic { network: Network::Tap { name: name.into() }, ..Nic::default() });
    let property = ("a,b".into(), String::new());
    for (config, words) in [
        (Config { nics: vec![Nic::default(); 17], ..Config::default() }, "17 NICs"),
        (Config { messages: 0, ..Config::default() }, "0 interrupt messages"),
        (with(model("e1000e,id=x")), "NIC 0: \"e1000e,id=x\" is no name of a model"),
        (
            with(Nic { mac: Some(Mac([1, 0, 0, 0, 0, 1])), ..Nic::default() }),
            "01:00:00:00:00:01 is a group address",
        ),
        (with(Nic { properties: vec![property], ..Nic::default() }), "\"a,b\" is no name of a property"),
        (tap("eth0,x"), "\"eth0,x\" is no name of a network interface"),
        (tap("an-interface-too-long"), "is no name of a network interface"),
    ] {
        let error = start(&config).unwrap_err();
        assert!(matches!(error, Error::Config(_)), "{error:?}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

/// The name that the test runner knows a test of this module by.
fn test_name(function: &str) -> String {
    let module = module_path!();
    format!("{}::{function}", module.split_once("::").map_or(module, |(_, rest)| rest))
}

#[test]
#[ignore = "the test below runs it in a process of its own and kills that"]
fn a_machine_until_input_ends() {
    let machine = start(&Config::default()).unwrap();
    println!("\nQEMU={}", machine.process_id());
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn qemu_does_not_outlive_a_killed_parent() {
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &test_name("a_machine_until_input_ends"), "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(parent.stdout.take().unwrap()).lines().map_while(std::io::Result::ok);
    let id = lines.find_map(|line| line.strip_prefix("QEMU=")?.parse().ok()).expect("a machine in the child");
    let qemu = pidfd_open(pid(id), PidfdFlags::empty()).expect("QEMU runs");
    assert!(!readable_within(qemu.as_fd(), Duration::ZERO).unwrap());
    parent.kill().unwrap();
    parent.wait().unwrap();
    assert!(readable_within(qemu.as_fd(), BOUND).unwrap(), "QEMU ends with its parent");
}
