//! The scenes.

use crate::{
    calls::Handle,
    device::{Device, at},
};
use ferrite_netdma_engine::{
    Chains, Descriptor, Engine, Error, Limits, Pending, Word, control,
    cpu::{Channel, Memory, PIECE},
    quickdata::{Completions, Report, Version},
};
use loom::{
    cell::UnsafeCell,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};
use std::cell::{Cell, RefCell};

/// How the doorbell is rung.
pub trait Rings {
    fn ring(completions: &Completions, device: &Device, count: u64);
}

/// As it should be.
pub struct Ring;

impl Rings for Ring {
    fn ring(completions: &Completions, device: &Device, count: u64) {
        completions.ring(|| device.word(), || device.publish(count));
    }
}

/// The service routine does not hear of the doorbell.
pub struct RingWithoutNotice;

impl Rings for RingWithoutNotice {
    fn ring(completions: &Completions, device: &Device, count: u64) {
        // The first is rung as it should be.
        if count == 1 {
            completions.ring(|| device.word(), || device.publish(count));
        } else {
            device.publish(count);
        }
    }
}

/// One descriptor that writes the word, then two that do not; the device works beside, and each of its interrupts is
/// served on its thread.
pub fn doorbell_against_completion<R: Rings>() {
    let device = Arc::new(Device::new());
    let completions = Arc::new(Completions::new(0, Version::V3_3));
    R::ring(&completions, &device, 1);
    let theirs = (Arc::clone(&device), Arc::clone(&completions));
    let hardware = thread::spawn(move || {
        let (device, completions) = theirs;
        for _ in 0..2 {
            if let Some(last) = device.work() {
                let report = completions.report(&&*device, || device.word());
                assert!(matches!(report, Report::Completed(address) if address >= at(last)), "{report:?}");
            }
        }
    });
    R::ring(&completions, &device, 2);
    hardware.join().expect("the device's thread");
    if let Some(last) = device.work() {
        assert_eq!(completions.report(&&*device, || device.word()), Report::Completed(at(last)));
    }
}

/// Memory of two descriptors, the first of two pieces; it says what was touched.
struct Small {
    copied: Cell<u32>,
    words: RefCell<Vec<Word>>,
}

const FIRST: u64 = 64;
const SECOND: u64 = 128;
const PIECES: u32 = 2;

impl Memory for Small {
    fn descriptor(&self, address: u64) -> Option<[u64; 8]> {
        let descriptor = Descriptor {
            size: if address == FIRST { (PIECE * 2) as u32 } else { 1 },
            control: control::STATUS_UPDATE,
            source: 0x10_0000,
            destination: 0x20_0000,
            next: SECOND,
            ..Descriptor::default()
        };
        Some(descriptor.words([0; 2]))
    }
    fn next(&self, _: u64) -> Option<u64> {
        Some(SECOND)
    }
    fn copy(&self, _: u64, _: u64, _: u64) -> Result<(), Error> {
        self.copied.set(self.copied.get() + 1);
        Ok(())
    }
    fn complete(&self, word: Word) {
        self.words.borrow_mut().push(word);
    }
}

/// A worker and a suspender, who finishes the current descriptor, or forgets to.
pub fn suspend_against_completion(finishes: bool) {
    let memory = Small { copied: Cell::new(0), words: RefCell::default() };
    let limits = Limits { highest: 1 << 32, largest: 1 << 20 };
    let mut channel = Channel::new(memory, Chains::Counted, limits);
    channel.start(FIRST, 2).expect("a start");
    let channel = Arc::new(Mutex::new(channel));
    let theirs = Arc::clone(&channel);
    let worker = thread::spawn(move || {
        for _ in 0..3 {
            theirs.lock().expect("the lock").step();
        }
    });
    let seen = {
        let mut channel = channel.lock().expect("the lock");
        let last = if finishes { channel.suspend().expect("a suspension") } else { FIRST };
        (last, channel.memory().copied.get())
    };
    worker.join().expect("the worker");
    let later = channel.lock().expect("the lock").memory().copied.get();
    // Loom's objects must be gone before a failure unwinds.
    drop(channel);
    // Either nothing had begun, or the descriptor is whole and is the one that is named.
    match seen {
        (0, copied) => assert_eq!(copied, 0),
        (FIRST, copied) => assert_eq!(copied, PIECES),
        (SECOND, copied) => assert_eq!(copied, PIECES + 1),
        (other, _) => panic!("address {other:#x}"),
    }
    assert_eq!(later, seen.1, "it was worked on while suspended");
}

/// A channel that is aborted without an error, and two interrupts that are on their way: what its DPC reports. One that is
/// `hasty` looks at the service routine's word instead of at the channel.
pub fn abort_against_interrupt(hasty: bool) {
    let pending = Arc::new(Pending::new());
    let halted = Arc::new(Mutex::new(false));
    let theirs = (Arc::clone(&pending), Arc::clone(&halted));
    let routines = thread::spawn(move || {
        let (pending, halted) = theirs;
        for _ in 0..2 {
            if *halted.lock().expect("the device") {
                pending.looks_failed();
            } else {
                pending.completed(FIRST);
            }
        }
    });
    let theirs = Arc::clone(&pending);
    let dpc = thread::spawn(move || {
        let left = theirs.take();
        // Under the channel's lock, CHANERR says that there is no error.
        let error = false;
        let failed = left.looks_failed && error;
        (left.completed, if hasty { theirs.take().looks_failed } else { failed })
    });
    *halted.lock().expect("the device") = true;
    let (completed, failed) = dpc.join().expect("the DPC");
    routines.join().expect("the service routines");
    // Loom's objects must be gone before a failure unwinds.
    drop((pending, halted));
    assert!(completed.is_none_or(|address| address == FIRST));
    assert!(!failed, "an abort is reported as an error");
}

/// A service routine that calls with the handle, while its owner frees it and uses its memory for something else.
pub fn free_against_interrupt<H: Handle>() {
    let handle = Arc::new(H::open());
    let memory = Arc::new(UnsafeCell::new(0_u32));
    let freed = Arc::new(AtomicBool::new(false));
    let theirs = (Arc::clone(&handle), Arc::clone(&memory), Arc::clone(&freed));
    let routine = thread::spawn(move || {
        let (handle, memory, freed) = theirs;
        if handle.enter() {
            assert!(!freed.load(Ordering::Relaxed), "a call after the channel was freed");
            // SAFETY: the memory is the channel's until its owner has seen the last call return; loom reports an access
            // that is not ordered before the owner's.
            memory.with(|at| unsafe { at.read() });
            handle.leave();
        }
    });
    handle.end();
    freed.store(true, Ordering::Relaxed);
    // SAFETY: no call is in progress and none begins (NDMA-INT-05); loom reports it otherwise.
    memory.with_mut(|at| unsafe { at.write(1) });
    routine.join().expect("the service routine");
}
