//! The qtest protocol: register accesses by command, and the inputs of the interrupt controller.

use super::lines::{How, Lines, Lost};
use std::{
    collections::VecDeque,
    fmt::{self, Write as _},
    os::fd::{AsFd, BorrowedFd},
};

/// Posted commands that may be unanswered at a time. They go out at once all the same; this only keeps
/// QEMU's answers from filling the socket.
const WINDOW: usize = 64;

type Result<T> = std::result::Result<T, Lost>;

/// A client.
#[derive(Debug)]
pub(super) struct Qtest {
    lines: Lines,
    /// The command that was sent last.
    command: String,
    /// Posted commands without an answer yet.
    owed: usize,
    /// Changes of interrupt inputs that nobody has taken yet.
    changes: VecDeque<(u32, bool)>,
}

impl Qtest {
    pub(super) fn new(lines: Lines) -> Self {
        Self { lines, command: String::new(), owed: 0, changes: VecDeque::new() }
    }

    /// The conversation itself.
    pub(super) fn lines(&mut self) -> &mut Lines {
        &mut self.lines
    }

    /// Asks and waits for the answer; its value if it has one, 0 if not.
    pub(super) fn ask(&mut self, command: fmt::Arguments<'_>) -> Result<u64> {
        self.send(command)?;
        self.answers(0)?;
        self.answer()
    }

    /// Sends a command whose answer says nothing but that it was carried out.
    pub(super) fn post(&mut self, command: fmt::Arguments<'_>) -> Result<()> {
        self.send(command)?;
        self.owed += 1;
        if self.owed < WINDOW { Ok(()) } else { self.answers(WINDOW / 2) }
    }

    /// Waits until everything that was posted has been carried out.
    pub(super) fn drain(&mut self) -> Result<()> {
        self.answers(0)
    }

    /// Takes in what QEMU has said, without waiting.
    pub(super) fn collect(&mut self) -> Result<()> {
        while self.lines.receive_ready().map_err(|how| self.lost(how))? {}
        self.take_in()
    }

    /// Takes in what has been received already: what came in one piece with an answer no longer makes the socket
    /// readable.
    pub(super) fn take_in(&mut self) -> Result<()> {
        while let Some(line) = self.lines.received() {
            match said(self.lines.text(line.clone())) {
                Said::Change(line, asserted) => self.changes.push_back((line, asserted)),
                Said::Done(_) if self.owed > 0 => self.owed -= 1,
                Said::Done(_) | Said::Else => return Err(self.garbled(line)),
            }
        }
        Ok(())
    }

    /// The oldest change of an interrupt input that was not taken.
    pub(super) fn take_change(&mut self) -> Option<(u32, bool)> {
        self.changes.pop_front()
    }

    /// Whether there is one.
    pub(super) fn has_changes(&self) -> bool {
        !self.changes.is_empty()
    }

    fn send(&mut self, command: fmt::Arguments<'_>) -> Result<()> {
        self.command.clear();
        writeln!(self.command, "{command}").expect("a String takes everything");
        self.lines.send(self.command.as_bytes()).map_err(|how| self.lost(how))
    }

    /// Waits until at most `left` posted commands are unanswered.
    fn answers(&mut self, left: usize) -> Result<()> {
        while self.owed > left {
            self.answer()?;
            self.owed -= 1;
        }
        Ok(())
    }

    /// Waits for one answer, setting aside changes of interrupt inputs that come before it.
    fn answer(&mut self) -> Result<u64> {
        loop {
            let line = self.lines.line().map_err(|how| self.lost(how))?;
            match said(self.lines.text(line.clone())) {
                Said::Done(value) => return Ok(value),
                Said::Change(line, asserted) => self.changes.push_back((line, asserted)),
                Said::Else => return Err(self.garbled(line)),
            }
        }
    }

    fn garbled(&self, line: std::ops::Range<usize>) -> Lost {
        self.lost(How::Garbled(self.lines.text(line).into()))
    }

    fn lost(&self, how: How) -> Lost {
        Lost { asked: self.command.trim_end().into(), how }
    }
}

