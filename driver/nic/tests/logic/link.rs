//! Link state and negotiation.

use ferrite_nic::{Duplex, FlowControl, Link, LinkState, Pause, PauseAbility, Speed};

#[test]
fn status_decodes() {
    assert_eq!(LinkState::from_status(0x8008_0000), LinkState::Down);
    assert_eq!(LinkState::from_status(0x81), LinkState::Down, "speed without link");
    let speeds = [Speed::Mbps10, Speed::Mbps100, Speed::Mbps1000, Speed::Mbps1000];
    for (speed, bits) in speeds.into_iter().zip(0..) {
        for (duplex, full) in [(Duplex::Half, 0), (Duplex::Full, 1)] {
            let status = bits << 6 | 2 | full;
            assert_eq!(LinkState::from_status(status), LinkState::Up(Link { speed, duplex }));
        }
    }
    assert_eq!(Speed::Mbps10.bits_per_second(), 10_000_000);
    assert_eq!(Speed::Mbps100.bits_per_second(), 100_000_000);
    assert_eq!(Speed::Mbps1000.bits_per_second(), 1_000_000_000);
}

/// IEEE 802.3 table 28B-3, row by row: own PAUSE and `ASM_DIR`, the partner's, and what becomes of it as
/// (transmit, receive).
const TABLE_28B_3: [(u8, u8, u8, u8, bool, bool); 16] = [
    (0, 0, 0, 0, false, false),
    (0, 0, 0, 1, false, false),
    (0, 0, 1, 0, false, false),
    (0, 0, 1, 1, false, false),
    (0, 1, 0, 0, false, false),
    (0, 1, 0, 1, false, false),
    (0, 1, 1, 0, false, false),
    (0, 1, 1, 1, true, false),
    (1, 0, 0, 0, false, false),
    (1, 0, 0, 1, false, false),
    (1, 0, 1, 0, true, true),
    (1, 0, 1, 1, true, true),
    (1, 1, 0, 0, false, false),
    (1, 1, 0, 1, false, true),
    (1, 1, 1, 0, true, true),
    (1, 1, 1, 1, true, true),
];

const SETTINGS: [(FlowControl, bool, bool); 5] = [
    (FlowControl::Disabled, false, false),
    (FlowControl::Transmit, true, false),
    (FlowControl::Receive, false, true),
    (FlowControl::Both, true, true),
    (FlowControl::Auto, true, true),
];

#[test]
fn pause_is_negotiated_by_the_table_within_the_setting() {
    let mut rows = 0;
    for (setting, transmit, receive) in SETTINGS {
        let own = PauseAbility::advertised(setting);
        for (pause, asymmetric, partner_pause, partner_asymmetric, sends, obeys) in TABLE_28B_3 {
            if own != (PauseAbility { symmetric: pause == 1, asymmetric: asymmetric == 1 }) {
                continue;
            }
            rows += 1;
            let partner = PauseAbility { symmetric: partner_pause == 1, asymmetric: partner_asymmetric == 1 };
            assert_eq!(
                Pause::negotiated(setting, partner, Duplex::Full),
                Pause { transmit: sends && transmit, receive: obeys && receive },
                "{setting:?} with {partner:?}"
            );
            assert_eq!(Pause::negotiated(setting, partner, Duplex::Half), Pause::default());
        }
        assert_eq!(Pause::forced(setting), Pause { transmit, receive });
    }
    assert_eq!(rows, 20, "four partners for each setting");
}

#[test]
fn pause_bits_of_the_phy() {
    for (ability, bits) in
        [((false, false), 0), ((true, false), 0x400), ((false, true), 0x800), ((true, true), 0xc00)]
    {
        let ability = PauseAbility { symmetric: ability.0, asymmetric: ability.1 };
        assert_eq!(ability.to_phy(), bits);
        assert_eq!(PauseAbility::from_phy(bits | 0x01e1), ability);
    }
}
