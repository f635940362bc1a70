//! The self-test of a channel: a copy, its completion word and its interrupt.

use core::ffi::CStr;
use core::ptr::{self, NonNull};

use ferrite_ddk::ndis::{self, PHYSICAL_ADDRESS};
use ferrite_netdma_engine::{Chains, Descriptor, Status, Word, control};

use super::channel::Channel;
use crate::handlers::Port;
use crate::parameters::Client;

/// Bytes that are copied.
const COPIED: u32 = 1000;
/// What is where in the page.
const WORD: usize = 64;
const SOURCE: usize = 1024;
/// Not aligned, as a client's destination may be.
const DESTINATION: usize = 2048 + 3;
const PAGE: usize = 4096;
/// Memory that is not to be changed.
const GUARD: u8 = 0xA5;
/// How often the outcome is looked for, so many microseconds apart: 100 ms together.
const LOOKS: u32 = 10_000;
const APART: u32 = 10;

/// What does not work.
#[derive(Clone, Copy)]
pub enum Fault {
    /// There is no memory for the test.
    Memory,
    /// The channel cannot be reset.
    Reset,
    /// It cannot be started.
    Start,
    /// The completion word does not come.
    Word,
    /// The interrupt does not come.
    Interrupt,
    /// The bytes are not those that were to be copied, or others were changed as well.
    Data,
}

impl Fault {
    /// For a person.
    pub const fn text(self) -> &'static CStr {
        match self {
            Self::Memory => c"no memory for the self-test",
            Self::Reset => c"it cannot be reset",
            Self::Start => c"it cannot be started",
            Self::Word => c"the completion word of the self-test does not come",
            Self::Interrupt => c"the interrupt of the self-test does not come",
            Self::Data => c"the self-test copied the wrong bytes",
        }
    }
}

/// A page that the hardware reaches.
struct Page(NonNull<[u64; PAGE / 8]>);

impl Page {
    fn new() -> Option<Self> {
        // SAFETY: PASSIVE_LEVEL; any address will do.
        let base =
            unsafe { ndis::MmAllocateContiguousMemory(PAGE as u64, PHYSICAL_ADDRESS { QuadPart: i64::MAX }) };
        let page = Self(NonNull::new(base.cast())?);
        page.bytes().fill(GUARD);
        Some(page)
    }

    #[allow(
        clippy::mut_from_ref,
        reason = "the hardware writes it as well: each view ends with its statement"
    )]
    fn bytes(&self) -> &mut [u8] {
        // SAFETY: the page is ours; the hardware is not at work while a view of it lives, or the bytes are not its.
        unsafe { core::slice::from_raw_parts_mut(self.0.as_ptr().cast(), PAGE) }
    }

    /// The completion word.
    fn word(&self) -> *mut u64 {
        self.0.as_ptr().cast::<u64>().wrapping_add(WORD / size_of::<u64>())
    }

    /// The descriptor.
    fn descriptor(&self) -> *mut [u64; 8] {
        self.0.as_ptr().cast()
    }

    fn physical(&self) -> u64 {
        // SAFETY: the page is mapped and does not move.
        let address = unsafe { ndis::MmGetPhysicalAddress(self.0.as_ptr().cast()) };
        // SAFETY: every bit pattern is a number.
        unsafe { address.QuadPart }.cast_unsigned()
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // SAFETY: allocated in `new`, freed once; the channel was taken back before.
        unsafe { ndis::MmFreeContiguousMemory(self.0.as_ptr().cast()) };
    }
}

/// The value of a source byte.
#[expect(clippy::cast_possible_truncation, reason = "any pattern will do")]
const fn pattern(index: usize) -> u8 {
    (index as u8).wrapping_mul(7) ^ (index >> 8) as u8
}

/// Tries a channel that has no client. IRQL: `PASSIVE_LEVEL`.
///
/// # Errors
/// The first thing that does not work.
pub fn copies(channel: &Channel, chains: Chains) -> Result<(), Fault> {
    let page = Page::new().ok_or(Fault::Memory)?;
    let physical = page.physical();
    let within = |offset: usize| physical.wrapping_add(offset as u64);
    for (index, byte) in page.bytes().iter_mut().skip(SOURCE).take(COPIED as usize).enumerate() {
        *byte = pattern(index);
    }
    let word = page.word();
    // SAFETY: within the page, aligned, and nobody else's yet.
    unsafe { word.write_volatile(0) };
    let descriptor = Descriptor {
        size: COPIED,
        control: control::INTERRUPT | control::STATUS_UPDATE,
        source: within(SOURCE),
        destination: within(DESTINATION),
        next: if matches!(chains, Chains::Counted) { physical } else { 0 },
        ..Descriptor::default()
    };
    // SAFETY: the first bytes of the page, aligned, and nobody else's yet.
    unsafe { page.descriptor().write_volatile(descriptor.words([0; 2])) };
    let client = Client { word, word_physical: within(WORD), processors: 0 };
    let before = channel.reported();
    if !channel.open(ptr::null_mut(), &client) {
        return Err(Fault::Reset);
    }
    let started = channel.operate(|engine| engine.start(physical, 1));
    let result = started.map_err(|_| Fault::Start).and_then(|()| {
        let wanted = Word::new(physical, Status::Idle).0;
        // SAFETY: within the page; the hardware writes it all at once.
        wait(|| unsafe { word.read_volatile() } == wanted).ok_or(Fault::Word)?;
        wait(|| channel.reported() != before).ok_or(Fault::Interrupt)
    });
    channel.close();
    result?;
    intact(page.bytes()).then_some(()).ok_or(Fault::Data)
}

/// Every byte behind the descriptor and the word is what it has to be.
fn intact(page: &[u8]) -> bool {
    let copied = DESTINATION..DESTINATION.wrapping_add(COPIED as usize);
    let source = SOURCE..SOURCE.wrapping_add(COPIED as usize);
    page.iter().enumerate().skip(WORD.wrapping_add(size_of::<u64>())).all(|(at, byte)| {
        let wanted = if source.contains(&at) {
            pattern(at.wrapping_sub(SOURCE))
        } else if copied.contains(&at) {
            pattern(at.wrapping_sub(DESTINATION))
        } else {
            GUARD
        };
        *byte == wanted
    })
}

fn wait(condition: impl Fn() -> bool) -> Option<()> {
    for _ in 0..LOOKS {
        if condition() {
            return Some(());
        }
        // SAFETY: any IRQL; APART is no more than a stall should be.
        unsafe { ndis::KeStallExecutionProcessor(APART) };
    }
    None
}
