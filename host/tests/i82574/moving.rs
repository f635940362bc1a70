//! What the function does: frames, offloads, filters, interrupts, NVM, PHY, faults.

use super::rig::*;
use crate::common::frame::{PEER, STATION, frame, incoming};
use ferrite_host::{
    device::i82574::{Config, Fault, Interrupts},
    world::{Hardware, InterruptMode},
};

const DEXT: u64 = 1 << 29;
const DATA: u64 = DEXT | 1 << 20;
const TSE: u64 = 1 << 26;

/// A checksum as RFC 1071 has it, written down once more.
fn sum(bytes: &[u8]) -> u16 {
    let mut total = 0_u64;
    for (at, byte) in bytes.iter().enumerate() {
        total += u64::from(*byte) << if at % 2 == 0 { 8 } else { 0 };
    }
    while total >> 16 != 0 {
        total = (total & 0xFFFF) + (total >> 16);
    }
    total as u16
}

/// An IPv4 frame with TCP (6) or UDP (17), whose checksums are missing; TCP's place has the pseudo-header's sum if
/// `len` is counted by the sender.
fn ip_frame(protocol: u8, payload: usize, pseudo_len: usize) -> Vec<u8> {
    let header = if protocol == 6 { 20 } else { 8 };
    let mut bytes = [PEER.as_slice(), &STATION, &[8, 0, 0x45, 0]].concat();
    bytes.extend(((20 + header + payload) as u16).to_be_bytes());
    bytes.extend([0x12, 0x34, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    let l4 = bytes.len();
    bytes.resize(l4 + header, 0);
    bytes[l4..l4 + 4].copy_from_slice(&[0x30, 0x39, 0, 80]);
    if protocol == 6 {
        bytes[l4 + 4..l4 + 8].copy_from_slice(&0xFFFF_FF00_u32.to_be_bytes());
        bytes[l4 + 12..l4 + 14].copy_from_slice(&[0x50, 0x99]);
    } else {
        bytes[l4 + 4..l4 + 6].copy_from_slice(&((header + payload) as u16).to_be_bytes());
    }
    let pseudo = [&bytes[26..34], &[0, protocol], &(pseudo_len as u16).to_be_bytes()].concat();
    let at = l4 + if protocol == 6 { 16 } else { 6 };
    bytes[at..at + 2].copy_from_slice(&sum(&pseudo).to_be_bytes());
    bytes.extend((0..payload).map(|i| (i * 13 + 5) as u8));
    bytes
}

/// Both checksums of an IPv4 frame are right.
#[track_caller]
fn assert_sums(bytes: &[u8]) {
    assert_eq!(sum(&bytes[14..34]), 0xFFFF, "the IP checksum");
    let len = u16::from_be_bytes([bytes[16], bytes[17]]) as usize;
    let l4 = &bytes[34..14 + len];
    let pseudo = [&bytes[26..34], &[0, bytes[23]], &(l4.len() as u16).to_be_bytes(), l4].concat();
    assert_eq!(sum(&pseudo), 0xFFFF, "the TCP or UDP checksum");
}

/// A context for IPv4 and TCP or UDP behind an Ethernet header.
fn context(protocol: u8, mss: u64, payload: u64) -> [u64; 2] {
    let (offset, header) = if protocol == 6 { (50, 54) } else { (40, 42) };
    let first = 14 | 24 << 8 | 33 << 16 | 34 << 32 | offset << 40;
    let tcp = if protocol == 6 { 1 << 24 } else { 0 };
    let segment = if mss != 0 { TSE } else { 0 };
    [first, payload | DEXT | tcp | 1 << 25 | segment | header << 40 | mss << 48]
}

/// Legacy frames of all lengths, in one and in many pieces: padded to the shortest, written back, in order.
#[test]
fn legacy_frames() {
    passes(config(), |rig| {
        rig.set_up();
        for len in [14, 59, 60, 61, 1514, 9000] {
            let bytes: Vec<u8> = (0..len).map(|i| (i * 7) as u8).collect();
            let mut expected = bytes.clone();
            expected.resize(len.max(60), 0);
            assert_eq!(rig.send(&bytes), expected, "{len} bytes");
        }
        let bytes: Vec<u8> = (0..300_u32).map(|i| i as u8).collect();
        let at = rig.stage(&bytes);
        rig.post(&[[at, 100], [at + 100, 1], [0, 0], [at + 101, 199 | LAST]]);
        assert_eq!(rig.sent(1), [bytes]);
        let done: Vec<bool> = (6..10).map(|i| rig.get(TX_RING + 16 * i + 8) & DD != 0).collect();
        assert_eq!(done, [false, false, false, true], "only what asks for it is written back");
    });
}

/// Legacy checksum insertion, and VLAN tags where CTRL.VME allows them.
#[test]
fn legacy_checksums_and_tags() {
    passes(config(), |rig| {
        rig.set_up();
        let mut bytes = ip_frame(17, 100, 108);
        bytes[24..26].fill(0);
        let ip = sum(&bytes[14..34]);
        bytes[24..26].copy_from_slice(&(!ip).to_be_bytes());
        let at = rig.stage(&bytes);
        let command = bytes.len() as u64 | LAST | 1 << 26 | 40 << 16 | 34 << 40;
        rig.post(&[[at, command]]);
        assert_sums(&rig.sent(1)[0]);
        rig.post(&[[at, command | 1 << 30 | 0xA123 << 48]]);
        assert_sums(&rig.sent(1)[0]);
        rig.set(CTRL, 1 << 30);
        rig.post(&[[at, command | 1 << 30 | 0xA123 << 48]]);
        let tagged = rig.sent(1).remove(0);
        assert_eq!(tagged[12..18], [0x81, 0, 0xA1, 0x23, 8, 0]);
        assert_sums(&[&tagged[..12], &tagged[16..]].concat());
    });
}

/// Checksums by a context, of TCP and UDP.
#[test]
fn checksums_by_context() {
    passes(config(), |rig| {
        rig.set_up();
        for (protocol, header) in [(6, 20), (17, 8)] {
            for payload in [1, 2, 77, 1000] {
                let bytes = ip_frame(protocol, payload, header + payload);
                let at = rig.stage(&bytes);
                let data = bytes.len() as u64 | LAST | DATA | 3 << 40;
                rig.post(&[context(protocol, 0, 0), [at, data]]);
                assert_sums(&rig.sent(1)[0]);
            }
        }
    });
}

/// Large sends: lengths, identifications, sequence numbers, flags, checksums and payload of every segment.
#[test]
fn large_sends() {
    passes(config(), |rig| {
        rig.set_up();
        for (payload, mss) in [(1, 1460), (1460, 1460), (1461, 1460), (20_000, 1460), (6_000, 536)] {
            let bytes = ip_frame(6, payload, 0);
            let at = rig.stage(&bytes);
            let (head, tail) = (54 + payload as u64 / 2, payload as u64 - payload as u64 / 2);
            rig.post(&[
                context(6, mss as u64, payload as u64),
                [at, head | DATA | TSE | 3 << 40],
                [at + head, tail | LAST | DATA | TSE],
            ]);
            let frames = rig.sent(payload.div_ceil(mss));
            assert_eq!(frames.len(), payload.div_ceil(mss));
            let mut data = Vec::new();
            for (index, frame) in frames.iter().enumerate() {
                assert_sums(frame);
                let last = index + 1 == frames.len();
                assert_eq!(frame[18..20], (0x1234 + index as u16).to_be_bytes(), "identification");
                let sequence = 0xFFFF_FF00_u32.wrapping_add((index * mss) as u32);
                assert_eq!(frame[38..42], sequence.to_be_bytes(), "sequence number");
                let flags = 0x99 & if last { 0xFF } else { !0x09 } & if index == 0 { 0xFF } else { !0x80 };
                assert_eq!(frame[47], flags, "flags of segment {index}");
                let len = u16::from_be_bytes([frame[16], frame[17]]) as usize;
                data.extend_from_slice(&frame[54..14 + len]);
            }
            assert_eq!(data, bytes[54..], "{payload} bytes by {mss}");
        }
    });
}

/// Frames into memory, in both formats, with and without their check sequence, over several buffers.
#[test]
fn received_frames() {
    passes(config(), |rig| {
        rig.set_up();
        rig.set(RCTL, 1 << 5);
        for (index, len) in [60, 61, 1514].into_iter().enumerate() {
            let bytes = incoming(index as u32, len);
            rig.model.wire().send(&bytes);
            assert_eq!(rig.frame(index as u64), bytes);
        }
        let bytes = incoming(9, 5000);
        rig.model.wire().send(&bytes);
        let ends: Vec<bool> = (3..6).map(|index| rig.received(index)[1] & 2 != 0).collect();
        assert_eq!(ends, [false, false, true], "EOP");
        assert_eq!([rig.frame(3), rig.frame(4), rig.frame(5)].concat(), bytes);
        let control = rig.read(RCTL);
        rig.write(RCTL, control & !(1 << 26));
        let bytes = b"\xFF\xFF\xFF\xFF\xFF\xFF\x02\x00\x00\x00\x00\x01\x88\xB5".to_vec();
        let bytes = [bytes, vec![0; 46]].concat();
        rig.model.wire().send(&bytes);
        let found = rig.frame(6);
        assert_eq!(found.len(), 64, "with its check sequence");
        // The residue of any frame with its check sequence.
        let step = |crc: u32| if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0xEDB8_8320 };
        let residue =
            found.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |c, _| step(c)));
        assert_eq!(residue, 0xDEBB_20E3);
        rig.write(RCTL, control);
        rig.write(RFCTL, 0);
        rig.model.wire().send(&bytes);
        let at = RX_RING + 16 * 7;
        rig.until("a legacy write-back", || rig.get(at + 8) & DD != 0);
        assert_eq!(rig.get(at), BUFFERS + 7 * BUFFER, "the address stays");
        assert_eq!(rig.get(at + 8) & 0xFFFF, 60);
    });
}

