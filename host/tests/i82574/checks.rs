//! Every check, with a driver that it catches. What sound drivers do is let through: see the other tests.

use super::rig::*;
use ferrite_host::{
    device::i82574::Fault,
    verify::rules,
    world::{Hardware, InterruptMode},
};

#[test]
fn accesses_that_are_none() {
    let rule = &rules::I82574_REGISTER;
    for (offset, size) in [(0, 1), (0, 2), (0, 8), (2, 4), (0x00C1, 4), (0x3811, 2)] {
        breaks(rule, "aligned dwords", move |rig| {
            rig.model.read(0, offset, size);
        });
        breaks(rule, "aligned dwords", move |rig| rig.model.write(0, offset, size, 0));
    }
    for offset in [0x000C, 0x0024, 0x0500, 0x2A00, 0x5A80, 0x7000, 0x1_FFFC] {
        breaks(rule, "no register", move |rig| {
            rig.read(offset);
        });
        breaks(rule, "no register", move |rig| rig.write(offset, 0));
    }
    breaks(rule, "memory off", |rig| {
        rig.model.config_write(4, &[0, 0]);
        rig.read(STATUS);
    });
}

#[test]
fn registers_that_are_read_only() {
    for offset in [STATUS, 0x4000, 0x4074, 0x5900, 0x5B30] {
        breaks(&rules::I82574_READ_ONLY, "read-only", move |rig| rig.write(offset, 0));
    }
}

#[test]
fn rings_that_are_not_aligned_or_in_use() {
    let rule = &rules::I82574_RING;
    for first in [RX, TX, RX + 0x100, TX + 0x100] {
        breaks(rule, "aligned", move |rig| rig.write(first, 0x10_0008));
        breaks(rule, "multiple of 128", move |rig| rig.write(first + 8, 0x40));
        breaks(rule, "multiple of 128", move |rig| rig.write(first + 8, 0x10_0000));
        breaks(rule, "head", move |rig| {
            rig.write(first + 8, 0x80);
            rig.write(first + 0x10, 8);
        });
    }
    for first in [RX, TX] {
        for (register, value) in [(0, 0x12_0000), (4, 1), (8, 0x80), (0x10, 1)] {
            breaks(rule, "in use", move |rig| {
                rig.set_up();
                rig.write(first + register, value);
            });
        }
    }
    passes(config(), |rig| {
        rig.set_up();
        rig.write(TCTL, 0);
        rig.write(RCTL, 0);
        rig.rings();
    });
}

#[test]
fn tails_beyond_the_ring_or_backwards() {
    let rule = &rules::I82574_TAIL;
    for first in [RX, TX] {
        breaks(rule, "beyond", move |rig| {
            rig.set_up();
            rig.write(first + 0x18, RING as u32);
        });
    }
    breaks(rule, "takes back", |rig| {
        rig.set_up();
        rig.write(RX + 0x18, 5);
    });
    breaks(rule, "takes back", |rig| {
        rig.set_up();
        rig.model.inject(Fault::TransmitStuck { after: 0 });
        let at = rig.stage(&[0; 60]);
        rig.post(&[[at, 60 | LAST]; 4]);
        rig.write(TX + 0x18, 2);
    });
}

#[test]
fn memory_that_is_not_the_drivers() {
    let rule = &rules::I82574_DMA;
    breaks(rule, "frame to send", |rig| {
        rig.set_up();
        rig.post(&[[0x8000, 60 | LAST]]);
        rig.until("the end", || false);
    });
    breaks(rule, "received frame", |rig| {
        rig.set_up();
        rig.word(RX_RING, 0xF_F000);
        rig.model.wire().send(&[1; 60]);
        rig.until("the end", || false);
    });
    breaks(rule, "fetched", |rig| {
        rig.set_up();
        rig.write(TCTL, 0);
        rig.write(TX, 0x8000_0000);
        rig.write(TCTL, TX_ON);
        rig.write(TX + 0x18, 1);
        rig.until("the end", || false);
    });
}

#[test]
fn dma_without_bus_mastering() {
    breaks(&rules::I82574_MASTER, "bus mastering", |rig| {
        rig.set_up();
        rig.model.config_write(4, &[2, 0]);
        let at = rig.stage(&[0; 60]);
        rig.post(&[[at, 60 | LAST]]);
        rig.until("the end", || false);
    });
}

