//! Requirements, and what is taken at start and given back at stop and removal.

use super::{
    ADAPTER, BUFFER, DPC, DPC_CPUS, DPCS, GIVEN, GIVEN_LIST, GIVEN_SIZE, IDS, INTERRUPT, INTERRUPTS, IRP,
    ISR_CPUS, LENGTH, LOGICAL, Locals, MEMORY, MOST_GIVEN, PDO, REGISTERS, STOP, SUCCESS, TAG, TARGET,
    THREAD, VERSION, WORK, WORK_CPUS,
    fault::{Fault, Turn, is, turns},
    irps, netdma,
};
use crate::abi::{
    CM_PARTIAL_RESOURCE_DESCRIPTOR as Partial, DEVICE_DESCRIPTION, DMA_ADAPTER, DMA_OPERATIONS,
    IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS as Full,
    IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS as Message, IO_RESOURCE_DESCRIPTOR as Desc,
    IO_STACK_LOCATION as Stack, Ptr, address, c, copy, fill, import, jump, read, write,
};
use alloc::vec::Vec;

/// Offset of the first descriptor in requirements, and in a resource list.
const DESCRIPTORS: u64 = 40;
const PARTIAL: u64 = 20;
/// Bytes of the common buffer.
const COMMON: u64 = 4096;
/// Bytes of a `BUS_INTERFACE_STANDARD`.
const INTERFACE: usize = 64;

/// `IRP_MN_FILTER_RESOURCE_REQUIREMENTS`: two messages to the processor [`TARGET`], instead of whatever there was.
pub fn filter(device: u64, irp: u64) -> u64 {
    let status = irps::forward(device, irp);
    let list = irps::information(irp);
    let size = read::<u32>(list);
    let count = read::<u32>(list + 36);
    let all = (0..u64::from(count)).map(|i| list + DESCRIPTORS + i * Desc::BYTES as u64);
    let message =
        |at: &u64| u32::from(Ptr::<Desc>::new(*at).get(Desc::Flags)) & c::CM_RESOURCE_INTERRUPT_MESSAGE != 0;
    let range = |at: &u64| {
        let d = Ptr::<Desc>::new(*at);
        d.get(Desc::MaximumVector) - d.get(Desc::MinimumVector)
    };
    let Some(first) = all.clone().find(|at| message(at) && range(at) == 0) else {
        // A line stays as it is, and so do the messages of MSI.
        return irps::complete(irp, status);
    };
    let others: Vec<u64> = all.filter(|at| !message(at)).collect();
    let wanted = DESCRIPTORS + (others.len() as u64 + 2) * Desc::BYTES as u64;
    let new = import!(ExAllocatePoolWithTag, c::PagedPool.into(), wanted, TAG);
    copy(list, new, DESCRIPTORS);
    let stated = if is(Fault::ReplacesWithShortList) { wanted as u32 + 64 } else { wanted as u32 };
    write(new, stated);
    write(new + 36, others.len() as u32 + 2);
    let sources = others.into_iter().chain([first, first]);
    for (i, from) in sources.enumerate() {
        let at = new + DESCRIPTORS + (i * Desc::BYTES) as u64;
        copy(from, at, Desc::BYTES as u64);
        if message(&at) {
            let d: Ptr<Desc> = Ptr::new(at);
            d.set(Desc::Flags, d.get(Desc::Flags) | c::CM_RESOURCE_INTERRUPT_POLICY_INCLUDED as u16);
            d.set(Desc::AffinityPolicy, c::IrqPolicySpecifiedProcessors);
            d.set(Desc::TargetedProcessors, 1 << TARGET);
        }
    }
    assert!(size >= DESCRIPTORS as u32, "the list states its size");
    if !is(Fault::KeepsOldRequirements) {
        import!(ExFreePoolWithTag, list, 0);
    }
    irps::set_information(irp, new);
    irps::complete(irp, SUCCESS)
}

