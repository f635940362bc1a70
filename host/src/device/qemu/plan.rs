//! A configuration turned into QEMU's command line and the descriptors that it inherits.

use super::{
    super::{Error, Ram, Result},
    Wire,
    config::{Config, Network, Nic, user_options},
    doorbell::Doorbell,
    firmware,
    lines::Lines,
};
use crate::bus::Bdf;
use std::{
    ffi::OsString,
    fmt::Write as _,
    fs::File,
    os::fd::{AsFd, AsRawFd, OwnedFd},
    sync::Arc,
};

/// PCI device number of the first NIC; the others follow.
const FIRST_NIC: u8 = 4;
/// The device whose doorbell carries messages.
pub(super) const DOORBELL: Bdf = Bdf::new(0, 0x18, 0);

/// Why writing to a `String` cannot fail.
const STRING: &str = "a String takes everything";

/// Everything that QEMU is started with, and our ends of it.
pub(super) struct Plan {
    pub(super) args: Vec<OsString>,
    pub(super) inherited: Vec<OwnedFd>,
    pub(super) qtest: Lines,
    pub(super) qmp: Lines,
    pub(super) doorbell: Doorbell,
    /// Per NIC: its wire, if this process holds it.
    pub(super) wires: Vec<Option<Arc<Wire>>>,
}

impl Plan {
    /// Plans a machine with `ram`.
    pub(super) fn new(config: &Config, ram: &Ram) -> Result<Self> {
        if let Some(problem) = config.problem() {
            return Err(Error::Config(problem));
        }
        let (qtest, qtest_end) = Lines::pair(config.start_bound)?;
        let (qmp, qmp_end) = Lines::pair(config.start_bound)?;
        let (doorbell, doorbell_end) = Doorbell::new(config.messages)?;
        let ram_file = ram.as_fd().try_clone_to_owned().map_err(|e| Error::system("RAM", e))?;
        let mut plan =
            Self { args: Vec::new(), inherited: Vec::new(), qtest, qmp, doorbell, wires: Vec::new() };
        plan.board(ram, ram_file)?;
        let fd = plan.inherit(qtest_end);
        plan.option("-chardev", format!("socket,id=qtest,fd={fd}"));
        // This, not `-qtest`: that needs an accelerator of the same name, which distributions leave out.
        plan.option("-object", "qtest,id=registers,chardev=qtest,log=none".into());
        let fd = plan.inherit(qmp_end);
        plan.option("-chardev", format!("socket,id=monitor,fd={fd}"));
        plan.option("-mon", "chardev=monitor,mode=control".into());
        let fd = plan.inherit(doorbell_end);
        plan.option("-chardev", format!("socket,id=doorbell,fd={fd}"));
        let (messages, slot) = (config.messages, DOORBELL.device());
        plan.option(
            "-device",
            format!("ivshmem-doorbell,chardev=doorbell,vectors={messages},addr={slot:#x}"),
        );
        for (index, nic) in config.nics.iter().enumerate() {
            let wire = plan.nic(index, nic)?;
            plan.wires.push(wire);
        }
        Ok(plan)
    }

    /// Where the NIC with this number is.
    pub(super) fn nic_address(index: usize) -> Bdf {
        Bdf::new(0, FIRST_NIC + index as u8, 0)
    }

    /// A q35 board without anything that could act on its own, and a CPU that sleeps.
    fn board(&mut self, ram: &Ram, ram_file: OwnedFd) -> Result<()> {
        let (low, all) = (ram.low_size(), ram.low_size() + ram.high_size());
        let mib = all >> 20;
        self.args.extend(["-no-user-config", "-nodefaults", "-display", "none"].map(OsString::from));
        self.option(
            "-machine",
            format!(
                "q35,memory-backend=ram,max-ram-below-4g={low},\
                 vmport=off,sata=off,smbus=off,usb=off,pit=off,hpet=off,i8042=off,graphics=off"
            ),
        );
        self.option("-accel", "tcg".into());
        self.option("-m", format!("{mib}M"));
        let fd = self.inherit(ram_file);
        self.option(
            "-object",
            format!("memory-backend-file,id=ram,size={all},mem-path=/proc/self/fd/{fd},share=on"),
        );
        let fd = self.inherit(firmware::image()?.into());
        self.option("-bios", format!("/proc/self/fd/{fd}"));
        Ok(())
    }

    /// A NIC with its cable.
    fn nic(&mut self, index: usize, nic: &Nic) -> Result<Option<Arc<Wire>>> {
        let (model, slot) = (&nic.model, Self::nic_address(index).device());
        let mut device = format!("{model},id=nic{index},addr={slot:#x},romfile=");
        if let Some(mac) = nic.mac {
            write!(device, ",mac={mac}").expect(STRING);
        }
        for (key, value) in &nic.properties {
            // A comma within a value is written twice.
            write!(device, ",{key}={}", value.replace(',', ",,")).expect(STRING);
        }
        let mut wire = None;
        let netdev = match &nic.network {
            Network::User { restrict, forward } => {
                Some(format!("user,id=net{index}{}", user_options(*restrict, forward)))
            }
            Network::Dgram => {
                let (ours, theirs) = Wire::pair()?;
                wire = Some(Arc::new(ours));
                let fd = self.inherit(theirs);
                Some(format!("dgram,id=net{index},local.type=fd,local.str={fd}"))
            }
            Network::Tap { name } => {
                Some(format!("tap,id=net{index},ifname={name},script=no,downscript=no,vhost=off"))
            }
            Network::Unplugged => None,
        };
        if let Some(netdev) = netdev {
            write!(device, ",netdev=net{index}").expect(STRING);
            self.option("-netdev", netdev);
        }
        self.option("-device", device);
        if let Some(path) = &nic.pcap {
            let file =
                File::create(path).map_err(|e| Error::system(format!("pcap file {}", path.display()), e))?;
            let fd = self.inherit(file.into());
            self.option(
                "-object",
                format!("filter-dump,id=dump{index},netdev=net{index},file=/proc/self/fd/{fd}"),
            );
        }
        Ok(wire)
    }

    fn option(&mut self, name: &str, value: String) {
        self.args.extend([name.into(), value.into()]);
    }

    /// Passes a descriptor on; its number, here and there.
    fn inherit(&mut self, fd: OwnedFd) -> i32 {
        let number = fd.as_raw_fd();
        self.inherited.push(fd);
        number
    }
}
