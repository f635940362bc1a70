use super::*;
use crate::{
    cpu::Interrupt,
    nt::{Platform, Vector},
    verify::rules,
};
use std::{cell::Cell, collections::BTreeMap};

type Service = Rc<dyn Fn() -> bool>;

/// A device with a line and, if wanted, two messages.
#[derive(Default)]
struct Machine {
    messages: bool,
    services: RefCell<BTreeMap<u32, Service>>,
    claimed: Rc<Cell<u32>>,
}

impl Platform for Machine {
    fn vectors(&self, _pdo: u64) -> Vec<Vector> {
        let line = Vector { vector: 0x51, irql: 6, affinity: 3, message: None };
        let message = |i: u32| Vector {
            vector: 0x60 + i,
            irql: 7,
            affinity: 1,
            message: Some((0xFEE0_0000, 0x60 + i)),
        };
        if self.messages { vec![message(0), message(1)] } else { vec![line] }
    }

    fn connect(&self, vector: u32, service: Service) -> bool {
        self.services.borrow_mut().insert(vector, service).is_none()
    }

    fn disconnect(&self, vector: u32) {
        self.services.borrow_mut().remove(&vector);
    }
}

impl Machine {
    /// The device raises a vector; it reaches CPU 1.
    fn raise(&self, vector: u32) {
        let service = self.services.borrow().get(&vector).cloned().expect("connected");
        let claimed = Rc::clone(&self.claimed);
        let service = move || {
            if service() {
                claimed.set(claimed.get() + 1);
            }
        };
        let cpu = world().cpu_at(1).expect("two CPUs");
        let level = if vector < 0x60 { 6 } else { 7 };
        cpu.interrupt(Interrupt { level, vector, service: Rc::new(service) });
    }
}

fn machine(messages: bool) -> Rc<Machine> {
    let machine = Rc::new(Machine { messages, ..Machine::default() });
    world().nt.set_platform(Rc::clone(&machine) as Rc<dyn Platform>);
    machine
}

extern "win64" fn claims(interrupt: u64, context: u64, message: u64) -> u64 {
    note(interrupt, context, message, 0);
    1
}

/// IO_CONNECT_INTERRUPT_PARAMETERS for messages with a fallback.
fn parameters(out: u64) -> u64 {
    let p = own(80);
    write(p, 3_u32);
    write(p + 8, 0x1111_u64);
    write(p + 16, out);
    write(p + 24, claims as *const () as u64);
    write(p + 32, 0x77_u64);
    write(p + 56, claims as *const () as u64);
    p
}

#[test]
fn messages_reach_their_routine_with_their_number_at_their_level() {
    run(|| {
        let machine = machine(true);
        let out = own(8);
        let p = parameters(out);
        assert_eq!(k32("IoConnectInterruptEx", &[p]), 0);
        assert_eq!(read::<u32>(p), 3);
        let table: u64 = read(out);
        assert_eq!((read::<u8>(table), read::<u32>(table + 4)), (7, 2));
        machine.raise(0x61);
        wait_seen(1);
        let interrupt: u64 = read(table + 8 + 48 + 16);
        assert_eq!(seen()[0], Seen { cpu: 1, irql: 7, args: [interrupt, 0x77, 1, 0] });
        assert_eq!(machine.claimed.get(), 1);
        assert_eq!(world().nt.left_behind().len(), 2);
        let end = own(16);
        write(end, 3_u32);
        write(end + 8, table);
        k("IoDisconnectInterruptEx", &[end]);
        assert!(machine.services.borrow().is_empty());
        assert!(world().nt.left_behind().is_empty());
    })
    .expect("no violation");
}

#[test]
fn a_device_without_messages_falls_back_to_its_line() {
    run(|| {
        let machine = machine(false);
        let out = own(8);
        let p = parameters(out);
        assert_eq!(k32("IoConnectInterruptEx", &[p]), 0);
        assert_eq!(read::<u32>(p), 2, "line-based");
        machine.raise(0x51);
        wait_seen(1);
        assert_eq!((seen()[0].irql, seen()[0].args[0]), (6, read::<u64>(out)));
        k("IoDisconnectInterrupt", &[read(out)]);
    })
    .expect("no violation");
}

#[test]
fn synchronized_code_keeps_the_service_routine_out() {
    extern "win64" fn critical(context: u64) -> u64 {
        note(context, 0, 0, 0);
        world().sched.stall(std::time::Duration::from_millis(2));
        note(context, 1, 0, 0);
        1
    }
    run(|| {
        let machine = machine(false);
        let out = own(8);
        k("IoConnectInterruptEx", &[parameters(out)]);
        machine.raise(0x51);
        let routine = critical as *const () as u64;
        assert_eq!(k8("KeSynchronizeExecution", &[read(out), routine, 5]), 1);
        wait_seen(3);
        let contexts: Vec<u64> = seen().iter().map(|call| call.args[0]).collect();
        let inside = contexts.iter().position(|&context| context == 5).expect("it ran");
        assert_eq!(contexts.get(inside + 1), Some(&5), "nothing came between");
        assert_eq!(seen()[inside].irql, 6);
        let old = k8("KeAcquireInterruptSpinLock", &[read(out)]);
        assert_eq!((old, world().cpu().irql()), (0, 6));
        k("KeReleaseInterruptSpinLock", &[read(out), 0]);
        k("IoDisconnectInterrupt", &[read(out)]);
    })
    .expect("no violation");
    breaks(&rules::INTERRUPT_OBJECT, "no connected interrupt", || {
        machine(false);
        k("KeSynchronizeExecution", &[own(64), noting(), 0]);
    });
}