/// `IRP_MN_START_DEVICE`, once the drivers below have started.
pub fn take(device: u64, list: u64) -> u64 {
    let count = read::<u32>(list + 16);
    let all = (0..u64::from(count)).map(|i| Ptr::<Partial>::new(list + PARTIAL + i * Partial::BYTES as u64));
    for d in all.filter(|d| u32::from(d.get(Partial::Type)) == c::CmResourceTypeMemory) {
        let (start, len) = (d.get(Partial::Start), u64::from(d.get(Partial::Length)));
        LENGTH.set(device, len);
        REGISTERS.set(device, import!(MmMapIoSpace, start, len, 0));
    }
    if REGISTERS.get(device) == 0 {
        return c::STATUS_INSUFFICIENT_RESOURCES.into();
    }
    // Whatever the engine did before, it does not any more.
    write(REGISTERS.get(device) + 8, 0_u32);
    import!(KeInitializeDpc, DPC.at(device), address!(dpc), device);
    import!(KeSetTargetProcessorDpc, DPC.at(device), 0);
    let status = if turns(Turn::ByVector) { connect_by_vector(device, list) } else { connect(device) };
    if status != SUCCESS {
        return status;
    }
    IDS.set(device, query_bus(device, false).into());
    register_callback(device);
    start_thread(device);
    take_dma(device);
    if turns(Turn::RunsShort) {
        release(device, false, false);
        return c::STATUS_INSUFFICIENT_RESOURCES.into();
    }
    MEMORY.set(device, import!(ExAllocatePoolWithTag, 0, 128, TAG));
    if !is(Fault::StartsProviderEarly) {
        netdma::start(device);
    }
    SUCCESS
}

/// A power setting callback, which is not wanted after all.
fn register_callback(device: u64) {
    let handle = Locals::<1>::new();
    let setting = [0_u64; 2];
    let callback = address!(dpc);
    import!(PoRegisterPowerSettingCallback, device, setting.as_ptr() as u64, callback, device, handle.addr());
    for _ in 0..=u32::from(is(Fault::UnregistersTwice)) {
        import!(PoUnregisterPowerSettingCallback, read(handle.addr()));
    }
}

fn connect(device: u64) -> u64 {
    let block = Locals::<8>::new();
    let p = block.addr();
    write(p, c::CONNECT_MESSAGE_BASED);
    let m: Ptr<Message> = Ptr::new(p + 8);
    m.set(Message::PhysicalDeviceObject, PDO.get(device));
    m.set(Message::ConnectionContext, INTERRUPT.at(device));
    m.set(Message::MessageServiceRoutine, address!(isr));
    m.set(Message::FallBackServiceRoutine, address!(isr));
    m.set(Message::ServiceContext, device);
    let status = import!(IoConnectInterruptEx, p) & 0xFFFF_FFFF;
    VERSION.set(device, read::<u32>(p).into());
    status
}

/// Notes what a resource list says of interrupts, and answers the last.
pub fn note_given(device: u64, list: u64) -> (u16, u32, u32, u64) {
    let count = read::<u32>(list + 16);
    let all = (0..u64::from(count)).map(|i| Ptr::<Partial>::new(list + PARTIAL + i * Partial::BYTES as u64));
    let mut found = (0, 0, 0, 0);
    for d in all.filter(|d| u32::from(d.get(Partial::Type)) == c::CmResourceTypeInterrupt) {
        let (level, vector) = (d.get(Partial::Level), d.get(Partial::Vector));
        found = (d.get(Partial::Flags), level, vector, d.get(Partial::Affinity));
        let number = GIVEN.get(device);
        if number < MOST_GIVEN {
            let words = [found.0.into(), found.1.into(), found.2.into(), found.3];
            write::<[u64; 4]>(GIVEN_LIST.at(device) + number * GIVEN_SIZE, words);
        }
        GIVEN.set(device, number + 1);
    }
    found
}