impl AsFd for Qtest {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.lines.as_fd()
    }
}

/// What a line from QEMU means.
#[derive(Debug, PartialEq)]
enum Said {
    Done(u64),
    Change(u32, bool),
    Else,
}

fn said(line: &str) -> Said {
    if line == "OK" {
        return Said::Done(0);
    }
    let value = line.strip_prefix("OK 0x").and_then(|hex| u64::from_str_radix(hex, 16).ok());
    if let Some(value) = value {
        return Said::Done(value);
    }
    let change = |prefix| line.strip_prefix(prefix).and_then(|number: &str| number.parse().ok());
    match (change("IRQ raise "), change("IRQ lower ")) {
        (Some(number), _) => Said::Change(number, true),
        (_, Some(number)) => Said::Change(number, false),
        _ => Said::Else,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{io::Write as _, os::unix::net::UnixStream, time::Duration};

    /// A client and what plays QEMU. Answers may be there before they are asked for.
    fn client() -> (Qtest, UnixStream) {
        let (lines, end) = Lines::pair(Duration::from_millis(50)).unwrap();
        (Qtest::new(lines), end.into())
    }

    #[test]
    fn lines_of_the_protocol_are_told_apart() {
        assert_eq!(said("OK"), Said::Done(0));
        assert_eq!(said("OK 0x00000000deadbeef"), Said::Done(0xDEAD_BEEF));
        assert_eq!(said("IRQ raise 22"), Said::Change(22, true));
        assert_eq!(said("IRQ lower 0"), Said::Change(0, false));
        for wrong in ["", "FAIL Unknown command", "OK maybe", "IRQ raise", "IRQ 3", "OKAY"] {
            assert_eq!(said(wrong), Said::Else, "{wrong:?}");
        }
    }

    #[test]
    fn an_answer_is_found_among_others() {
        let (mut client, mut qemu) = client();
        client.post(format_args!("writel 0x0 0x1")).unwrap();
        client.post(format_args!("writel 0x0 0x2")).unwrap();
        qemu.write_all(b"OK\nIRQ raise 20\nOK\nIRQ lower 20\nOK 0x5\nIRQ ra").unwrap();
        assert_eq!(client.ask(format_args!("readl 0x0")).unwrap(), 5);
        assert_eq!(client.take_change(), Some((20, true)));
        assert_eq!(client.take_change(), Some((20, false)));
        // What had come of a line is kept until the rest comes.
        client.collect().unwrap();
        assert!(!client.has_changes());
        qemu.write_all(b"ise 21\n").unwrap();
        client.collect().unwrap();
        assert_eq!(client.take_change(), Some((21, true)));
    }

    #[test]
    fn unanswered_posts_are_bounded() {
        let (mut client, mut qemu) = client();
        let mut posted = 0;
        let lost = loop {
            match client.post(format_args!("writel 0x0 0x0")) {
                Ok(()) => posted += 1,
                Err(lost) => break lost,
            }
            assert!(posted < WINDOW, "no limit");
        };
        assert_eq!(posted, WINDOW - 1);
        assert!(matches!(lost.how, How::Silent(_)), "{lost:?}");
        qemu.write_all(&b"OK\n".repeat(WINDOW)).unwrap();
        client.drain().unwrap();
        // One more answer than questions is no answer.
        qemu.write_all(b"OK\n").unwrap();
        assert!(matches!(client.collect().unwrap_err().how, How::Garbled(_)));
    }

    #[test]
    fn nonsense_and_hanging_up_are_told_apart() {
        let (mut client, mut qemu) = client();
        qemu.write_all(b"FAIL Unknown command 'frob'\n").unwrap();
        let lost = client.ask(format_args!("frob")).unwrap_err();
        assert_eq!(lost.asked, "frob");
        assert!(matches!(lost.how, How::Garbled(said) if said == "FAIL Unknown command 'frob'"));
        drop(qemu);
        assert!(matches!(client.ask(format_args!("readl 0x0")).unwrap_err().how, How::Closed));
        assert!(matches!(client.collect().unwrap_err().how, How::Closed));
    }
}
