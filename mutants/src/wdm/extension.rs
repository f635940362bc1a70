//! The device extension: what the driver keeps for each of its devices, a word each. Tests read it as well.

/// A field of the device extension, by its offset.
#[derive(Clone, Copy)]
pub struct Slot(pub u64);

/// The device object below.
pub const LOWER: Slot = Slot(0);
/// The physical device object.
pub const PDO: Slot = Slot(8);
/// The message table or the interrupt object, and the version that it is of.
pub const INTERRUPT: Slot = Slot(16);
pub const VERSION: Slot = Slot(24);
/// Registers, and the bytes of them.
pub const REGISTERS: Slot = Slot(32);
pub const LENGTH: Slot = Slot(40);
/// The worker thread, its event, and the IRP that it is to pass down.
pub const THREAD: Slot = Slot(48);
pub const WORK: Slot = Slot(56);
pub const IRP: Slot = Slot(64);
pub const STOP: Slot = Slot(72);
/// The DMA adapter, and its common buffer with the logical address.
pub const ADAPTER: Slot = Slot(80);
pub const BUFFER: Slot = Slot(88);
pub const LOGICAL: Slot = Slot(96);
/// Memory of the device's.
pub const MEMORY: Slot = Slot(104);
/// Interrupts taken, on which processors, and DPCs run, on which.
pub const INTERRUPTS: Slot = Slot(112);
pub const ISR_CPUS: Slot = Slot(120);
pub const DPCS: Slot = Slot(128);
pub const DPC_CPUS: Slot = Slot(136);
/// The processors on which the worker has been.
pub const WORK_CPUS: Slot = Slot(144);
/// A KDPC.
pub const DPC: Slot = Slot(152);
/// The NetDMA provider.
pub const PROVIDER: Slot = Slot(256);
/// The vendor and the device that the bus reads.
pub const IDS: Slot = Slot(264);
/// How many interrupts the raw and the translated resources had, and each with flags, count or level, vector,
/// affinity.
pub const GIVEN: Slot = Slot(272);
pub const GIVEN_LIST: Slot = Slot(280);

/// Bytes of one that was given, and at most so many.
pub const GIVEN_SIZE: u64 = 32;
pub const MOST_GIVEN: u64 = 8;

/// Bytes of a device extension.
pub const EXTENSION: u64 = GIVEN_LIST.0 + GIVEN_SIZE * MOST_GIVEN;

/// The processor that the driver asks its messages to go to.
pub const TARGET: usize = 1;
