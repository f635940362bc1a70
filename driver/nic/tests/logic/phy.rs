//! The PHY: who may reach it, what is written to it, and what pause frames come of it.

use ferrite_nic::{Error, FlowControl, Nic, Pause, Setup, SpeedDuplex, Step, regs};

use crate::model::{Make, Model, NEVER, Options};
use crate::sequences::{setup, start};

#[test]
fn firmware_may_hold_the_mdio_interface_for_a_while() {
    for (refusals, result) in [(3, Ok(())), (u32::MAX, Err(Error::Timeout(Step::MdioOwnership)))] {
        let model = Model::new(Options { mdio_refusals: refusals, ..Options::new(Make::Silicon) });
        let nic = Nic::new(&model);
        assert_eq!(nic.reset(&&model), Ok(()), "the reset happens anyway");
        assert_eq!(nic.bring_up(&setup(), &&model), result);
        assert_eq!(model.peek(regs::EXTCNF_CTRL) & 1 << 5, 0, "given back");
    }
}

#[test]
fn phy_failures_are_told_apart_and_the_interface_given_back() {
    let silicon = || Options::new(Make::Silicon);
    let forced = Setup { speed_duplex: SpeedDuplex::Full100, ..setup() };
    for (options, setup, error) in [
        (Options { mdic: NEVER, ..silicon() }, setup(), Error::Timeout(Step::Mdic)),
        (Options { mdic_error: true, ..silicon() }, setup(), Error::Phy(2)),
        (Options { phy_id: [0xffff, 0xffff], ..silicon() }, setup(), Error::PhyId(0xffff_ffff)),
        (Options { phy_id: [0x02a8, 0x0380], ..silicon() }, setup(), Error::PhyId(0x02a8_0380)),
        (Options { phy_reset: NEVER, ..silicon() }, forced, Error::Timeout(Step::PhyReset)),
    ] {
        let model = Model::new(options);
        let nic = Nic::new(&model);
        nic.reset(&&model).unwrap();
        assert_eq!(nic.bring_up(&setup, &&model), Err(error));
        assert_eq!(model.peek(regs::EXTCNF_CTRL) & 1 << 5, 0, "given back");
    }
}

#[test]
fn speed_and_duplex_reach_the_phy() {
    const SLU: u32 = 1 << 6;
    const FORCE: u32 = 1 << 11 | 1 << 12;
    // BMCR, advertised 10 and 100 Mb/s abilities, advertised gigabit abilities, CTRL's link bits.
    let rows = [
        (SpeedDuplex::Auto, 0x1140, Some((0x01e0, 0x0200)), SLU),
        (SpeedDuplex::Full1000, 0x1140, Some((0, 0x0200)), SLU),
        (SpeedDuplex::Half10, 0, None, SLU | FORCE),
        (SpeedDuplex::Full10, 0x0100, None, SLU | FORCE | 1),
        (SpeedDuplex::Half100, 0x2000, None, SLU | FORCE | 1 << 8),
        (SpeedDuplex::Full100, 0x2100, None, SLU | FORCE | 1 << 8 | 1),
    ];
    for (speed_duplex, bmcr, advertised, link) in rows {
        let model = Model::of(Make::Silicon);
        start(&Nic::new(&model), &model, &Setup { speed_duplex, ..setup() }).unwrap();
        assert_eq!(model.phy(0), bmcr, "{speed_duplex:?}");
        assert_eq!(model.phy(31), u16::from(advertised.is_some()), "restarts of negotiation");
        if let Some((low, gigabit)) = advertised {
            assert_eq!(model.phy(4), low | 0x0c01, "{speed_duplex:?}");
            assert_eq!(model.phy(9), 0x0c00 | gigabit, "{speed_duplex:?}");
        }
        let mask = SLU | FORCE | 3 << 8 | 1 << 5 | 1;
        assert_eq!(model.peek(regs::CTRL) & mask, link, "{speed_duplex:?}");
    }
}

#[test]
fn pause_frames_follow_the_partner() {
    const RFCE: u32 = 1 << 27;
    const TFCE: u32 = 1 << 28;
    let model = Model::of(Make::Silicon);
    let nic = Nic::new(&model);
    start(&nic, &model, &setup()).unwrap();
    assert_eq!(model.peek(regs::CTRL) & (RFCE | TFCE), 0, "nothing before the link is up");
    let resolve = |speed, flow| nic.resolve_pause(speed, flow, &&model);
    assert_eq!(resolve(SpeedDuplex::Auto, FlowControl::Both), Ok(Pause::default()), "no link");

    model.poke(regs::STATUS, 0x83);
    for (partner, flow, pause, bits) in [
        (0x45e1, FlowControl::Both, (true, true), RFCE | TFCE),
        (0x41e1, FlowControl::Both, (false, false), 0),
        (0x49e1, FlowControl::Both, (false, true), RFCE),
        (0x45e1, FlowControl::Receive, (false, true), RFCE),
        (0x4de1, FlowControl::Transmit, (true, false), TFCE),
        (0x4de1, FlowControl::Disabled, (false, false), 0),
    ] {
        model.set_phy(5, partner);
        let wanted = Pause { transmit: pause.0, receive: pause.1 };
        assert_eq!(resolve(SpeedDuplex::Auto, flow), Ok(wanted), "{partner:#x} {flow:?}");
        assert_eq!(model.peek(regs::CTRL) & (RFCE | TFCE), bits);
    }
    let forced = resolve(SpeedDuplex::Full100, FlowControl::Transmit);
    assert_eq!(forced, Ok(Pause { transmit: true, receive: false }));
    assert_eq!(resolve(SpeedDuplex::Half100, FlowControl::Both), Ok(Pause::default()));
    assert_eq!(model.peek(regs::EXTCNF_CTRL), 0);
}
