//! Every check, with a driver that it catches. What sound drivers do is let through: see the other tests.

use super::{
    rig::*,
    rows::mutants,
    sound::{DATA, DEXT, HEADERS, TSE, context},
};
use ferrite_host::{
    device::i82574::Fault,
    verify::Rule,
    world::{Hardware, InterruptMode},
};

const ALL_RINGS: [u64; 4] = [RX, TX, RX + 0x100, TX + 0x100];

/// Transmit descriptors that make no sense.
fn posted(rule: &'static Rule, what: &str, descriptors: fn(u64) -> Vec<[u64; 2]>) {
    breaks(rule, what, move |rig| {
        rig.set_up();
        let at = rig.stage(&[0; 2000]);
        rig.post(&descriptors(at));
        rig.until("the end", || false);
    });
}

/// A register of a ring written while the ring is in use; it may be when the ring is off.
fn changed_in_use(rule: &'static Rule, first: u64) {
    for (register, value) in [(0, 0x12_0000), (4, 1), (8, 0x80), (0x10, 1)] {
        breaks(rule, "in use", move |rig| {
            rig.set_up();
            rig.write(first + register, value);
        });
    }
    passes(config(), |rig| {
        rig.set_up();
        rig.write(TCTL, 0);
        rig.write(RCTL, 0);
        rig.rings();
    });
}

