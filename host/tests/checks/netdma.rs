//! NetDMA's checks: a provider in a few lines, that copies nothing, sound and with one fault at a time.

use crate::bench;
use ferrite_host::{
    abi::{
        Layout, NET_DMA_CHANNEL_PARAMETERS as Parameters, NET_DMA_PNP_NOTIFICATION as Notification,
        NET_DMA_PROVIDER_ATTRIBUTES as Attributes, NET_DMA_PROVIDER_CHARACTERISTICS as Characteristics, Ptr,
        UNICODE_STRING, constants as c, write,
    },
    cpu::DISPATCH,
    image,
    netdma::{Interface, Report},
    verify::{End, Rule, rules},
    world::world,
};
use std::{cell::Cell, ptr, rc::Rc, time::Duration};

/// One deviation from what is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    TooNew,
    WrongSize,
    WrongFlags,
    ForeignDevice,
    LacksAppend,
    LacksResume,
    Nameless,
    SmallTransfers,
    TooManyChannels,
    StartsTwice,
    StopsTwice,
    StaysStarted,
    StrangeEvent,
    ShortEvent,
    StrangeProvider,
    StrangeChannel,
    UsesFreedChannel,
    NoCpu,
    IsrAtDispatch,
    DpcAtPassive,
    DpcOnAnotherCpu,
    NeverCompletes,
    StaysRegistered,
}

thread_local! {
    static FAULT: Cell<Option<Fault>> = const { Cell::new(None) };
    /// The channel that is allocated, as NetDMA knows it.
    static CHANNEL: Cell<u64> = const { Cell::new(0) };
}

fn is(fault: Fault) -> bool {
    FAULT.get() == Some(fault)
}

fn import(name: &str, args: [u64; 3]) -> u64 {
    let found = image::resolve("ndis.sys", name).expect("an entry point of NetDMA's");
    // SAFETY: all entry points take at most three integers or pointers in the win64 convention.
    let function: extern "win64" fn(u64, u64, u64) -> u64 = unsafe { std::mem::transmute(found.address.0) };
    function(args[0], args[1], args[2])
}

extern "win64" fn set_affinity(_context: u64, _array: u64, _bytes: u64) -> u64 {
    0
}

extern "win64" fn allocate(_context: u64, parameters: u64, handle: u64, context_out: u64) -> u64 {
    CHANNEL.set(handle);
    let cpu = if is(Fault::NoCpu) { u32::MAX } else { 1 };
    Ptr::<Parameters>::new(parameters).set(Parameters::CpuNumber, cpu);
    write(context_out, 1_u64);
    0
}

extern "win64" fn free(_channel: u64) {}

/// Says at once that the descriptor is done, on the CPU that NetDMA names.
extern "win64" fn start(_channel: u64, _virtual: u64, descriptor: u64, _count: u64) -> u64 {
    if is(Fault::NeverCompletes) {
        return 0;
    }
    let (channel, cpu) = (CHANNEL.get(), Cell::new(u32::MAX));
    at(if is(Fault::IsrAtDispatch) { DISPATCH } else { DISPATCH + 1 }, || {
        import("NetDmaIsr", [channel, descriptor, cpu.as_ptr() as u64]);
    });
    let wanted = if is(Fault::DpcOnAnotherCpu) { 1 - cpu.get() } else { cpu.get() };
    let level = if is(Fault::DpcAtPassive) { 0 } else { DISPATCH };
    on(wanted as usize, move || {
        at(level, || {
            import("NetDmaInterruptDpc", [channel, descriptor, 0]);
        });
    });
    0
}

extern "win64" fn nothing(_channel: u64, _one: u64, _two: u64, _three: u64) -> u64 {
    0
}

/// At another IRQL.
fn at(level: u8, body: impl FnOnce()) {
    let before = world().cpu().set_irql(level);
    body();
    world().cpu().set_irql(before);
}

/// On a CPU, to the end.
fn on(cpu: usize, body: impl FnOnce() + 'static) {
    let done = Rc::new(Cell::new(false));
    let theirs = Rc::clone(&done);
    world().sched.spawn("DPC", cpu, move || {
        body();
        theirs.set(true);
    });
    world().sched.block("a DPC", None, &|| done.get());
}

