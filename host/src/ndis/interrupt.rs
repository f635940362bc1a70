//! Interrupts: registration, service routines, interrupt DPCs with receive throttling.

use super::{Ndis, adapter::Adapter, check, objects::Object};
use crate::{
    abi::{
        self, GROUP_AFFINITY, IO_INTERRUPT_MESSAGE_INFO as Info, IO_INTERRUPT_MESSAGE_INFO_ENTRY as Entry,
        NDIS_MINIPORT_INTERRUPT_CHARACTERISTICS as Chars, Ptr, constants as c,
    },
    cpu::{DIRQL, Dpc, Interrupt},
    imports,
    mem::Kind,
    verify::{Rule, rules},
    world::{InterruptMode, call, world},
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    rc::Rc,
};

#[derive(Clone, Copy)]
struct Handlers {
    isr: u64,
    dpc: u64,
    message_isr: u64,
    message_dpc: u64,
}

/// A registered interrupt.
pub struct Registration {
    adapter: Rc<Adapter>,
    context: u64,
    handlers: Handlers,
    mode: InterruptMode,
    /// `IO_INTERRUPT_MESSAGE_INFO`; 0 for a line.
    table: Cell<u64>,
    /// The table as it was given to the driver.
    granted: RefCell<Vec<u8>>,
    active: Cell<bool>,
    vector: Cell<u32>,
    /// A service routine or synchronized function runs: the interrupt's spin lock.
    busy: Cell<bool>,
    /// DPCs in a queue: message and CPU.
    queued: RefCell<BTreeSet<(u32, usize)>>,
    /// DPCs queued or running.
    dpcs_out: Cell<u32>,
}

impl Object for Registration {
    fn what(&self) -> &'static str {
        "interrupt"
    }
    fn owner(&self) -> u64 {
        self.adapter.handle
    }
}

impl Registration {
    /// The function interrupted: the CPU of this message takes it when its level allows.
    fn raise(self: &Rc<Self>, message: u32) {
        let world = world();
        if !self.active.get() {
            return;
        }
        let Some(cpu) = world.cpu_at(message as usize % world.cpus().len()) else { return };
        let this = Rc::clone(self);
        let service = Rc::new(move || {
            this.service(message);
        });
        cpu.interrupt(Interrupt { level: DIRQL, vector: self.vector.get() + message, service });
    }

    /// Runs the service routine and queues the DPCs that it asks for; whether it claims the interrupt.
    fn service(self: &Rc<Self>, message: u32) -> bool {
        let world = world();
        self.lock();
        let mut claimed = false;
        if self.active.get() {
            let Some(out) = world.mem.allocate(Kind::Host, 0, 16, "interrupt service") else { return false };
            abi::write(out, 0_u64);
            abi::write(out + 8, 0_u64);
            self.adapter.count(|n| n.interrupts += 1);
            let answer = match self.mode {
                InterruptMode::Messages(_) => {
                    let args = [self.context, u64::from(message), out, out + 8];
                    call("MiniportMessageInterrupt", self.handlers.message_isr, &args)
                }
                InterruptMode::Line => {
                    call("MiniportInterrupt", self.handlers.isr, &[self.context, out, out + 8])
                }
            };
            claimed = answer as u8 != 0;
            let (queue_here, targets) = (abi::read::<u8>(out) != 0, abi::read::<u32>(out + 8));
            self.check_service(claimed, queue_here, targets);
            let _ = world.mem.free(Kind::Host, out);
            if queue_here {
                self.queue(message, world.cpu().number, 0);
            } else {
                self.queue_on(message, u64::from(targets), 0);
            }
        }
        self.busy.set(false);
        claimed
    }

    /// What a service routine answers.
    fn check_service(&self, claimed: bool, queue_here: bool, targets: u32) {
        let world = world();
        if let InterruptMode::Messages(_) = self.mode {
            world.hold(&rules::INTERRUPT_MESSAGE, claimed, || {
                "MiniportMessageInterrupt returned FALSE: messages are not shared".into()
            });
        }
        if self.adapter.miniport.at_least(6, 20) {
            world.hold(&rules::INTERRUPT_TARGETS, queue_here || targets == 0, || {
                format!("TargetProcessors {targets:#x}: DPCs for other CPUs are queued with NdisMQueueDpcEx")
            });
        }
    }

    /// The interrupt's lock: another CPU may be in the middle of the service routine.
    fn lock(&self) {
        world().sched.wait("the interrupt's lock", None, &|| !self.busy.get());
        self.busy.set(true);
    }

    fn queue_on(self: &Rc<Self>, message: u32, mask: u64, context: u64) -> u64 {
        let cpus = world().cpus().len().min(64);
        let chosen = (0..cpus).filter(|cpu| mask >> cpu & 1 != 0);
        chosen.filter(|&cpu| self.queue(message, cpu, context)).fold(0, |done, cpu| done | 1 << cpu)
    }

