//! Memory that the driver and its devices share: the RAM of the machine, handed out in blocks.
//!
//! Every block is known by address, kind, tag and the call that made it. A freed block is filled with
//! a pattern and rests before it is used again; a few bytes behind every block tell of an overrun. With [`special`]
//! pool every block lies on pages of its own, and what the driver may not touch, it cannot.

mod blocks;
pub mod special;

use crate::{abi::View, cpu::DISPATCH, device::RamRange};
use blocks::Blocks;
use special::{Away, Range, Special, Trespass};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

/// Bytes behind a block that nobody may write.
const GUARD: usize = 16;
/// What they hold.
const GUARD_BYTE: u8 = 0xFD;
/// What fresh memory holds: a driver must not count on zeros.
const FRESH_BYTE: u8 = 0xCD;
/// What freed memory holds.
const FREED_BYTE: u8 = 0xDD;

/// A range of RAM: where the process sees it, and where devices do.
#[derive(Clone, Copy, Debug)]
pub struct Region {
    /// Address in this process.
    pub base: u64,
    /// Physical address.
    pub physical: u64,
    /// Bytes.
    pub len: u64,
    /// Where this process sees the same memory once more, whatever the driver may touch; `base` if there is no such
    /// place.
    pub alias: u64,
}

impl From<RamRange> for Region {
    fn from(range: RamRange) -> Self {
        let place = |at: std::ptr::NonNull<u8>| at.as_ptr() as u64;
        Self { base: place(range.host), physical: range.guest, len: range.len, alias: place(range.alias) }
    }
}

/// What a block was allocated as; it has to be freed as the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `ExAllocatePool` and its kin.
    Pool,
    /// `NdisAllocateMemoryWithTagPriority`.
    NdisMemory,
    /// `NdisMAllocateSharedMemory`.
    Shared,
    /// `MmAllocateContiguousMemory`.
    Contiguous,
    /// An MDL.
    Mdl,
    /// A `NET_BUFFER_LIST`.
    NetBufferList,
    /// A `NET_BUFFER`.
    NetBuffer,
    /// A pool, lock, timer, work item or other object behind a handle.
    Object,
    /// A scatter/gather list.
    SgList,
    /// The host's own: frames to send, requests, parameters.
    Host,
}

/// A block that is out.
#[derive(Clone, Debug)]
pub struct Block {
    /// Its address.
    pub addr: u64,
    /// Bytes asked for.
    pub size: usize,
    /// What it was allocated as.
    pub kind: Kind,
    /// The driver's tag; 0 if the call takes none.
    pub tag: u32,
    /// The import that made it.
    pub by: &'static str,
    /// Where the driver called it: places in its image, innermost first.
    pub stack: Rc<[u32]>,
}

/// Why a block could not be freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadFree {
    /// No block begins there: freed twice, or never allocated.
    Unknown,
    /// Allocated by another family of calls.
    Kind(Kind),
    /// Written past its end.
    Overrun,
}

/// The machine's memory.
pub struct Mem {
    regions: Vec<Region>,
    low: RefCell<Blocks>,
    high: RefCell<Option<Blocks>>,
    special: Option<Special>,
    out: RefCell<BTreeMap<u64, Block>>,
    /// Blocks handed out since the start.
    pub allocated: Cell<u64>,
}

impl Mem {
    /// Memory over the machine's RAM: the first region serves all allocations, the second, above
    /// 4 GiB, those that ask for it.
    #[must_use]
    pub fn new(regions: Vec<Region>) -> Self {
        let blocks = |r: &Region| Blocks::new(r.base, r.len);
        let low = regions.first().map_or_else(|| Blocks::new(0, 0), blocks);
        let high = regions.get(1).map(blocks);
        Self {
            regions,
            low: RefCell::new(low),
            high: RefCell::new(high),
            special: None,
            out: RefCell::default(),
            allocated: Cell::new(0),
        }
    }

    /// The same as [`special`] pool; the seed says where blocks lie on their pages.
    ///
    /// # Panics
    /// A region has no alias.
    #[must_use]
    pub fn special(regions: Vec<Region>, seed: u64) -> Self {
        let aliased = regions.iter().all(|region| region.alias != region.base);
        assert!(aliased, "special pool needs memory that is mapped twice");
        Self { special: Some(Special::new(&regions, seed)), ..Self::new(regions) }
    }