/// Checksums that the receiver judges, and tags that it takes out.
#[test]
fn received_checksums_and_tags() {
    passes(config(), |rig| {
        rig.set_up();
        rig.write(RXCSUM, 3 << 8 | 1 << 13);
        let complete = |protocol, payload| {
            let header = if protocol == 6 { 20 } else { 8 };
            let mut bytes = ip_frame(protocol, payload, header + payload);
            let ip = !sum(&bytes[14..34]);
            bytes[24..26].copy_from_slice(&ip.to_be_bytes());
            let l4 = !sum(&bytes[34..]);
            let at = if protocol == 6 { 50 } else { 40 };
            bytes[at..at + 2].copy_from_slice(&l4.to_be_bytes());
            bytes
        };
        let status = |index, bytes: &[u8]| {
            rig.model.wire().send(bytes);
            rig.received(index)[1]
        };
        const SUMS: u64 = 3 << 29 | 0x74;
        let (tcp, udp) = (complete(6, 101), complete(17, 64));
        assert_eq!(status(0, &tcp) & SUMS, 0x60, "TCP");
        assert_eq!(status(1, &udp) & SUMS, 0x70, "UDP");
        let mut wrong = tcp.clone();
        wrong[60] ^= 1;
        assert_eq!(status(2, &wrong) & SUMS, 0x60 | 1 << 29, "a wrong TCP checksum");
        wrong[60] ^= 1;
        wrong[22] ^= 1;
        assert_eq!(status(3, &wrong) & SUMS, 0x60 | 1 << 30, "a wrong IP checksum");
        assert_eq!(status(4, &incoming(1, 60)) & SUMS, 4, "nothing to judge");
        rig.set(CTRL, 1 << 30);
        let tagged = [&tcp[..12], &[0x81, 0, 0x20, 7], &tcp[12..]].concat();
        let words = status(5, &tagged);
        assert_eq!((words >> 48, words & 8), (0x2007, 8), "the tag is in the descriptor");
        assert_eq!(rig.frame(5), tcp);
    });
}

