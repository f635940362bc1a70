//! A register model of the 82574L that fails the test on an access which the datasheet forbids.
//!
//! Its time passes only by register accesses and by waiting. It comes in two makes: silicon, which CTRL.RST
//! clears and which takes its time, and QEMU 7.2's, which keeps every register over CTRL.RST and is always
//! ready.

mod checks;
mod phy;

use std::cell::RefCell;
use std::collections::BTreeMap;

use ferrite_nic::{Delay, Reg, Registers, Stall, regs};

use phy::Phy;

const MICROSECOND: u64 = 1_000;
const MILLISECOND: u64 = 1_000_000;
/// For a wait that never ends.
pub const NEVER: u64 = u64::MAX;

/// The station address in the model's NVM.
pub const PERMANENT: [u8; 6] = [0x52, 0x54, 0x00, 0x12, 0x34, 0x56];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Make {
    Silicon,
    Qemu72,
}

/// What to build a model with; times in nanoseconds.
#[derive(Clone, Debug)]
pub struct Options {
    pub make: Make,
    /// EECD says that the NVM is flash.
    pub flash: bool,
    /// How often the firmware refuses the MDIO interface.
    pub mdio_refusals: u32,
    pub master_idle: u64,
    pub auto_read: u64,
    pub nvm_read: u64,
    pub mdic: u64,
    pub mdic_error: bool,
    pub phy_reset: u64,
    pub phy_id: [u16; 2],
    pub nvm: Vec<u16>,
    /// After so many accesses the device has left the bus.
    pub gone_after: u64,
}

impl Options {
    pub fn new(make: Make) -> Self {
        let slow = |time| if make == Make::Silicon { time } else { 0 };
        Self {
            make,
            flash: false,
            mdio_refusals: 0,
            master_idle: slow(300 * MICROSECOND),
            auto_read: slow(4 * MILLISECOND),
            nvm_read: slow(12 * MICROSECOND),
            mdic: slow(64 * MICROSECOND),
            mdic_error: false,
            phy_reset: slow(3 * MILLISECOND),
            phy_id: [0x0141, 0x0cb1],
            nvm: nvm_image(PERMANENT),
            gone_after: NEVER,
        }
    }
}

/// An NVM image with this address and a right checksum.
pub fn nvm_image(address: [u8; 6]) -> Vec<u16> {
    let mut words: Vec<u16> = (0..0x40_u16).map(|word| word.wrapping_mul(0x1357) ^ 0x2468).collect();
    for (word, bytes) in words.iter_mut().zip(address.as_chunks::<2>().0) {
        *word = u16::from_le_bytes(*bytes);
    }
    words[0x3f] = 0;
    let sum = words.iter().fold(0_u16, |sum, &word| sum.wrapping_add(word));
    words[0x3f] = 0xbaba_u16.wrapping_sub(sum);
    words
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Read(Reg),
    Write(Reg, u32),
}

#[derive(Debug)]
struct State {
    options: Options,
    registers: BTreeMap<u32, u32>,
    phy: Phy,
    now: u64,
    master_idle_at: u64,
    auto_read_at: u64,
    eerd: (u64, u32),
    mdic: (u64, u32),
    interrupts: u32,
    causes: u32,
    log: Vec<Access>,
    slept: u64,
}

/// The model. It is the registers and the waiting at once, for time is one.
#[derive(Debug)]
pub struct Model {
    state: RefCell<State>,
}

impl Model {
    pub fn new(options: Options) -> Self {
        let phy = Phy::new(options.phy_id);
        let mut state = State {
            options,
            registers: BTreeMap::new(),
            phy,
            now: 0,
            master_idle_at: 0,
            auto_read_at: 0,
            eerd: (0, 0),
            mdic: (0, 0),
            interrupts: 0,
            causes: 0,
            log: Vec::new(),
            slept: 0,
        };
        state.power_on();
        Self { state: RefCell::new(state) }
    }

    pub fn of(make: Make) -> Self {
        Self::new(Options::new(make))
    }

