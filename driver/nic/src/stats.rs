//! The device's counters.

use crate::raw::Registers;
use crate::regs::Reg;
use crate::{Gone, regs};

/// Sums of the clear-on-read counters of errors and flow control, since the sum was made.
///
/// Frames and bytes by kind are counted by the caller, NBL by NBL: QEMU's models mix them up. QEMU's 82574L
/// never counts `crc_errors`, `symbol_errors`, `missed`, `length_errors`, `no_buffer`, `fragments` and the four pause
/// counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HwStats {
    /// CRCERRS: frames received with a wrong check sequence.
    pub crc_errors: u64,
    /// ALGNERRC: frames received with a dribble.
    pub alignment_errors: u64,
    /// SYMERRS: symbol errors.
    pub symbol_errors: u64,
    /// RXERRC: frames during which the PHY reported an error.
    pub receive_errors: u64,
    /// MPC: frames missed because the receive FIFO was full.
    pub missed: u64,
    /// SCC: frames sent after exactly one collision.
    pub single_collisions: u64,
    /// ECOL: frames given up after sixteen collisions.
    pub excessive_collisions: u64,
    /// MCC: frames sent after two to fifteen collisions.
    pub multiple_collisions: u64,
    /// LATECOL: collisions after the first 64 bytes.
    pub late_collisions: u64,
    /// DC: transmissions deferred because the medium was busy.
    pub deferred: u64,
    /// TNCRS: transmissions without carrier sense.
    pub no_carrier: u64,
    /// SEC: sequence errors.
    pub sequence_errors: u64,
    /// RLEC: frames whose length field is wrong.
    pub length_errors: u64,
    /// XONRXC.
    pub xon_received: u64,
    /// XONTXC.
    pub xon_sent: u64,
    /// XOFFRXC.
    pub xoff_received: u64,
    /// XOFFTXC.
    pub xoff_sent: u64,
    /// RNBC: frames that arrived while no descriptor was free. Not lost if the FIFO held them.
    pub no_buffer: u64,
    /// RUC: frames shorter than 64 bytes with a good check sequence.
    pub undersize: u64,
    /// RFC: frames shorter than 64 bytes with a bad check sequence.
    pub fragments: u64,
    /// ROC: frames longer than allowed with a good check sequence.
    pub oversize: u64,
    /// RJC: frames longer than allowed with a bad check sequence.
    pub jabbers: u64,
}

macro_rules! counters {
    ($($field:ident = $offset:literal;)*) => {
        impl HwStats {
            /// Every counter's register, in the order in which they are read.
            pub const REGISTERS: &'static [Reg] = &[$(Reg::at($offset)),*];

            /// Reads and thereby clears the counters. They are 32 bits wide and at gigabit speed hold at least
            /// 45 minutes of the smallest frames: to be called on demand and now and then, never per frame.
            ///
            /// # Errors
            /// [`Gone`]; nothing has been added.
            pub fn accumulate(&mut self, registers: &impl Registers) -> Result<(), Gone> {
                let mut sum = *self;
                $(sum.$field = sum.$field.wrapping_add(u64::from(registers.read(Reg::at($offset))));)*
                if registers.read(regs::STATUS) == u32::MAX {
                    return Err(Gone);
                }
                *self = sum;
                Ok(())
            }
        }
    };
}

counters! {
    crc_errors = 0x4000;
    alignment_errors = 0x4004;
    symbol_errors = 0x4008;
    receive_errors = 0x400c;
    missed = 0x4010;
    single_collisions = 0x4014;
    excessive_collisions = 0x4018;
    multiple_collisions = 0x401c;
    late_collisions = 0x4020;
    deferred = 0x4030;
    no_carrier = 0x4034;
    sequence_errors = 0x4038;
    length_errors = 0x4040;
    xon_received = 0x4048;
    xon_sent = 0x404c;
    xoff_received = 0x4050;
    xoff_sent = 0x4054;
    no_buffer = 0x40a0;
    undersize = 0x40a4;
    fragments = 0x40a8;
    oversize = 0x40ac;
    jabbers = 0x40b0;
}

impl HwStats {
    /// Frames that arrived damaged (`ifInErrors`).
    #[must_use]
    pub const fn damaged(&self) -> u64 {
        self.crc_errors
            .wrapping_add(self.alignment_errors)
            .wrapping_add(self.receive_errors)
            .wrapping_add(self.length_errors)
            .wrapping_add(self.fragments)
            .wrapping_add(self.jabbers)
    }

    /// Frames that could not be sent (`ifOutErrors`).
    #[must_use]
    pub const fn unsent(&self) -> u64 {
        self.excessive_collisions.wrapping_add(self.late_collisions)
    }
}
