//! What a machine shall be made of.

use std::{
    fmt::{self, Write as _},
    net::SocketAddrV4,
    path::PathBuf,
    time::Duration,
};

/// An Ethernet address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mac(pub [u8; 6]);

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, rest @ ..] = self.0;
        write!(f, "{first:02x}")?;
        rest.iter().try_for_each(|byte| write!(f, ":{byte:02x}"))
    }
}

/// A port of this machine that leads to a port of the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostForward {
    /// UDP instead of TCP.
    pub udp: bool,
    /// Where this machine listens.
    pub host: SocketAddrV4,
    /// Where it leads.
    pub guest: SocketAddrV4,
}

impl fmt::Display for HostForward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = if self.udp { "udp" } else { "tcp" };
        write!(f, "{protocol}:{}:{}", self.host.ip(), self.host.port())?;
        write!(f, "-{}:{}", self.guest.ip(), self.guest.port())
    }
}

/// What a NIC is plugged into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Network {
    /// QEMU's user network: 10.0.2.0/24 with DHCP, DNS at 10.0.2.3, and a gateway 10.0.2.2 that
    /// answers ping and is this machine's loopback for TCP and UDP.
    User {
        /// Keep the guest from reaching anything but what is forwarded.
        restrict: bool,
        /// Ports of this machine that lead to the guest.
        forward: Vec<HostForward>,
    },
    /// A wire whose other end this process holds: exact frames both ways, see [`Wire`](super::Wire).
    Dgram,
    /// An existing tap interface of this machine, which the user has to be allowed to open.
    Tap {
        /// Its name.
        name: String,
    },
    /// Nothing.
    Unplugged,
}

/// A NIC.
#[derive(Clone, Debug)]
pub struct Nic {
    /// QEMU's name of the model: "e1000e" is the 82574L.
    pub model: String,
    /// Its permanent address; QEMU picks one if there is none.
    pub mac: Option<Mac>,
    /// Where its cable goes.
    pub network: Network,
    /// A file that gets every frame on its wire, in pcap format.
    pub pcap: Option<PathBuf>,
    /// Further properties of the model, by name.
    pub properties: Vec<(String, String)>,
}

impl Default for Nic {
    /// An 82574L, 52:54:00:12:34:56, on a wire that this process holds.
    fn default() -> Self {
        Self {
            model: "e1000e".into(),
            mac: Some(Mac([0x52, 0x54, 0x00, 0x12, 0x34, 0x56])),
            network: Network::Dgram,
            pcap: None,
            properties: Vec::new(),
        }
    }
}

/// A machine.
#[derive(Clone, Debug)]
pub struct Config {
    /// The program: a path, or a name to look for in PATH.
    pub program: PathBuf,
    /// NICs, in the order of their PCI device numbers.
    pub nics: Vec<Nic>,
    /// Interrupt messages that can be in use at a time.
    pub messages: u16,
    /// How long QEMU may take to be ready.
    pub start_bound: Duration,
    /// How long QEMU may take to answer.
    pub answer_bound: Duration,
}

impl Default for Config {
    /// One [default](Nic::default) NIC, 32 messages, bounds that an overloaded machine can meet.
    fn default() -> Self {
        Self {
            program: super::PROGRAM.into(),
            nics: vec![Nic::default()],
            messages: 32,
            start_bound: Duration::from_secs(20),
            answer_bound: Duration::from_secs(10),
        }
    }
}

/// The largest number of NICs: device numbers whose pins are wired alike.
pub(super) const MOST_NICS: usize = 16;
/// As many as fit into the queue of a socket before QEMU takes them out.
pub(super) const MOST_MESSAGES: u16 = 128;

impl Config {
    /// What cannot be, in words.
    pub(super) fn problem(&self) -> Option<String> {
        if self.nics.len() > MOST_NICS {
            return Some(format!("{} NICs: there is room for {MOST_NICS}", self.nics.len()));
        }
        if !(1..=MOST_MESSAGES).contains(&self.messages) {
            return Some(format!("{} interrupt messages: 1 to {MOST_MESSAGES} are possible", self.messages));
        }
        let problems = self.nics.iter().enumerate();
        problems.into_iter().find_map(|(index, nic)| nic.problem().map(|what| format!("NIC {index}: {what}")))
    }
}

impl Nic {
    /// What cannot be, in words.
    fn problem(&self) -> Option<String> {
        if !is_name(&self.model) {
            return Some(format!(
                "\"{}\" is no name of a model; `{} -device help` lists them",
                self.model,
                super::PROGRAM
            ));
        }
        if let Some(mac) = self.mac.filter(|mac| mac.0[0] & 1 != 0) {
            return Some(format!("{mac} is a group address"));
        }
        if let Some((key, _)) = self.properties.iter().find(|(key, _)| !is_name(key)) {
            return Some(format!("\"{key}\" is no name of a property"));
        }
        match &self.network {
            Network::Tap { name } if !is_interface(name) => Some(format!(
                "\"{name}\" is no name of a network interface (1 to 15 characters, no / : , or space)"
            )),
            Network::Unplugged if self.pcap.is_some() => {
                Some("an unplugged NIC has no frames to keep".into())
            }
            _ => None,
        }
    }
}

/// The options of a user network, after its type and id.
pub(super) fn user_options(restrict: bool, forward: &[HostForward]) -> String {
    let mut options = String::from(if restrict { ",restrict=on" } else { "" });
    for rule in forward {
        write!(options, ",hostfwd={rule}").expect("a String takes everything");
    }
    options
}

fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !text.is_empty() && text.chars().all(allowed)
}

fn is_interface(text: &str) -> bool {
    let refused = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | ':' | ',');
    (1..=15).contains(&text.len()) && !text.contains(refused) && text != "." && text != ".."
}
