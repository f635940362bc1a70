//! The NVM, and reading it.

use super::{
    Config,
    breach::{Checked, hold},
    fault::{Fault, Faults},
};
use crate::{clock::Time, verify::rules};

/// EERD: start, done, where the address is and where the data.
const START: u32 = 1 << 0;
const DONE: u32 = 1 << 1;
const ADDRESS: u32 = 2;
const DATA: u32 = 16;
/// EECD: present, read in after a reset, autonomous update, kind of memory.
const PRESENT: u32 = 1 << 8;
const AUTO_RD: u32 = 1 << 9;
const EEPROM: u32 = 2 << 15;
const FLASH: u32 = 3 << 15;
/// The words that the checksum covers, the last of which it is.
const CHECKED: usize = 0x40;
/// What they add up to.
const SUM: u16 = 0xBABA;

/// See the module.
pub(super) struct Nvm {
    words: [u16; CHECKED],
    flash: bool,
    /// EERD as it was written, and when it is done.
    read: Option<(u32, Time)>,
    /// When the words have been read in.
    ready: Time,
}

/// Makes the checksum fit.
fn seal(words: &mut [u16; CHECKED]) {
    words[CHECKED - 1] = words[..CHECKED - 1].iter().fold(SUM, |left, word| left.wrapping_sub(*word));
}

impl Nvm {
    pub fn new(config: &Config) -> Self {
        let mut words = [0xFFFF_u16; CHECKED];
        let mac = config.mac;
        let start = [
            u16::from_le_bytes([mac[0], mac[1]]),
            u16::from_le_bytes([mac[2], mac[3]]),
            u16::from_le_bytes([mac[4], mac[5]]),
            0x0420,
            0xF746,
            0x2010,
            0xFFFF,
            0xFFFF,
            0x0000,
            0x0000,
            // Initialization control: no signature needed; subsystem, device and vendor follow.
            0x026B,
            0x0000,
            0x8086,
            0x10D3,
            0x0000,
            0x8058,
        ];
        for (word, value) in words.iter_mut().zip(start) {
            *word = value;
        }
        seal(&mut words);
        Self { words, flash: config.flash, read: None, ready: Time(0) }
    }

    /// The words are read in again until then.
    pub fn reset(&mut self, until: Time) {
        self.ready = until;
        self.read = None;
    }

    /// The bits of EECD that the device sets.
    pub fn eecd(&self, faults: &Faults, now: Time) -> u32 {
        let done = now >= self.ready && !faults.has(Fault::AutoReadTimeout);
        PRESENT | if self.flash { FLASH } else { EEPROM } | if done { AUTO_RD } else { 0 }
    }

    pub fn write_eerd(&mut self, value: u32, until: Time, now: Time) -> Checked {
        let busy = self.read.is_some_and(|(_, done)| now < done);
        hold(&rules::I82574_NVM_BUSY, !busy, || {
            "EERD is written while a read of the NVM is in progress".into()
        })?;
        self.read = (value & START != 0).then_some((value, until));
        Ok(())
    }

    /// The words as they are, with those that are others on demand.
    fn image(&self, faults: &Faults) -> [u16; CHECKED] {
        let mut words = self.words;
        for (index, value, sound) in faults.nvm_words() {
            if let Some(word) = words.get_mut(usize::from(index)) {
                *word = value;
            }
            if sound {
                seal(&mut words);
            }
        }
        words
    }

    pub fn read_eerd(&self, faults: &Faults, now: Time) -> u32 {
        let Some((asked, done)) = self.read else { return 0 };
        let address = asked & 0xFFFC;
        if now < done || faults.has(Fault::NvmTimeout) {
            return address | START;
        }
        let index = (address >> ADDRESS) as usize;
        let word = self.image(faults).get(index).copied().unwrap_or(0xFFFF);
        let wrong = u16::from(index + 1 == CHECKED && faults.has(Fault::NvmChecksum));
        u32::from(word ^ wrong) << DATA | address | DONE
    }
}
