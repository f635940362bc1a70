//! How interrupts of channels leave the function.

use super::{
    Interrupts,
    bits::intrctrl,
    breach::{Checked, hold},
    space::Space,
};
use crate::{verify::rules, world::InterruptMode};

/// Vector Control, bit 0: masked.
const MASKED: u32 = 1;
/// Where the system has its messages written.
const MESSAGE_ADDRESS: u64 = 0xFEE0_0000;
/// The first of their vectors.
const MESSAGE_DATA: u32 = 0x60;

/// An entry of the MSI-X table: address, data, vector control.
type Entry = [u32; 4];

/// See the module.
pub(super) struct Signals {
    kind: Interrupts,
    pub intrctrl: u8,
    /// ATTNSTATUS.
    pub attention: u32,
    table: Vec<Entry>,
    mode: Option<InterruptMode>,
    /// INT as it was last: a message goes out when it rises.
    level: bool,
    /// Messages to deliver.
    pub outbox: Vec<u32>,
    /// Channels whose interrupt is late, with the polls that are left.
    pub late: Vec<(usize, u32)>,
    pub sent: u64,
    pub lost: u64,
}

impl Signals {
    pub fn new(kind: Interrupts, channels: usize) -> Self {
        Self {
            kind,
            intrctrl: 0,
            attention: 0,
            table: vec![[0, 0, 0, MASKED]; channels],
            mode: None,
            level: false,
            outbox: Vec::new(),
            late: Vec::new(),
            sent: 0,
            lost: 0,
        }
    }

    /// Messages that the function has.
    pub fn messages(&self) -> usize {
        match self.kind {
            Interrupts::MsiX => self.table.len(),
            Interrupts::Msi => 1,
            Interrupts::Line => 0,
        }
    }

    /// What the system has assigned to a message.
    pub fn message(number: usize) -> (u64, u32) {
        (MESSAGE_ADDRESS, MESSAGE_DATA + number as u32)
    }

    pub fn connect(&mut self, space: &mut Space, mode: InterruptMode) -> Result<(), String> {
        if self.mode.is_some() {
            return Err("the function's interrupt is connected already".into());
        }
        match mode {
            InterruptMode::Messages(count) if count == 0 || count > self.messages() => {
                return Err(format!("{count} messages: the function has {}", self.messages()));
            }
            InterruptMode::Messages(count) => {
                for (number, entry) in self.table.iter_mut().take(count).enumerate() {
                    let (address, data) = Self::message(number);
                    *entry = [address as u32, (address >> 32) as u32, data, 0];
                }
                let (address, data) = Self::message(0);
                if self.kind == Interrupts::Msi {
                    space.set_message(address, data);
                }
                space.enable_messages(true);
            }
            InterruptMode::Line => {}
        }
        self.mode = Some(mode);
        Ok(())
    }

    /// No more interrupts. Whether there was anything to disconnect.
    pub fn disconnect(&mut self, space: &mut Space) -> bool {
        let was = self.mode.take().is_some();
        space.enable_messages(false);
        self.wipe();
        self.outbox.clear();
        self.late.clear();
        self.level = false;
        was
    }

    /// The table as it is after power-on.
    pub fn wipe(&mut self) {
        self.table.fill([0, 0, 0, MASKED]);
    }

    fn each_has_vector(&self) -> bool {
        self.intrctrl & intrctrl::MSIX_VECTOR_CONTROL != 0
    }

    fn is_enabled(&self) -> bool {
        self.intrctrl & intrctrl::MASTER_INT_EN != 0
    }

    pub fn read_intrctrl(&mut self) -> u8 {
        let status = if self.attention == 0 { 0 } else { intrctrl::INT_STATUS };
        let both = if status != 0 && self.is_enabled() { intrctrl::INT } else { 0 };
        let value = self.intrctrl | status | both;
        self.acknowledged();
        value
    }

    pub fn read_attention(&mut self) -> u32 {
        let value = std::mem::take(&mut self.attention);
        self.acknowledged();
        value
    }

    /// A shared interrupt is being serviced: no other one until the service routine allows it.
    fn acknowledged(&mut self) {
        if !self.each_has_vector() {
            self.intrctrl &= !intrctrl::MASTER_INT_EN;
            self.level = false;
        }
    }

