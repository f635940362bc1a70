//! IRPs that the system builds for drivers: it copies their buffers and frees them when they come back.

use super::{device, irp};
use crate::{
    abi::{
        DEVICE_OBJECT, IO_STACK_LOCATION as Stack, IRP, Ptr, bytes, constants as c, read, write, write_bytes,
    },
    imports,
    mem::Kind,
    nt::{memory::mdl, sync::event},
    world::world,
};

/// IOCTL methods.
const BUFFERED: u32 = c::METHOD_BUFFERED;
const NEITHER: u32 = c::METHOD_NEITHER;

/// How the caller learns of the end.
#[derive(Clone, Copy, Default)]
struct Notify {
    event: u64,
    block: u64,
}

/// Buffers that belong to the IRP.
#[derive(Clone, Copy, Default)]
struct Buffers {
    /// The system buffer.
    system: u64,
    /// Where its content goes at the end, and how much of it at most.
    output: u64,
    output_len: usize,
}

/// The end of a built IRP.
fn arrange(addr: u64, notify: Notify, buffers: Buffers) {
    irp::on_finish(addr, move |addr| {
        let (result, information) = (irp::status_of(addr), irp::information(addr));
        if buffers.output != 0 && buffers.system != 0 && result < 0xC000_0000 {
            let len = usize::try_from(information).unwrap_or(0).min(buffers.output_len);
            write_bytes(buffers.output, &bytes(buffers.system, len));
        }
        if buffers.system != 0 {
            let _ = world().mem.free(Kind::Host, buffers.system);
        }
        let mut list = Ptr::<IRP>::new(addr).get(IRP::MdlAddress);
        while list != 0 {
            let next: u64 = read(list);
            mdl::free("an IRP's end", Ptr::new(list));
            list = next;
        }
        if notify.block != 0 {
            write(notify.block, result);
            write(notify.block + 8, information);
        }
        if notify.event != 0 {
            event::set("an IRP's end", notify.event);
        }
        irp::free("an IRP's end", addr);
    });
}

fn new(what: &'static str, device: u64, notify: Notify) -> Option<u64> {
    let stack = Ptr::<DEVICE_OBJECT>::new(device::top(device)).get(DEVICE_OBJECT::StackSize);
    let addr = irp::allocate(what, stack);
    if addr == 0 {
        return None;
    }
    let p: Ptr<IRP> = Ptr::new(addr);
    p.set(IRP::UserIosb, notify.block);
    p.set(IRP::UserEvent, notify.event);
    Some(addr)
}

fn system_buffer(what: &'static str, len: usize) -> Option<u64> {
    world().mem.allocate(Kind::Host, 0, len, what)
}

/// IRP_MJ_READ, WRITE, PNP, POWER, SHUTDOWN, FLUSH.
fn build(
    what: &'static str,
    major: u32,
    device: u64,
    buffer: u64,
    len: u32,
    offset: u64,
    notify: Notify,
) -> Option<u64> {
    let addr = new(what, device, notify)?;
    let p: Ptr<IRP> = Ptr::new(addr);
    let stack = irp::next_location(addr);
    stack.set(Stack::MajorFunction, major as u8);
    let mut buffers = Buffers::default();
    if major == c::IRP_MJ_READ || major == c::IRP_MJ_WRITE {
        let flags = Ptr::<DEVICE_OBJECT>::new(device).get(DEVICE_OBJECT::Flags);
        let reads = major == c::IRP_MJ_READ;
        if flags & c::DO_BUFFERED_IO != 0 {
            buffers.system = system_buffer(what, len as usize)?;
            if reads {
                (buffers.output, buffers.output_len) = (buffer, len as usize);
            } else {
                write_bytes(buffers.system, &bytes(buffer, len as usize));
            }
            p.set(IRP::AssociatedIrp_SystemBuffer, buffers.system);
        } else if flags & c::DO_DIRECT_IO != 0 {
            let list = mdl::allocate(what, buffer, len)?;
            mdl::build(list);
            p.set(IRP::MdlAddress, list.addr());
        } else {
            p.set(IRP::UserBuffer, buffer);
        }
        // Read and Write have the same layout.
        stack.set(Stack::Parameters_Read_Length, len);
        write(
            stack.at(&Stack::Parameters_Read_ByteOffset),
            if offset == 0 { 0 } else { read::<u64>(offset) },
        );
    }
    arrange(addr, notify, buffers);
    Some(addr)
}

struct Control {
    code: u32,
    input: (u64, u32),
    output: (u64, u32),
    internal: bool,
}