/// Exact addresses, broadcast, the multicast table, the VLAN table, promiscuous modes, lengths.
#[test]
fn filters() {
    passes(config(), |rig| {
        rig.set_up();
        let mut seen = 0;
        let mut passes = |control: u32, to: [u8; 6], tag: Option<u16>| {
            rig.write(RCTL, 1 << 1 | 1 << 26 | control);
            let mut bytes = frame(to, PEER, seen as u32, 100);
            if let Some(tag) = tag {
                let [a, b] = tag.to_be_bytes();
                bytes.splice(12..12, [0x81, 0, a, b]);
            }
            rig.model.wire().send(&bytes);
            for _ in 0..4 {
                rig.poll();
            }
            let found = rig.get(RX_RING + 16 * seen + 8) & 1 != 0;
            seen += u64::from(found);
            found
        };
        let group = [0x01, 0x00, 0x5E, 0x01, 0x02, 0x03];
        assert!(passes(0, STATION, None));
        assert!(!passes(0, PEER, None) && passes(8, PEER, None), "UPE");
        assert!(!passes(0, [0xFF; 6], None) && passes(1 << 15, [0xFF; 6], None), "BAM");
        assert!(!passes(0, group, None) && passes(16, group, None), "MPE");
        let hash = (u32::from(group[5]) << 8 | u32::from(group[4])) >> 4;
        rig.write(0x5200 + 4 * u64::from(hash >> 5), 1 << (hash & 31));
        assert!(passes(0, group, None), "the multicast table");
        assert!(!passes(1 << 12, group, None), "another part of the address");
        assert!(passes(0, STATION, Some(5)) && !passes(1 << 18, STATION, Some(5)), "VFE");
        rig.write(0x5600, 1 << 5);
        assert!(passes(1 << 18, STATION, Some(0xE005)) && passes(1 << 18, STATION, None), "the VLAN table");
        assert_eq!(rig.read(0x40D0), 13, "TPR");
        rig.model.wire().send(&incoming(1, 1600));
        (0..4).for_each(|_| rig.poll());
        assert_eq!((rig.read(0x40AC), rig.read(0x40AC)), (1, 0), "ROC, which a read clears");
    });
}