    /// Queues the DPC of a message on a CPU; false if it is queued there.
    fn queue(self: &Rc<Self>, message: u32, cpu: usize, context: u64) -> bool {
        let Some(target) = world().cpu_at(cpu) else { return false };
        if !self.active.get() || !self.queued.borrow_mut().insert((message, cpu)) {
            return false;
        }
        self.dpcs_out.set(self.dpcs_out.get() + 1);
        let this = Rc::clone(self);
        target.queue_dpc(Dpc { object: 0, run: Box::new(move || this.dpc(message, cpu, context)) });
        true
    }

    fn dpc(self: &Rc<Self>, message: u32, cpu: usize, context: u64) {
        let world = world();
        self.queued.borrow_mut().remove(&(message, cpu));
        let Some(throttle) = world.mem.allocate(Kind::Host, 0, 16, "receive throttle") else { return };
        abi::write(throttle, self.adapter.throttle.get());
        abi::write(throttle + 4, 0_u32);
        self.adapter.count(|n| n.dpcs += 1);
        self.adapter.in_dpc.borrow_mut().insert(cpu, 0);
        match self.mode {
            InterruptMode::Messages(_) => {
                let args = [self.context, u64::from(message), context, throttle, 0, 0];
                call("MiniportMessageInterruptDPC", self.handlers.message_dpc, &args);
            }
            InterruptMode::Line => {
                call("MiniportInterruptDPC", self.handlers.dpc, &[self.context, context, throttle, 0]);
            }
        }
        self.adapter.in_dpc.borrow_mut().remove(&cpu);
        let more = abi::read::<u8>(throttle + 4) & 1 != 0;
        let _ = world.mem.free(Kind::Host, throttle);
        if self.adapter.throttle.get() == c::NDIS_INDICATE_ALL_NBLS {
            world.hold(&rules::RECEIVE_MORE, !more, || "MoreNblsPending with NDIS_INDICATE_ALL_NBLS".into());
        }
        if more {
            self.queue(message, cpu, context);
        }
        self.dpcs_out.set(self.dpcs_out.get() - 1);
    }

    fn build_table(&self, messages: usize) -> Option<u64> {
        let size = 8 + messages * <Entry as abi::Layout>::SIZE;
        let table = world().mem.allocate(Kind::Host, 0, size.max(64), "IO_INTERRUPT_MESSAGE_INFO")?;
        abi::fill(table, 0, size);
        let p: Ptr<Info> = Ptr::new(table);
        p.set(Info::UnifiedIrql, DIRQL);
        p.set(Info::MessageCount, u32::try_from(messages).unwrap_or(0));
        let cpus = world().cpus().len();
        for number in 0..messages {
            let e: Ptr<Entry> =
                Ptr::new(p.at(&Info::MessageInfo) + (number * <Entry as abi::Layout>::SIZE) as u64);
            let (address, data) = self.adapter.device.hardware.message(number);
            abi::write(e.at(&Entry::MessageAddress), address);
            e.set(Entry::TargetProcessorSet, 1 << (number % cpus));
            e.set(Entry::MessageData, data);
            e.set(Entry::Irql, DIRQL);
        }
        self.granted.replace(abi::bytes(table, size));
        Some(table)
    }
}

impl Ndis {
    /// A device that shares the adapter's line interrupts: whether the adapter claims that (NDIS-INT-05).
    pub fn foreign_interrupt(&self, adapter: &Adapter) -> bool {
        let world = world();
        let Some(registration) = adapter.interrupt.borrow().clone() else { return false };
        let level = world.cpu().set_irql(DIRQL);
        let raised = adapter.device.hardware.line_asserted();
        let claimed = registration.service(0);
        world.cpu().set_irql(level);
        let raised = raised || adapter.device.hardware.line_asserted();
        world.hold(&rules::INTERRUPT_CLAIMED, !claimed || raised, || {
            "a shared interrupt claimed that another device raised".into()
        });
        world.sched.deliver();
        claimed
    }
}

/// The registration behind a handle.
fn registration(rule: &'static Rule, handle: u64, what: &str) -> Rc<Registration> {
    world().verify.watch(rule);
    match world().ndis.objects.get::<Registration>(handle) {
        Some(registration) => registration,
        None => world().violation(rule, format!("{what}: {handle:#x} is not an interrupt handle")),
    }
}

