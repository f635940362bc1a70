//! Interrupts of drivers that connect them themselves.

use super::super::platform::Vector;
use crate::{
    abi::{
        GROUP_AFFINITY, IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS as Full,
        IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS as Line,
        IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS as Msg, IO_CONNECT_INTERRUPT_PARAMETERS as Parameters,
        IO_DISCONNECT_INTERRUPT_PARAMETERS as Disconnect, IO_INTERRUPT_MESSAGE_INFO as Info,
        IO_INTERRUPT_MESSAGE_INFO_ENTRY as Entry, Layout, Ptr, constants as c, fill, write, write_out,
    },
    imports,
    mem::Kind,
    nt::{layout::KINTERRUPT, sync::locks::Way},
    verify::rules,
    world::{call, world},
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

/// Offset of the first entry in an IO_INTERRUPT_MESSAGE_INFO.
const ENTRIES: u64 = 8;
/// KINTERRUPT.Message of a line.
const NO_MESSAGE: u32 = u32::MAX;

/// Interrupts that are connected.
#[derive(Default)]
pub struct Interrupts {
    /// KINTERRUPT and the service calls that are running.
    connected: RefCell<BTreeMap<u64, Rc<Cell<u32>>>>,
    /// Message tables and their interrupts.
    tables: RefCell<BTreeMap<u64, Vec<u64>>>,
    /// Service routine calls, all and those that were not their device's.
    pub taken: Cell<u64>,
    /// See `taken`.
    pub refused: Cell<u64>,
}

impl Interrupts {
    /// Interrupts that were not disconnected.
    #[must_use]
    pub fn left(&self) -> Vec<u64> {
        self.connected.borrow().keys().copied().collect()
    }

    /// The vectors of those.
    #[must_use]
    pub fn vectors(&self) -> Vec<u32> {
        self.left().into_iter().map(|addr| Ptr::<KINTERRUPT>::new(addr).get(KINTERRUPT::Vector)).collect()
    }
}

/// What is to be connected.
struct Wanted {
    routine: u64,
    context: u64,
    lock: u64,
    vector: u32,
    irql: u8,
    synchronize: u8,
    message: u32,
}

fn object(what: &str, addr: u64) -> Ptr<KINTERRUPT> {
    let connected = world().nt.interrupts.connected.borrow().contains_key(&addr);
    world()
        .hold(&rules::INTERRUPT_OBJECT, connected, || format!("{what}: {addr:#x} is no connected interrupt"));
    Ptr::new(addr)
}

/// The spin lock of an interrupt: the driver's, or its own.
fn lock(p: Ptr<KINTERRUPT>) -> u64 {
    match p.get(KINTERRUPT::SpinLock) {
        0 => p.at(&KINTERRUPT::OwnSpinLock),
        lock => lock,
    }
}

/// Runs `body` with the interrupt kept out: at its level and with its lock.
fn synchronized<R>(p: Ptr<KINTERRUPT>, body: impl FnOnce() -> R) -> R {
    let world = world();
    let old = world.cpu().set_irql(p.get(KINTERRUPT::SynchronizeIrql).max(world.cpu().irql()));
    world.nt.locks.acquire(lock(p), Way::Plain);
    let result = body();
    world.nt.locks.release(lock(p), Way::Plain);
    world.cpu().set_irql(old);
    result
}

/// The interrupt has come: calls the service routine.
fn serve(addr: u64, running: &Cell<u32>) -> bool {
    let nt = &world().nt;
    if !nt.interrupts.connected.borrow().contains_key(&addr) {
        return false;
    }
    let p: Ptr<KINTERRUPT> = Ptr::new(addr);
    running.set(running.get() + 1);
    let (routine, context) = (p.get(KINTERRUPT::ServiceRoutine), p.get(KINTERRUPT::ServiceContext));
    let message = p.get(KINTERRUPT::Message);
    let claimed = synchronized(p, || {
        if message == NO_MESSAGE {
            call("KSERVICE_ROUTINE", routine, &[addr, context]) as u8
        } else {
            call("KMESSAGE_SERVICE_ROUTINE", routine, &[addr, context, u64::from(message)]) as u8
        }
    });
    running.set(running.get().saturating_sub(1));
    let count = if claimed == 0 { &nt.interrupts.refused } else { &nt.interrupts.taken };
    count.set(count.get() + 1);
    claimed != 0
}

/// Makes a KINTERRUPT and connects it.
fn connect(wanted: &Wanted) -> Result<u64, u32> {
    let world = world();
    let platform = world.nt.platform();
    let size = KINTERRUPT::SIZE;
    let addr =
        world.mem.allocate(Kind::Host, 0, size, "KINTERRUPT").ok_or(c::STATUS_INSUFFICIENT_RESOURCES)?;
    fill(addr, 0, size);
    let p: Ptr<KINTERRUPT> = Ptr::new(addr);
    p.set(KINTERRUPT::ServiceRoutine, wanted.routine);
    p.set(KINTERRUPT::ServiceContext, wanted.context);
    p.set(KINTERRUPT::SpinLock, wanted.lock);
    p.set(KINTERRUPT::Vector, wanted.vector);
    p.set(KINTERRUPT::Irql, wanted.irql);
    p.set(KINTERRUPT::SynchronizeIrql, wanted.synchronize.max(wanted.irql));
    p.set(KINTERRUPT::Message, wanted.message);
    let running = Rc::new(Cell::new(0));
    // The interrupt may come before the connecting call returns.
    world.nt.interrupts.connected.borrow_mut().insert(addr, Rc::clone(&running));
    if platform.connect(wanted.vector, Rc::new(move || serve(addr, &running))) {
        return Ok(addr);
    }
    world.nt.interrupts.connected.borrow_mut().remove(&addr);
    let _ = world.mem.free(Kind::Host, addr);
    Err(c::STATUS_INVALID_PARAMETER)
}

fn disconnect(what: &'static str, addr: u64) {
    let world = world();
    let vector = object(what, addr).get(KINTERRUPT::Vector);
    let running = world.nt.interrupts.connected.borrow_mut().remove(&addr);
    world.nt.platform().disconnect(vector);
    for cpu in world.cpus() {
        cpu.forget_vector(vector);
    }
    if let Some(running) = running {
        world.sched.block(what, None, &|| running.get() == 0);
    }
    let _ = world.mem.free(Kind::Host, addr);
}

/// CONNECT_LINE_BASED: the device's line.
fn connect_line(pdo: u64, wanted: &Wanted) -> Result<u64, u32> {
    let vectors = world().nt.platform().vectors(pdo);
    let line = vectors.iter().find(|vector| vector.message.is_none()).ok_or(c::STATUS_NOT_FOUND)?;
    connect(&Wanted { vector: line.vector, irql: line.irql, ..*wanted })
}

/// CONNECT_MESSAGE_BASED: one interrupt a message, and a table of them.
fn connect_messages(messages: &[Vector], wanted: &Wanted) -> Result<u64, u32> {
    let world = world();
    let size = ENTRIES as usize + Entry::SIZE * messages.len();
    let table = world
        .mem
        .allocate(Kind::Host, 0, size, "IoConnectInterruptEx")
        .ok_or(c::STATUS_INSUFFICIENT_RESOURCES)?;
    fill(table, 0, size);
    let highest = messages.iter().map(|message| message.irql).max().unwrap_or(0);
    let info: Ptr<Info> = Ptr::new(table);
    info.set(Info::UnifiedIrql, highest);
    info.set(Info::MessageCount, messages.len() as u32);
    let mut made = Vec::new();
    for (i, vector) in messages.iter().enumerate() {
        let one = Wanted {
            vector: vector.vector,
            irql: vector.irql,
            message: i as u32,
            // Messages that share a lock share its level.
            synchronize: if wanted.lock == 0 { wanted.synchronize } else { wanted.synchronize.max(highest) },
            ..*wanted
        };
        match connect(&one) {
            Ok(addr) => made.push(addr),
            Err(status) => {
                for &addr in &made {
                    disconnect("IoConnectInterruptEx", addr);
                }
                let _ = world.mem.free(Kind::Host, table);
                return Err(status);
            }
        }
        let entry: Ptr<Entry> = Ptr::new(table + ENTRIES + (Entry::SIZE * i) as u64);
        let (address, data) = vector.message.unwrap_or_default();
        write(entry.at(&Entry::MessageAddress), address);
        entry.set(Entry::TargetProcessorSet, vector.affinity);
        entry.set(Entry::InterruptObject, made.last().copied().unwrap_or(0));
        entry.set(Entry::MessageData, data);
        entry.set(Entry::Vector, vector.vector);
        entry.set(Entry::Irql, vector.irql);
        // Latched.
        entry.set(Entry::Mode, 1);
    }
    world.nt.interrupts.tables.borrow_mut().insert(table, made);
    Ok(table)
}

fn connect_message_based(parameters: u64) -> u32 {
    let p: Ptr<Msg> = Ptr::new(parameters + 8);
    let pdo = p.get(Msg::PhysicalDeviceObject);
    let vectors = world().nt.platform().vectors(pdo);
    let messages: Vec<Vector> = vectors.into_iter().filter(|vector| vector.message.is_some()).collect();
    let out = p.get(Msg::ConnectionContext_Generic);
    let mut wanted = Wanted {
        routine: p.get(Msg::MessageServiceRoutine),
        context: p.get(Msg::ServiceContext),
        lock: p.get(Msg::SpinLock),
        vector: 0,
        irql: 0,
        synchronize: p.get(Msg::SynchronizeIrql),
        message: NO_MESSAGE,
    };
    let result = if messages.is_empty() {
        wanted.routine = p.get(Msg::FallBackServiceRoutine);
        if wanted.routine == 0 {
            return c::STATUS_NOT_FOUND;
        }
        // The version tells the driver what it got.
        write(parameters, c::CONNECT_LINE_BASED);
        connect_line(pdo, &wanted)
    } else {
        connect_messages(&messages, &wanted)
    };
    finish(result, out)
}

fn finish(result: Result<u64, u32>, out: u64) -> u32 {
    write_out(out, result.unwrap_or(0));
    result.err().unwrap_or(c::STATUS_SUCCESS)
}

imports! {
    /// Interrupts.
    TABLE from "ntoskrnl.exe";

    fn IoConnectInterrupt(out: u64, routine: u64, context: u64, spin_lock: u64, vector: u32, irql: u8, synchronize: u8,
        _mode: u32, _share: u8, _affinity: u64, _floating: u8) -> u32 {
        if synchronize < irql {
            return c::STATUS_INVALID_PARAMETER;
        }
        finish(connect(&Wanted { routine, context, lock: spin_lock, vector, irql, synchronize, message: NO_MESSAGE }), out)
    }

    fn IoDisconnectInterrupt(interrupt: u64) {
        disconnect("IoDisconnectInterrupt", interrupt);
    }

    fn IoConnectInterruptEx(parameters: u64) -> u32 {
        let version = Ptr::<Parameters>::new(parameters).get(Parameters::Version);
        match version {
            c::CONNECT_FULLY_SPECIFIED | c::CONNECT_FULLY_SPECIFIED_GROUP => {
                let p: Ptr<Full> = Ptr::new(parameters + 8);
                let wanted = Wanted {
                    routine: p.get(Full::ServiceRoutine),
                    context: p.get(Full::ServiceContext),
                    lock: p.get(Full::SpinLock),
                    vector: p.get(Full::Vector),
                    irql: p.get(Full::Irql),
                    synchronize: p.get(Full::SynchronizeIrql),
                    message: NO_MESSAGE,
                };
                finish(connect(&wanted), p.get(Full::InterruptObject))
            }
            c::CONNECT_LINE_BASED => {
                let p: Ptr<Line> = Ptr::new(parameters + 8);
                let wanted = Wanted {
                    routine: p.get(Line::ServiceRoutine),
                    context: p.get(Line::ServiceContext),
                    lock: p.get(Line::SpinLock),
                    vector: 0,
                    irql: 0,
                    synchronize: p.get(Line::SynchronizeIrql),
                    message: NO_MESSAGE,
                };
                finish(connect_line(p.get(Line::PhysicalDeviceObject), &wanted), p.get(Line::InterruptObject))
            }
            c::CONNECT_MESSAGE_BASED => connect_message_based(parameters),
            _ => {
                // The newest version that is understood.
                write(parameters, c::CONNECT_FULLY_SPECIFIED_GROUP);
                c::STATUS_NOT_SUPPORTED
            }
        }
    }

    fn IoDisconnectInterruptEx(parameters: u64) {
        let context = Ptr::<Disconnect>::new(parameters).get(Disconnect::ConnectionContext_Generic);
        let table = world().nt.interrupts.tables.borrow_mut().remove(&context);
        match table {
            Some(interrupts) => {
                for &addr in &interrupts {
                    disconnect("IoDisconnectInterruptEx", addr);
                }
                let _ = world().mem.free(Kind::Host, context);
            }
            None => disconnect("IoDisconnectInterruptEx", context),
        }
    }

    fn IoGetAffinityInterrupt(interrupt: u64, out: u64) -> u32 {
        let _ = object("IoGetAffinityInterrupt", interrupt);
        fill(out, 0, GROUP_AFFINITY::SIZE);
        Ptr::<GROUP_AFFINITY>::new(out).set(GROUP_AFFINITY::Mask, crate::nt::exec::processor::active());
        c::STATUS_SUCCESS
    }

    fn KeSynchronizeExecution(interrupt: u64, routine: u64, context: u64) -> u8 {
        let p = object("KeSynchronizeExecution", interrupt);
        crate::nt::sync::at_most(&rules::IRQL, "KeSynchronizeExecution", p.get(KINTERRUPT::SynchronizeIrql));
        synchronized(p, || call("KSYNCHRONIZE_ROUTINE", routine, &[context]) as u8)
    }

    fn KeAcquireInterruptSpinLock(interrupt: u64) -> u8 {
        let p = object("KeAcquireInterruptSpinLock", interrupt);
        crate::nt::sync::at_most(&rules::IRQL, "KeAcquireInterruptSpinLock", p.get(KINTERRUPT::SynchronizeIrql));
        let old = world().cpu().set_irql(p.get(KINTERRUPT::SynchronizeIrql));
        world().nt.locks.acquire(lock(p), Way::Plain);
        old
    }

    fn KeReleaseInterruptSpinLock(interrupt: u64, level: u8) {
        let p = object("KeReleaseInterruptSpinLock", interrupt);
        world().nt.locks.release(lock(p), Way::Plain);
        crate::nt::sync::irql::lower("KeReleaseInterruptSpinLock", level);
    }
}