mutants! {
    accesses_that_are_no_aligned_dwords breaks I82574_DWORD: |rule| {
        for (offset, size) in [(0, 1), (0, 2), (0, 8), (2, 4), (0x00C1, 4), (0x3811, 2)] {
            breaks(rule, "aligned dwords", move |rig| {
                rig.model.read(0, offset, size);
            });
            breaks(rule, "aligned dwords", move |rig| rig.model.write(0, offset, size, 0));
        }
    };
    registers_that_there_are_not breaks I82574_REGISTER: |rule| {
        for offset in [0x000C, 0x0024, 0x0500, 0x2A00, 0x5A80, 0x7000, 0x1_FFFC] {
            breaks(rule, "no register", move |rig| {
                rig.read(offset);
            });
            breaks(rule, "no register", move |rig| rig.write(offset, 0));
        }
    };
    registers_while_memory_is_off breaks I82574_MEMORY_OFF: |rule| {
        breaks(rule, "memory off", |rig| {
            rig.model.config_write(4, &[0, 0]);
            rig.read(STATUS);
        });
    };
    registers_that_are_read_only breaks I82574_READ_ONLY: |rule| {
        for offset in [STATUS, 0x5900, 0x5B30] {
            breaks(rule, "read-only", move |rig| rig.write(offset, 0));
        }
    };
    statistics_that_are_written breaks I82574_STATISTICS: |rule| {
        for offset in [0x4000, 0x4074] {
            breaks(rule, "read-only", move |rig| rig.write(offset, 0));
        }
    };
    ring_bases_that_are_not_aligned breaks I82574_RING_BASE: |rule| {
        for first in ALL_RINGS {
            breaks(rule, "aligned", move |rig| rig.write(first, 0x10_0008));
        }
    };
    ring_lengths_that_are_none breaks I82574_RING_LENGTH: |rule| {
        for first in ALL_RINGS {
            breaks(rule, "multiple of 128", move |rig| rig.write(first + 8, 0x40));
            breaks(rule, "multiple of 128", move |rig| rig.write(first + 8, 0x10_0000));
        }
    };
    ring_heads_beyond_the_ring breaks I82574_RING_HEAD: |rule| {
        for first in ALL_RINGS {
            breaks(rule, "head", move |rig| {
                rig.write(first + 8, 0x80);
                rig.write(first + 0x10, 8);
            });
        }
    };
    a_receive_ring_changed_in_use breaks I82574_RECEIVE_RING: |rule| changed_in_use(rule, RX);
    a_transmit_ring_changed_in_use breaks I82574_TRANSMIT_RING: |rule| changed_in_use(rule, TX);
    tails_beyond_the_ring breaks I82574_TAIL: |rule| {
        for first in [RX, TX] {
            breaks(rule, "beyond", move |rig| {
                rig.set_up();
                rig.write(first + 0x18, RING as u32);
            });
        }
    };
    receive_tails_that_go_backwards breaks I82574_RECEIVE_TAIL: |rule| {
        breaks(rule, "takes back", |rig| {
            rig.set_up();
            rig.write(RX + 0x18, 5);
        });
    };
    transmit_tails_that_go_backwards breaks I82574_TRANSMIT_TAIL: |rule| {
        breaks(rule, "takes back", |rig| {
            rig.set_up();
            rig.model.inject(Fault::TransmitStuck { after: 0 });
            let at = rig.stage(&[0; 60]);
            rig.post(&[[at, 60 | LAST]; 4]);
            rig.write(TX + 0x18, 2);
        });
    };
    descriptors_published_after_a_reset breaks I82574_RESET: |rule| {
        for first in [RX, TX] {
            breaks(rule, "without a ring", move |rig| {
                rig.set_up();
                rig.reset();
                rig.write(first + 0x18, 1);
            });
        }
    };
    frames_that_are_not_allocated breaks I82574_DMA_FRAME: |rule| {
        posted(rule, "frame to send", |_| vec![[0x8000, 60 | LAST]]);
    };
    buffers_that_are_not_the_drivers breaks I82574_DMA_BUFFER: |rule| {
        breaks(rule, "received frame", |rig| {
            rig.set_up();
            rig.word(RX_RING, 0xF_F000);
            rig.model.wire().send(&[1; 60]);
            rig.until("the end", || false);
        });
    };
    rings_that_are_not_the_drivers breaks I82574_DMA_DESCRIPTOR: |rule| {
        breaks(rule, "fetched", |rig| {
            rig.set_up();
            rig.write(TCTL, 0);
            rig.write(TX, 0x8000_0000);
            rig.write(TCTL, TX_ON);
            rig.write(TX + 0x18, 1);
            rig.until("the end", || false);
        });
    };
    dma_without_bus_mastering breaks I82574_MASTER: |rule| {
        breaks(rule, "bus mastering", |rig| {
            rig.set_up();
            rig.model.config_write(4, &[2, 0]);
            let at = rig.stage(&[0; 60]);
            rig.post(&[[at, 60 | LAST]]);
            rig.until("the end", || false);
        });
    };
    interrupts_for_nobody breaks I82574_CONNECTED: |rule| {
        breaks(rule, "no interrupt is connected", |rig| rig.write(IMS, 1));
    };
    interrupts_left_enabled_at_disconnection breaks I82574_LEFT_DISCONNECTED: |rule| {
        breaks(rule, "disconnected while IMS", |rig| {
            rig.connect(InterruptMode::Messages(3));
            rig.write(IMS, 1);
            rig.model.disconnect();
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
    };
    interrupts_left_enabled_at_removal breaks I82574_LEFT_INTERRUPT: |rule| {
        breaks(rule, "removed while IMS", |rig| {
            rig.connect(InterruptMode::Messages(3));
            rig.write(IMS, 1);
            rig.model.check_removed();
        });
    };
    a_receiver_left_on breaks I82574_LEFT_RECEIVER: |rule| {
        breaks(rule, "receiver", |rig| {
            rig.set_up();
            rig.model.check_removed();
        });
    };
    a_transmitter_left_on breaks I82574_LEFT_TRANSMITTER: |rule| {
        breaks(rule, "transmitter", |rig| {
            rig.set_up();
            rig.write(RCTL, 0);
            rig.model.check_removed();
        });
    };
    registers_in_d3 breaks I82574_POWER: |rule| {
        breaks(rule, "D3", |rig| {
            rig.model.config_write(0xCC, &[3, 0]);
            rig.read(STATUS);
        });
        passes(config(), |rig| {
            rig.set_up();
            rig.model.config_write(0xCC, &[3, 0]);
            rig.model.config_write(0xCC, &[0, 0]);
            assert_eq!(rig.read(RCTL), 0, "D3 resets");
        });
    };
    accesses_that_never_end_after_removal breaks I82574_GONE: |rule| {
        breaks(rule, "pulled out", |rig| {
            rig.model.pull_out();
            loop {
                assert_eq!(rig.read(STATUS), u32::MAX);
            }
        });
    };
    descriptors_of_no_kind breaks I82574_KIND: |rule| {
        posted(rule, "no known kind", |at| vec![[at, 60 | LAST | DEXT | 2 << 20]]);
    };
    frames_without_bytes breaks I82574_EMPTY: |rule| {
        posted(rule, "without bytes", |_| vec![[0, LAST]]);
    };
    frames_that_are_too_long breaks I82574_LONG: |rule| {
        posted(rule, "more than 9234", |at| vec![[at, 2000]; 5]);
    };
    offloads_without_a_context breaks I82574_OFFLOAD: |rule| {
        posted(rule, "without a context", |at| vec![[at, 60 | LAST | DATA | 1 << 40]]);
    };
    frames_of_both_kinds_of_descriptors breaks I82574_MIXED: |rule| {
        posted(rule, "legacy and extended", |at| vec![[at, 60], [at, 60 | LAST | DATA]]);
    };
    contexts_inside_frames breaks I82574_CONTEXT: |rule| {
        posted(rule, "in the middle", |at| vec![[at, 60], [0, DEXT]]);
    };
    large_sends_without_an_mss breaks I82574_MSS: |rule| {
        posted(rule, "no MSS", |at| vec![context(2000 - HEADERS, 0), [at, 2000 | LAST | DATA | TSE]]);
    };
    large_sends_without_headers breaks I82574_HEADER: |rule| {
        posted(rule, "do not fit", |at| vec![[0, DEXT | TSE | 100 << 48], [at, 2000 | LAST | DATA | TSE]]);
        posted(rule, "do not fit", |at| vec![context(0, 500), [at, HEADERS | LAST | DATA | TSE]]);
    };
    large_sends_of_another_length breaks I82574_PAYLOAD: |rule| {
        posted(rule, "PAYLEN", |at| vec![context(2000, 500), [at, 2000 | LAST | DATA | TSE]]);
    };
    checksums_outside_the_frame breaks I82574_CHECKSUM: |rule| {
        posted(rule, "IP checksum", |at| vec![[0xFFFF, DEXT], [at, 60 | LAST | DATA | 1 << 40]]);
    };
    the_mdio_interface_without_its_ownership breaks I82574_MDIO_OWNER: |rule| {
        breaks(rule, "MDIO_SW_OWNERSHIP", |rig| rig.write(MDIC, 2 << 26 | 1 << 21));
    };
    mdi_operations_that_are_none breaks I82574_MDIO_OPERATION: |rule| {
        breaks(rule, "operation", |rig| {
            rig.own();
            rig.write(MDIC, 1 << 21);
        });
    };
    mdic_in_progress breaks I82574_MDIO_BUSY: |rule| {
        breaks(rule, "in progress", |rig| {
            rig.own();
            rig.model.inject(Fault::PhyTimeout { after: 0 });
            rig.write(MDIC, 2 << 26 | 1 << 21);
            rig.write(MDIC, 2 << 26 | 1 << 21);
        });
    };
    eerd_in_progress breaks I82574_NVM_BUSY: |rule| {
        let mut slow = config();
        slow.delays.nvm = std::time::Duration::from_hours(1);
        breaks_with(slow, rule, "EERD", |rig| {
            rig.write(EERD, 1);
            rig.write(EERD, 1 << 2 | 1);
        });
    };
}
