//! Memory like Driver Verifier's special pool: every block on pages of its own, with pages around it that nobody may
//! touch.
//!
//! ```text
//!   page out of reach | lead  block  tail | page out of reach | block        tail | page out of reach
//! ```
//!
//! * A block ends with its last page, aligned to 16 as pool is: one byte past the aligned end faults. One in four,
//!   drawn from the seed, begins with its first page instead: one byte before it faults. So does every block of a page
//!   and more, shared memory and contiguous memory, which have to begin there. What is left of its pages, lead and
//!   tail, holds a pattern that is compared when the block is freed.
//! * The pages of a freed block stay out of reach until tens of megabytes were freed after it.
//! * The host's own blocks are such blocks too: the driver is lent frames, requests, their buffers and parameters. A frame
//!   is in the driver's reach from when it is built until it is completed: nothing tells the driver where it is before
//!   it is sent.
//! * What is away, see [`Away`], is out of the driver's reach as well. A page goes out of reach only if all bytes of its
//!   block that are on it are away: of receive buffers of 2048 bytes side by side in one block of shared memory, both on
//!   the page have to be out. NBLs, NBs and MDLs are blocks of their own: the whole NBL is away, its context and
//!   `MiniportReserved` too, as NDIS-RECV-04 lets the driver examine none of it.
//! * A process may have 65,530 mappings, and every block on pages of its own costs two. What is too much for that lies
//!   side by side in chunks that are always in reach, with a pattern behind each block.
//! * Paged pool is out of reach while the CPU that runs is at `DISPATCH_LEVEL` or above.
//!
//! All this is done to the mapping that the driver has. The host and devices reach the memory through an alias of it; of
//! what is freed, the host touches nothing either, see [`Mem::reachable`](super::Mem::reachable).

mod lent;
mod runs;
mod shield;
#[cfg(test)]
mod tests;

use super::{Block, GUARD, Kind, Region, blocks::Blocks};
use crate::{
    verify::rules,
    world::{rule_of, watch_special},
};
use lent::Lent;
pub use lent::{Away, Range};
use runs::{PAGE, Run, Runs};
use shield::Shield;
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
};

/// Bytes from a block at which an address has nothing to do with it any more.
const NEAR: u64 = 16 * PAGE;
/// Mappings that a world may take, counted as places where what is in reach and what is not meet.
const EDGES: usize = 16_000;
/// Pages of a chunk of blocks that lie side by side, at least.
const CHUNK: u64 = 1024;
/// Alignment of pool.
const ALIGN: u64 = 16;
/// One block in so many begins with its page.
const AT_START: u64 = 4;

/// What an address out of reach has to do with a block.
#[derive(Clone, Debug)]
pub struct Trespass {
    /// The block.
    pub block: Block,
    /// Where the address is.
    pub place: Place,
    /// Bytes from the block's start, from its end if it lies behind, to its start if it lies before.
    pub offset: u64,
}

/// Where an address out of reach lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Behind a block.
    Beyond,
    /// Before a block.
    Before,
    /// In a block that was freed.
    Freed,
    /// In a block that is somebody else's now.
    Away(Away),
    /// In paged pool, at raised IRQL.
    Paged,
}

struct Known {
    run: Run,
    block: Block,
    freed: bool,
    /// What it was when it was freed, if it was away: the protocol frees what is completed.
    away: Option<Away>,
}

struct Part {
    shield: Shield,
    runs: RefCell<Runs>,
    /// Where blocks lie side by side.
    crowd: RefCell<Vec<Chunk>>,
    /// The blocks of runs, those that rest included, by first page.
    known: RefCell<BTreeMap<u64, Known>>,
}

/// Pages whose blocks lie side by side.
struct Chunk {
    pages: std::ops::Range<u64>,
    blocks: Blocks,
}

/// See the module.
pub(super) struct Special {
    parts: Vec<Part>,
    lent: RefCell<Lent>,
    draws: Cell<u64>,
    /// First pages of paged blocks.
    paged: RefCell<BTreeSet<u64>>,
    /// They are out of reach.
    raised: Cell<bool>,
}

impl Part {
    /// Pages that the driver reaches.
    fn open(&self, pages: u64) -> Option<Run> {
        let run = self.runs.borrow_mut().take(pages)?;
        if !self.shield.open(run.first, run.pages) {
            self.runs.borrow_mut().give(run);
            return None;
        }
        Some(run)
    }

    /// Room beside other blocks.
    fn squeeze(&self, size: usize) -> Option<u64> {
        let mut crowd = self.crowd.borrow_mut();
        if let Some(addr) = crowd.iter_mut().rev().find_map(|chunk| chunk.blocks.take(size)) {
            return Some(addr);
        }
        let pages = (size as u64).div_ceil(PAGE);
        let run = self.open(pages.max(CHUNK)).or_else(|| self.open(pages))?;
        let len = run.pages * PAGE;
        let end = run.first + run.total * PAGE;
        self.known.borrow_mut().retain(|first, _| !(run.first..end).contains(first));
        let mut chunk = Chunk { pages: run.first..run.first + len, blocks: Blocks::new(run.first, len) };
        let addr = chunk.blocks.take(size);
        crowd.push(chunk);
        addr
    }

