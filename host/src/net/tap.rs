//! A tap interface of Linux.

use crate::world::Source;
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    os::{
        fd::{AsRawFd, RawFd},
        unix::fs::OpenOptionsExt,
    },
};

/// Frames that wait for the driver.
const QUEUE: usize = 512;
/// The longest frame that is taken.
const LONGEST: usize = 2048;
/// Bytes of an interface name with its NUL.
const NAME: usize = 16;

/// An open tap interface. It disappears when this is dropped.
pub struct Tap {
    file: File,
    frames: RefCell<VecDeque<Vec<u8>>>,
    /// Frames from the driver that Linux had no room for.
    pub dropped: Cell<u64>,
}

/// `struct ifreq` with the members used here.
#[repr(C)]
struct Request {
    name: [u8; NAME],
    data: [u8; 24],
}

impl Request {
    fn new(name: &str) -> io::Result<Self> {
        let mut request = Self { name: [0; NAME], data: [0; 24] };
        if name.is_empty() || name.len() >= NAME || name.contains(['/', ' ', ':']) {
            return Err(io::Error::other(
                "an interface name has 1 to 15 characters, no slash, colon or space",
            ));
        }
        for (to, from) in request.name.iter_mut().zip(name.bytes()) {
            *to = from;
        }
        Ok(request)
    }

    fn put(&mut self, bytes: &[u8]) {
        for (to, from) in self.data.iter_mut().zip(bytes) {
            *to = *from;
        }
    }

    fn call(&mut self, fd: RawFd, request: libc::c_ulong) -> io::Result<()> {
        // SAFETY: every request used here takes one `struct ifreq`, which `self` is, and keeps nothing of it.
        let result = unsafe { libc::ioctl(fd, request, std::ptr::from_mut(self)) };
        if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

impl Tap {
    /// Makes the interface, gives it the adapter's address and turns it on.
    ///
    /// # Errors
    /// The kernel refuses: no permission, no such device, or the name is taken.
    pub fn open(name: &str, mac: [u8; 6]) -> io::Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC)
            .open("/dev/net/tun")?;
        let mut request = Request::new(name)?;
        request.put(&((libc::IFF_TAP | libc::IFF_NO_PI) as u16).to_ne_bytes());
        request.call(file.as_raw_fd(), libc::TUNSETIFF)?;
        let socket = std::net::UdpSocket::bind((std::net::Ipv4Addr::LOCALHOST, 0))?;
        let mut request = Request::new(name)?;
        let mut address = libc::ARPHRD_ETHER.to_ne_bytes().to_vec();
        address.extend(mac);
        request.put(&address);
        request.call(socket.as_raw_fd(), libc::SIOCSIFHWADDR)?;
        let mut request = Request::new(name)?;
        request.call(socket.as_raw_fd(), libc::SIOCGIFFLAGS)?;
        let flags = u16::from_ne_bytes([request.data[0], request.data[1]]) | libc::IFF_UP as u16;
        request.put(&flags.to_ne_bytes());
        request.call(socket.as_raw_fd(), libc::SIOCSIFFLAGS)?;
        Ok(Self { file, frames: RefCell::default(), dropped: Cell::new(0) })
    }

    /// Gives Linux a frame that the driver received.
    pub fn write(&self, frame: &[u8]) {
        if (&self.file).write(frame).is_err() {
            self.dropped.set(self.dropped.get() + 1);
        }
    }

    /// Frames that Linux wants sent, at most `count`.
    pub fn take(&self, count: usize) -> Vec<Vec<u8>> {
        let mut frames = self.frames.borrow_mut();
        let count = count.min(frames.len());
        frames.drain(..count).collect()
    }

    /// Whether Linux wants frames sent.
    #[must_use]
    pub fn has_frames(&self) -> bool {
        !self.frames.borrow().is_empty()
    }
}

impl Source for Tap {
    fn poll(&self) {
        let mut frames = self.frames.borrow_mut();
        let mut frame = [0; LONGEST];
        while frames.len() < QUEUE {
            match (&self.file).read(&mut frame) {
                Ok(len) if len > 0 => frames.push_back(frame.get(..len).unwrap_or_default().to_vec()),
                _ => break,
            }
        }
    }

    fn fds(&self, fds: &mut Vec<RawFd>) {
        if self.frames.borrow().len() < QUEUE {
            fds.push(self.file.as_raw_fd());
        }
    }
}