fn characteristics(pdo: u64) -> Vec<u64> {
    let memory = vec![0_u64; Characteristics::SIZE / 8];
    let p: Ptr<Characteristics> = Ptr::new(memory.as_ptr() as u64);
    p.set(Characteristics::MajorVersion, if is(Fault::TooNew) { 3 } else { 2 });
    p.set(Characteristics::Size, Characteristics::SIZE as u16 - u16::from(is(Fault::WrongSize)));
    p.set(Characteristics::Flags, if is(Fault::WrongFlags) { 4 } else { 0 });
    p.set(Characteristics::PhysicalDeviceObject, if is(Fault::ForeignDevice) { 8 } else { pdo });
    p.set(Characteristics::MaxDmaChannelCount, 2);
    let entry = nothing as *const () as u64;
    p.set(Characteristics::SetDmaChannelCpuAffinity, set_affinity as *const () as u64);
    p.set(Characteristics::AllocateDmaChannel, allocate as *const () as u64);
    p.set(Characteristics::FreeDmaChannel, free as *const () as u64);
    p.set(Characteristics::StartDma, start as *const () as u64);
    p.set(Characteristics::AppendDma, if is(Fault::LacksAppend) { 0 } else { entry });
    p.set(Characteristics::SuspendDma, entry);
    p.set(Characteristics::ResumeDma, if is(Fault::LacksResume) { 0 } else { entry });
    memory
}

fn attributes() -> Vec<u64> {
    let memory = vec![0_u64; Attributes::SIZE / 8];
    let p: Ptr<Attributes> = Ptr::new(memory.as_ptr() as u64);
    p.set(Attributes::Size, Attributes::SIZE as u16);
    p.set(Attributes::DmaChannelCount, if is(Fault::TooManyChannels) { 3 } else { 2 });
    p.set(Attributes::MaximumTransferSize, if is(Fault::SmallTransfers) { 2048 } else { 4096 });
    memory
}

/// The provider's whole life.
fn life(pdo: u64) {
    let netdma = &world().netdma;
    netdma.interface.set(Some(Interface::V2_0));
    netdma.patience.set(Duration::from_millis(300));
    let memory = characteristics(pdo);
    let name: Vec<u16> = "test".encode_utf16().collect();
    if !is(Fault::Nameless) {
        let place = memory.as_ptr() as u64 + Characteristics::FriendlyName.offset() as u64;
        let string: Ptr<UNICODE_STRING> = Ptr::new(place);
        string.set(UNICODE_STRING::Length, 8);
        string.set(UNICODE_STRING::MaximumLength, 8);
        string.set(UNICODE_STRING::Buffer, name.as_ptr() as u64);
    }
    let handle = Cell::new(0_u64);
    assert_eq!(
        import("NetDmaRegisterProvider", [1, handle.as_ptr() as u64, memory.as_ptr() as u64]) as u32,
        0
    );
    let handle = handle.get();
    let offer = attributes();
    for _ in 0..=u32::from(is(Fault::StartsTwice)) {
        let given = if is(Fault::StrangeProvider) { handle + 8 } else { handle };
        import("NetDmaProviderStart", [given, offer.as_ptr() as u64, 0]);
    }
    let event = [0_u64; Notification::SIZE / 8];
    let code = if is(Fault::StrangeEvent) { 1 } else { c::NetDmaNotificationProviderPowerDown };
    let p = Ptr::<Notification>::new(event.as_ptr() as u64);
    p.set(Notification::StructureRevision, 1);
    p.set(Notification::StructureSize, Notification::SIZE as u32 - u32::from(is(Fault::ShortEvent)));
    p.set(Notification::NotificationCode, code);
    import("NetDmaPnPEventNotify", [handle, event.as_ptr() as u64, 0]);
    let channel = netdma.providers()[0].allocate(2).expect("a channel");
    if is(Fault::StrangeChannel) {
        CHANNEL.set(CHANNEL.get() + 8);
    }
    channel.set_quiet(false);
    channel.start(0, 0x1000, 1).expect("a start");
    channel.set_quiet(!is(Fault::NeverCompletes));
    assert!(is(Fault::NeverCompletes) || *channel.reports.borrow() == [Report::Completed(0x1000)]);
    if is(Fault::UsesFreedChannel) {
        channel.free();
        start(1, 0, 0x1000, 1);
    }
    for _ in 0..u32::from(!is(Fault::StaysStarted)) + u32::from(is(Fault::StopsTwice)) {
        import("NetDmaProviderStop", [handle, 0, 0]);
    }
    if !is(Fault::StaysRegistered) {
        import("NetDmaDeregisterProvider", [handle, 0, 0]);
    }
    netdma.check_unloaded();
}

