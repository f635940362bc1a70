//! Three ways to panic.

static TABLE: [usize; 4] = [7, 1, 5, 3];
static WAYS: [fn(usize) -> usize; 2] = [look_up, unwrap_from_table];

/// Reaches all of them.
pub fn all(index: usize, number: usize) -> usize {
    let way = WAYS.get(index).copied().unwrap_or(look_up);
    way(number).wrapping_add(divide(index, number))
}

#[inline(never)]
fn look_up(index: usize) -> usize {
    inlined_index(index)
}

#[expect(clippy::inline_always, reason = "the check has to see through it")]
#[inline(always)]
fn inlined_index(index: usize) -> usize {
    TABLE[index]
}

#[inline(never)]
fn unwrap_from_table(index: usize) -> usize {
    *TABLE.iter().find(|entry| **entry == index).unwrap()
}

#[inline(never)]
fn divide(index: usize, number: usize) -> usize {
    index / number
}
