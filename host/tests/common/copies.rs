//! Chains of random copies that are expected to be done.

use super::rig::wait;
use ferrite_host::{
    device::quickdata::Quickdata,
    dma::{copies, memory::Memory},
    netdma::{Channel, Interface, Provider},
    random::Random,
};

/// States of a completion word.
pub const IDLE: u64 = 1;
pub const SUSPENDED: u64 = 2;
pub const HALTED: u64 = 3;

/// Bytes of sources and destinations.
const SOURCES: u64 = 4 << 20;
const DESTINATIONS: u64 = 24 << 20;

/// Waits until the completion word is this.
#[track_caller]
pub fn word_is(channel: &Channel, address: u64, status: u64) {
    wait("the completion word", || channel.word() == Some((address, status)));
}

/// A client's memory, with chains as a provider ends them.
pub fn memory(counted: bool) -> Memory {
    Memory::new(SOURCES, DESTINATIONS, counted).expect("memory")
}

/// See the module.
pub struct Copies {
    chain: copies::Copies,
    random: Random,
}

impl Copies {
    /// For a provider of the version that its NetDMA has.
    pub fn new(seed: u64) -> Self {
        Self::ending(Interface::current().counts(), seed)
    }

    /// For a provider whose chains may end otherwise.
    pub fn of(provider: &Provider, seed: u64) -> Self {
        Self::ending(provider.version.0 >= 2, seed)
    }

    fn ending(counted: bool, seed: u64) -> Self {
        Self {
            chain: copies::Copies::new(memory(counted), &copies::Alignments::default()),
            random: Random::new(seed),
        }
    }

    /// Hands its memory over to the function that the channel belongs to.
    pub fn hand_over(self, model: &Quickdata, channel: &Channel) -> Self {
        self.chain.memory.hand_over(model, channel);
        self
    }

    pub fn memory(&self) -> &Memory {
        &self.chain.memory
    }

    /// Physical address of a descriptor.
    pub fn at(&self, number: u64) -> u64 {
        self.chain.memory.at(number)
    }

    /// Physical address of the last descriptor.
    pub fn last(&self) -> u64 {
        self.at(self.chain.made - 1)
    }

    #[track_caller]
    pub fn start(&mut self, channel: &Channel, count: u64, longest: u64) {
        let first = self.chain.make(&mut self.random, count, longest, false);
        self.chain.start(channel, first).expect("a start");
    }

    #[track_caller]
    pub fn append(&mut self, channel: &Channel, count: u64, longest: u64) {
        let first = self.chain.make(&mut self.random, count, longest, true);
        self.chain.append(channel, first).expect("an append");
    }

    /// Waits until all is done, and compares.
    #[track_caller]
    pub fn finish(&self, channel: &Channel) {
        // A channel that was suspended when everything was done has nothing left to write the word for.
        let done = |(address, status)| address == self.last() && matches!(status, IDLE | SUSPENDED);
        wait("the last completion word", || channel.word().is_some_and(done));
        channel.set_quiet(true);
        self.compare();
    }

    #[track_caller]
    pub fn compare(&self) {
        assert_eq!(self.verdict(u64::MAX, u64::MAX), Ok(()));
    }

    /// Whether everything up to one descriptor was done, and nothing from another one on.
    pub fn verdict(&self, until: u64, untouched: u64) -> Result<(), String> {
        self.chain.verify(until, untouched).map_err(|breach| breach.detail)
    }
}