/// Without descriptors frames wait in the packet buffer; what does not fit is lost, or kept by a partner that obeys
/// pause frames.
#[test]
fn frames_without_descriptors() {
    for pause in [false, true] {
        passes(config(), move |rig| {
            rig.set_up();
            if pause {
                rig.set(CTRL, 1 << 28);
            }
            for number in 0..300 {
                rig.model.wire().send(&incoming(number, 1514));
            }
            (0..2000).for_each(|_| rig.poll());
            let lost = rig.read(0x4010);
            assert_eq!(lost == 0, pause, "MPC is {lost}");
            assert_ne!(rig.read(0x40A0), 0, "RNBC");
            assert_eq!(rig.read(0x4054) != 0, pause, "XOFFTXC");
            // In time, whoever gives descriptors back gets the rest.
            let (mut tail, mut got) = (RING - 1, 0);
            while got < 300 - u64::from(lost) {
                let at = RX_RING + 16 * (got % RING);
                rig.until("the next frame", || rig.get(at + 8) & 1 != 0);
                rig.word(at + 8, 0);
                rig.word(at, BUFFERS + BUFFER * (got % RING));
                got += 1;
                tail = (tail + 1) % RING;
                rig.write(RX + 0x18, tail as u32);
            }
        });
    }
}

/// MSI-X: vectors by IVAR, acknowledged by EIAC, masked by IAM with EIAME, once more when they are enabled again.
#[test]
fn vectors() {
    passes(config(), |rig| {
        rig.connect(InterruptMode::Messages(5));
        rig.set_up();
        rig.write(IVAR, 8 | 9 << 8 | 10 << 16);
        rig.write(EIAC, 0x0150_0000);
        rig.write(IAM, 0x0150_0000);
        rig.write(CTRL_EXT, 1 << 24);
        rig.write(ICR, u32::MAX);
        rig.write(IMS, 0x0150_0004);
        rig.send(&[0; 60]);
        assert_eq!(rig.heard(), [1], "transmit");
        assert_eq!(rig.read(IMS), 0x0110_0004, "masked by its message");
        rig.send(&[0; 60]);
        assert_eq!(rig.heard(), [0_u32; 0]);
        rig.write(IMS, 0x0040_0000);
        assert_eq!(rig.heard(), [1], "it was pending");
        rig.model.wire().send(&incoming(0, 60));
        rig.received(0);
        assert_eq!(rig.heard(), [0], "receive");
        rig.model.wire().plug(false);
        rig.until("the loss of the link", || rig.read(STATUS) & 2 == 0);
        rig.poll();
        assert_eq!(rig.heard(), [2], "other");
        rig.write(ICS, 0x0110_0000);
        rig.write(IMS, 0x0110_0000);
        assert_eq!(rig.heard(), [0, 2], "by software");
        rig.write(IMC, u32::MAX);
    });
}

