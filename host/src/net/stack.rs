//! A TCP/IP stack above the port: smoltcp, polled by a thread of the world.

use super::{port::Port, transfer::Transfer};
use crate::{
    clock::Time,
    ndis::adapter::{Adapter, State},
    world::world,
};
use smoltcp::{
    iface::{Config, Interface, SocketHandle, SocketSet},
    phy::{self, DeviceCapabilities, Medium},
    socket::{dhcpv4, icmp, tcp},
    time::Instant,
    wire::{EthernetAddress, Icmpv4Packet, Icmpv4Repr, IpAddress, IpCidr, Ipv4Address, Ipv4Cidr},
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

/// Bytes of a TCP socket's buffers.
const BUFFER: usize = 512 << 10;
/// Frames that the stack hands down in one chain at most.
const BATCH: usize = 64;
/// The ident of our pings.
const PING_IDENT: u16 = 0xFE11;
/// Longest sleep between two polls.
const LONGEST_SLEEP: Duration = Duration::from_millis(20);

/// The port as smoltcp's device.
struct Wire<'a> {
    port: &'a Port,
    adapter: &'a Adapter,
    outgoing: &'a RefCell<Vec<Vec<u8>>>,
    mtu: usize,
}

impl Wire<'_> {
    fn has_room(&self) -> bool {
        // A protocol does not send before its binding runs; while it pauses it may, and is refused.
        let open = matches!(self.adapter.state(), State::Running | State::Pausing);
        open && self.outgoing.borrow().len() < BATCH && self.port.has_room()
    }
}

struct Rx(Vec<u8>);
struct Tx<'a>(&'a RefCell<Vec<Vec<u8>>>);

impl phy::RxToken for Rx {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(&self.0)
    }
}

impl phy::TxToken for Tx<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let mut frame = vec![0; len];
        let result = f(&mut frame);
        self.0.borrow_mut().push(frame);
        result
    }
}

impl phy::Device for Wire<'_> {
    type RxToken<'t>
        = Rx
    where
        Self: 't;
    type TxToken<'t>
        = Tx<'t>
    where
        Self: 't;

    fn receive(&mut self, _: Instant) -> Option<(Rx, Tx<'_>)> {
        if !self.has_room() {
            return None;
        }
        let frame = self.port.take()?;
        Some((Rx(frame), Tx(self.outgoing)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Tx<'_>> {
        self.has_room().then_some(Tx(self.outgoing))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = self.mtu + 14;
        capabilities
    }
}

/// What DHCP gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Our address.
    pub address: Ipv4Cidr,
    /// The gateway.
    pub router: Option<Ipv4Address>,
}

/// See the module.
pub struct Stack {
    /// The protocol below.
    pub port: Rc<Port>,
    adapter: Rc<Adapter>,
    interface: RefCell<Interface>,
    sockets: RefCell<SocketSet<'static>>,
    outgoing: RefCell<Vec<Vec<u8>>>,
    transfers: RefCell<Vec<Rc<Transfer>>>,
    dhcp: SocketHandle,
    lease: Cell<Option<Lease>>,
    ping: SocketHandle,
    pongs: RefCell<Vec<u16>>,
    stopping: Cell<bool>,
    stopped: Cell<bool>,
    /// Something is to be sent that no poll has seen.
    asked: Cell<bool>,
    next_port: Cell<u16>,
    mtu: usize,
}

fn instant(time: Time) -> Instant {
    Instant::from_micros(i64::try_from(time.0 / 1000).unwrap_or(i64::MAX))
}

