//! The far end of a NIC's cable.

use super::{
    super::{Error, Result},
    lines::socket_pair,
    process::readable_within,
};
use rustix::{
    io::Errno,
    net::{
        RecvFlags, SendFlags, SocketType, recv, send,
        sockopt::{
            set_socket_recv_buffer_size, set_socket_recv_buffer_size_force, set_socket_send_buffer_size,
            set_socket_send_buffer_size_force,
        },
    },
};
use std::{
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
    time::Duration,
};

/// Room for frames on their way, if the system allows it.
const BUFFER: usize = 4 << 20;

/// A cable whose other end is a NIC: whole frames without checksum, in order, none lost on the way.
/// Any thread may use it; it stays silent once QEMU is gone.
#[derive(Debug)]
pub struct Wire(OwnedFd);

impl Wire {
    /// Our end and QEMU's.
    pub(super) fn pair() -> Result<(Self, OwnedFd)> {
        let (ours, theirs) = socket_pair(SocketType::DGRAM)?;
        for end in [&ours, &theirs] {
            // More than the system's limit needs a privilege; without it the limit has to do.
            set_socket_send_buffer_size_force(end, BUFFER)
                .or_else(|_| set_socket_send_buffer_size(end, BUFFER))
                .and_then(|()| set_socket_recv_buffer_size_force(end, BUFFER))
                .or_else(|_| set_socket_recv_buffer_size(end, BUFFER))
                .map_err(|e| Error::system("a socket for frames", e))?;
        }
        Ok((Self(ours), theirs))
    }

    /// Sends a frame to the NIC. False if QEMU has not taken enough of the ones before it yet: try
    /// again when the descriptor is writable.
    ///
    /// # Errors
    /// [`Error::Frame`] if QEMU has closed its end or the frame is too long for any NIC.
    pub fn send(&self, frame: &[u8]) -> Result<bool> {
        let failed = |why| Err(Error::Frame { len: frame.len(), why });
        loop {
            match send(&self.0, frame, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
                Ok(_) => return Ok(true),
                Err(Errno::AGAIN | Errno::NOBUFS) => return Ok(false),
                Err(Errno::INTR) => {}
                Err(Errno::CONNREFUSED | Errno::CONNRESET | Errno::PIPE | Errno::NOTCONN) => {
                    return failed("the other end of the wire is closed: QEMU is gone");
                }
                Err(Errno::MSGSIZE) => return failed("it is longer than any wire carries"),
                Err(error) => return Err(Error::system("sending a frame", error)),
            }
        }
    }

    /// Whether QEMU has taken every frame that was sent.
    ///
    /// # Errors
    /// [`Error::System`].
    pub fn is_drained(&self) -> Result<bool> {
        let mut left: libc::c_int = 0;
        // SAFETY: the descriptor is open, and the request writes one integer to where the pointer says.
        let asked = unsafe { libc::ioctl(self.0.as_raw_fd(), libc::TIOCOUTQ, &raw mut left) };
        if asked != 0 {
            return Err(Error::system("asking what is left in a socket", std::io::Error::last_os_error()));
        }
        Ok(left == 0)
    }

    /// Takes the oldest frame that the NIC has sent, if there is one: its length.
    ///
    /// # Errors
    /// [`Error::Frame`] if it did not fit into the buffer; the rest of it is lost.
    pub fn receive(&self, frame: &mut [u8]) -> Result<Option<usize>> {
        let room = frame.len();
        loop {
            match recv(&self.0, &mut *frame, RecvFlags::DONTWAIT | RecvFlags::TRUNC) {
                Ok((_, len)) if len > room => {
                    return Err(Error::Frame { len, why: "the buffer for it is too short" });
                }
                Ok((_, len)) => return Ok(Some(len)),
                Err(Errno::AGAIN | Errno::CONNRESET) => return Ok(None),
                Err(Errno::INTR) => {}
                Err(error) => return Err(Error::system("receiving a frame", error)),
            }
        }
    }

    /// The same, but waits for a frame as long as `bound`.
    ///
    /// # Errors
    /// As for [`receive`](Self::receive).
    pub fn receive_within(&self, frame: &mut [u8], bound: Duration) -> Result<Option<usize>> {
        readable_within(self.0.as_fd(), bound).map_err(|e| Error::system("waiting for a frame", e))?;
        self.receive(frame)
    }
}

impl AsFd for Wire {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