/// `CONNECT_FULLY_SPECIFIED`, with the translated resources of a line.
fn connect_by_vector(device: u64, list: u64) -> u64 {
    let (_, level, vector, affinity) = note_given(device, list);
    let block = Locals::<10>::new();
    let p = block.addr();
    write(p, c::CONNECT_FULLY_SPECIFIED);
    let m: Ptr<Full> = Ptr::new(p + 8);
    m.set(Full::PhysicalDeviceObject, PDO.get(device));
    m.set(Full::InterruptObject, INTERRUPT.at(device));
    m.set(Full::ServiceRoutine, address!(isr));
    m.set(Full::ServiceContext, device);
    m.set(Full::SynchronizeIrql, level as u8);
    m.set(Full::Vector, vector);
    m.set(Full::Irql, level as u8);
    m.set(Full::ShareVector, 1);
    m.set(Full::ProcessorEnableMask, affinity);
    VERSION.set(device, c::CONNECT_FULLY_SPECIFIED.into());
    import!(IoConnectInterruptEx, p) & 0xFFFF_FFFF
}

fn processor() -> u64 {
    1 << (import!(KeGetCurrentProcessorNumberEx, 0) & 63)
}

/// The service routine, of a message or of the line.
extern "system" fn isr(_interrupt: u64, device: u64, _message: u64) -> u64 {
    // The register clears itself when it is read.
    if read::<u32>(REGISTERS.get(device)) == 0 {
        return 0;
    }
    INTERRUPTS.set(device, INTERRUPTS.get(device) + 1);
    ISR_CPUS.set(device, ISR_CPUS.get(device) | processor());
    import!(KeInsertQueueDpc, DPC.at(device), 0, 0);
    1
}

extern "system" fn dpc(_dpc: u64, device: u64, _first: u64, _second: u64) {
    DPCS.set(device, DPCS.get(device) + 1);
    DPC_CPUS.set(device, DPC_CPUS.get(device) | processor());
}

/// The worker, bound to a processor: it passes down the IRP that it is given, until it is told to end.
extern "system" fn work(device: u64) {
    import!(KeSetSystemAffinityThreadEx, 1 << TARGET);
    loop {
        import!(KeWaitForSingleObject, WORK.get(device), 0, 0, 0, 0);
        WORK_CPUS.set(device, WORK_CPUS.get(device) | processor());
        let irp = IRP.get(device);
        IRP.set(device, 0);
        if irp != 0 {
            irps::pass_down(device, irp);
        }
        if STOP.get(device) != 0 {
            import!(PsTerminateSystemThread, 0);
        }
    }
}

fn start_thread(device: u64) {
    if THREAD.get(device) != 0 {
        return;
    }
    let event = import!(ExAllocatePoolWithTag, 0, 24, TAG);
    // A synchronization event.
    import!(KeInitializeEvent, event, 1, 0);
    WORK.set(device, event);
    let mut handle = 0_u64;
    let out = &raw mut handle as u64;
    import!(PsCreateSystemThread, out, 0x1F_FFFF, 0, 0, 0, address!(work), device);
    import!(ObReferenceObjectByHandle, handle, 0x1F_FFFF, 0, 0, THREAD.at(device), 0);
    import!(ZwClose, handle);
}

/// A DMA adapter with a common buffer, through the physical device object.
fn take_dma(device: u64) {
    let block = Locals::<8>::new();
    let p: Ptr<DEVICE_DESCRIPTION> = Ptr::new(block.addr());
    p.set(DEVICE_DESCRIPTION::Version, 2);
    p.set(DEVICE_DESCRIPTION::Master, 1);
    p.set(DEVICE_DESCRIPTION::ScatterGather, 1);
    p.set(DEVICE_DESCRIPTION::Dma64BitAddresses, 1);
    p.set(DEVICE_DESCRIPTION::InterfaceType, c::PCIBus);
    p.set(DEVICE_DESCRIPTION::MaximumLength, 1 << 20);
    let mut registers = 0_u32;
    let adapter = import!(IoGetDmaAdapter, PDO.get(device), p.addr(), &raw mut registers as u64);
    ADAPTER.set(device, adapter);
    let allocate: u64 = operations(adapter).get(DMA_OPERATIONS::AllocateCommonBuffer);
    BUFFER.set(device, jump(allocate, &[adapter, COMMON, LOGICAL.at(device), 1]));
    fill(BUFFER.get(device), 0xA5, COMMON as usize);
}

