//! An 82574L driven by hand: one ring each way, anywhere in RAM.

use super::*;
use crate::bus::{enable_msix, write_msix_entry};

/// Descriptors per ring.
const RING: u64 = 64;
const BUFFER: u64 = 2048;
/// Bytes between the pieces of the NIC's memory.
const PIECE: u64 = 0x1_0000;

/// A NIC that runs, and its rings.
pub(super) struct HandNic {
    pub(super) machine: Machine,
    pub(super) function: PciFunction,
    /// Messages for reception, transmission and everything else.
    pub(super) messages: [MessageId; 3],
    /// Where its memory begins, as the NIC sees it.
    at: u64,
    next_tx: u64,
    next_rx: u64,
}

impl HandNic {
    /// Sets the first NIC of `machine` up, with its rings and buffers from `at` on.
    pub(super) fn new(mut machine: Machine, at: u64) -> Self {
        let function = place(&mut machine, 0);
        let messages = [(); 3].map(|()| machine.allocate_message().unwrap());
        let msix = *function.msix().unwrap();
        for (vector, (_, message)) in (0..).zip(messages) {
            write_msix_entry(&mut Registers::new(&mut machine, &function), &msix, vector, message).unwrap();
        }
        enable_msix(&mut machine, function.at, &msix, true).unwrap();
        let messages = messages.map(|(id, _)| id);
        let mut nic = Self { machine, function, messages, at, next_tx: 0, next_rx: 0 };
        for slot in 0..RING {
            nic.give_rx(slot);
        }
        let (tx, rx) = (nic.tx_ring(), nic.rx_ring());
        for (register, value) in [
            (0xD8, 0xFFFF_FFFF), // IMC
            (0x18, 0x0100_0000), // CTRL_EXT: EIAME
            (0xE4, 0x800A_0908), // IVAR: RXQ0 to 0, TXQ0 to 1, other to 2; on every write-back
            (0xDC, 0x01F0_0000), // EIAC
            (0xD0, 0x01F0_0004), // IMS: queues, other, LSC
            (0x3800, tx & u64::from(u32::MAX)),
            (0x3804, tx >> 32),
            (0x3808, RING * 16),
            (0x400, 0x0103_F0FA), // TCTL: EN, PSP
            (0x2800, rx & u64::from(u32::MAX)),
            (0x2804, rx >> 32),
            (0x2808, RING * 16),
            (0x2818, RING - 1),   // RDT
            (0x100, 0x0400_801A), // RCTL: EN, UPE, MPE, BAM, SECRC
        ] {
            nic.write(register, value);
        }
        nic.machine.drain().unwrap();
        nic
    }

    pub(super) fn write(&mut self, register: u64, value: u64) {
        Registers::new(&mut self.machine, &self.function).mmio_write(0, register, 4, value).unwrap();
    }

    pub(super) fn read(&mut self, register: u64) -> u64 {
        Registers::new(&mut self.machine, &self.function).mmio_read(0, register, 4).unwrap()
    }

    fn tx_ring(&self) -> u64 {
        self.at
    }

    fn rx_ring(&self) -> u64 {
        self.at + PIECE
    }

    fn tx_buffer(&self, slot: u64) -> u64 {
        self.at + 2 * PIECE + slot * BUFFER
    }

    fn rx_buffer(&self, slot: u64) -> u64 {
        self.at + 4 * PIECE + slot * BUFFER
    }

    fn give_rx(&self, slot: u64) {
        let (ram, descriptor) = (self.machine.ram(), self.rx_ring() + 16 * slot);
        ram.write_u64(descriptor, self.rx_buffer(slot)).unwrap();
        ram.write_u64(descriptor + 8, 0).unwrap();
    }

    /// Hands a frame to the NIC, which has sent it when this returns.
    pub(super) fn send(&mut self, frame: &[u8]) {
        let slot = self.next_tx;
        let (buffer, descriptor) = (self.tx_buffer(slot), self.tx_ring() + 16 * slot);
        let ram = self.machine.ram();
        ram.write(buffer, frame).unwrap();
        ram.write_u64(descriptor, buffer).unwrap();
        // EOP, IFCS, RS.
        ram.write_u64(descriptor + 8, frame.len() as u64 | 0xB << 24).unwrap();
        self.next_tx = (slot + 1) % RING;
        self.write(0x3818, self.next_tx);
        self.machine.drain().unwrap();
        let status = self.machine.ram().read_u64(descriptor + 8).unwrap() >> 32;
        assert_eq!(status & 1, 1, "DD is set by the time the tail write is acknowledged");
    }

    /// Takes the next received frame, waiting for its message.
    pub(super) fn receive(&mut self) -> Vec<u8> {
        let (slot, since) = (self.next_rx, Instant::now());
        let descriptor = self.rx_ring() + 16 * slot;
        let word = loop {
            let word = self.machine.ram().read_u64(descriptor + 8).unwrap();
            if word >> 32 & 1 != 0 {
                break word;
            }
            assert!(since.elapsed() < BOUND, "no frame within {BOUND:?}");
            wait_for(&mut self.machine, is_message(self.messages[0]));
        };
        assert_eq!(word >> 40 & 0xFF, 0, "no receive errors");
        let mut frame = vec![0; (word & 0xFFFF) as usize];
        self.machine.ram().read(self.rx_buffer(slot), &mut frame).unwrap();
        self.give_rx(slot);
        self.next_rx = (slot + 1) % RING;
        self.write(0x2818, slot);
        // The driver's part of auto-clear: what the message disabled is enabled again.
        self.write(0xD0, 0x01F0_0004);
        self.machine.drain().unwrap();
        frame
    }
}

/// An Ethernet frame of `len` bytes from a station that is not there.
pub(super) fn frame(len: usize, seed: u8) -> Vec<u8> {
    let mut frame = vec![0xFF; 6];
    frame.extend([2, 0, 0, 0, 0, seed, 0x88, 0xB5]);
    frame.extend((frame.len()..len).map(|index| (index as u8).wrapping_mul(31) ^ seed));
    frame
}