    fn give_back(&self, addr: u64, size: usize) {
        let mut crowd = self.crowd.borrow_mut();
        if let Some(chunk) = crowd.iter_mut().find(|chunk| chunk.pages.contains(&addr)) {
            chunk.blocks.give(addr, size);
        }
    }

    fn is_crowded(&self, addr: u64) -> bool {
        self.crowd.borrow().iter().any(|chunk| chunk.pages.contains(&addr))
    }
}

impl Special {
    pub fn new(regions: &[Region], seed: u64) -> Self {
        let part = |&region: &Region| Part {
            shield: Shield::new(region),
            runs: RefCell::new(Runs::new(region.base, region.len)),
            crowd: RefCell::default(),
            known: RefCell::default(),
        };
        Self {
            parts: regions.iter().map(part).collect(),
            lent: RefCell::default(),
            draws: Cell::new(seed),
            paged: RefCell::default(),
            raised: Cell::new(false),
        }
    }

    fn part(&self, addr: u64) -> Option<&Part> {
        self.parts.iter().find(|part| part.shield.contains(addr))
    }

    /// Room for a block out of a region, on pages of its own if there are any left.
    pub fn take(&self, region: usize, kind: Kind, size: usize) -> Option<(u64, Option<Run>)> {
        let part = self.parts.get(region)?;
        if let Some(run) = self.run(part, size) {
            let lead = self.lead(run, kind, size.max(1) as u64);
            return Some((run.first + lead, Some(run)));
        }
        Some((part.squeeze(size.checked_add(GUARD)?)?, None))
    }

    fn run(&self, part: &Part, size: usize) -> Option<Run> {
        if self.parts.iter().map(|part| part.shield.edges()).sum::<usize>() >= EDGES {
            return None;
        }
        part.open((size.max(1) as u64).div_ceil(PAGE))
    }

    /// Bytes of a block's pages before it.
    fn lead(&self, run: Run, kind: Kind, size: u64) -> u64 {
        let to_start = matches!(kind, Kind::Shared | Kind::Contiguous) || size >= PAGE || self.draw();
        if to_start { 0 } else { run.pages * PAGE - size.next_multiple_of(ALIGN) }
    }

    /// Notes what the block is.
    pub fn keep(&self, run: Run, block: &Block) {
        if let Some(part) = self.part(run.first) {
            let known = Known { run, block: block.clone(), freed: false, away: None };
            let mut all = part.known.borrow_mut();
            // What lay there before is forgotten.
            let end = run.first + run.total * PAGE;
            while let Some((&first, _)) = all.range(run.first..end).next() {
                all.remove(&first);
            }
            all.insert(run.first, known);
            let (start, end) = bounds(block);
            if start == run.first {
                watch_special(&rules::BEFORE_START);
            }
            if end.next_multiple_of(ALIGN) == run.first + run.pages * PAGE {
                watch_special(&rules::BEYOND_END);
            }
        }
    }