fn build_control(what: &'static str, device: u64, control: &Control, notify: Notify) -> Option<u64> {
    let addr = new(what, device, notify)?;
    let p: Ptr<IRP> = Ptr::new(addr);
    let stack = irp::next_location(addr);
    let major = if control.internal { c::IRP_MJ_INTERNAL_DEVICE_CONTROL } else { c::IRP_MJ_DEVICE_CONTROL };
    stack.set(Stack::MajorFunction, major as u8);
    let ((input, input_len), (output, output_len)) = (control.input, control.output);
    stack.set(Stack::Parameters_DeviceIoControl_IoControlCode, control.code);
    stack.set(Stack::Parameters_DeviceIoControl_InputBufferLength, input_len);
    stack.set(Stack::Parameters_DeviceIoControl_OutputBufferLength, output_len);
    let mut buffers = Buffers::default();
    match control.code & 3 {
        NEITHER => {
            stack.set(Stack::Parameters_DeviceIoControl_Type3InputBuffer, input);
            p.set(IRP::UserBuffer, output);
        }
        method => {
            let room = if method == BUFFERED { input_len.max(output_len) } else { input_len };
            if room > 0 {
                buffers.system = system_buffer(what, room as usize)?;
                write_bytes(buffers.system, &bytes(input, input_len as usize));
                p.set(IRP::AssociatedIrp_SystemBuffer, buffers.system);
            }
            if method == BUFFERED {
                (buffers.output, buffers.output_len) = (output, output_len as usize);
                p.set(IRP::UserBuffer, output);
            } else if output != 0 && output_len > 0 {
                let list = mdl::allocate(what, output, output_len)?;
                mdl::build(list);
                p.set(IRP::MdlAddress, list.addr());
            }
        }
    }
    arrange(addr, notify, buffers);
    Some(addr)
}

/// Sends an IRP down and waits until it has come back, as a driver would with a completion routine and an event.
pub fn forward(device: u64, addr: u64) -> bool {
    let here = irp::location(addr);
    let below = irp::next_location(addr);
    write_bytes(below.addr(), &bytes(here.addr(), 56));
    below.set(Stack::Control, 0);
    let routine = world().nt.entry(ForwardedIrpDone as *const () as u64);
    let Some(done) = world().mem.allocate(Kind::Host, 0, 24, "IoForwardIrpSynchronously") else {
        return false;
    };
    event::initialize(done, 0, false);
    below.set(Stack::CompletionRoutine, routine);
    below.set(Stack::Context, done);
    below.set(Stack::Control, 0xE0);
    irp::send("IoForwardIrpSynchronously", device, addr);
    let patience = crate::nt::sync::dispatcher::Patience::Endless;
    world().nt.dispatcher.wait("IoForwardIrpSynchronously", vec![done], false, patience);
    let _ = world().mem.free(Kind::Host, done);
    true
}

imports! {
    /// IRPs built by the system.
    TABLE from "ntoskrnl.exe";

    fn IoBuildSynchronousFsdRequest(major: u32, device: u64, buffer: u64, len: u32, offset: u64, event: u64, block: u64) -> u64 {
        build("IoBuildSynchronousFsdRequest", major, device, buffer, len, offset, Notify { event, block }).unwrap_or(0)
    }

    fn IoBuildAsynchronousFsdRequest(major: u32, device: u64, buffer: u64, len: u32, offset: u64, block: u64) -> u64 {
        let addr = build("IoBuildAsynchronousFsdRequest", major, device, buffer, len, offset, Notify { event: 0, block });
        // Its completion routine frees it.
        addr.inspect(|&addr| irp::keep(addr)).unwrap_or(0)
    }

    fn IoBuildDeviceIoControlRequest(code: u32, device: u64, input: u64, input_len: u32, output: u64, output_len: u32,
        internal: u8, event: u64, block: u64) -> u64 {
        let control = Control { code, input: (input, input_len), output: (output, output_len), internal: internal != 0 };
        build_control("IoBuildDeviceIoControlRequest", device, &control, Notify { event, block }).unwrap_or(0)
    }

    fn IoForwardIrpSynchronously(device: u64, addr: u64) -> u8 {
        u8::from(forward(device, addr))
    }
}

imports! {
    /// Completion routines of the system's own.
    DEFAULTS from "irp";

    fn ForwardedIrpDone(_device: u64, _addr: u64, done: u64) -> u32 {
        event::set("IoForwardIrpSynchronously", done);
        c::STATUS_MORE_PROCESSING_REQUIRED
    }
}
