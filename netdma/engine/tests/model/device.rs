//! A device of one channel under loom: what it has done is ordered by a lock, as the bus orders it.

use ferrite_netdma_engine::{Status, Word, raw::Registers};
use loom::sync::Mutex;

/// Descriptor `n` is at this address.
pub const fn at(n: u64) -> u64 {
    n * 64
}

#[derive(Default)]
struct Inside {
    published: u64,
    completed: u64,
    word: u64,
}

/// Only the first descriptor writes the word; all interrupt.
pub struct Device(Mutex<Inside>);

impl Device {
    pub fn new() -> Self {
        Self(Mutex::new(Inside::default()))
    }

    /// Works all off that is published; whether that was something, and what is last then.
    pub fn work(&self) -> Option<u64> {
        let mut inside = self.0.lock().expect("no panic inside");
        let before = inside.completed;
        inside.completed = inside.published;
        if before == 0 && inside.published > 0 {
            let status = if inside.published == 1 { Status::Idle } else { Status::Active };
            inside.word = Word::new(at(1), status).0;
        }
        (inside.completed > before).then_some(inside.completed)
    }

    pub fn publish(&self, count: u64) {
        self.0.lock().expect("no panic inside").published += count;
    }

    pub fn word(&self) -> u64 {
        self.0.lock().expect("no panic inside").word
    }
}

/// CHANSTS of version 3.3; the channel is armed again by whoever serves it.
impl Registers for &Device {
    fn read64(&self, _: u32) -> u64 {
        let inside = self.0.lock().expect("no panic inside");
        let status = if inside.completed == inside.published { Status::Idle } else { Status::Active };
        Word::new(at(inside.completed), status).0
    }
    fn read8(&self, _: u32) -> u8 {
        0
    }
    fn read16(&self, _: u32) -> u16 {
        0
    }
    fn read32(&self, _: u32) -> u32 {
        0
    }
    fn write8(&self, _: u32, _: u8) {}
    fn write16(&self, _: u32, _: u16) {}
    fn write32(&self, _: u32, _: u32) {}
    fn write64(&self, _: u32, _: u64) {}
}