impl Stack {
    /// A stack with the adapter's address and MTU, as its general attributes tell them.
    #[must_use]
    pub fn new(adapter: &Rc<Adapter>, port: &Rc<Port>) -> Rc<Self> {
        let general = adapter.general.borrow().clone().unwrap_or_default();
        let mtu = general.mtu as usize;
        let outgoing = RefCell::default();
        // What a pause refuses is sent after the restart: TCP would find out a second later.
        port.retry.set(true);
        let mut config = Config::new(EthernetAddress(general.mac).into());
        config.random_seed = u64::from_le_bytes([
            general.mac[0],
            general.mac[1],
            general.mac[2],
            general.mac[3],
            general.mac[4],
            general.mac[5],
            0x5E,
            0xED,
        ]);
        let now = instant(world().clock.now());
        let mut wire = Wire { port, adapter, outgoing: &outgoing, mtu };
        let interface = Interface::new(config, &mut wire, now);
        let mut sockets = SocketSet::new(Vec::new());
        let dhcp = sockets.add(dhcpv4::Socket::new());
        let buffer = || icmp::PacketBuffer::new(vec![icmp::PacketMetadata::EMPTY; 8], vec![0; 4096]);
        let ping = sockets.add(icmp::Socket::new(buffer(), buffer()));
        Rc::new(Self {
            port: Rc::clone(port),
            adapter: Rc::clone(adapter),
            interface: RefCell::new(interface),
            sockets: RefCell::new(sockets),
            outgoing,
            transfers: RefCell::default(),
            dhcp,
            lease: Cell::new(None),
            ping,
            pongs: RefCell::default(),
            stopping: Cell::new(false),
            stopped: Cell::new(false),
            asked: Cell::new(false),
            next_port: Cell::new(49152),
            mtu,
        })
    }

    /// Starts the thread that polls, on a CPU.
    pub fn start(self: &Rc<Self>, cpu: usize) {
        let stack = Rc::clone(self);
        world().sched.spawn("protocol", cpu, move || {
            while !stack.stopping.get() {
                stack.step();
            }
            stack.stopped.set(true);
        });
    }

    /// Ends the thread; nothing of the stack's is out afterwards.
    pub fn stop(&self) {
        self.stopping.set(true);
        world().sched.block("the protocol's thread", None, &|| self.stopped.get());
    }

    /// One poll, what came of it, and a sleep if there is nothing to do.
    fn step(&self) {
        let world = world();
        self.asked.set(false);
        let now = instant(world.clock.now());
        self.poll_once(now);
        let sent = !self.outgoing.borrow().is_empty();
        self.flush();
        self.look_at_dhcp();
        self.look_at_pongs();
        let moved = self.look_at_transfers();
        if sent || moved {
            return;
        }
        let delay = self.interface.borrow_mut().poll_delay(now, &self.sockets.borrow());
        let delay =
            delay.map_or(LONGEST_SLEEP, |d| Duration::from_micros(d.total_micros()).min(LONGEST_SLEEP));
        if delay.is_zero() && self.port.has_room() {
            world.sched.suspend();
            return;
        }
        let until = world.clock.now().after(delay.max(Duration::from_micros(100)));
        let refused = || self.port.has_refused() && self.adapter.state() == State::Running;
        let waiting = || {
            self.stopping.get()
                || self.asked.get()
                || refused()
                || (self.port.has_room() && !self.port.received.borrow().is_empty())
        };
        world.sched.block("frames", Some(until), &waiting);
    }

    fn poll_once(&self, now: Instant) {
        let mut wire =
            Wire { port: &self.port, adapter: &self.adapter, outgoing: &self.outgoing, mtu: self.mtu };
        self.interface.borrow_mut().poll(now, &mut wire, &mut self.sockets.borrow_mut());
    }

    /// Hands down what the poll produced, as one chain.
    fn flush(&self) {
        let mut frames = self.outgoing.take();
        if self.adapter.state() == State::Running && self.port.has_refused() {
            let mut first = self.port.take_refused();
            first.append(&mut frames);
            frames = first;
        }
        if frames.is_empty() {
            return;
        }
        let refs: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
        self.port.send(&self.adapter, &refs);
    }

