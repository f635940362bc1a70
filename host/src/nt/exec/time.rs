//! What time it is. Everything follows the world's clock.

use crate::{
    abi::{Ptr, read, write, write_out},
    clock::Time,
    imports,
    nt::layout::TIME_FIELDS,
    trap::{Registers, Window},
    verify::rules,
    world::world,
};
use std::time::{Duration, SystemTime};

/// 100 ns units a second: the frequency of the performance counter of current Windows, too.
const SECOND: u64 = 10_000_000;
/// 100 ns units a clock interrupt.
const INCREMENT: u32 = 156_250;
/// Longest stall that Windows allows, in microseconds.
const LONGEST_STALL: u32 = 50;
/// Seconds from 1601 to 1970.
const EPOCHS: u64 = 11_644_473_600;
const DAY: i64 = 86_400;

/// The system time at which a world began.
pub struct Boot(u64);

impl Default for Boot {
    fn default() -> Self {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self(EPOCHS * SECOND + u64::try_from(since.as_nanos() / 100).unwrap_or(0))
    }
}

/// Time since the start of the machine.
#[must_use]
pub fn interrupt_time() -> u64 {
    world().clock.now().in_100ns()
}

/// Time since 1601, UTC.
#[must_use]
pub fn system_time() -> u64 {
    world().nt.boot.0.wrapping_add(interrupt_time())
}

/// When a due time is: relative if negative, system time otherwise; in 100 ns units.
#[must_use]
pub fn due(value: i64) -> Time {
    let now = world().clock.now();
    let ahead =
        if value < 0 { value.unsigned_abs() } else { value.unsigned_abs().saturating_sub(system_time()) };
    now.after(Duration::from_nanos(ahead.saturating_mul(100)))
}

/// The value at an offset of KUSER_SHARED_DATA, which drivers read at 0xFFFFF780_00000000 without a call:
/// KeQueryTickCount, KeQueryInterruptTime and KeQuerySystemTime are inline functions.
#[must_use]
pub fn shared_user_data(offset: u64, size: usize) -> u64 {
    let world = world();
    let (major, minor, build) = world.config.windows;
    let mut page = [0_u8; 0x1000];
    let mut put = |at: usize, bytes: &[u8]| {
        if let Some(to) = page.get_mut(at..at + bytes.len()) {
            to.copy_from_slice(bytes);
        }
    };
    let mut put_time = |at: usize, time: u64| {
        put(at, &time.to_le_bytes());
        // High2Time: a reader takes the time again until both halves agree.
        put(at + 8, &((time >> 32) as u32).to_le_bytes());
    };
    put_time(0x08, interrupt_time());
    put_time(0x14, system_time());
    put_time(0x320, interrupt_time() / u64::from(INCREMENT));
    put(0x04, &(0x0FA0_0000_u32).to_le_bytes());
    put(0x260, &build.to_le_bytes());
    put(0x264, &1_u32.to_le_bytes());
    put(0x268, &[1]);
    put(0x26C, &major.to_le_bytes());
    put(0x270, &minor.to_le_bytes());
    put(0x300, &SECOND.to_le_bytes());
    put(0x3C0, &(world.cpus().len() as u32).to_le_bytes());
    let at = usize::try_from(offset).unwrap_or(usize::MAX);
    let bytes = page.get(at..at.saturating_add(size.min(8))).unwrap_or(&[]);
    bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte))
}

/// Where drivers find KUSER_SHARED_DATA.
pub const SHARED_USER_DATA: u64 = 0xFFFF_F780_0000_0000;

/// The window there.
pub struct SharedUserData;

impl Window for SharedUserData {
    fn read(&self, offset: u64, size: usize, at: &Registers) -> u64 {
        world().measure_at(at);
        world().verify.watch(&rules::READ_ONLY);
        shared_user_data(offset, size)
    }

    fn write(&self, offset: u64, _: usize, value: u64, _: &Registers) {
        let text = format!("{value:#x} written to KUSER_SHARED_DATA + {offset:#x}, which is read-only");
        world().violation(&rules::READ_ONLY, text);
    }
}

/// Days since 1601-01-01 of a date; months beyond 12 and days beyond the month's end count on.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March have their leap day at the end.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let since_0 = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    since_0 + (153 * month + 2) / 5 + day - 1 - 584_694
}

/// The date of a day since 1601-01-01.
fn date(day: i64) -> (i64, i64, i64) {
    let since_0 = day + 584_694;
    let era = since_0.div_euclid(146_097);
    let in_era = since_0.rem_euclid(146_097);
    let year = (in_era - in_era / 1460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year + year / 4 - year / 100);
    let month = (5 * in_year + 2) / 153;
    let day = in_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (year + era * 400 + carry, month, day)
}

