//! The gate's transitions, one thread, against a set of reasons and a number.

use std::collections::BTreeSet;

use ferrite_nic::{Close, Gate, OpenError, Opened, Reason};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Op {
    Enter(u32),
    Hold,
    Indicate(u32, bool),
    Leave(u32),
    Close(usize),
    Refuse(usize),
    Open(usize),
}

fn op() -> impl Strategy<Value = Op> {
    let reason = 0..Reason::ALL.len();
    prop_oneof![
        4 => (0_u32..5).prop_map(Op::Enter),
        2 => Just(Op::Hold),
        3 => (0_u32..4, any::<bool>()).prop_map(|(count, resources)| Op::Indicate(count, resources)),
        6 => (0_u32..6).prop_map(Op::Leave),
        2 => (2..Reason::ALL.len()).prop_map(Op::Close),
        2 => (2..Reason::ALL.len()).prop_map(Op::Refuse),
        5 => (2..Reason::ALL.len()).prop_map(Op::Open),
        1 => reason.prop_map(Op::Close),
    ]
}

#[derive(Default)]
struct Reference {
    count: u64,
    closed: BTreeSet<usize>,
    waiting: BTreeSet<usize>,
}

impl Reference {
    /// Lower numbers are reported first.
    fn reason(&self) -> Option<Reason> {
        self.closed.first().map(|&index| Reason::ALL[index])
    }

    fn leave(&mut self, count: u32) -> BTreeSet<usize> {
        self.count = self.count.saturating_sub(u64::from(count));
        if self.count == 0 { std::mem::take(&mut self.waiting) } else { BTreeSet::new() }
    }
}

fn taken(drained: Option<ferrite_nic::Drained>) -> BTreeSet<usize> {
    let Some(drained) = drained else { return BTreeSet::new() };
    let taken: BTreeSet<_> =
        (0..Reason::ALL.len()).filter(|&index| drained.includes(Reason::ALL[index])).collect();
    assert!(!taken.is_empty(), "a token for nobody");
    taken
}

proptest! {
    #[test]
    fn follows_the_reference(ops in prop::collection::vec(op(), 1..200)) {
        let gate = Gate::new();
        let mut reference = Reference { closed: [3].into(), ..Reference::default() };
        for op in ops {
            match op {
                Op::Enter(count) => {
                    let verdict = reference.reason().map_or(Ok(()), Err);
                    prop_assert_eq!(gate.enter(count), verdict);
                    if verdict.is_ok() {
                        reference.count += u64::from(count);
                    }
                }
                Op::Indicate(count, resources) => match (gate.indicate(count), reference.reason()) {
                    (Ok(indication), None) => {
                        prop_assert_eq!(gate.outstanding(), reference.count + u64::from(count) + 1);
                        reference.count += u64::from(count) + 1;
                        let (drained, left) = if resources {
                            (indication.returned_all(), count + 1)
                        } else {
                            (indication.returned(), 1)
                        };
                        prop_assert_eq!(taken(drained), reference.leave(left));
                    }
                    (Err(reason), Some(wanted)) => prop_assert_eq!(reason, wanted),
                    (_, wanted) => prop_assert!(false, "the gate and the reference ({wanted:?}) differ"),
                },
                // Legal only while something is out.
                Op::Hold => {
                    if reference.count != 0 {
                        gate.hold();
                        reference.count += 1;
                    }
                }
                Op::Leave(count) => prop_assert_eq!(taken(gate.leave(count)), reference.leave(count)),
                Op::Close(index) => {
                    let wanted = if !reference.closed.insert(index) {
                        Close::Already
                    } else if reference.count == 0 {
                        Close::Idle
                    } else {
                        reference.waiting.insert(index);
                        Close::Pending
                    };
                    prop_assert_eq!(gate.close(Reason::ALL[index]), wanted);
                }
                Op::Refuse(index) => {
                    prop_assert_eq!(gate.refuse(Reason::ALL[index]), reference.closed.insert(index));
                }
                Op::Open(index) => {
                    let wanted = if !reference.closed.contains(&index) {
                        Err(OpenError::NotClosed)
                    } else if reference.waiting.contains(&index) {
                        Err(OpenError::Pending)
                    } else {
                        reference.closed.remove(&index);
                        Ok(reference.reason().map_or(Opened::Open, Opened::StillClosed))
                    };
                    prop_assert_eq!(gate.open(Reason::ALL[index]), wanted);
                }
            }
            prop_assert_eq!(gate.outstanding(), reference.count);
            prop_assert_eq!(gate.closed(), reference.reason());
            for (index, &reason) in Reason::ALL.iter().enumerate() {
                prop_assert_eq!(gate.closed_for(reason), reference.closed.contains(&index));
            }
        }
    }
}

#[test]
fn a_new_adapter_is_paused() {
    let gate = Gate::new();
    assert_eq!(gate.enter(1), Err(Reason::Pause));
    assert!(matches!(gate.indicate(1), Err(Reason::Pause)));
    assert_eq!(gate.open(Reason::Pause), Ok(Opened::Open));
    assert_eq!(gate.enter(1), Ok(()));
}

#[test]
fn a_pause_is_completed_by_the_last_return() {
    let gate = Gate::new();
    gate.open(Reason::Pause).unwrap();
    gate.enter(2).unwrap();
    let indication = gate.indicate(3).unwrap();
    assert_eq!(gate.close(Reason::Pause), Close::Pending);
    assert_eq!(gate.close(Reason::Pause), Close::Already);
    assert_eq!(gate.open(Reason::Pause), Err(OpenError::Pending));
    assert!(gate.leave(3).is_none(), "returned inside the call");
    assert!(gate.leave(2).is_none());
    assert!(indication.returned().is_some_and(|drained| drained.includes(Reason::Pause)));
    assert_eq!(gate.close(Reason::Halt), Close::Idle);
    assert_eq!(gate.open(Reason::Halt), Err(OpenError::Final));
}

#[test]
fn who_holds_completes_the_pause_when_it_leaves() {
    let gate = Gate::new();
    gate.open(Reason::Pause).unwrap();
    gate.enter(2).unwrap();
    assert_eq!(gate.close(Reason::Pause), Close::Pending);
    gate.hold();
    assert_eq!(gate.outstanding(), 3, "closed or not");
    assert_eq!(gate.enter(1), Err(Reason::Pause), "still closed");
    assert!(gate.leave(2).is_none(), "everything is home but the holder");
    assert_eq!(gate.open(Reason::Pause), Err(OpenError::Pending));
    assert!(gate.leave(1).is_some_and(|drained| drained.includes(Reason::Pause)));
    assert_eq!(gate.open(Reason::Pause), Ok(Opened::Open));
}

#[test]
fn the_gravest_reason_is_reported() {
    let gate = Gate::new();
    assert!(gate.refuse(Reason::Reset));
    assert_eq!(gate.closed(), Some(Reason::Pause));
    assert!(gate.refuse(Reason::LowPower));
    assert_eq!(gate.closed(), Some(Reason::LowPower));
    assert!(gate.refuse(Reason::Removed));
    assert!(!gate.refuse(Reason::Removed));
    assert_eq!(gate.closed(), Some(Reason::Removed));
    assert_eq!(gate.open(Reason::LowPower), Ok(Opened::StillClosed(Reason::Removed)));
    assert_eq!(gate.open(Reason::Removed), Err(OpenError::Final));
}
