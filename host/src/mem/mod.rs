//! Memory that the driver and its devices share: the RAM of the machine, handed out in blocks.
//!
//! Every block is known by address, kind, tag and the call that made it. A freed block is filled with
//! a pattern and rests before it is used again; a few bytes behind every block tell of an overrun.

mod blocks;

use blocks::Blocks;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
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
            out: RefCell::default(),
            allocated: Cell::new(0),
        }
    }

    /// A block of at least `size` bytes, aligned to its size rounded up to a power of two, at most a page.
    pub fn allocate(&self, kind: Kind, tag: u32, size: usize, by: &'static str) -> Option<u64> {
        self.allocate_in(&self.low, kind, tag, size, by)
    }

    /// The same from above 4 GiB, if the machine has memory there.
    pub fn allocate_high(&self, kind: Kind, tag: u32, size: usize, by: &'static str) -> Option<u64> {
        if let Some(high) = self.high.borrow_mut().as_mut() {
            return self.hand_out(high, kind, tag, size, by);
        }
        self.allocate(kind, tag, size, by)
    }

    fn allocate_in(
        &self,
        from: &RefCell<Blocks>,
        kind: Kind,
        tag: u32,
        size: usize,
        by: &'static str,
    ) -> Option<u64> {
        self.hand_out(&mut from.borrow_mut(), kind, tag, size, by)
    }

    fn hand_out(
        &self,
        from: &mut Blocks,
        kind: Kind,
        tag: u32,
        size: usize,
        by: &'static str,
    ) -> Option<u64> {
        let addr = from.take(size.checked_add(GUARD)?)?;
        crate::abi::fill(addr, FRESH_BYTE, size);
        crate::abi::fill(addr + size as u64, GUARD_BYTE, GUARD);
        self.out.borrow_mut().insert(addr, Block { addr, size, kind, tag, by });
        self.allocated.set(self.allocated.get() + 1);
        Some(addr)
    }

    /// Takes a block back.
    ///
    /// # Errors
    /// The block is not out, is of another kind, or was overrun.
    pub fn free(&self, kind: Kind, addr: u64) -> Result<Block, BadFree> {
        let mut out = self.out.borrow_mut();
        match out.get(&addr) {
            None => return Err(BadFree::Unknown),
            Some(block) if block.kind != kind => return Err(BadFree::Kind(block.kind)),
            Some(_) => {}
        }
        let Some(block) = out.remove(&addr) else { return Err(BadFree::Unknown) };
        let mut guard = [0; GUARD];
        crate::abi::read_into(addr + block.size as u64, &mut guard);
        if guard.iter().any(|&byte| byte != GUARD_BYTE) {
            return Err(BadFree::Overrun);
        }
        crate::abi::fill(addr, FREED_BYTE, block.size);
        let high = self.regions.get(1).is_some_and(|r| addr.wrapping_sub(r.base) < r.len);
        if high {
            if let Some(blocks) = self.high.borrow_mut().as_mut() {
                blocks.give(addr, block.size + GUARD);
            }
        } else {
            self.low.borrow_mut().give(addr, block.size + GUARD);
        }
        Ok(block)
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
