//! Uses `core::fmt`.

use core::fmt::{self, Write as _};

struct Count(usize);

impl fmt::Write for Count {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.wrapping_add(text.len());
        Ok(())
    }
}

/// How many characters a number has.
pub fn length(number: usize) -> usize {
    let mut count = Count(0);
    _ = write!(count, "{number:#x}");
    count.0
}
