//! Which message serves which cause: fixed register values.

use ferrite_nic::{InterruptPlan, Work};

const RXQ0: u32 = 1 << 20;
const TXQ0: u32 = 1 << 22;
const OTHER: u32 = 1 << 24;
const LSC: u32 = 1 << 2;

#[test]
fn three_messages() {
    for granted in [3, 5, 2048] {
        let plan = InterruptPlan::messages(granted);
        assert_eq!(plan.count(), 3);
        assert_eq!(plan.ivar(), 0x000a_0908);
        assert_eq!([0, 1, 2, 3].map(|message| plan.causes(message)), [RXQ0, TXQ0, OTHER | LSC, 0]);
        assert_eq!(plan.work(0), Work { receive: true, ..Work::NONE });
        assert_eq!(plan.work(1), Work { transmit: true, ..Work::NONE });
        assert_eq!(plan.work(2), Work { other: true, ..Work::NONE });
        assert_eq!(plan.work(3), Work::NONE);
        assert_eq!((plan.eiac(), plan.iam()), (RXQ0 | TXQ0 | OTHER, RXQ0 | TXQ0 | OTHER));
    }
}

#[test]
fn fewer_messages_share() {
    let two = InterruptPlan::messages(2);
    assert_eq!(two.ivar(), 0x0009_0808);
    assert_eq!([0, 1, 2].map(|message| two.causes(message)), [RXQ0 | TXQ0, OTHER | LSC, 0]);
    let one = InterruptPlan::messages(1);
    assert_eq!(one.ivar(), 0x0008_0808);
    assert_eq!([0, 1, 2].map(|message| one.causes(message)), [RXQ0 | TXQ0 | OTHER | LSC, 0, 0]);
    assert_eq!(one.work(0), Work::ALL);
}

#[test]
fn the_line() {
    let line = InterruptPlan::messages(0);
    assert_eq!(line, InterruptPlan::line());
    assert!(!line.is_message());
    assert_eq!(line.count(), 1);
    assert_eq!((line.ivar(), line.eiac(), line.iam()), (0, 0, u32::MAX));
    // TXDW, LSC, RXDMT0, RXO, RXT0; not TXQE, which every tail write raises.
    assert_eq!(line.causes(0), 0xd5);
    assert_eq!(line.all_causes(), 0xd5);
    assert_eq!(line.work(0), Work::ALL);
}

#[test]
fn line_causes_become_work() {
    assert_eq!(InterruptPlan::line_work(0), Work::NONE);
    assert_eq!(InterruptPlan::line_work(1 << 1), Work::NONE, "TXQE asks for nothing");
    assert_eq!(InterruptPlan::line_work(1), Work { transmit: true, ..Work::NONE });
    assert_eq!(InterruptPlan::line_work(LSC), Work { other: true, ..Work::NONE });
    for receive in [4, 6, 7] {
        assert_eq!(InterruptPlan::line_work(1 << receive), Work { receive: true, ..Work::NONE });
    }
}
