//! The MSI-X table of parts whose channel reset forgets it.

/// Who saves and restores the messages of a function around a channel's reset: parts 0x0C50 to 0x0C53 lose them.
pub trait MessageTable {
    /// Before the reset.
    fn save(&mut self);
    /// After it.
    fn restore(&mut self);
}

/// A part that keeps them.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTable;

impl MessageTable for NoTable {
    fn save(&mut self) {}
    fn restore(&mut self) {}
}
