//! How causes become interrupts.

use super::{
    Interrupts, VECTORS,
    bits::{cause, ctrl_ext},
    breach::{Checked, hold},
    fault::{Fault, Faults},
    registers::{File, at},
    space::Space,
};
use crate::{clock::Time, verify::rules, world::InterruptMode};
use std::time::Duration;

/// Where the system has its messages written.
const MESSAGE_ADDRESS: u64 = 0xFEE0_0000;
/// The first of their vectors.
const MESSAGE_DATA: u32 = 0x70;
/// The causes that have an entry in IVAR, in its order.
const ENTRIES: [u32; 5] = [cause::RXQ0, cause::RXQ0 << 1, cause::TXQ0, cause::TXQ0 << 1, cause::OTHER];
/// An entry of IVAR is valid.
const VALID: u32 = 1 << 3;

/// See the module.
pub(super) struct Signals {
    kind: Interrupts,
    icr: u32,
    ims: u32,
    mode: Option<InterruptMode>,
    /// The MSI-X table: address, data, vector control.
    table: Vec<[u32; 4]>,
    /// Enabled causes whose interrupt has gone out already.
    sent: u32,
    /// The pin or the MSI message is asserted.
    asserted: bool,
    /// No interrupt of a vector before; the last one is for the pin and MSI.
    quiet_until: [Time; VECTORS + 1],
    /// Messages to deliver.
    pub outbox: Vec<u32>,
    late: Vec<(u32, u32)>,
    pub delivered: u64,
    pub lost: u64,
}

impl Signals {
    pub fn new(kind: Interrupts) -> Self {
        Self {
            kind,
            icr: 0,
            ims: 0,
            mode: None,
            table: vec![[0, 0, 0, 1]; VECTORS],
            sent: 0,
            asserted: false,
            quiet_until: [Time(0); VECTORS + 1],
            outbox: Vec::new(),
            late: Vec::new(),
            delivered: 0,
            lost: 0,
        }
    }

