//! A conversation in lines over a socket, in which no wait is without a bound.

use super::super::{Error, Result};
use rustix::{
    io::Errno,
    net::{
        AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socketpair,
        sockopt::{Timeout, set_socket_timeout},
    },
};
use std::{
    io,
    ops::Range,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    time::{Duration, Instant},
};

/// How a conversation with QEMU was lost.
#[derive(Debug)]
pub(super) enum How {
    /// QEMU closed it.
    Closed,
    /// QEMU did not answer in time.
    Silent(Duration),
    /// QEMU said this, which has no meaning here.
    Garbled(String),
    /// The system refused to carry it on.
    Io(io::Error),
}

/// A lost conversation.
#[derive(Debug)]
pub(super) struct Lost {
    /// What QEMU had been asked.
    pub(super) asked: String,
    /// What happened then.
    pub(super) how: How,
}

/// Our end.
#[derive(Debug)]
pub(super) struct Lines {
    socket: OwnedFd,
    bound: Duration,
    input: Vec<u8>,
    /// Bytes of `input` that were handed out.
    taken: usize,
}

impl Lines {
    /// Our end and the one for QEMU.
    pub(super) fn pair(bound: Duration) -> Result<(Self, OwnedFd)> {
        let (ours, theirs) = socket_pair(SocketType::STREAM)?;
        let mut lines = Self { socket: ours, bound, input: Vec::with_capacity(4096), taken: 0 };
        lines.set_bound(bound).map_err(|e| Error::system("a socket for QEMU", e))?;
        Ok((lines, theirs))
    }

    /// Changes how long each wait may take.
    pub(super) fn set_bound(&mut self, bound: Duration) -> io::Result<()> {
        self.bound = bound;
        // Zero would mean for ever.
        let bound = bound.max(Duration::from_millis(1));
        set_socket_timeout(&self.socket, Timeout::Recv, Some(bound))?;
        Ok(set_socket_timeout(&self.socket, Timeout::Send, Some(bound))?)
    }

    /// Sends all of `text`.
    pub(super) fn send(&mut self, mut text: &[u8]) -> std::result::Result<(), How> {
        while !text.is_empty() {
            match send(&self.socket, text, SendFlags::NOSIGNAL) {
                Ok(sent) => text = text.get(sent..).unwrap_or_default(),
                Err(Errno::INTR) => {}
                Err(error) => return Err(self.how(error)),
            }
        }
        Ok(())
    }

    /// Waits for the next line.
    pub(super) fn line(&mut self) -> std::result::Result<Range<usize>, How> {
        let mut since = None;
        loop {
            if let Some(line) = self.received() {
                return Ok(line);
            }
            if since.get_or_insert_with(Instant::now).elapsed() > self.bound {
                return Err(How::Silent(self.bound));
            }
            self.receive(RecvFlags::empty())?;
        }
    }

    /// The next line if it has been received already, as a range for [`text`](Self::text).
    pub(super) fn received(&mut self) -> Option<Range<usize>> {
        let rest = self.input.get(self.taken..)?;
        let Some(len) = rest.iter().position(|&byte| byte == b'\n') else {
            // An incomplete line moves to the front, so that the buffer does not grow for ever.
            self.input.drain(..self.taken);
            self.taken = 0;
            return None;
        };
        let start = self.taken;
        self.taken += len + 1;
        Some(start..start + len)
    }

    /// Takes in what has arrived, without waiting; whether there was anything.
    pub(super) fn receive_ready(&mut self) -> std::result::Result<bool, How> {
        self.receive(RecvFlags::DONTWAIT)
    }

    /// The words of a line, valid until the next one is asked for.
    pub(super) fn text(&self, line: Range<usize>) -> &str {
        let bytes = self.input.get(line).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or("(not UTF-8)").trim_end()
    }

    fn receive(&mut self, flags: RecvFlags) -> std::result::Result<bool, How> {
        let mut chunk = [0; 4096];
        match recv(&self.socket, &mut chunk, flags) {
            Ok((0, _)) => Err(How::Closed),
            Ok((got, _)) => {
                self.input.extend_from_slice(&chunk[..got]);
                Ok(true)
            }
            Err(Errno::INTR) => Ok(false),
            Err(Errno::AGAIN) if flags.contains(RecvFlags::DONTWAIT) => Ok(false),
            Err(error) => Err(self.how(error)),
        }
    }

    fn how(&self, error: Errno) -> How {
        match error {
            Errno::AGAIN => How::Silent(self.bound),
            Errno::PIPE | Errno::CONNRESET => How::Closed,
            other => How::Io(other.into()),
        }
    }
}

impl AsFd for Lines {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Two connected sockets, neither of which any other child inherits.
pub(super) fn socket_pair(kind: SocketType) -> Result<(OwnedFd, OwnedFd)> {
    socketpair(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None)
        .map_err(|e| Error::system("a socket for QEMU (socketpair)", e))
}