fn run(fault: Option<Fault>) -> Result<(), End> {
    FAULT.set(fault);
    bench::with_device(life)
}

/// NDMA-REG-02 to -09, NDMA-START-02, NDMA-STOP-01, -02, NDMA-INT-01 to -03, NDMA-PNP-03: the provider without a fault
/// passes everything.
#[test]
fn the_sound_provider_passes() {
    for _ in 0..3 {
        let ended = run(None);
        assert!(ended.is_ok(), "{}", ended.unwrap_err());
    }
}

#[track_caller]
fn caught(fault: Fault, rule: &'static Rule, words: &str) {
    match run(Some(fault)) {
        Err(End::Violation(violation)) => {
            assert!(ptr::eq(violation.rule, rule), "{fault:?} is caught as something else: {violation}");
            assert!(violation.to_string().contains(words), "{fault:?}: {violation}");
        }
        Err(End::Failure(what)) => panic!("{fault:?} ends the run otherwise: {what}"),
        Ok(()) => panic!("{fault:?} is not caught"),
    }
}

/// NDMA-REG-02 to -07, NDMA-START-02.
#[test]
fn wrong_registrations() {
    for (fault, words) in [
        (Fault::TooNew, "NDMA-REG-02"),
        (Fault::WrongSize, "NDMA-REG-02"),
        (Fault::WrongFlags, "NDMA-REG-06"),
        (Fault::ForeignDevice, "NDMA-REG-03"),
        (Fault::LacksAppend, "NDMA-REG-04"),
        (Fault::LacksResume, "NDMA-REG-05"),
        (Fault::Nameless, "NDMA-REG-07"),
        (Fault::SmallTransfers, "NDMA-START-02"),
        (Fault::TooManyChannels, "NDMA-START-02"),
    ] {
        caught(fault, &rules::NETDMA_REGISTRATION, words);
    }
}

/// NDMA-STOP-02, NDMA-PNP-03.
#[test]
fn calls_out_of_order() {
    caught(Fault::StartsTwice, &rules::NETDMA_ORDER, "NetDmaProviderStart");
    caught(Fault::StopsTwice, &rules::NETDMA_ORDER, "NetDmaProviderStop");
    caught(Fault::StaysStarted, &rules::NETDMA_ORDER, "NDMA-STOP-02");
    caught(Fault::ShortEvent, &rules::NETDMA_ORDER, "NDMA-PNP-03");
    caught(Fault::StrangeEvent, &rules::NETDMA_ORDER, "NDMA-PNP-03");
    caught(Fault::StaysRegistered, &rules::NETDMA_LEAK, "registered");
}

/// NDMA-INT-05, NDMA-CH-04.
#[test]
fn handles_of_nobody() {
    caught(Fault::StrangeProvider, &rules::NETDMA_PROVIDER, "no such provider");
    caught(Fault::StrangeChannel, &rules::NETDMA_CHANNEL, "no such channel");
    caught(Fault::UsesFreedChannel, &rules::NETDMA_CHANNEL, "no such channel");
    caught(Fault::NoCpu, &rules::NETDMA_CHANNEL, "NDMA-CH-04");
}

/// NDMA-INT-01, -02, NDMA-STOP-01. Levels that the fact tables have are found by the check of every import.
#[test]
fn interrupts_and_lost_descriptors() {
    caught(Fault::IsrAtDispatch, &rules::NETDMA_INTERRUPT, "NDMA-INT-01");
    caught(Fault::DpcOnAnotherCpu, &rules::NETDMA_INTERRUPT, "NDMA-INT-02");
    caught(Fault::DpcAtPassive, &rules::IRQL, "NetDmaInterruptDpc");
    caught(Fault::NeverCompletes, &rules::NETDMA_LOST, "NDMA-STOP-01");
}
