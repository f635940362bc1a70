//! MDIC, the interface's ownership, CTRL and STATUS, the answers being the input's.

use std::cell::RefCell;
use std::collections::BTreeMap;

use ferrite_nic::{Delay, Reg, Registers, Stall, regs};

use crate::input::Input;

const OWNER: u32 = 1 << 5;
const READY: u32 = 1 << 28;
const ERROR: u32 = 1 << 30;
/// MDIC is polled so often before it is given up.
const TRIES: u32 = 200;

/// How a transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Well, with these 16 bits.
    Data(u16),
    /// With the error bit, or another register's number.
    Wrong,
    Never,
    /// The device leaves the bus.
    Gone,
}

/// An MDI transaction.
#[derive(Clone, Copy, Debug)]
pub struct Transaction {
    pub register: u8,
    /// What was written; `None` for a read.
    pub written: Option<u16>,
    pub answer: Answer,
}

struct State<'a> {
    input: Input<'a>,
    registers: BTreeMap<Reg, u32>,
    log: Vec<Transaction>,
    /// The contents of MDIC once it is ready, and how many more reads that takes.
    mdic: Option<(u32, u32)>,
    reads: u32,
    /// How often the firmware still refuses the interface, and how often it has been asked.
    refusals: u32,
    asked: u32,
    gone: bool,
    waited: u64,
}

/// See the module.
pub struct Device<'a>(RefCell<State<'a>>);

impl<'a> Device<'a> {
    pub fn new(mut input: Input<'a>) -> Self {
        let refusals = match input.u8() {
            15 => u32::MAX,
            often => u32::from(often & 15),
        };
        let (ctrl, extcnf) = (input.u32(), input.u32() & !OWNER);
        // Bits 31:20 of STATUS are never all set.
        let status = input.u32() & !(1 << 20);
        let registers = [(regs::CTRL, ctrl), (regs::EXTCNF_CTRL, extcnf), (regs::STATUS, status)].into();
        Self(RefCell::new(State {
            input,
            registers,
            log: Vec::new(),
            mdic: None,
            reads: 0,
            refusals,
            asked: 0,
            gone: false,
            waited: 0,
        }))
    }

    pub fn peek(&self, reg: Reg) -> u32 {
        self.0.borrow().registers.get(&reg).copied().unwrap_or(0)
    }

    pub fn transactions(&self) -> Vec<Transaction> {
        self.0.borrow().log.clone()
    }

    pub fn is_gone(&self) -> bool {
        self.0.borrow().gone
    }

    /// The interface was asked for and never granted.
    pub fn is_refused(&self) -> bool {
        let state = self.0.borrow();
        state.asked > 0 && state.log.is_empty()
    }

    /// Whatever happened: the interface is given back and the time was bounded.
    pub fn check_end(&self) {
        assert!(self.is_gone() || self.peek(regs::EXTCNF_CTRL) & OWNER == 0, "the interface is kept");
        let state = self.0.borrow();
        assert!(state.asked <= 10, "asked for the interface {} times", state.asked);
        assert!(state.waited <= 2_000_000, "{} microseconds", state.waited);
    }
}

impl State<'_> {
    fn begin(&mut self, value: u32) {
        assert_ne!(self.registers[&regs::EXTCNF_CTRL] & OWNER, 0, "MDIC without the interface");
        assert!(self.mdic.is_none(), "MDIC written before the last transaction was done");
        assert_eq!(value >> 21 & 0x1f, 1, "the PHY's address");
        assert_eq!(value & (READY | ERROR), 0, "the device's bits");
        let register = u8::try_from(value >> 16 & 0x1f).unwrap_or(0);
        let written = match value >> 26 & 3 {
            1 => u16::try_from(value & 0xffff).ok(),
            2 => None,
            operation => panic!("MDIC operation {operation}"),
        };
        let allowed: &[u8] = if written.is_some() { &[0, 4, 9] } else { &[0, 2, 3, 5, 9] };
        assert!(allowed.contains(&register), "PHY register {register}, written: {written:x?}");
        let (answer, wait) = self.answer(written);
        self.log.push(Transaction { register, written, answer });
        let echo = value & 0xffff_0000 & !(READY | ERROR);
        let word = match answer {
            Answer::Data(data) => echo | READY | u32::from(data),
            Answer::Wrong if wait & 1 == 0 => echo | READY | ERROR,
            Answer::Wrong => (echo ^ 1 << 16) | READY,
            Answer::Never => echo,
            Answer::Gone => u32::MAX,
        };
        self.mdic = Some((word, wait));
        self.reads = 0;
    }

    /// How the next transaction ends, and after how many reads.
    fn answer(&mut self, written: Option<u16>) -> (Answer, u32) {
        let (kind, data) = (self.input.u8(), self.input.u16());
        let wait = u32::from(kind >> 5);
        let answer = match kind & 31 {
            31 => Answer::Never,
            30 => Answer::Wrong,
            29 => Answer::Gone,
            // So that an input need not say it.
            28 => Answer::Data(0x0141),
            _ => Answer::Data(written.unwrap_or(data)),
        };
        (answer, wait)
    }

    fn read_mdic(&mut self) -> u32 {
        let (word, wait) = self.mdic.expect("MDIC read, and no transaction is in progress");
        self.reads += 1;
        assert!(self.reads <= TRIES, "MDIC polled without end");
        match self.log.last().map(|last| last.answer) {
            Some(Answer::Gone) => {
                self.gone = true;
                u32::MAX
            }
            Some(Answer::Never) => {
                if self.reads == TRIES {
                    self.mdic = None;
                }
                word
            }
            _ if self.reads <= wait => word & !READY,
            _ => {
                self.mdic = None;
                word
            }
        }
    }
}

impl Registers for Device<'_> {
    fn read(&self, reg: Reg) -> u32 {
        let mut state = self.0.borrow_mut();
        if state.gone {
            return u32::MAX;
        }
        match reg {
            regs::MDIC => state.read_mdic(),
            regs::CTRL | regs::EXTCNF_CTRL | regs::STATUS => state.registers[&reg],
            _ => panic!("{reg:?} read"),
        }
    }

    fn write(&self, reg: Reg, value: u32) {
        let mut state = self.0.borrow_mut();
        if state.gone {
            return;
        }
        match reg {
            regs::MDIC => state.begin(value),
            regs::CTRL => drop(state.registers.insert(reg, value)),
            regs::EXTCNF_CTRL => {
                let mut value = value;
                if value & OWNER != 0 {
                    state.asked += 1;
                    if state.refusals > 0 {
                        state.refusals -= 1;
                        value &= !OWNER;
                    }
                }
                state.registers.insert(reg, value);
            }
            _ => panic!("{reg:?} written"),
        }
    }
}

impl Stall for Device<'_> {
    fn stall_us(&self, us: u32) {
        assert!((1..=50).contains(&us), "NdisStallExecution_Delay: {us} microseconds");
        self.0.borrow_mut().waited += u64::from(us);
    }
}

impl Delay for Device<'_> {
    fn sleep_ms(&self, ms: u32) {
        self.0.borrow_mut().waited += u64::from(ms) * 1000;
    }
}
