//! A PHY behind MDIC that answers what it likes, when it likes, and firmware that holds the interface.
//!
//! The first bytes choose the settings and the registers' contents; then each MDI transaction takes its answer from the
//! input. What must come of it follows from the first answer that is wrong.

mod device;

use ferrite_nic::{Duplex, Error, FlowControl, LinkState, Nic, Pause, SpeedDuplex, Step, regs};

use crate::input::Input;
use device::{Answer, Device};

const SPEEDS: [SpeedDuplex; 6] = [
    SpeedDuplex::Auto,
    SpeedDuplex::Half10,
    SpeedDuplex::Full10,
    SpeedDuplex::Half100,
    SpeedDuplex::Full100,
    SpeedDuplex::Full1000,
];
const FLOWS: [FlowControl; 5] = [
    FlowControl::Disabled,
    FlowControl::Transmit,
    FlowControl::Receive,
    FlowControl::Both,
    FlowControl::Auto,
];
const RFCE: u32 = 1 << 27;
const TFCE: u32 = 1 << 28;
/// FD, ASDE, SLU, SPEED, FRCSPD, FRCDPX, RFCE, TFCE, bit 29: what a link's setup may change in CTRL.
const LINK_BITS: u32 = 1 | 1 << 5 | 1 << 6 | 3 << 8 | 3 << 11 | 3 << 27 | 1 << 29;
/// The maker's half of the identifier.
const MAKER: u16 = 0x0141;

/// Runs one input.
///
/// # Panics
/// A property does not hold.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let (speed, flow) = (input.one_of(&SPEEDS), input.one_of(&FLOWS));
    let resolves = input.u8() & 1 != 0;
    let device = Device::new(input);
    let nic = Nic::new(&device);
    let ctrl = device.peek(regs::CTRL);
    if resolves {
        let status = device.peek(regs::STATUS);
        let result = nic.resolve_pause(speed, flow, &&device);
        check_pause(&device, (speed, flow), status, result);
        let changed = device.peek(regs::CTRL) ^ ctrl;
        assert_eq!(changed & !(RFCE | TFCE), 0, "CTRL");
    } else {
        let result = nic.set_link(speed, flow, &&device);
        check_link(&device, result);
        let changed = device.peek(regs::CTRL) ^ ctrl;
        assert_eq!(changed & !LINK_BITS, 0, "CTRL");
    }
    device.check_end();
}

/// What the transactions made it, if it is an error.
fn failure(device: &Device) -> Option<Error> {
    if device.is_gone() {
        return Some(Error::Gone);
    }
    if device.is_refused() {
        return Some(Error::Timeout(Step::MdioOwnership));
    }
    let log = device.transactions();
    let bad = log.iter().position(|done| !matches!(done.answer, Answer::Data(_)))?;
    assert_eq!(bad + 1, log.len(), "a transaction after one that failed");
    Some(match log[bad].answer {
        Answer::Never => Error::Timeout(Step::Mdic),
        _ => Error::Phy(log[bad].register),
    })
}

fn check_link(device: &Device, result: Result<(), Error>) {
    let log = device.transactions();
    if let Some(error) = failure(device) {
        assert_eq!(result, Err(error));
        return;
    }
    let (id, rest) = log.split_first().expect("the PHY is asked who it is");
    let Answer::Data(maker) = id.answer else { unreachable!("a failure") };
    assert_eq!((id.register, id.written), (2, None), "ID1 first");
    if maker != MAKER {
        let [id2] = rest else { panic!("a foreign PHY is configured: {rest:?}") };
        let Answer::Data(low) = id2.answer else { unreachable!("a failure") };
        assert_eq!(result, Err(Error::PhyId(u32::from(maker) << 16 | u32::from(low))));
        return;
    }
    // A reset that does not end is given up after half a second.
    let last = rest.last().expect("something is set up");
    let resetting = last.register == 0
        && last.written.is_none()
        && matches!(last.answer, Answer::Data(bmcr) if bmcr & 1 << 15 != 0)
        && rest.len() > 50;
    let expected = if resetting { Err(Error::Timeout(Step::PhyReset)) } else { Ok(()) };
    assert_eq!(result, expected);
    // Fixed bits of registers 4 and 9 are kept as they were read.
    for pair in rest.windows(2) {
        if let ([9, 9], Answer::Data(old), Some(new)) =
            ([pair[0].register, pair[1].register], pair[0].answer, pair[1].written)
        {
            assert_eq!((old ^ new) & !0x300, 0, "1000BASE-T control");
        }
    }
}

fn check_pause(
    device: &Device,
    (speed, flow): (SpeedDuplex, FlowControl),
    status: u32,
    result: Result<Pause, Error>,
) {
    if let Some(error) = failure(device) {
        assert_eq!(result, Err(error));
        return;
    }
    let pause = result.expect("nothing failed");
    let LinkState::Up(link) = LinkState::from_status(status) else {
        assert_eq!(pause, Pause::default(), "without a link");
        assert!(device.transactions().is_empty());
        return;
    };
    let bits = device.peek(regs::CTRL);
    assert_eq!((bits & RFCE != 0, bits & TFCE != 0), (pause.receive, pause.transmit), "CTRL");
    // What the setting forbids is never in effect.
    assert!(!pause.transmit || !matches!(flow, FlowControl::Disabled | FlowControl::Receive));
    assert!(!pause.receive || !matches!(flow, FlowControl::Disabled | FlowControl::Transmit));
    if let Some((_, duplex)) = speed.forced() {
        assert!(device.transactions().is_empty(), "nobody has negotiated");
        let full = duplex == Duplex::Full;
        let transmits = full && !matches!(flow, FlowControl::Disabled | FlowControl::Receive);
        let receives = full && !matches!(flow, FlowControl::Disabled | FlowControl::Transmit);
        assert_eq!(pause, Pause { transmit: transmits, receive: receives });
        return;
    }
    let log = device.transactions();
    let [partner] = log.as_slice() else { panic!("the partner's ability is read once: {log:?}") };
    assert_eq!((partner.register, partner.written), (5, None));
    let Answer::Data(ability) = partner.answer else { unreachable!("a failure") };
    assert_eq!(pause, agreed(flow, ability, link.duplex));
}

/// IEEE 802.3, table 28B-3, row by row, cut to the setting.
fn agreed(flow: FlowControl, partner: u16, duplex: Duplex) -> Pause {
    if duplex == Duplex::Half {
        return Pause::default();
    }
    let (pause, asymmetric) = (partner & 1 << 10 != 0, partner & 1 << 11 != 0);
    match flow {
        FlowControl::Disabled => Pause::default(),
        // Advertises ASM_DIR alone.
        FlowControl::Transmit => Pause { transmit: pause && asymmetric, receive: false },
        // The others advertise both.
        FlowControl::Receive => Pause { transmit: false, receive: pause || asymmetric },
        FlowControl::Both | FlowControl::Auto => Pause { transmit: pause, receive: pause || asymmetric },
    }
}