    pub fn write_intrctrl(&mut self, space: &Space, value: u8) -> Checked {
        let known =
            intrctrl::MASTER_INT_EN | intrctrl::INT_STATUS | intrctrl::INT | intrctrl::MSIX_VECTOR_CONTROL;
        hold(&rules::QD_INTERRUPT_CONTROL, value & !known == 0, || {
            format!("reserved bits are written to INTRCTRL: {value:#04x}")
        })?;
        if self.kind != Interrupts::MsiX {
            hold(&rules::QD_VECTORS_NONE, value & intrctrl::MSIX_VECTOR_CONTROL == 0, || {
                "MSIX_VECTOR_CONTROL is set in INTRCTRL of a function without MSI-X".into()
            })?;
        }
        self.intrctrl = value & (intrctrl::MASTER_INT_EN | intrctrl::MSIX_VECTOR_CONTROL);
        self.update(space)
    }

    /// A channel interrupts.
    pub fn raise(&mut self, space: &Space, channel: usize) -> Checked {
        self.attention |= 1_u32.checked_shl(channel as u32).unwrap_or(0);
        self.update(space)
    }

    /// A channel has been reset.
    pub fn forget(&mut self, channel: usize) {
        self.attention &= !1_u32.checked_shl(channel as u32).unwrap_or(0);
        self.late.retain(|(late, _)| *late != channel);
        self.level &= self.attention != 0;
    }

    /// Sends what is due.
    fn update(&mut self, space: &Space) -> Checked {
        let due = self.is_enabled() && self.attention != 0;
        if !due {
            self.level = false;
            return Ok(());
        }
        self.check_mode(space)?;
        if self.each_has_vector() {
            for channel in 0..self.table.len() {
                if self.attention & 1 << channel != 0 {
                    self.send(space, channel);
                }
            }
            self.attention = 0;
        } else if !std::mem::replace(&mut self.level, true) {
            if self.mode == Some(InterruptMode::Line) {
                self.sent += 1;
            } else {
                self.send(space, 0);
            }
        }
        Ok(())
    }

    fn check_mode(&self, space: &Space) -> Checked {
        hold(&rules::QD_CONNECTED, self.mode.is_some(), || {
            "the function interrupts while its interrupt is not connected".into()
        })?;
        if self.mode == Some(InterruptMode::Line) {
            return hold(&rules::QD_VECTORS_PIN, !self.each_has_vector(), || {
                "MSIX_VECTOR_CONTROL is set while the pin is used".into()
            });
        }
        if self.kind == Interrupts::MsiX && space.messages_enabled() {
            return hold(&rules::QD_VECTORS_OFF, self.each_has_vector(), || {
                "MSI-X is on, but MSIX_VECTOR_CONTROL is not set: vectors have no channel".into()
            });
        }
        Ok(())
    }

    /// An interrupt without a cause.
    pub fn spurious(&mut self, space: &Space, channel: usize) {
        if self.mode == Some(InterruptMode::Line) {
            self.sent += 1;
            self.outbox.push(0);
        } else {
            self.send(space, if self.each_has_vector() { channel } else { 0 });
        }
    }

    /// Sends a message, as the capability or the table has it.
    fn send(&mut self, space: &Space, number: usize) {
        let (address, data) = Self::message(number);
        let wanted = [address as u32, (address >> 32) as u32, data, 0];
        let written = match self.kind {
            Interrupts::MsiX => self.table.get(number) == Some(&wanted),
            Interrupts::Msi => true,
            Interrupts::Line => false,
        };
        if written && space.messages_enabled() && space.masters() {
            self.sent += 1;
            self.outbox.push(number as u32);
        } else {
            self.lost += 1;
        }
    }

    /// Whether the pin is asserted.
    pub fn line(&self, space: &Space) -> bool {
        self.mode == Some(InterruptMode::Line) && self.level && space.has_pin()
    }

    pub fn read_table(&self, at: u64, size: usize) -> u64 {
        let word = |at: u64| {
            let entry = self.table.get((at / 16) as usize);
            u64::from(entry.and_then(|entry| entry.get((at % 16 / 4) as usize)).copied().unwrap_or(0))
        };
        if size == 8 { word(at) | word(at + 4) << 32 } else { word(at) }
    }

    pub fn write_table(&mut self, at: u64, size: usize, value: u64) {
        let mut put = |at: u64, value: u32| {
            let entry = self.table.get_mut((at / 16) as usize);
            if let Some(word) = entry.and_then(|entry| entry.get_mut((at % 16 / 4) as usize)) {
                *word = value;
            }
        };
        put(at, value as u32);
        if size == 8 {
            put(at + 4, (value >> 32) as u32);
        }
    }
}