    /// Whether the next block begins with its page.
    fn draw(&self) -> bool {
        let next = self.draws.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        self.draws.set(next);
        let mixed = (next ^ next >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        ((mixed ^ mixed >> 27) >> 32).is_multiple_of(AT_START)
    }

    /// What lies around a block on its pages: where each begins and its bytes.
    pub fn margins(&self, addr: u64, size: usize) -> [(u64, usize); 2] {
        let end = addr + size as u64;
        if self.is_crowded(addr) {
            return [(addr, 0), (end, GUARD)];
        }
        let lead = addr % PAGE;
        let tail = addr - lead + lead.saturating_add(size.max(1) as u64).next_multiple_of(PAGE) - end;
        [(addr - lead, lead as usize), (end, tail as usize)]
    }

    /// Whether a block lies beside others.
    fn is_crowded(&self, addr: u64) -> bool {
        self.part(addr).is_some_and(|part| part.is_crowded(addr))
    }

    /// Takes a block back.
    pub fn give(&self, block: &Block) {
        let first = block.addr - block.addr % PAGE;
        let Some(part) = self.part(first) else { return };
        if self.is_crowded(block.addr) {
            part.give_back(block.addr, block.size + GUARD);
            self.lent.borrow_mut().forget(bounds(block));
            return;
        }
        if let Some(known) = part.known.borrow_mut().get_mut(&first) {
            known.freed = true;
            known.away = self.away(block);
            if part.shield.close(first, known.run.pages) {
                watch_special(&rules::FREED_MEMORY);
            }
            part.runs.borrow_mut().give(known.run);
        }
        self.lent.borrow_mut().forget(bounds(block));
        self.paged.borrow_mut().remove(&first);
    }

    /// A block is paged pool.
    pub fn page(&self, addr: u64) {
        if self.is_crowded(addr) {
            return;
        }
        self.paged.borrow_mut().insert(addr - addr % PAGE);
    }

    /// The CPU that runs is at `DISPATCH_LEVEL` or above, or not any more.
    pub fn raise(&self, raised: bool) {
        if self.raised.replace(raised) == raised {
            return;
        }
        for first in self.paged.borrow().iter() {
            let Some(part) = self.part(*first) else { continue };
            let pages = part.known.borrow().get(first).map_or(0, |known| known.run.pages);
            if !raised {
                part.shield.show(*first, pages);
            } else if part.shield.hide(*first, pages) {
                watch_special(&rules::PAGED_MEMORY);
            }
        }
    }

    /// Whether all of a range is memory of blocks that are out, as far as it is memory of the driver's at all.
    pub fn is_out(&self, addr: u64, len: u64) -> bool {
        self.part(addr).is_none_or(|part| part.shield.is_out(addr, len))
    }

    /// What of a block is away.
    pub fn away(&self, block: &Block) -> Option<Away> {
        self.lent.borrow().within(bounds(block))
    }

    /// Ranges go away with an NBL; each is part of one block.
    pub fn lend(&self, list: u64, ranges: &[(Range, Block)], away: Away) {
        let only = ranges.iter().map(|&(range, _)| range).collect();
        if self.lent.borrow_mut().add(list, only, away) {
            let mut hidden = false;
            for (range, block) in ranges {
                hidden |= self.apply(*range, block);
            }
            if hidden {
                watch_special(rule_of(away));
            }
        }
    }

    /// They come back; `block_of` knows their blocks.
    pub fn restore(&self, list: u64, block_of: &dyn Fn(u64) -> Option<Block>) {
        let ranges = self.lent.borrow_mut().remove(list);
        for range in ranges {
            if let Some(block) = block_of(range.0) {
                self.apply(range, &block);
            }
        }
    }

    /// Hides the pages of a range on which everything is away, and shows the others; whether any is hidden.
    fn apply(&self, (start, end): Range, block: &Block) -> bool {
        let Some(part) = self.part(start).filter(|_| !self.is_crowded(start)) else { return false };
        let lent = self.lent.borrow();
        let (low, high) = bounds(block);
        let hidden = |page: u64| lent.covers((page.max(low), (page + PAGE).min(high)));
        let mut any = false;
        let mut first = start - start % PAGE;
        while first < end {
            let hide = hidden(first);
            let mut next = first + PAGE;
            while next < end && hidden(next) == hide {
                next += PAGE;
            }
            let pages = (next - first) / PAGE;
            if hide {
                any |= part.shield.hide(first, pages);
            } else {
                part.shield.show(first, pages);
            }
            first = next;
        }
        any
    }

    /// The block that an address out of reach has to do with: its own, or the nearer of its neighbours.
    pub fn trespass(&self, addr: u64) -> Option<Trespass> {
        let known = self.part(addr)?.known.borrow();
        let below = known.range(..=addr).next_back().map(|(_, known)| known);
        if let Some(found) = below.filter(|found| addr < found.run.first + found.run.pages * PAGE) {
            let (start, end) = bounds(&found.block);
            let away = found.away.or_else(|| self.lent.borrow().at(addr));
            let (place, offset) = match away {
                None if found.freed => (Place::Freed, addr.abs_diff(start)),
                Some(away) => (Place::Away(away), addr.abs_diff(start)),
                None if addr >= end => (Place::Beyond, addr - end),
                None if addr < start => (Place::Before, start - addr),
                None if self.raised.get() && self.paged.borrow().contains(&found.run.first) => {
                    (Place::Paged, addr - start)
                }
                // The pages are there: whatever it was that faulted, it was not for them.
                None => return None,
            };
            return Some(Trespass { block: found.block.clone(), place, offset });
        }
        let above = known.range(addr..).next().map(|(_, known)| known);
        let beyond = below.map(|found| (addr - bounds(&found.block).1, Place::Beyond, found));
        let before = above.map(|found| (found.block.addr - addr, Place::Before, found));
        // A block that is out is more likely to be meant than one that is not.
        let near = beyond.into_iter().chain(before).filter(|(offset, ..)| *offset < NEAR);
        let nearest = near.min_by_key(|(offset, _, found)| (found.freed, *offset));
        nearest.map(|(offset, place, found)| Trespass { block: found.block.clone(), place, offset })
    }
}

fn bounds(block: &Block) -> Range {
    (block.addr, block.addr + block.size as u64)
}
