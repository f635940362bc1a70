//! The watchdog: what it finds, and what it reads for that.

use ferrite_netdma_engine::{
    Status, Word,
    quickdata::{Finding, Watch},
};
use std::cell::Cell;

const ADDRESS: u64 = 0x1_2345_6780;

/// Looks at channels, and counts what is read for it.
#[derive(Default)]
struct Looker {
    watch: Watch,
    reads: Cell<u32>,
}

impl Looker {
    fn look(&mut self, word: u64, doorbells: u32, status: Word) -> Finding {
        let reads = &self.reads;
        self.watch.look(word, doorbells, || {
            reads.set(reads.get() + 1);
            status
        })
    }
}

fn active(number: u64) -> Word {
    Word::new(ADDRESS + number * 64, Status::Active)
}

/// A channel whose word or doorbell moves is not asked.
#[test]
fn who_goes_on_is_not_read() {
    let mut looker = Looker::default();
    for number in 1..100 {
        assert_eq!(looker.look(active(number).0, 1, active(number)), Finding::Fine);
        assert_eq!(looker.look(active(number).0, 1 + number as u32, active(number)), Finding::Fine);
    }
    assert_eq!(looker.reads.get(), 0);
}

/// One that is done is asked once for each doorbell.
#[test]
fn who_is_done_is_read_once() {
    for status in [Status::Idle, Status::Suspended] {
        let mut looker = Looker::default();
        for doorbells in 1..4 {
            for _ in 0..10 {
                assert_eq!(looker.look(0, doorbells, Word::new(ADDRESS, status)), Finding::Fine);
            }
        }
        assert_eq!(looker.reads.get(), 3);
    }
}

/// One that works without writing its word moves in CHANSTS.
#[test]
fn who_works_silently_goes_on() {
    let mut looker = Looker::default();
    for number in 0..50 {
        assert_eq!(looker.look(7, 1, active(number)), Finding::Fine);
    }
}

/// Work, and no movement between two looks: stuck. Said once, and again after the next doorbell.
#[test]
fn who_does_not_move_is_stuck() {
    for status in [active(3), Word(Status::Armed as u64)] {
        let mut looker = Looker::default();
        for doorbells in 1..3 {
            let findings: Vec<_> = (0..6).map(|_| looker.look(7, doorbells, status)).collect();
            let mut wanted = [Finding::Fine; 6];
            wanted[2] = Finding::Stuck;
            assert_eq!(findings, wanted);
        }
    }
}

/// A channel that halted without an interrupt, and a device that is gone.
#[test]
fn who_ended_is_noticed() {
    let ends = [(Word::new(ADDRESS, Status::Halted), Finding::Halted), (Word(u64::MAX), Finding::Gone)];
    for (status, wanted) in ends {
        let mut looker = Looker::default();
        let findings: Vec<_> = (0..4).map(|_| looker.look(7, 1, status)).collect();
        assert_eq!(findings, [Finding::Fine, wanted, Finding::Fine, Finding::Fine]);
    }
}
