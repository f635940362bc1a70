//! Special pool without a driver: where blocks lie, and which pages are in reach.

use super::{
    super::{Kind, Mem, Region},
    Away, Place,
    runs::PAGE,
};
use crate::{
    device::Ram,
    trap::peek,
    world::{Config, World},
};
use std::sync::Arc;

struct Bench {
    mem: Mem,
    base: u64,
    _ram: Arc<Ram>,
    /// It takes the faults of a look at memory out of reach.
    _world: std::rc::Rc<World>,
}

fn bench(seed: u64) -> Bench {
    let ram = Ram::new(128 << 20, 0).expect("memory");
    let regions: Vec<Region> = ram.ranges().into_iter().map(Region::from).collect();
    let base = regions[0].base;
    let world = World::new(Config::new(Vec::new())).expect("a world");
    Bench { mem: Mem::special(regions, seed), base, _ram: ram, _world: world }
}

impl Bench {
    fn block(&self, kind: Kind, size: usize) -> u64 {
        self.mem.allocate(kind, 0, size, "a test").expect("memory")
    }
}

fn in_reach(addr: u64) -> bool {
    peek(addr, &mut [0]).is_ok()
}

#[test]
fn blocks_end_or_begin_their_pages_as_the_seed_says() {
    let (one, same, other) = (bench(7), bench(7), bench(8));
    let sizes: Vec<usize> = (0..200).map(|i| 1 + i * 37 % 4500).collect();
    let places = |bench: &Bench| -> Vec<u64> {
        sizes.iter().map(|&size| bench.block(Kind::Host, size) - bench.base).collect()
    };
    let first = places(&one);
    assert_eq!(first, places(&same));
    assert_ne!(first, places(&other));
    let mut starts = 0;
    for (&at, &size) in first.iter().zip(&sizes) {
        let (addr, size) = (one.base + at, size as u64);
        assert!(in_reach(addr) && in_reach(addr + size - 1));
        let ends = (addr + size.next_multiple_of(16)).is_multiple_of(PAGE);
        assert!(addr.is_multiple_of(PAGE) || ends && size < PAGE, "{size} bytes at {at:#x}");
        assert!(size < PAGE || addr.is_multiple_of(PAGE));
        starts += u32::from(addr.is_multiple_of(PAGE) && !ends && size < PAGE);
        let (first, last) = (addr - addr % PAGE, (addr + size).next_multiple_of(PAGE));
        assert!(!in_reach(first - 1) && !in_reach(last));
    }
    assert!((20..80).contains(&starts), "{starts} of 200 begin their pages");
}

#[test]
fn a_freed_block_is_out_of_reach_and_known() {
    let bench = bench(1);
    let addr = bench.block(Kind::Host, 100);
    bench.mem.free(Kind::Host, addr).expect("a block");
    assert!(!in_reach(addr));
    assert!(!bench.mem.reachable(addr, 1));
    let found = bench.mem.trespass(addr + 3).expect("a block");
    assert_eq!((found.place, found.offset, found.block.size), (Place::Freed, 3, 100));
    let next = bench.block(Kind::Host, 100);
    assert!(bench.mem.reachable(next, 100));
    assert!(next.abs_diff(addr) >= PAGE, "it rests");
}

#[test]
fn a_page_goes_away_with_all_that_is_on_it() {
    let bench = bench(1);
    let buffers = bench.block(Kind::Shared, 8192);
    let half = |i: u64| (buffers + i * 2048, buffers + (i + 1) * 2048);
    bench.mem.lend(1, [half(0)], Away::Indicated);
    assert!(in_reach(buffers), "half of the page is the driver's");
    bench.mem.lend(2, [half(1)], Away::Indicated);
    assert!(!in_reach(buffers) && in_reach(buffers + 4096));
    assert_eq!(bench.mem.trespass(buffers + 2049).map(|found| found.offset), Some(2049));
    assert!(bench.mem.reachable(buffers, 4096), "the host reaches what is only away");
    bench.mem.restore(1);
    assert!(in_reach(buffers));
    bench.mem.restore(2);
    bench.mem.lend(3, [(buffers, buffers + 100_000)], Away::Completed);
    assert!(!in_reach(buffers) && !in_reach(buffers + 8191), "no more than the block");
    bench.mem.restore(3);
    assert!(in_reach(buffers) && in_reach(buffers + 8191));
}

#[test]
fn more_blocks_than_mappings_lie_side_by_side() {
    let bench = bench(1);
    let all: Vec<u64> = (0..20_000).map(|_| bench.block(Kind::Host, 40)).collect();
    let (first, last) = (all[0], all[all.len() - 1]);
    assert_eq!((first % PAGE).max(4096 - 48), 4096 - 48);
    assert!(in_reach(last) && in_reach(last + 4095 - last % PAGE));
    bench.mem.lend(1, [(last, last + 40)], Away::Indicated);
    assert!(in_reach(last), "its neighbours are on the page");
    crate::abi::write(last + 40, 0_u8);
    assert!(bench.mem.free(Kind::Host, last).is_err(), "the pattern behind it tells");
    for &addr in &all[..all.len() - 1] {
        bench.mem.free(Kind::Host, addr).expect("a block");
    }
    let again = bench.block(Kind::Host, 40);
    assert!(!in_reach(again - again % PAGE - 1), "there are mappings again");
}