    /// A register's contents, without an access.
    pub fn peek(&self, reg: Reg) -> u32 {
        self.state.borrow().get(reg)
    }

    /// Changes a register behind the driver's back.
    pub fn poke(&self, reg: Reg, value: u32) {
        self.state.borrow_mut().set(reg, value);
    }

    pub fn phy(&self, register: u8) -> u16 {
        self.state.borrow().phy.peek(register)
    }

    pub fn set_phy(&self, register: u8, value: u16) {
        self.state.borrow_mut().phy.poke(register, value);
    }

    /// The enabled interrupt causes (IMS).
    pub fn interrupts(&self) -> u32 {
        self.state.borrow().interrupts
    }

    /// Raises interrupt causes.
    pub fn raise(&self, causes: u32) {
        self.state.borrow_mut().causes |= causes;
    }

    /// The raised interrupt causes (ICR without `INT_ASSERTED`).
    pub fn causes(&self) -> u32 {
        self.state.borrow().causes
    }

    /// The accesses since the last call.
    pub fn take_log(&self) -> Vec<Access> {
        std::mem::take(&mut self.state.borrow_mut().log)
    }

    pub fn accesses(&self) -> usize {
        self.state.borrow().log.len()
    }

    pub fn now(&self) -> u64 {
        self.state.borrow().now
    }

    pub fn slept(&self) -> u64 {
        self.state.borrow().slept
    }

    pub fn has_left(&self) -> bool {
        self.state.borrow().has_left()
    }
}

impl State {
    fn has_left(&self) -> bool {
        self.log.len() as u64 > self.options.gone_after
    }

    fn get(&self, reg: Reg) -> u32 {
        self.registers.get(&reg.offset()).copied().unwrap_or(0)
    }

    fn set(&mut self, reg: Reg, value: u32) {
        self.registers.insert(reg.offset(), value);
    }

    fn power_on(&mut self) {
        self.registers.clear();
        let nvm_kind = if self.options.flash { 3 << 15 | 1 << 20 } else { 0 };
        for (reg, value) in [
            (regs::CTRL, 0x0024_0201_u32 | 1 << 29),
            (regs::STATUS, 0x8008_0000),
            (regs::CTRL_EXT, 1 << 23),
            (regs::EECD, 1 << 8 | nvm_kind),
            (regs::TARC0, 3 | 1 << 10 | 0xf << 27),
            (regs::PBA, 0x0014_0014),
        ] {
            self.set(reg, value);
        }
        self.load_station();
    }

    fn load_station(&mut self) {
        let words = [0, 1, 2].map(|word| u32::from(self.options.nvm[word]));
        self.set(regs::ral(0), words[0] | words[1] << 16);
        self.set(regs::rah(0), words[2] | 1 << 31);
    }

    fn reset(&mut self, value: u32) {
        self.check_quiet();
        self.auto_read_at = self.now.saturating_add(self.options.auto_read);
        match self.options.make {
            Make::Silicon => {
                self.power_on();
                self.interrupts = 0;
                self.causes = 0;
            }
            Make::Qemu72 => {
                self.set(regs::CTRL, value & !(1 << 26));
                self.load_station();
            }
        }
    }

    fn read(&mut self, reg: Reg) -> u32 {
        match reg {
            regs::STATUS => {
                let disabled = self.get(regs::CTRL) & 1 << 2 != 0;
                let master = !disabled || self.now < self.master_idle_at;
                self.get(reg) & !(1 << 19) | u32::from(master) << 19
            }
            regs::EECD => self.get(reg) | u32::from(self.now >= self.auto_read_at) << 9,
            regs::EERD => self.eerd.1 | u32::from(self.now >= self.eerd.0) << 1,
            regs::MDIC => self.mdic.1 | u32::from(self.now >= self.mdic.0) << 28,
            regs::ICR => {
                let asserted = self.causes & self.interrupts != 0;
                let value = self.causes | u32::from(asserted) << 31;
                self.causes = 0;
                value
            }
            // Counters clear on read.
            _ if (0x4000..0x4200).contains(&reg.offset()) => {
                let value = self.get(reg);
                self.set(reg, 0);
                value
            }
            _ => self.get(reg),
        }
    }

