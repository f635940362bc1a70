//! Bulk transfers over TCP, verified by hash.

use crate::random;
use sha2::{Digest, Sha256};
use smoltcp::{iface::SocketHandle, socket::tcp};
use std::{
    cell::{Cell, RefCell},
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    thread::JoinHandle,
    time::Duration,
};

/// Bytes that a server moves at once.
const CHUNK: usize = 64 << 10;
/// How long a server waits for the other side.
const PATIENCE: Duration = Duration::from_mins(1);

/// Bytes that cannot be compressed, and are the same for the same seed.
pub struct Stream {
    state: u64,
}

impl Stream {
    /// The stream of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next bytes.
    pub fn fill(&mut self, to: &mut [u8]) {
        for chunk in to.chunks_mut(8) {
            // SplitMix64: one addition and a mix per word.
            self.state = self.state.wrapping_add(random::STEP);
            for (to, from) in chunk.iter_mut().zip(random::mix(self.state).to_le_bytes()) {
                *to = from;
            }
        }
    }
}

/// The direction as the driver sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// From the server, through the driver's receive path.
    Down,
    /// To the server, through the driver's send path.
    Up,
}

/// One side's end of a transfer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Digested {
    /// Bytes that went through.
    pub bytes: u64,
    /// SHA-256 of them.
    pub hash: [u8; 32],
}

/// A transfer of the stack's.
pub struct Transfer {
    /// Its socket.
    pub handle: SocketHandle,
    direction: Direction,
    total: u64,
    done: Cell<u64>,
    hash: RefCell<Sha256>,
    stream: RefCell<Stream>,
    /// Bytes of the stream that the socket had no room for.
    rest: RefCell<Vec<u8>>,
    over: Cell<bool>,
    failed: Cell<bool>,
}

impl Transfer {
    /// A transfer of `total` bytes over a socket.
    #[must_use]
    pub fn new(handle: SocketHandle, direction: Direction, total: u64, seed: u64) -> Self {
        Self {
            handle,
            direction,
            total,
            done: Cell::new(0),
            hash: RefCell::default(),
            stream: RefCell::new(Stream::new(seed)),
            rest: RefCell::default(),
            over: Cell::new(false),
            failed: Cell::new(false),
        }
    }

    /// Bytes so far.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.done.get()
    }

    /// Whether it has ended, well or not.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over.get()
    }

    /// What went through; `None` while it runs, or if the connection broke.
    #[must_use]
    pub fn result(&self) -> Option<Digested> {
        let hash = self.hash.borrow().clone().finalize().into();
        (self.over.get() && !self.failed.get()).then(|| Digested { bytes: self.done.get(), hash })
    }

    /// Moves what can be moved; whether anything was.
    pub(super) fn step(&self, socket: &mut tcp::Socket) -> bool {
        if self.over.get() {
            return false;
        }
        if !socket.is_open() {
            self.failed.set(self.done.get() != self.total);
            self.over.set(true);
            return false;
        }
        match self.direction {
            Direction::Down => self.receive(socket),
            Direction::Up => self.send(socket),
        }
    }

    fn receive(&self, socket: &mut tcp::Socket) -> bool {
        let mut moved = 0;
        while socket.can_recv() {
            let taken = socket.recv(|bytes| {
                self.hash.borrow_mut().update(&*bytes);
                (bytes.len(), bytes.len())
            });
            moved += taken.unwrap_or(0);
        }
        self.done.set(self.done.get() + moved as u64);
        if !socket.may_recv() && self.done.get() > 0 {
            self.failed.set(self.done.get() != self.total);
            socket.close();
            self.over.set(true);
        }
        moved > 0
    }

    fn send(&self, socket: &mut tcp::Socket) -> bool {
        let mut moved = 0;
        while socket.can_send() && self.done.get() < self.total {
            let mut rest = self.rest.borrow_mut();
            if rest.is_empty() {
                let len = usize::try_from(self.total - self.done.get()).unwrap_or(CHUNK).min(CHUNK);
                rest.resize(len, 0);
                self.stream.borrow_mut().fill(&mut rest);
            }
            let Ok(taken) = socket.send_slice(&rest) else { break };
            let sent: Vec<u8> = rest.drain(..taken).collect();
            self.hash.borrow_mut().update(&sent);
            self.done.set(self.done.get() + taken as u64);
            moved += taken;
        }
        if self.done.get() == self.total {
            // The end is the server's to see: it closes when it has everything.
            if socket.send_queue() == 0 {
                socket.close();
                self.over.set(true);
            }
        }
        moved > 0
    }
}

/// A server on this machine's loopback that takes one connection.
pub struct Server {
    /// Its port.
    pub port: u16,
    thread: JoinHandle<io::Result<Digested>>,
}

impl Server {
    /// A server for the other end of a transfer in `direction`.
    ///
    /// # Errors
    /// The loopback has no port to give.
    pub fn start(direction: Direction, total: u64, seed: u64) -> io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let port = listener.local_addr()?.port();
        let thread = std::thread::Builder::new().name("server".into()).spawn(move || {
            let (connection, _) = listener.accept()?;
            connection.set_read_timeout(Some(PATIENCE))?;
            connection.set_write_timeout(Some(PATIENCE))?;
            match direction {
                Direction::Down => give(connection, total, seed),
                Direction::Up => take(connection),
            }
        })?;
        Ok(Self { port, thread })
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    /// What went through, once [`is_over`](Self::is_over).
    ///
    /// # Errors
    /// The connection broke or nobody spoke for a minute.
    pub fn result(self) -> io::Result<Digested> {
        self.thread.join().unwrap_or_else(|_| Err(io::Error::other("the server panicked")))
    }
}

fn give(mut to: TcpStream, total: u64, seed: u64) -> io::Result<Digested> {
    let (mut stream, mut hash, mut bytes) = (Stream::new(seed), Sha256::new(), 0);
    let mut chunk = vec![0; CHUNK];
    while bytes < total {
        let len = usize::try_from(total - bytes).unwrap_or(CHUNK).min(CHUNK);
        let Some(now) = chunk.get_mut(..len) else { break };
        stream.fill(now);
        to.write_all(now)?;
        hash.update(&*now);
        bytes += len as u64;
    }
    to.shutdown(std::net::Shutdown::Write)?;
    Ok(Digested { bytes, hash: hash.finalize().into() })
}

fn take(mut from: TcpStream) -> io::Result<Digested> {
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    let mut chunk = vec![0; CHUNK];
    loop {
        let len = from.read(&mut chunk)?;
        if len == 0 {
            return Ok(Digested { bytes, hash: hash.finalize().into() });
        }
        hash.update(chunk.get(..len).unwrap_or_default());
        bytes += len as u64;
    }
}