    /// Messages that the function has.
    pub fn messages(&self) -> usize {
        match self.kind {
            Interrupts::MsiX => VECTORS,
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
        if let InterruptMode::Messages(count) = mode {
            if count == 0 || count > self.messages() {
                return Err(format!("{count} messages: the function has {}", self.messages()));
            }
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
        self.mode = Some(mode);
        Ok(())
    }

    /// No more interrupts. Whether there was anything to disconnect.
    pub fn disconnect(&mut self, space: &mut Space) -> bool {
        let was = self.mode.take().is_some();
        space.enable_messages(false);
        self.table.fill([0, 0, 0, 1]);
        self.outbox.clear();
        self.late.clear();
        self.asserted = false;
        was
    }

    /// A reset: nothing is pending or enabled. The MSI-X table belongs to the system.
    pub fn reset(&mut self) {
        (self.icr, self.ims, self.sent) = (0, 0, 0);
        self.asserted = false;
        self.quiet_until = [Time(0); VECTORS + 1];
        self.outbox.clear();
        self.late.clear();
    }

    pub fn enabled(&self) -> u32 {
        self.ims
    }

    /// The causes that are set.
    pub fn causes(&self) -> u32 {
        self.icr | if self.asserted { cause::INT_ASSERTED } else { 0 }
    }

    /// Sets causes; they interrupt with the next [`update`](Self::update).
    pub fn raise(&mut self, causes: u32) {
        self.icr |= causes & !cause::INT_ASSERTED;
    }

    /// Reads ICR. It clears if the function interrupts now or no cause is enabled.
    pub fn read_icr(&mut self, file: &File) -> u32 {
        let value = self.causes();
        if self.ims == 0 || self.asserted || self.icr & self.ims != 0 {
            if self.ims != 0 && file.has(at::CTRL_EXT, ctrl_ext::IAME) {
                self.ims &= !file.get(at::IAM);
            }
            self.icr = 0;
        }
        value
    }

    /// Writes ICR: ones clear.
    pub fn write_icr(&mut self, value: u32) {
        self.icr &= !value;
    }

    pub fn write_ims(&mut self, value: u32) -> Checked {
        hold(&rules::I82574_CONNECTED, value == 0 || self.mode.is_some(), || {
            format!("IMS is written with {value:#x} while no interrupt is connected")
        })?;
        self.ims |= value & !cause::INT_ASSERTED;
        Ok(())
    }

    pub fn write_imc(&mut self, value: u32) {
        self.ims &= !value;
    }

    /// The interval of a throttle register.
    fn interval(value: u32) -> Duration {
        Duration::from_nanos(256 * u64::from(value & 0xFFFF))
    }

    /// Sends what is due. When a throttle holds something back: until when.
    pub fn update(&mut self, space: &Space, file: &File, faults: &mut Faults, now: Time) -> Option<Time> {
        if space.uses_msix() && self.icr & cause::OTHERS != 0 {
            self.icr |= cause::OTHER;
        }
        let pending = self.icr & self.ims;
        self.sent &= pending;
        if space.uses_msix() {
            self.asserted = pending != 0;
            return self.update_vectors(space, file, faults, now);
        }
        if pending == 0 {
            self.asserted = false;
            return None;
        }
        if self.asserted {
            return None;
        }
        let quiet = self.quiet_until[VECTORS];
        if now < quiet {
            return Some(quiet);
        }
        self.asserted = true;
        self.quiet_until[VECTORS] = now.after(Self::interval(file.get(at::ITR)));
        if space.uses_msi() {
            self.send(space, 0, faults);
        } else {
            self.delivered += 1;
        }
        None
    }

    fn update_vectors(&mut self, space: &Space, file: &File, faults: &mut Faults, now: Time) -> Option<Time> {
        let ivar = file.get(at::IVAR);
        let mut held = None;
        for vector in 0..VECTORS {
            let assigned = ENTRIES.into_iter().enumerate().filter(|(index, _)| {
                let entry = ivar >> (4 * index) & 0xF;
                entry & VALID != 0 && (entry & 7) as usize == vector
            });
            let causes = assigned.fold(0, |all, (_, cause)| all | cause);
            let due = self.icr & self.ims & causes & !self.sent;
            if due == 0 {
                continue;
            }
            let quiet = self.quiet_until.get(vector).copied().unwrap_or_default();
            if now < quiet {
                held = Some(held.map_or(quiet, |held: Time| held.min(quiet)));
                continue;
            }
            if let Some(until) = self.quiet_until.get_mut(vector) {
                *until = now.after(Self::interval(file.get(at::EITR + 4 * vector as u32)));
            }
            self.sent |= due;
            self.send(space, vector as u32, faults);
            // Acknowledged and masked by the message itself.
            self.icr &= !(file.get(at::EIAC) & due);
            if file.has(at::CTRL_EXT, ctrl_ext::EIAME) {
                self.ims &= !(file.get(at::IAM) & causes);
            }
            self.sent &= self.icr & self.ims;
        }
        held
    }

    /// Sends a message, as the capability or the table has it.
    fn send(&mut self, space: &Space, number: u32, faults: &mut Faults) {
        if faults.take_this(Fault::LostInterrupt) {
            self.lost += 1;
            return;
        }
        let late = |fault| if let Fault::LateInterrupt { polls } = fault { Some(polls) } else { None };
        match faults.take(late) {
            Some(polls) => self.late.push((number, polls)),
            None => self.write_message(space, number),
        }
    }

    fn write_message(&mut self, space: &Space, number: u32) {
        let (address, data) = Self::message(number as usize);
        let wanted = [address as u32, (address >> 32) as u32, data, 0];
        let written = if space.uses_msix() {
            self.table.get(number as usize) == Some(&wanted)
        } else {
            space.uses_msi()
        };
        if written && space.masters() {
            self.delivered += 1;
            self.outbox.push(number);
        } else {
            self.lost += 1;
        }
    }

    /// What is late, and what has no cause.
    pub fn poll(&mut self, space: &Space, faults: &mut Faults) {
        for (number, polls) in std::mem::take(&mut self.late) {
            match polls.checked_sub(1) {
                Some(left) => self.late.push((number, left)),
                None => self.write_message(space, number),
            }
        }
        if faults.take_this(Fault::SpuriousInterrupt) || faults.storm() {
            match self.mode {
                Some(InterruptMode::Line) => self.outbox.push(0),
                Some(InterruptMode::Messages(count)) => {
                    (0..count as u32).for_each(|number| self.write_message(space, number));
                }
                None => {}
            }
        }
    }

    pub fn has_work(&self) -> bool {
        !self.outbox.is_empty() || !self.late.is_empty()
    }

    /// Whether the pin is asserted.
    pub fn line(&self, space: &Space) -> bool {
        self.mode == Some(InterruptMode::Line) && self.asserted && space.has_pin() && !space.uses_msix()
    }

    pub fn read_table(&self, at: u64) -> u32 {
        let entry = self.table.get((at / 16) as usize);
        entry.and_then(|entry| entry.get((at % 16 / 4) as usize)).copied().unwrap_or(0)
    }

    pub fn write_table(&mut self, at: u64, value: u32) {
        let entry = self.table.get_mut((at / 16) as usize);
        if let Some(word) = entry.and_then(|entry| entry.get_mut((at % 16 / 4) as usize)) {
            *word = value;
        }
    }
}
