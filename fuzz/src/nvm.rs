//! NVM images behind EERD, with a controller that takes its time, never answers, lies about addresses or leaves the bus.
//!
//! The first byte has flags, then comes an image of 64 words, then pairs of a word's number and what goes wrong there.

use std::cell::RefCell;

use ferrite_nic::{Error, Identity, MacAddress, Nic, Reg, Registers, Stall, Step, regs};

use crate::input::Input;

const WORDS: usize = 0x40;
const START: u32 = 1;
const DONE: u32 = 2;
/// A read that takes longer than this is given up: ten milliseconds at 5 µs.
const TRIES: u32 = 2000;

/// How the controller answers for one word.
#[derive(Clone, Copy, Debug)]
enum Answer {
    /// Done after so many reads of EERD.
    After(u32),
    Never,
    /// With every other bit of EERD set, the data being the word's.
    Noisy,
    /// All ones while STATUS says that the device is there: done, data 0xffff.
    Ones,
    /// The device has left the bus.
    Gone,
}

/// EERD and STATUS.
struct Controller {
    image: [u16; WORDS],
    answers: [Answer; WORDS],
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    /// The word being read and the reads of EERD since.
    current: Option<(usize, u32)>,
    next: usize,
    gone: bool,
    stalled: u64,
}

impl Controller {
    fn new(input: &mut Input) -> Self {
        let flags = input.u8();
        let mut image = [0; WORDS];
        for word in &mut image {
            *word = input.u16();
        }
        if flags & 1 != 0 {
            // Otherwise one input in 65536 would get past the checksum.
            let others = sum(&image).wrapping_sub(image[WORDS - 1]);
            image[WORDS - 1] = 0xbaba_u16.wrapping_sub(others);
        }
        let mut answers = [Answer::After(u32::from(flags >> 1 & 3)); WORDS];
        while !input.is_empty() {
            let word = usize::from(input.u8()) % WORDS;
            answers[word] = match input.u8() {
                0 => Answer::Gone,
                1 => Answer::Never,
                2 => Answer::Noisy,
                3 => Answer::Ones,
                // The last read that is made, and the first that is not.
                4 => Answer::After(TRIES - 1),
                5 => Answer::After(TRIES),
                polls => Answer::After(u32::from(polls)),
            };
        }
        Self { image, answers, state: RefCell::default() }
    }

    /// What has to come of it.
    fn expected(&self) -> Result<Identity, Error> {
        let mut image = self.image;
        for (word, answer) in image.iter_mut().zip(self.answers) {
            match answer {
                Answer::Gone => return Err(Error::Gone),
                Answer::Never => return Err(Error::Timeout(Step::NvmRead)),
                Answer::After(reads) if reads >= TRIES => return Err(Error::Timeout(Step::NvmRead)),
                Answer::Ones => *word = 0xffff,
                Answer::After(_) | Answer::Noisy => {}
            }
        }
        let sum = sum(&image);
        if sum != 0xbaba {
            return Err(Error::NvmChecksum(sum));
        }
        let bytes: Vec<u8> = image[..3].iter().flat_map(|word| word.to_le_bytes()).collect();
        let address: [u8; 6] = bytes.try_into().expect("three words");
        if address[0] & 1 == 1 || address == [0; 6] {
            return Err(Error::NvmAddress);
        }
        Ok(Identity { permanent: MacAddress(address) })
    }
}

fn sum(image: &[u16]) -> u16 {
    image.iter().fold(0, |sum, &word| sum.wrapping_add(word))
}

impl Registers for Controller {
    fn read(&self, reg: Reg) -> u32 {
        let mut state = self.state.borrow_mut();
        match reg {
            regs::STATUS if state.gone => u32::MAX,
            regs::STATUS => 0x8008_0083,
            regs::EERD => {
                let (word, reads) = state.current.expect("EERD read, and no read was started");
                assert!(reads < TRIES, "word {word}: polled without end");
                state.current = Some((word, reads + 1));
                let data = u32::from(self.image[word]) << 16;
                match self.answers[word] {
                    Answer::After(wait) if reads >= wait => data | DONE,
                    Answer::After(_) | Answer::Never => data,
                    Answer::Noisy => data | 0xffff,
                    Answer::Ones => u32::MAX,
                    Answer::Gone => {
                        state.gone = true;
                        u32::MAX
                    }
                }
            }
            _ => panic!("{reg:?} read"),
        }
    }

    fn write(&self, reg: Reg, value: u32) {
        let mut state = self.state.borrow_mut();
        assert_eq!(reg, regs::EERD, "written");
        assert_eq!(value & START, START, "EERD.START");
        let word = (value >> 2 & 0x3fff) as usize;
        assert_eq!(word, state.next, "each word once, in order, and none behind the checksum");
        assert_eq!(value >> 16, 0, "EERD.DATA is the device's");
        state.current = Some((word, 0));
        state.next += 1;
    }
}

impl Stall for Controller {
    fn stall_us(&self, us: u32) {
        assert!((1..=50).contains(&us), "NdisStallExecution_Delay: {us} microseconds");
        self.state.borrow_mut().stalled += u64::from(us);
    }
}

/// Runs one input.
///
/// # Panics
/// A property does not hold.
pub fn run(data: &[u8]) {
    let controller = Controller::new(&mut Input::new(data));
    let result = Nic::new(&controller).identify(&&controller);
    assert_eq!(result, controller.expected());
    let state = controller.state.borrow();
    let longest = WORDS as u64 * u64::from(TRIES) * 5;
    assert!(state.stalled <= longest, "{} microseconds of stalls", state.stalled);
    if result.is_ok() {
        assert_eq!(state.next, WORDS, "every word was read");
    }
}
