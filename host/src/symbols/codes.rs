//! Unwind data of x64 images (`.pdata`, `.xdata`), as Microsoft's "x64 exception handling" describes it.

/// The function table entry that covers an RVA.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) begin: u32,
    pub(super) end: u32,
    info: u32,
}

/// One unwind operation, already measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// The register was pushed.
    Push(usize),
    /// The stack pointer was lowered.
    Allocate(u64),
    /// The frame register was set.
    SetFrame,
    /// The register was stored at this offset from the frame's base.
    Store(usize, u64),
    /// An exception's frame, with error code or without.
    Machine(bool),
    /// Nothing to undo in general registers.
    Nothing,
}

/// Unwind information of a function or of a part of one.
#[derive(Debug)]
pub(super) struct Info {
    /// Frame register and its distance from the frame's base.
    pub(super) frame: Option<(usize, u64)>,
    /// Operations with the prologue offset behind which they have taken place, latest first.
    pub(super) operations: Vec<(u32, Operation)>,
    /// The function that this part belongs to.
    pub(super) chained: Option<Entry>,
}

/// Little-endian reads of an image by RVA.
fn bytes<const N: usize>(image: &[u8], rva: u32) -> Option<[u8; N]> {
    let start = usize::try_from(rva).ok()?;
    image.get(start..start.checked_add(N)?)?.try_into().ok()
}

fn u32_at(image: &[u8], rva: u32) -> Option<u32> {
    bytes(image, rva).map(u32::from_le_bytes)
}

/// Bytes of a function table entry.
const ENTRY: u32 = 12;

impl Entry {
    fn read(image: &[u8], rva: u32) -> Option<Self> {
        let at = |skip| u32_at(image, rva.checked_add(skip)?);
        Some(Self { begin: at(0)?, end: at(4)?, info: at(8)? })
    }

    /// All entries of the table at `table`.
    pub(super) fn all(image: &[u8], table: std::ops::Range<u32>) -> Vec<Self> {
        let rows = table.step_by(ENTRY as usize);
        rows.map_while(|rva| Self::read(image, rva)).filter(|entry| entry.begin != 0).collect()
    }

    /// The entry for `rva` in the table at `table`, which is sorted.
    pub(super) fn find(image: &[u8], table: std::ops::Range<u32>, rva: u32) -> Option<Self> {
        let count = table.end.saturating_sub(table.start) / ENTRY;
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low.midpoint(high);
            let entry = Self::read(image, table.start + middle * ENTRY)?;
            if rva < entry.begin {
                high = middle;
            } else if rva >= entry.end {
                low = middle + 1;
            } else {
                return Some(entry);
            }
        }
        None
    }

    /// Its unwind information; `None` if that is broken or of an unknown version.
    pub(super) fn info(&self, image: &[u8]) -> Option<Info> {
        const CHAINED: u8 = 4;
        // The lowest bit set: this is the RVA of another entry.
        if self.info & 1 != 0 {
            let other = Self::read(image, self.info - 1).filter(|e| e.info & 1 == 0)?;
            return other.info(image);
        }
        let [head, _, count, frame] = bytes(image, self.info)?;
        let (version, flags) = (head & 7, head >> 3);
        if !(1..=2).contains(&version) {
            return None;
        }
        let first = self.info.checked_add(4)?;
        let operations = operations(image, first, u32::from(count), version)?;
        let chained = if flags & CHAINED == 0 {
            None
        } else {
            // Behind the codes, which fill an even number of slots.
            let slots = u32::from(count).next_multiple_of(2);
            Some(Self::read(image, first.checked_add(slots * 2)?)?)
        };
        let register = usize::from(frame & 0xf);
        let frame = (register != 0).then_some((register, u64::from(frame >> 4) * 16));
        Some(Info { frame, operations, chained })
    }
}

fn operations(image: &[u8], first: u32, count: u32, version: u8) -> Option<Vec<(u32, Operation)>> {
    let half = |slot: u32| bytes(image, first.checked_add(slot * 2)?).map(u16::from_le_bytes);
    let word = |slot: u32| u32_at(image, first.checked_add(slot * 2)?);
    let mut list = Vec::new();
    let mut slot = 0;
    while slot < count {
        let [offset, code] = half(slot)?.to_le_bytes();
        let (code, info) = (code & 0xf, code >> 4);
        let register = usize::from(info);
        let (operation, slots) = match code {
            0 => (Operation::Push(register), 1),
            1 if info == 0 => (Operation::Allocate(u64::from(half(slot + 1)?) * 8), 2),
            1 if info == 1 => (Operation::Allocate(u64::from(word(slot + 1)?)), 3),
            2 => (Operation::Allocate(u64::from(info) * 8 + 8), 1),
            3 => (Operation::SetFrame, 1),
            4 => (Operation::Store(register, u64::from(half(slot + 1)?) * 8), 2),
            5 => (Operation::Store(register, u64::from(word(slot + 1)?)), 3),
            // Where epilogues are (version 2); they are recognised by their instructions instead.
            6 if version == 2 => (Operation::Nothing, 1),
            6 | 8 => (Operation::Nothing, 2),
            7 | 9 => (Operation::Nothing, 3),
            10 => (Operation::Machine(info != 0), 1),
            _ => return None,
        };
        list.push((u32::from(offset), operation));
        slot += slots;
    }
    Some(list)
}