#[test]
fn descriptors_published_after_a_reset() {
    for first in [RX, TX] {
        breaks(&rules::I82574_RESET, "without a ring", move |rig| {
            rig.set_up();
            rig.reset();
            rig.write(first + 0x18, 1);
        });
    }
}

#[test]
fn what_is_left_enabled() {
    let rule = &rules::I82574_LEFT;
    breaks(rule, "IMS", |rig| {
        rig.connect(InterruptMode::Messages(3));
        rig.write(IMS, 1);
        rig.model.disconnect();
    });
    breaks(rule, "receiver", |rig| {
        rig.set_up();
        rig.model.check_removed();
    });
    breaks(rule, "transmitter", |rig| {
        rig.set_up();
        rig.write(RCTL, 0);
        rig.model.check_removed();
    });
    passes(config(), |rig| {
        rig.set_up();
        rig.connect(InterruptMode::Line);
        rig.write(IMS, 4);
        rig.write(IMC, u32::MAX);
        rig.model.disconnect();
        rig.reset();
        rig.model.check_removed();
    });
}

#[test]
fn interrupts_for_nobody() {
    breaks(&rules::I82574_INTERRUPT, "no interrupt is connected", |rig| rig.write(IMS, 1));
}

#[test]
fn registers_in_d3() {
    breaks(&rules::I82574_POWER, "D3", |rig| {
        rig.model.config_write(0xCC, &[3, 0]);
        rig.read(STATUS);
    });
    passes(config(), |rig| {
        rig.set_up();
        rig.model.config_write(0xCC, &[3, 0]);
        rig.model.config_write(0xCC, &[0, 0]);
        assert_eq!(rig.read(RCTL), 0, "D3 resets");
    });
}

#[test]
fn accesses_that_never_end_after_removal() {
    breaks(&rules::I82574_GONE, "pulled out", |rig| {
        rig.model.pull_out();
        loop {
            assert_eq!(rig.read(STATUS), u32::MAX);
        }
    });
}

#[test]
fn descriptors_that_make_no_sense() {
    let rule = &rules::I82574_DESCRIPTOR;
    let breaks = |what: &str, descriptors: fn(u64) -> Vec<[u64; 2]>| {
        breaks(rule, what, move |rig| {
            rig.set_up();
            let at = rig.stage(&[0; 2000]);
            rig.post(&descriptors(at));
            rig.until("the end", || false);
        });
    };
    const DEXT: u64 = 1 << 29;
    const DATA: u64 = DEXT | 1 << 20;
    breaks("no known kind", |at| vec![[at, 60 | LAST | DEXT | 2 << 20]]);
    breaks("without bytes", |_| vec![[0, LAST]]);
    breaks("more than 9234", |at| vec![[at, 2000]; 5]);
    breaks("without a context", |at| vec![[at, 60 | LAST | DATA | 1 << 40]]);
    breaks("legacy and extended", |at| vec![[at, 60], [at, 60 | LAST | DATA]]);
    breaks("in the middle", |at| vec![[at, 60], [0, DEXT]]);
    breaks("no MSS", |at| vec![[0, DEXT | 1 << 26], [at, 2000 | LAST | DATA | 1 << 26]]);
    breaks("do not fit", |at| vec![[0, DEXT | 1 << 26 | 100 << 48], [at, 2000 | LAST | DATA | 1 << 26]]);
    breaks("IP checksum", |at| vec![[0xFFFF, DEXT], [at, 60 | LAST | DATA | 1 << 40]]);
}

#[test]
fn serial_interfaces_misused() {
    let rule = &rules::I82574_SERIAL;
    breaks(rule, "MDIO_SW_OWNERSHIP", |rig| rig.write(MDIC, 2 << 26 | 1 << 21));
    breaks(rule, "operation", |rig| {
        rig.own();
        rig.write(MDIC, 1 << 21);
    });
    breaks(rule, "in progress", |rig| {
        rig.own();
        rig.model.inject(Fault::PhyTimeout { after: 0 });
        rig.write(MDIC, 2 << 26 | 1 << 21);
        rig.write(MDIC, 2 << 26 | 1 << 21);
    });
}
