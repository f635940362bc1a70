//! The NVM: checksum and station address.

use super::Nic;
use crate::mac::MacAddress;
use crate::raw::Registers;
use crate::regs::{self, eerd};
use crate::time::Stall;
use crate::{Error, Step};

/// The words that the checksum covers.
const CHECKED_WORDS: u16 = 0x40;
/// What they add up to, modulo 2^16.
const CHECKSUM: u16 = 0xbaba;
/// A word takes some microseconds: 2000 reads, 5 µs apart.
const POLL: (u32, u32) = (2000, 5);

/// What the NVM says of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The permanent station address (`OID_802_3_PERMANENT_ADDRESS`).
    pub permanent: MacAddress,
}

impl<R: Registers> Nic<R> {
    /// Reads an NVM word through EERD.
    ///
    /// # Errors
    /// [`Error::Gone`], or the read does not finish.
    pub fn read_nvm(&self, word: u16, stall: &impl Stall) -> Result<u16, Error> {
        let address = (u32::from(word) << eerd::ADDRESS_SHIFT) & eerd::ADDRESS_MASK;
        self.registers.write(regs::EERD, address | eerd::START);
        let value = self.poll(stall, regs::EERD, POLL, Step::NvmRead, |value| value & eerd::DONE != 0)?;
        Ok((value >> eerd::DATA_SHIFT) as u16)
    }

    /// Verifies the NVM's checksum and reads the permanent station address. After [`reset`](Self::reset); at
    /// `PASSIVE_LEVEL`, for the sake of time.
    ///
    /// # Errors
    /// [`Error::Gone`], a read that does not finish, [`Error::NvmChecksum`], [`Error::NvmAddress`].
    pub fn identify(&self, stall: &impl Stall) -> Result<Identity, Error> {
        let mut sum = 0_u16;
        let mut station = [0_u16; 3];
        for word in 0..CHECKED_WORDS {
            let value = self.read_nvm(word, stall)?;
            sum = sum.wrapping_add(value);
            if let Some(slot) = station.get_mut(usize::from(word)) {
                *slot = value;
            }
        }
        if sum != CHECKSUM {
            return Err(Error::NvmChecksum(sum));
        }
        let [low, middle, high] = station.map(u64::from);
        let [address @ .., _, _] = (low | middle << 16 | high << 32).to_le_bytes();
        let permanent = MacAddress(address).check_station().map_err(|_| Error::NvmAddress)?;
        Ok(Identity { permanent })
    }
}