/// The pin and MSI: one interrupt for all causes, acknowledged by reading ICR, held back by ITR.
#[test]
fn one_interrupt_for_all() {
    for (interrupts, mode) in
        [(Interrupts::Line, InterruptMode::Line), (Interrupts::Msi, InterruptMode::Messages(1))]
    {
        passes(Config { interrupts, ..config() }, move |rig| {
            rig.connect(mode);
            rig.set_up();
            rig.read(ICR);
            rig.write(IMS, 0x85);
            rig.write(ICS, 1);
            assert_eq!(rig.heard(), [0]);
            assert_eq!(rig.model.line_asserted(), mode == InterruptMode::Line);
            assert_eq!(rig.read(ICR), 0x8000_0001);
            assert!(!rig.model.line_asserted());
            rig.heard();
            rig.write(ITR, 4000);
            rig.write(ICS, 1);
            assert!(!rig.heard().is_empty(), "the first is at once");
            rig.read(ICR);
            rig.heard();
            rig.write(ICS, 4);
            assert_eq!(rig.heard(), [0_u32; 0], "the second is a millisecond away");
            rig.until("the end of the interval", || !rig.interrupts.borrow().is_empty());
            assert_eq!(rig.read(ICR), 0x8000_0004);
            rig.write(ICS, 2);
            assert_eq!(rig.read(ICR) & 0x8000_0000, 0, "not enabled: not asserted");
            rig.write(IMC, u32::MAX);
        });
    }
}

/// The NVM's checksum and address, and what goes wrong with it on demand.
#[test]
fn nvm() {
    passes(config(), |rig| {
        let total = |rig: &Rig| (0..0x40).fold(0_u16, |sum, word| sum.wrapping_add(rig.nvm(word)));
        assert_eq!(total(rig), 0xBABA);
        let words: Vec<u8> = (0..3).flat_map(|word| rig.nvm(word).to_le_bytes()).collect();
        assert_eq!(words, STATION);
        rig.model.inject(Fault::NvmChecksum);
        assert_ne!(total(rig), 0xBABA);
        rig.model.heal();
        rig.model.inject(Fault::NvmTimeout);
        rig.write(EERD, 1);
        assert!((0..1000).all(|_| rig.read(EERD) & 2 == 0));
        rig.model.heal();
        assert_eq!(rig.nvm(0x3F), rig.nvm(0x3F));
        rig.model.inject(Fault::AutoReadTimeout);
        rig.set(CTRL, RST);
        assert!((0..1000).all(|_| rig.read(EECD) & 1 << 9 == 0));
    });
}

/// The PHY: its identity, negotiation with what both sides can do, a forced link, power down, errors.
#[test]
fn phy() {
    for (partner, gigabit, advertised, speed) in [
        (0x4DE1, true, 0x0E00, 2),
        (0x4DE1, true, 0, 1),
        (0x4DE1, false, 0x0E00, 1),
        (0x4061, false, 0x0E00, 0),
    ] {
        passes(Config { partner, gigabit, ..config() }, move |rig| {
            rig.reset();
            rig.own();
            assert_eq!(rig.mdi(2, 2, 0) & 0xFFFF, 0x0141);
            assert_eq!(rig.mdi(2, 3, 0) & 0xFFFF, 0x0CB1);
            rig.mdi(1, 9, advertised);
            rig.mdi(1, 0, 0x1200);
            rig.link_up();
            assert_eq!(rig.read(STATUS) >> 6 & 3, speed);
            assert_eq!(rig.mdi(2, 5, 0) & 0xFFFF, u32::from(partner));
            rig.mdi(1, 0, 0x0800);
            rig.until("the loss of the link", || rig.read(STATUS) & 2 == 0);
            rig.mdi(1, 0, 0xA100);
            rig.until("a reset of the PHY", || rig.mdi(2, 0, 0) & 0x8000 == 0);
            rig.until("a forced link", || rig.read(STATUS) & 0xC3 == 0x43);
            rig.model.inject(Fault::PhyError { after: 1 });
            assert_eq!(rig.mdi(2, 2, 0) & 1 << 30, 0);
            assert_ne!(rig.mdi(2, 2, 0) & 1 << 30, 0);
            rig.model.inject(Fault::MdioTaken);
            rig.set(EXTCNF, OWN);
            assert_eq!(rig.read(EXTCNF) & OWN, 0);
        });
    }
}