    fn write(&mut self, reg: Reg, value: u32) {
        match reg {
            regs::CTRL if value & 1 << 26 != 0 => self.reset(value),
            regs::CTRL => {
                if value & 1 << 2 != 0 && self.get(reg) & 1 << 2 == 0 {
                    self.master_idle_at = self.now.saturating_add(self.options.master_idle);
                }
                self.set(reg, value);
            }
            regs::EERD => self.start_nvm_read(value),
            regs::MDIC => self.start_mdio(value),
            regs::EXTCNF_CTRL => self.change_owner(value),
            regs::ICR => self.causes &= !value,
            regs::ICS => self.causes |= value,
            regs::IMS => self.interrupts |= value,
            regs::IMC => self.interrupts &= !value,
            regs::STATUS => panic!("STATUS is read-only"),
            _ => self.set(reg, value),
        }
    }

    fn start_nvm_read(&mut self, value: u32) {
        assert!(self.now >= self.eerd.0, "EERD written before the last read was done");
        assert_eq!(value & 1, 1, "EERD.START");
        let word = (value >> 2 & 0x3fff) as usize;
        let data = self.options.nvm.get(word).copied().unwrap_or(0xffff);
        let done = self.now.saturating_add(self.options.nvm_read);
        self.eerd = (done, u32::from(data) << 16 | value & 0xfffc);
    }

    fn start_mdio(&mut self, value: u32) {
        assert_eq!(self.get(regs::EXTCNF_CTRL) & 1 << 5, 1 << 5, "MDIC without EXTCNF ownership");
        assert!(self.now >= self.mdic.0, "MDIC written before the last transaction was done");
        assert_eq!(value >> 21 & 0x1f, 1, "the PHY's address");
        assert_eq!(value & 1 << 28, 0, "MDIC.READY is the device's");
        let register = (value >> 16 & 0x1f) as u8;
        let data = match value >> 26 & 3 {
            1 => {
                let data = (value & 0xffff) as u16;
                self.phy.write(register, data, self.now, self.options.phy_reset);
                data
            }
            2 => self.phy.read(register, self.now),
            operation => panic!("MDIC operation {operation}"),
        };
        let done = self.now.saturating_add(self.options.mdic);
        let error = u32::from(self.options.mdic_error) << 30;
        self.mdic = (done, value & 0xffff_0000 | u32::from(data) | error);
    }

    fn change_owner(&mut self, value: u32) {
        let wanted = value & 1 << 5 != 0;
        let refused = wanted && self.options.mdio_refusals > 0;
        if refused {
            self.options.mdio_refusals -= 1;
        }
        self.set(regs::EXTCNF_CTRL, if refused { value & !(1 << 5) } else { value });
    }
}

impl Registers for Model {
    fn read(&self, reg: Reg) -> u32 {
        let mut state = self.state.borrow_mut();
        state.now += 2 * MICROSECOND;
        state.log.push(Access::Read(reg));
        if state.has_left() {
            return u32::MAX;
        }
        state.check_access(reg);
        state.read(reg)
    }

    fn write(&self, reg: Reg, value: u32) {
        let mut state = self.state.borrow_mut();
        state.now += MICROSECOND / 10;
        state.log.push(Access::Write(reg, value));
        if state.has_left() {
            return;
        }
        state.check_access(reg);
        state.check_write(reg, value);
        state.write(reg, value);
    }
}

impl Stall for Model {
    fn stall_us(&self, us: u32) {
        assert!((1..=50).contains(&us), "NdisStallExecution_Delay: {us} microseconds");
        self.state.borrow_mut().now += u64::from(us) * MICROSECOND;
    }
}

impl Delay for Model {
    fn sleep_ms(&self, ms: u32) {
        let mut state = self.state.borrow_mut();
        state.now += u64::from(ms) * MILLISECOND;
        state.slept += u64::from(ms) * MILLISECOND;
    }
}