imports! {
    /// Interrupts.
    TABLE from "ndis.sys";

    fn NdisMRegisterInterruptEx(handle: u64, context: u64, chars: u64, handle_out: u64) -> u32 {
        let world = world();
        let adapter = check::registered(handle, "NdisMRegisterInterruptEx");
        check::initializing(&rules::INTERRUPT_LATE, &adapter, "NdisMRegisterInterruptEx");
        check::sized(&rules::INTERRUPT_HEADER, chars, "NDIS_MINIPORT_INTERRUPT_CHARACTERISTICS", c::NDIS_OBJECT_TYPE_MINIPORT_INTERRUPT, 1,
            c::NDIS_SIZEOF_MINIPORT_INTERRUPT_CHARACTERISTICS_REVISION_1);
        let p: Ptr<Chars> = Ptr::new(chars);
        let handlers = Handlers {
            isr: p.get(Chars::InterruptHandler),
            dpc: p.get(Chars::InterruptDpcHandler),
            message_isr: p.get(Chars::MessageInterruptHandler),
            message_dpc: p.get(Chars::MessageInterruptDpcHandler),
        };
        let line = [handlers.isr, handlers.dpc, p.get(Chars::DisableInterruptHandler), p.get(Chars::EnableInterruptHandler)];
        let wants_messages = p.get(Chars::MsiSupported) != 0;
        let message = [handlers.message_isr, handlers.message_dpc, p.get(Chars::DisableMessageInterruptHandler), p.get(Chars::EnableMessageInterruptHandler)];
        let complete = !(line.contains(&0) || wants_messages && message.contains(&0));
        world.hold(&rules::INTERRUPT_HANDLERS, complete, || {
            format!("line handlers {line:#x?}, message handlers {message:#x?}")
        });
        let granted = adapter.device.granted_messages();
        let mode = match (granted, wants_messages) {
            (0, _) => InterruptMode::Line,
            (count, true) => InterruptMode::Messages(count),
            // NDIS-PNP-11: the messages should have been filtered out.
            (_, false) => return c::NDIS_STATUS_RESOURCE_CONFLICT,
        };
        let made = Rc::new(Registration {
            adapter: Rc::clone(&adapter), context, handlers, mode, table: Cell::new(0), granted: RefCell::default(), active: Cell::new(true),
            vector: Cell::new(0), busy: Cell::new(false), queued: RefCell::default(), dpcs_out: Cell::new(0),
        });
        let table = match mode {
            InterruptMode::Messages(count) => made.build_table(count),
            InterruptMode::Line => Some(0),
        };
        let Some(table) = table else { return c::NDIS_STATUS_RESOURCES };
        made.table.set(table);
        let Some(id) = world.ndis.objects.add(Rc::clone(&made) as Rc<dyn Object>, "NdisMRegisterInterruptEx") else {
            return c::NDIS_STATUS_RESOURCES;
        };
        made.vector.set((id as u32) << 8);
        p.set(Chars::InterruptType, if mode == InterruptMode::Line { c::NDIS_CONNECT_LINE_BASED } else { c::NDIS_CONNECT_MESSAGE_BASED });
        p.set(Chars::MessageInfoTable, table);
        abi::write(handle_out, id);
        let target = Rc::clone(&made);
        if adapter.device.hardware.connect(mode, Rc::new(move |message| target.raise(message))).is_err() {
            world.ndis.objects.remove::<Registration>(id);
            return c::NDIS_STATUS_FAILURE;
        }
        adapter.interrupt.replace(Some(made));
        c::NDIS_STATUS_SUCCESS
    }

    fn NdisMDeregisterInterruptEx(handle: u64) {
        let world = world();
        let gone = registration(&rules::HANDLE_INTERRUPT, handle, "NdisMDeregisterInterruptEx");
        check::releasing(&rules::INTERRUPT_EARLY, &gone.adapter, "NdisMDeregisterInterruptEx");
        gone.adapter.device.hardware.disconnect();
        gone.active.set(false);
        let messages = match gone.mode {
            InterruptMode::Messages(count) => u32::try_from(count).unwrap_or(0),
            InterruptMode::Line => 1,
        };
        for cpu in world.cpus() {
            (0..messages).for_each(|message| cpu.forget_vector(gone.vector.get() + message));
        }
        world.sched.block("interrupt DPCs", None, &|| gone.dpcs_out.get() == 0 && !gone.busy.get());
        if gone.table.get() != 0 {
            let now = abi::bytes(gone.table.get(), gone.granted.borrow().len());
            world.hold(&rules::INTERRUPT_TABLE, now == *gone.granted.borrow(), || "the message table was modified".into());
            let _ = world.mem.free(Kind::Host, gone.table.get());
        }
        gone.adapter.interrupt.replace(None);
        world.ndis.objects.remove::<Registration>(handle);
    }

    fn NdisMSynchronizeWithInterruptEx(handle: u64, _message: u32, function: u64, context: u64) -> u8 {
        let world = world();
        let target = registration(&rules::INTERRUPT_SYNCHRONIZED, handle, "NdisMSynchronizeWithInterruptEx");
        let level = world.cpu().set_irql(DIRQL.max(world.cpu().irql()));
        target.lock();
        let result = call("MiniportSynchronizeInterrupt", function, &[context]) as u8;
        target.busy.set(false);
        world.cpu().set_irql(level);
        result
    }

    fn NdisMQueueDpc(handle: u64, message: u32, targets: u32, context: u64) -> u32 {
        registration(&rules::HANDLE_INTERRUPT, handle, "NdisMQueueDpc").queue_on(message, u64::from(targets), context) as u32
    }

    fn NdisMQueueDpcEx(handle: u64, message: u32, affinity: u64, context: u64) -> u64 {
        let mask = Ptr::<GROUP_AFFINITY>::new(affinity).get(GROUP_AFFINITY::Mask);
        registration(&rules::HANDLE_INTERRUPT, handle, "NdisMQueueDpcEx").queue_on(message, mask, context)
    }
}
