//! The PHY behind MDIC.

const BMCR_RESET: u16 = 1 << 15;
const BMCR_RESTART: u16 = 1 << 9;

#[derive(Debug)]
pub struct Phy {
    registers: [u16; 32],
    reset_until: u64,
    /// How often negotiation has been restarted.
    restarts: u16,
}

impl Phy {
    /// Register 31, which the device does not have, tells the number of restarts.
    const RESTARTS: u8 = 31;

    pub fn new([id1, id2]: [u16; 2]) -> Self {
        let mut registers = [0; 32];
        registers[0] = 0x1140;
        registers[1] = 0x7949;
        registers[2] = id1;
        registers[3] = id2;
        registers[4] = 0x0de1;
        registers[9] = 0x0f00;
        Self { registers, reset_until: 0, restarts: 0 }
    }

    pub fn peek(&self, register: u8) -> u16 {
        if register == Self::RESTARTS { self.restarts } else { self.registers[usize::from(register)] }
    }

    pub fn poke(&mut self, register: u8, value: u16) {
        self.registers[usize::from(register)] = value;
    }

    pub fn read(&self, register: u8, now: u64) -> u16 {
        let resetting = register == 0 && now < self.reset_until;
        self.registers[usize::from(register)] | if resetting { BMCR_RESET } else { 0 }
    }

    pub fn write(&mut self, register: u8, value: u16, now: u64, reset_time: u64) {
        assert!(now >= self.reset_until, "the PHY is being reset");
        match register {
            0 => {
                if value & BMCR_RESET != 0 {
                    self.reset_until = now.saturating_add(reset_time);
                }
                self.restarts += u16::from(value & BMCR_RESTART != 0);
                self.registers[0] = value & !(BMCR_RESET | BMCR_RESTART);
            }
            4 | 9 => self.registers[usize::from(register)] = value,
            _ => panic!("PHY register {register} written"),
        }
    }
}