    /// Where the host reaches the driver's memory from now on.
    #[must_use]
    pub fn view(&self) -> View {
        if self.special.is_none() {
            return View::default();
        }
        // Ranges of one RAM: all of them are as far from their aliases.
        let first = self.regions.iter().min_by_key(|region| region.base);
        let end = self.regions.iter().map(|region| region.base + region.len).max().unwrap_or(0);
        first.map_or_else(View::default, |first| View::new(first.base..end, first.alias))
    }

    /// The host's own way to a byte.
    fn reach(&self, addr: u64) -> u64 {
        if self.special.is_none() {
            return addr;
        }
        let region = self.regions.iter().find(|region| addr.wrapping_sub(region.base) < region.len);
        region.map_or(addr, |region| addr - region.base + region.alias)
    }

    /// A block of at least `size` bytes, aligned to its size rounded up to a power of two, at most a page; in special
    /// pool to 16 below a page.
    pub fn allocate(&self, kind: Kind, tag: u32, size: usize, by: &'static str) -> Option<u64> {
        self.hand_out(0, kind, tag, size, by)
    }

    /// The same from above 4 GiB, if the machine has memory there.
    pub fn allocate_high(&self, kind: Kind, tag: u32, size: usize, by: &'static str) -> Option<u64> {
        self.hand_out(usize::from(self.regions.len() > 1), kind, tag, size, by)
    }

    fn hand_out(&self, region: usize, kind: Kind, tag: u32, size: usize, by: &'static str) -> Option<u64> {
        let room = size.checked_add(GUARD)?;
        let (addr, run) = match (&self.special, region) {
            (Some(special), _) => special.take(region, kind, size)?,
            (None, 0) => (self.low.borrow_mut().take(room)?, None),
            (None, _) => (self.high.borrow_mut().as_mut()?.take(room)?, None),
        };
        crate::abi::fill(self.reach(addr), FRESH_BYTE, size);
        for (start, len) in self.margins(addr, size) {
            crate::abi::fill(self.reach(start), GUARD_BYTE, len);
        }
        // The host's blocks are no leaks, and lists for a transfer are many.
        let traced = !matches!(kind, Kind::Host | Kind::SgList);
        let stack = if traced { crate::image::drivers_place() } else { Rc::default() };
        let block = Block { addr, size, kind, tag, by, stack };
        if let (Some(special), Some(run)) = (&self.special, run) {
            special.keep(run, &block);
        }
        self.out.borrow_mut().insert(addr, block);
        self.allocated.set(self.allocated.get() + 1);
        Some(addr)
    }

    /// What lies around a block and must stay as it is: where it begins, and its bytes.
    fn margins(&self, addr: u64, size: usize) -> [(u64, usize); 2] {
        match &self.special {
            Some(special) => special.margins(addr, size),
            None => [(addr, 0), (addr + size as u64, GUARD)],
        }
    }

    /// The first byte around a block that is not as it was.
    #[must_use]
    pub fn damage(&self, block: &Block) -> Option<u64> {
        let margins = self.margins(block.addr, block.size);
        margins.into_iter().find_map(|(start, len)| self.other_than(start, len, GUARD_BYTE))
    }

    /// The first of some bytes that is another than it should be.
    fn other_than(&self, start: u64, len: usize, value: u8) -> Option<u64> {
        let mut piece = [0; 512];
        let expected = [value; 512];
        (0..len).step_by(piece.len()).find_map(|at| {
            let left = piece.len().min(len - at);
            let (seen, expected) = (piece.get_mut(..left)?, expected.get(..left)?);
            crate::abi::read_into(self.reach(start) + at as u64, seen);
            if seen == expected {
                return None;
            }
            seen.iter().position(|&byte| byte != value).map(|place| start + (at + place) as u64)
        })
    }