fn operations(adapter: u64) -> Ptr<DMA_OPERATIONS> {
    Ptr::new(Ptr::<DMA_ADAPTER>::new(adapter).get(DMA_ADAPTER::DmaOperations))
}

/// Gives back what [`take`] took, but for what the fault keeps, and the thread.
pub fn release(device: u64, keep_interrupt: bool, keep_registers: bool) {
    if !is(Fault::KeepsProviderStarted) {
        netdma::stop(device);
    }
    if INTERRUPT.get(device) != 0 && !keep_interrupt {
        let block = Locals::<2>::new();
        let p = block.addr();
        write(p, VERSION.get(device) as u32);
        write(p + 8, INTERRUPT.get(device));
        import!(IoDisconnectInterruptEx, p);
        import!(KeFlushQueuedDpcs);
        INTERRUPT.set(device, 0);
    }
    if REGISTERS.get(device) != 0 && !keep_registers {
        import!(MmUnmapIoSpace, REGISTERS.get(device), LENGTH.get(device));
        REGISTERS.set(device, 0);
    }
    let adapter = ADAPTER.get(device);
    if adapter != 0 {
        let table = operations(adapter);
        let free: u64 = table.get(DMA_OPERATIONS::FreeCommonBuffer);
        jump(free, &[adapter, COMMON, LOGICAL.get(device), BUFFER.get(device), 1]);
        if !is(Fault::KeepsDmaAdapter) {
            jump(table.get(DMA_OPERATIONS::PutDmaAdapter), &[adapter]);
        }
        ADAPTER.set(device, 0);
    }
    if MEMORY.get(device) != 0 {
        import!(ExFreePoolWithTag, MEMORY.get(device), TAG);
        MEMORY.set(device, 0);
    }
}

/// The end of the device: the worker ends.
pub fn end(device: u64) {
    if is(Fault::KeepsBusInterface) {
        query_bus(device, true);
    }
    let thread = THREAD.get(device);
    if thread == 0 || is(Fault::KeepsThread) {
        return;
    }
    STOP.set(device, 1);
    import!(KeSetEvent, WORK.get(device), 0, 0);
    import!(KeWaitForSingleObject, thread, 0, 0, 0, 0);
    import!(ObfDereferenceObject, thread);
    import!(ExFreePoolWithTag, WORK.get(device), TAG);
    THREAD.set(device, 0);
}

/// Asks the bus for `BUS_INTERFACE_STANDARD`; the vendor and device that it reads with it.
fn query_bus(device: u64, keep: bool) -> u32 {
    let (event, block, interface) =
        (Locals::<3>::new(), Locals::<2>::new(), Locals::<{ INTERFACE / 8 }>::new());
    let guid: [u8; 16] =
        [0x80, 0x82, 0x6B, 0x49, 0x25, 0x6F, 0xD0, 0x11, 0xBE, 0xAF, 0x08, 0x00, 0x2B, 0xE2, 0x09, 0x2F];
    let (event, block, interface) = (event.addr(), block.addr(), interface.addr());
    import!(KeInitializeEvent, event, 0, 0);
    let irp = import!(IoBuildSynchronousFsdRequest, c::IRP_MJ_PNP.into(), device, 0, 0, 0, event, block);
    irps::set_status(irp, c::STATUS_NOT_SUPPORTED.into());
    let below = irps::below(irp);
    below.set(Stack::MinorFunction, c::IRP_MN_QUERY_INTERFACE as u8);
    below.set(Stack::InterfaceType, guid.as_ptr() as u64);
    below.set(Stack::InterfaceSize, INTERFACE as u16);
    below.set(Stack::InterfaceVersion, 1);
    below.set(Stack::Interface, interface);
    if import!(IofCallDriver, device, irp) as u32 == c::STATUS_PENDING {
        import!(KeWaitForSingleObject, event, 0, 0, 0, 0);
    }
    let context: u64 = read(interface + 8);
    let mut ids = 0_u32;
    jump(read(interface + 56), &[context, 0, &raw mut ids as u64, 0, 4]);
    if !keep {
        jump(read(interface + 24), &[context]);
    }
    ids
}
