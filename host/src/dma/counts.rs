//! What clients did.

use serde::Serialize;

/// What was done with a channel.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Counts {
    /// Bytes that were to be moved.
    pub bytes: u64,
    /// Descriptors handed over.
    pub descriptors: u64,
    /// Chains started.
    pub chains: u64,
    /// The longest of them, in descriptors, appends included.
    pub longest_chain: u64,
    /// Appends.
    pub appends: u64,
    /// Interrupts that the client was told of.
    pub interrupts: u64,
    /// Suspensions.
    pub suspends: u64,
    /// Resumptions.
    pub resumes: u64,
    /// Aborts.
    pub aborts: u64,
    /// Resets.
    pub resets: u64,
    /// Errors that were made to happen.
    pub errors_injected: u64,
    /// Errors that the driver reported.
    pub errors_reported: u64,
}

impl Counts {
    /// The sum, and the longest chain of both.
    pub fn add(&mut self, other: &Self) {
        self.bytes += other.bytes;
        self.descriptors += other.descriptors;
        self.chains += other.chains;
        self.longest_chain = self.longest_chain.max(other.longest_chain);
        self.appends += other.appends;
        self.interrupts += other.interrupts;
        self.suspends += other.suspends;
        self.resumes += other.resumes;
        self.aborts += other.aborts;
        self.resets += other.resets;
        self.errors_injected += other.errors_injected;
        self.errors_reported += other.errors_reported;
    }
}
