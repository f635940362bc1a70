//! The device leaves the bus in the middle of everything (NDIS-SURP-04).

use ferrite_nic::{Error, Gone, HwStats, Nic, SpeedDuplex, regs};

use crate::model::{Make, Model, Options};
use crate::sequences::{MAKES, setup, start};

/// Whatever the access at which the device disappears: the sequence ends, soon, and says so.
#[test]
fn at_every_access_of_a_start() {
    for make in MAKES {
        let whole = Model::of(make);
        start(&Nic::new(&whole), &whole, &setup()).unwrap();
        let accesses = whole.accesses() as u64;
        for gone_after in 0..accesses {
            let model = Model::new(Options { gone_after, ..Options::new(make) });
            let nic = Nic::new(&model);
            let result = start(&nic, &model, &setup());
            assert!(model.has_left());
            // Only the writes at the end of the sequence cannot notice.
            if result.is_ok() {
                assert_eq!(nic.check_present(), Err(Gone), "at {gone_after}");
            } else {
                assert_eq!(result, Err(Error::Gone), "at {gone_after}");
            }
            assert!(model.now() <= whole.now() + 1_000_000, "no waiting for a device that has left");
        }
    }
}

#[test]
fn every_question_is_answered_with_gone() {
    let model = Model::new(Options { gone_after: 0, ..Options::new(Make::Silicon) });
    let nic = Nic::new(&model);
    nic.mask_all();
    assert_eq!(nic.check_present(), Err(Gone));
    assert_eq!(nic.link(), Err(Gone));
    assert_eq!(nic.transmit_paused(), Err(Gone));
    assert_eq!(nic.line_interrupt(), Err(Gone));
    assert_eq!(nic.stop(&&model), Err(Error::Gone));
    assert_eq!(nic.reset(&&model), Err(Error::Gone));
    assert_eq!(nic.identify(&&model), Err(Error::Gone));
    assert_eq!(nic.bring_up(&setup(), &&model), Err(Error::Gone));
    assert_eq!(nic.release(), Err(Error::Gone));
    assert_eq!(nic.resolve_pause(SpeedDuplex::Auto, setup().flow_control, &&model), Err(Error::Gone));
    let mut stats = HwStats::default();
    assert_eq!(stats.accumulate(&&model), Err(Gone));
    assert_eq!(stats, HwStats::default(), "all ones are no counts");
    assert!(model.now() < 1_000_000);
}

/// A register may hold all ones while the device is there.
#[test]
fn all_ones_need_confirmation() {
    let model = Model::of(Make::Silicon);
    let nic = Nic::new(&model);
    model.poke(regs::GCR, u32::MAX);
    model.poke(regs::EXTCNF_CTRL, u32::MAX);
    nic.reset(&&model).unwrap();
    assert_eq!(nic.bring_up(&setup(), &&model), Ok(()));
    model.raise(u32::MAX >> 1);
    nic.arm(u32::MAX);
    assert!(nic.line_interrupt().is_ok_and(|interrupt| interrupt.ours));
}