    /// Takes a block back.
    ///
    /// # Errors
    /// The block is not out, is of another kind, or was overrun.
    pub fn free(&self, kind: Kind, addr: u64) -> Result<Block, BadFree> {
        let found = self.block(addr).ok_or(BadFree::Unknown)?;
        if found.kind != kind {
            return Err(BadFree::Kind(found.kind));
        }
        let damage = self.damage(&found);
        if let Some(special) = &self.special {
            // What is the host's, it may free although the driver may not touch it.
            let away = if kind == Kind::Host { None } else { special.away(&found) };
            let compared = self.margins(addr, found.size).iter().any(|&(_, len)| len > 0);
            if compared {
                crate::world::watch_special(&crate::verify::rules::SPECIAL_POOL);
            }
            crate::world::check_special(&found, damage, away);
        }
        self.out.borrow_mut().remove(&addr);
        if damage.is_some() {
            return Err(BadFree::Overrun);
        }
        crate::abi::fill(self.reach(addr), FREED_BYTE, found.size);
        let high = self.regions.get(1).is_some_and(|r| addr.wrapping_sub(r.base) < r.len);
        if let Some(special) = &self.special {
            special.give(&found);
        } else if high {
            if let Some(blocks) = self.high.borrow_mut().as_mut() {
                blocks.give(addr, found.size + GUARD);
            }
        } else {
            self.low.borrow_mut().give(addr, found.size + GUARD);
        }
        Ok(found)
    }

    /// Keeps where the driver is now, for a block that stands for something of its own.
    pub fn trace(&self, addr: u64) {
        if let Some(block) = self.out.borrow_mut().get_mut(&addr) {
            block.stack = crate::image::drivers_place();
        }
    }

    /// Whether the host may touch memory on the driver's behalf: what it was given back or never gave out, it may not.
    #[must_use]
    pub fn reachable(&self, addr: u64, len: u64) -> bool {
        self.special.as_ref().is_none_or(|special| special.is_out(addr, len))
    }

    /// What an address that the driver cannot reach has to do with a block.
    #[must_use]
    pub fn trespass(&self, addr: u64) -> Option<Trespass> {
        self.special.as_ref()?.trespass(addr)
    }

    /// What an NBL leads to goes away with it: ranges of the driver's memory.
    pub fn lend(&self, list: u64, ranges: impl IntoIterator<Item = Range>, away: Away) {
        let Some(special) = &self.special else { return };
        let within = |(start, end): Range| {
            let block = self.block_around(start)?;
            Some(((start, end.min(block.addr + block.size as u64)), block))
        };
        let ranges: Vec<_> = ranges.into_iter().filter_map(within).collect();
        special.lend(list, &ranges, away);
    }

    /// Who has the block that begins at `addr`, if it is not the driver's.
    #[must_use]
    pub fn away(&self, addr: u64) -> Option<Away> {
        self.special.as_ref()?.away(&self.block(addr)?)
    }

    /// It comes back.
    pub fn restore(&self, list: u64) {
        if let Some(special) = &self.special {
            special.restore(list, &|addr| self.block_around(addr));
        }
    }

    /// A block is paged pool, which is not there at raised IRQL.
    pub fn page(&self, addr: u64) {
        if let Some(special) = &self.special {
            special.page(addr);
        }
    }

    /// The CPU that runs is at this level now.
    pub fn at_level(&self, irql: u8) {
        if let Some(special) = &self.special {
            special.raise(irql >= DISPATCH);
        }
    }

    /// Whether this is special pool.
    #[must_use]
    pub fn is_special(&self) -> bool {
        self.special.is_some()
    }

    /// The block that begins at `addr`.
    #[must_use]
    pub fn block(&self, addr: u64) -> Option<Block> {
        self.out.borrow().get(&addr).cloned()
    }

    /// The block that `addr` lies in.
    #[must_use]
    pub fn block_around(&self, addr: u64) -> Option<Block> {
        let out = self.out.borrow();
        let (_, block) = out.range(..=addr).next_back()?;
        (addr < block.addr + block.size as u64).then(|| block.clone())
    }

    /// Every block that is out and not the host's.
    #[must_use]
    pub fn drivers_blocks(&self) -> Vec<Block> {
        self.out.borrow().values().filter(|block| block.kind != Kind::Host).cloned().collect()
    }

    /// The physical address of a byte in RAM.
    #[must_use]
    pub fn physical(&self, addr: u64) -> Option<u64> {
        self.regions.iter().find(|r| addr.wrapping_sub(r.base) < r.len).map(|r| addr - r.base + r.physical)
    }

    /// The address in this process of a physical byte in RAM.
    #[must_use]
    pub fn virtual_of(&self, physical: u64) -> Option<u64> {
        let region = self.regions.iter().find(|r| physical.wrapping_sub(r.physical) < r.len)?;
        Some(physical - region.physical + region.base)
    }

    /// The ranges of RAM.
    #[must_use]
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }
}
