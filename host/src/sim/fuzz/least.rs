//! The smallest input that fails in the same way.

use super::super::{
    finding::{Result as Ran, fewer},
    machine::Driver,
    plan::bytes::Input,
};

use std::time::{Duration, Instant};

/// Runs that it may take to leave out records, and bytes of one record.
const RECORDS: u32 = 200;
const BYTES: u32 = 24;
/// And the time, after which nothing smaller is looked for.
const TIME: Duration = Duration::from_secs(45);

/// Makes an input smaller as long as the same goes wrong; what that is, in its words.
#[must_use]
pub fn least(driver: &Driver, input: &Input, kind: &str, problem: String) -> (Input, String) {
    let until = Instant::now() + TIME;
    let mut last = problem;
    let mut run = |input: &Input| {
        // As it is read again from a file.
        let ran = Ran::of(driver, &Input::read(&input.write()).plan());
        let same = ran.kind().as_deref() == Some(kind);
        if same {
            last = ran.problem().unwrap_or_default();
        }
        same
    };
    let mut fails = |input: &Input| Instant::now() < until && run(input);
    let mut least = input.clone();
    let with = |records: &[_]| Input { header: input.header, records: records.to_vec() };
    least.records = fewer(&least.records, RECORDS, |records| fails(&with(records)));
    for at in 0..least.records.len() {
        let payload = least.records.get(at).map(|record| record.payload.clone()).unwrap_or_default();
        let with = |bytes: &[u8]| {
            let mut tried = least.clone();
            tried.records.iter_mut().skip(at).take(1).for_each(|record| record.payload = bytes.to_vec());
            tried
        };
        // What is missing is 0 anyway.
        let some = payload.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let short = payload.get(..some).filter(|bytes| fails(&with(bytes))).unwrap_or(&payload);
        let made = with(&fewer(short, BYTES, |bytes| fails(&with(bytes))));
        least = made;
    }
    for at in 0..least.header.len() {
        let mut tried = least.clone();
        tried.header.iter_mut().skip(at).take(1).for_each(|byte| *byte = 0);
        if tried != least && fails(&tried) {
            least = tried;
        }
    }
    // The words are those of the smallest one.
    if !run(&least) {
        least = input.clone();
    }
    (least, last)
}