    fn look_at_dhcp(&self) {
        let mut sockets = self.sockets.borrow_mut();
        match sockets.get_mut::<dhcpv4::Socket>(self.dhcp).poll() {
            Some(dhcpv4::Event::Configured(config)) => {
                let mut interface = self.interface.borrow_mut();
                interface.update_ip_addrs(|list| {
                    list.clear();
                    let _ = list.push(IpCidr::Ipv4(config.address));
                });
                if let Some(router) = config.router {
                    let _ = interface.routes_mut().add_default_ipv4_route(router);
                }
                self.lease.set(Some(Lease { address: config.address, router: config.router }));
            }
            Some(dhcpv4::Event::Deconfigured) => self.lease.set(None),
            None => {}
        }
    }

    fn look_at_pongs(&self) {
        let mut sockets = self.sockets.borrow_mut();
        let socket = sockets.get_mut::<icmp::Socket>(self.ping);
        while let Ok((payload, _)) = socket.recv() {
            let Ok(packet) = Icmpv4Packet::new_checked(payload) else { continue };
            let checked = Icmpv4Repr::parse(&packet, &phy::ChecksumCapabilities::default());
            if let Ok(Icmpv4Repr::EchoReply { seq_no, .. }) = checked {
                self.pongs.borrow_mut().push(seq_no);
            }
        }
    }

    fn look_at_transfers(&self) -> bool {
        let transfers = self.transfers.borrow().clone();
        let mut sockets = self.sockets.borrow_mut();
        transfers
            .iter()
            .fold(false, |moved, transfer| transfer.step(sockets.get_mut(transfer.handle)) | moved)
    }

    /// Waits for a lease.
    pub fn wait_for_lease(&self, longest: Duration) -> Option<Lease> {
        let until = world().clock.now().after(longest);
        world().sched.block("a DHCP lease", Some(until), &|| self.lease.get().is_some());
        self.lease.get()
    }

    /// Pings an address; the round trip, or nothing in `longest`.
    pub fn ping(&self, to: Ipv4Address, sequence: u16, longest: Duration) -> Option<Duration> {
        let began = world().clock.now();
        {
            let mut sockets = self.sockets.borrow_mut();
            let socket = sockets.get_mut::<icmp::Socket>(self.ping);
            if !socket.is_open() {
                socket.bind(icmp::Endpoint::Ident(PING_IDENT)).ok()?;
            }
            let repr = Icmpv4Repr::EchoRequest {
                ident: PING_IDENT,
                seq_no: sequence,
                data: b"ferrite, are you there?",
            };
            let buffer = socket.send(repr.buffer_len(), IpAddress::Ipv4(to)).ok()?;
            repr.emit(&mut Icmpv4Packet::new_unchecked(buffer), &phy::ChecksumCapabilities::default());
        }
        self.asked.set(true);
        let until = began.after(longest);
        let answered = || self.pongs.borrow().contains(&sequence);
        world().sched.block("an echo reply", Some(until), &answered).then(|| world().clock.now().since(began))
    }

    /// Opens a TCP connection and starts to move bytes over it.
    ///
    /// # Errors
    /// The socket refuses, in its words.
    pub fn connect(
        &self,
        to: (Ipv4Address, u16),
        make: impl FnOnce(SocketHandle) -> Transfer,
    ) -> Result<Rc<Transfer>, String> {
        let buffer = || tcp::SocketBuffer::new(vec![0; BUFFER]);
        let mut socket = tcp::Socket::new(buffer(), buffer());
        socket.set_nagle_enabled(false);
        socket.set_ack_delay(None);
        socket.set_timeout(Some(smoltcp::time::Duration::from_secs(30)));
        let from = self.next_port.get();
        self.next_port.set(from.checked_add(1).unwrap_or(49152));
        let mut interface = self.interface.borrow_mut();
        socket
            .connect(interface.context(), to, from)
            .map_err(|error| format!("connect to {}:{}: {error}", to.0, to.1))?;
        let handle = self.sockets.borrow_mut().add(socket);
        let transfer = Rc::new(make(handle));
        self.transfers.borrow_mut().push(Rc::clone(&transfer));
        self.asked.set(true);
        Ok(transfer)
    }
}