imports! {
    /// Time.
    TABLE from "ntoskrnl.exe";

    fn KeQueryPerformanceCounter(frequency: u64) -> u64 {
        write_out(frequency, SECOND);
        interrupt_time()
    }

    fn KeQueryInterruptTime() -> u64 {
        interrupt_time()
    }

    fn KeQueryInterruptTimePrecise(counter: u64) -> u64 {
        write_out(counter, interrupt_time());
        interrupt_time()
    }

    fn KeQueryUnbiasedInterruptTime() -> u64 {
        interrupt_time()
    }

    fn KeQueryUnbiasedInterruptTimePrecise(counter: u64) -> u64 {
        write_out(counter, interrupt_time());
        interrupt_time()
    }

    fn KeQuerySystemTime(out: u64) {
        write(out, system_time());
    }

    fn KeQuerySystemTimePrecise(out: u64) {
        write(out, system_time());
    }

    fn KeQueryTickCount(out: u64) {
        write(out, interrupt_time() / u64::from(INCREMENT));
    }

    fn KeQueryTimeIncrement() -> u32 {
        INCREMENT
    }

    fn ExSetTimerResolution(_desired: u32, _set: u8) -> u32 {
        INCREMENT
    }

    fn ExQueryTimerResolution(maximum: u64, minimum: u64, current: u64) {
        for out in [maximum, minimum, current] {
            write_out(out, INCREMENT);
        }
    }

    fn KeStallExecutionProcessor(microseconds: u32) {
        world().hold(&rules::STALL, microseconds <= LONGEST_STALL, || {
            format!("KeStallExecutionProcessor({microseconds} µs)")
        });
        world().sched.stall(Duration::from_micros(u64::from(microseconds)));
    }

    fn ExSystemTimeToLocalTime(system: u64, local: u64) {
        // The machine lives in UTC.
        write(local, read::<u64>(system));
    }

    fn ExLocalTimeToSystemTime(local: u64, system: u64) {
        write(system, read::<u64>(local));
    }

    fn RtlTimeToTimeFields(time: u64, fields: u64) {
        let milliseconds = read::<i64>(time).div_euclid(10_000);
        let seconds = milliseconds.div_euclid(1000);
        let day = seconds.div_euclid(DAY);
        let (year, month, in_month) = date(day);
        let second = seconds.rem_euclid(DAY);
        let p: Ptr<TIME_FIELDS> = Ptr::new(fields);
        let set = |field, value: i64| p.set(field, value as i16);
        set(TIME_FIELDS::Year, year);
        set(TIME_FIELDS::Month, month);
        set(TIME_FIELDS::Day, in_month);
        set(TIME_FIELDS::Hour, second / 3600);
        set(TIME_FIELDS::Minute, second / 60 % 60);
        set(TIME_FIELDS::Second, second % 60);
        set(TIME_FIELDS::Milliseconds, milliseconds.rem_euclid(1000));
        // 1601-01-01 was a Monday.
        set(TIME_FIELDS::Weekday, (day + 1).rem_euclid(7));
    }

    fn RtlTimeFieldsToTime(fields: u64, time: u64) -> u8 {
        let p: Ptr<TIME_FIELDS> = Ptr::new(fields);
        let get = |field| i64::from(p.get(field));
        let (year, month, day) = (get(TIME_FIELDS::Year), get(TIME_FIELDS::Month), get(TIME_FIELDS::Day));
        let (hour, minute) = (get(TIME_FIELDS::Hour), get(TIME_FIELDS::Minute));
        let (second, milli) = (get(TIME_FIELDS::Second), get(TIME_FIELDS::Milliseconds));
        let number = days(year, month, day);
        let valid = year >= 1601 && (1..=12).contains(&month) && date(number) == (year, month, day)
            && (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second) && (0..1000).contains(&milli);
        if !valid {
            return 0;
        }
        let seconds = number * DAY + hour * 3600 + minute * 60 + second;
        write(time, (seconds * 1000 + milli) * 10_000);
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_count_from_1601_and_survive_the_way_back() {
        assert_eq!(days(1601, 1, 1), 0);
        assert_eq!(days(1970, 1, 1) * DAY, EPOCHS as i64);
        for day in (0..400_000).step_by(13) {
            let (y, m, d) = date(day);
            assert_eq!(days(y, m, d), day, "{y}-{m}-{d}");
        }
        assert_eq!(date(days(2000, 2, 29)), (2000, 2, 29));
        assert_ne!(date(days(1900, 2, 29)), (1900, 2, 29));
    }
}
