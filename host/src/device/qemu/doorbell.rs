//! Interrupt messages as events: the doorbell of an `ivshmem-doorbell` device.
//!
//! A device that may send messages writes wherever its MSI-X table says. In the same QEMU there is a
//! shared-memory device with a register that, when written, signals the event of another participant;
//! this process plays the server that brings participants together, and is the only other one. So a
//! message that is written to that register wakes this process (QEMU: docs/specs/ivshmem-spec.txt).

use super::{
    super::{Error, Result},
    lines::socket_pair,
    process::{readable_within, scratch_file},
};
use rustix::{
    cmsg_space,
    event::{EventfdFlags, eventfd},
    io::{Errno, read},
    net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketType, sendmsg},
};
use std::{
    io::IoSlice,
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    time::Duration,
};

/// Version of the protocol between server and participant.
const PROTOCOL: i64 = 0;
/// QEMU's number among the participants.
const QEMU: i64 = 1;
/// Ours. The register takes the participant in its upper half, so that zero leaves messages of 16
/// bits, which is what MSI, other than MSI-X, can write.
const US: i64 = 0;
/// Announces the shared memory.
const MEMORY: i64 = -1;
/// The device wants shared memory; nobody uses it.
const MEMORY_SIZE: u64 = 4096;
/// Offset of the doorbell register in the device's first BAR.
pub(super) const REGISTER: u64 = 12;

/// Our side of the doorbell.
#[derive(Debug)]
pub(super) struct Doorbell {
    events: Vec<OwnedFd>,
    used: Vec<bool>,
    /// Kept open: closing it would be leaving.
    _server: OwnedFd,
}

impl Doorbell {
    /// A doorbell with `count` events, and the socket for QEMU in which everything that the server has
    /// to say is waiting already.
    pub(super) fn new(count: u16) -> Result<(Self, OwnedFd)> {
        let (server, qemu) = socket_pair(SocketType::STREAM)?;
        let memory = scratch_file("ferrite-doorbell")?;
        memory.set_len(MEMORY_SIZE).map_err(|e| Error::system("memory for the doorbell", e))?;
        let event = || eventfd(0, EventfdFlags::CLOEXEC);
        let events: std::result::Result<Vec<_>, _> = (0..count).map(|_| event()).collect();
        let events = events.map_err(|e| Error::system("an event per interrupt message (eventfd)", e))?;
        say(&server, PROTOCOL, None)?;
        say(&server, QEMU, None)?;
        say(&server, MEMORY, Some(memory.as_fd()))?;
        events.iter().try_for_each(|event| say(&server, US, Some(event.as_fd())))?;
        Ok((Self { used: vec![false; events.len()], events, _server: server }, qemu))
    }

    /// How many messages there are.
    pub(super) fn count(&self) -> u16 {
        self.events.len() as u16
    }

    /// The events, by message.
    pub(super) fn events(&self) -> &[OwnedFd] {
        &self.events
    }

    /// Takes a message that is free.
    pub(super) fn allocate(&mut self) -> Option<u16> {
        let free = self.used.iter().position(|used| !used)?;
        self.used[free] = true;
        Some(free as u16)
    }

    /// Gives one back and forgets what it has signalled.
    pub(super) fn free(&mut self, message: u16) {
        self.take(message);
        if let Some(used) = self.used.get_mut(usize::from(message)) {
            *used = false;
        }
    }

    /// How often a message was written since this was last asked; 0 for one that is not in use.
    pub(super) fn take(&self, message: u16) -> u64 {
        let count = self.rings(message);
        if self.used.get(usize::from(message)) == Some(&true) { count } else { 0 }
    }

    /// The same, in use or not.
    pub(super) fn rings(&self, message: u16) -> u64 {
        let Some(event) = self.events.get(usize::from(message)) else { return 0 };
        // QEMU makes every descriptor that it is sent a blocking one, here too: look before reading.
        // Nobody else reads it, so what is there stays there.
        if readable_within(event.as_fd(), Duration::ZERO) != Ok(true) {
            return 0;
        }
        let mut count = [0; 8];
        match read(event, &mut count) {
            Ok(8) => u64::from_ne_bytes(count),
            _ => 0,
        }
    }
}

/// Sends a word of the server, with a descriptor if there is one.
fn say(server: &OwnedFd, word: i64, descriptor: Option<BorrowedFd<'_>>) -> Result<()> {
    let bytes = word.to_le_bytes();
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let descriptors: Vec<_> = descriptor.into_iter().collect();
    if !descriptors.is_empty() {
        control.push(SendAncillaryMessage::ScmRights(&descriptors));
    }
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    match sendmsg(server, &[IoSlice::new(&bytes)], &mut control, flags) {
        Ok(8) => Ok(()),
        Ok(_) => Err(Error::system("the doorbell's socket", Errno::MSGSIZE)),
        Err(error) => Err(Error::system("the doorbell's socket", error)),
    }
}