/// Rings that stand still, until a reset.
#[test]
fn stuck_rings() {
    passes(config(), |rig| {
        rig.set_up();
        rig.model.inject(Fault::TransmitStuck { after: 1 });
        rig.send(&[0; 60]);
        let at = rig.stage(&[0; 60]);
        rig.post(&[[at, 60 | LAST]]);
        rig.model.inject(Fault::ReceiveStuck { after: 1 });
        rig.model.wire().send(&incoming(0, 60));
        rig.received(0);
        rig.model.wire().send(&incoming(1, 60));
        (0..1000).for_each(|_| rig.poll());
        assert_eq!((rig.read(TX + 0x10), rig.read(RX + 0x10)), (1, 1));
        rig.write(RCTL, 0);
        rig.write(TCTL, 0);
        rig.set_up();
        rig.send(&[0; 60]);
        rig.model.wire().send(&incoming(2, 60));
        assert_eq!(rig.frame(0), incoming(2, 60));
        assert_eq!(rig.model.counters().faults, 2);
    });
}

/// Write-backs that are wrong.
#[test]
fn wrong_write_backs() {
    passes(config(), |rig| {
        rig.set_up();
        rig.model.inject(Fault::ReceiveErrors { after: 0, errors: 0x81 });
        rig.model.inject(Fault::ReceiveLength { after: 1, length: 0xFFFF });
        rig.model.inject(Fault::ReceiveContinued { after: 2 });
        rig.model.inject(Fault::ReceiveSwapped { after: 3 });
        (0..3).for_each(|number| rig.model.wire().send(&incoming(number, 60)));
        assert_eq!(rig.received(0)[1] >> 24 & 0xFF, 0x81);
        assert_eq!(rig.received(1)[1] >> 32 & 0xFFFF, 0xFFFF);
        assert_eq!(rig.received(2)[1] & 2, 0);
        for number in 3..5 {
            rig.model.wire().send(&incoming(number, 60));
        }
        assert_eq!((rig.frame(4), rig.frame(3)), (incoming(4, 60), incoming(3, 60)));
        assert_eq!(rig.model.counters().faults, 4);
    });
}

/// Interrupts that are lost, late, spurious or come as a storm; and a function that goes at an access.
#[test]
fn wrong_interrupts_and_the_end() {
    passes(config(), |rig| {
        rig.connect(InterruptMode::Messages(1));
        rig.write(IVAR, 8);
        rig.write(EIAC, 1 << 20);
        rig.write(IMS, 1 << 20);
        let raise = || rig.write(ICS, 1 << 20);
        rig.model.inject(Fault::LostInterrupt);
        raise();
        assert!(rig.heard().is_empty());
        rig.model.inject(Fault::LateInterrupt { polls: 2 });
        raise();
        rig.poll();
        rig.poll();
        assert!(rig.heard().is_empty());
        rig.poll();
        assert_eq!(rig.heard(), [0]);
        rig.model.inject(Fault::SpuriousInterrupt);
        rig.poll();
        assert_eq!(rig.heard(), [0]);
        rig.model.inject(Fault::Storm { polls: 10 });
        (0..20).for_each(|_| rig.poll());
        assert_eq!(rig.heard().len(), 10);
        assert_eq!(rig.model.counters().faults, 4);
        rig.model.inject(Fault::Gone { after: 2 });
        assert!((0..2).all(|_| rig.read(STATUS) != u32::MAX));
        assert_eq!(rig.read(STATUS), u32::MAX);
        let mut id = [0; 4];
        rig.model.config_read(0, &mut id);
        assert_eq!(id, [0xFF; 4]);
    });
}
