//! What inputs have reached: basic blocks of the image, and rules that were watched.

use super::super::{
    machine::{Driver, Outcome, Watch, play},
    plan::Plan,
};
use crate::{inspect, pe::Image, symbols::Symbols, world::World};
use std::{cell::RefCell, collections::BTreeSet, path::PathBuf, sync::Arc};

/// What one run has reached that nothing had before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// Basic blocks, by RVA.
    pub blocks: Vec<u32>,
    /// Rules, by number.
    pub rules: Vec<usize>,
}

impl Reached {
    /// Whether it is nothing.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.blocks.is_empty() && self.rules.is_empty()
    }
}

/// What all of them have reached.
#[derive(Clone, Debug)]
pub struct Seen {
    blocks: BTreeSet<u32>,
    rules: BTreeSet<usize>,
    /// The blocks that nobody has reached.
    left: Arc<[u32]>,
    of: usize,
    /// The image's file.
    place: PathBuf,
}

impl Seen {
    /// Nothing yet, of this image.
    fn of(image: &Image, place: PathBuf) -> Self {
        let left: Arc<[u32]> = inspect::blocks(image).into();
        Self { blocks: BTreeSet::new(), rules: BTreeSet::new(), of: left.len(), left, place }
    }

    /// Nothing yet, of what a driver's simulations load: one is played to find it.
    ///
    /// # Errors
    /// There is nothing to play it with, or its blocks cannot be told.
    pub fn of_driver(driver: &Driver) -> Result<Self, String> {
        let place = play(driver, &Plan::read(&[]), &())?.image;
        let image = Image::open(&place).map_err(|error| error.to_string())?;
        let seen = Self::of(&image, place);
        if seen.of == 0 {
            return Err(format!("{}: no basic block of its code can be told", seen.place.display()));
        }
        Ok(seen)
    }

    /// The blocks that nobody has reached.
    #[must_use]
    pub fn left(&self) -> Arc<[u32]> {
        Arc::clone(&self.left)
    }

    /// Blocks that were reached, of how many, and rules that were watched.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        (self.blocks.len(), self.of, self.rules.len())
    }

    /// The functions that have blocks and none that was reached, as the PDB beside the image names them.
    #[must_use]
    pub fn unreached(&self) -> Vec<String> {
        let Ok(symbols) = Symbols::load(&self.place.with_extension("pdb")) else { return Vec::new() };
        let functions = symbols.functions();
        let function =
            |block: &u32| functions.partition_point(|function| function.rva <= *block).checked_sub(1);
        let reached: BTreeSet<usize> = self.blocks.iter().filter_map(function).collect();
        let left: BTreeSet<usize> = self.left.iter().filter_map(function).collect();
        let names = left.difference(&reached).filter_map(|at| functions.get(*at));
        names.map(|function| function.name.clone()).collect()
    }

    /// Adds what a run has reached; what of it is new.
    pub fn add(&mut self, blocks: &[u32], outcome: Option<&Outcome>) -> Reached {
        let rules = outcome.into_iter().flat_map(|outcome| outcome.coverage.iter().enumerate());
        let rules = rules.filter(|(_, count)| **count > 0).map(|(number, _)| number);
        let new = Reached {
            blocks: blocks.iter().copied().filter(|block| self.blocks.insert(*block)).collect(),
            rules: rules.filter(|rule| self.rules.insert(*rule)).collect(),
        };
        if !new.blocks.is_empty() {
            self.left = self.left.iter().copied().filter(|block| !self.blocks.contains(block)).collect();
        }
        new
    }
}

/// Marks blocks in the image of a run, and notes which of them it reaches.
pub struct Marker {
    blocks: Arc<[u32]>,
    reached: RefCell<Vec<u32>>,
}

impl Marker {
    /// Of these blocks.
    #[must_use]
    pub fn new(blocks: Arc<[u32]>) -> Self {
        Self { blocks, reached: RefCell::default() }
    }

    /// Those that were reached.
    #[must_use]
    pub fn reached(self) -> Vec<u32> {
        self.reached.into_inner()
    }
}

impl Watch for Marker {
    fn begin(&self, world: &World) {
        world.trap.mark(&self.blocks);
    }

    fn end(&self, world: &World) {
        self.reached.replace(world.trap.reached());
    }
}
