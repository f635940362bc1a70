//! What an installed QEMU offers.

use super::{Config, Machine, Network, Nic, Version, config::MOST_NICS, process, version_of};
use crate::{
    bus::PciFunction,
    device::{Error, Ram, Result},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// How long `-device help` may take.
const HELP_BOUND: Duration = Duration::from_secs(10);
/// Enough memory for a machine that is only looked at.
const LITTLE_RAM: u64 = 4 << 20;

/// A model of NIC.
#[derive(Clone, Debug)]
pub struct Offer {
    /// QEMU's name for it.
    pub model: String,
    /// Another name, if it has one.
    pub alias: Option<String>,
    /// QEMU's words about it.
    pub description: Option<String>,
    /// The function as it appears on the bus; none if QEMU would not plug it in as it is.
    pub function: Option<PciFunction>,
}

/// What QEMU offers.
#[derive(Clone, Debug)]
pub struct Offers {
    /// The program.
    pub program: PathBuf,
    /// Its version.
    pub version: Version,
    /// NICs for PCI, in QEMU's order.
    pub nics: Vec<Offer>,
}

/// Asks QEMU for its NICs, and plugs each into a machine to see its identifiers.
///
/// # Errors
/// As for [`Machine::start`], apart from a machine with a certain model that does not start.
pub fn offers(program: &Path) -> Result<Offers> {
    let version = version_of(program)?;
    if version < Version::MINIMUM {
        return Err(Error::TooOld { program: program.into(), version });
    }
    let help = process::run(program, &["-device", "help"], HELP_BOUND)?;
    if !help.status.is_some_and(|status| status.success()) {
        let said = help.last_words.join("; ");
        return Err(Error::Refused { command: "-device help".into(), reason: said });
    }
    let mut nics = parse_help(&help.stdout);
    let ram = Ram::new(LITTLE_RAM, 0)?;
    for group in nics.chunks_mut(MOST_NICS) {
        identify(program, &ram, group)?;
    }
    Ok(Offers { program: program.into(), version, nics })
}

/// The NICs for PCI in the output of `-device help`.
fn parse_help(help: &str) -> Vec<Offer> {
    let section = help.lines().skip_while(|line| *line != "Network devices:").skip(1);
    section.take_while(|line| !line.is_empty()).filter_map(parse_device).collect()
}

/// A line such as `name "e1000e", bus PCI, desc "Intel 82574L GbE Controller"`.
fn parse_device(line: &str) -> Option<Offer> {
    let quoted = |key: &str| {
        let rest = &line[line.find(&format!("{key} \""))? + key.len() + 2..];
        Some(rest[..rest.find('"')?].to_string())
    };
    let is_pci = line.split(", ").any(|part| part == "bus PCI");
    let model = quoted("name").filter(|_| is_pci)?;
    Some(Offer { model, alias: quoted("alias"), description: quoted("desc"), function: None })
}

/// Fills in the functions of a group. If the group does not start, the model that QEMU complains about
/// is left out; if it names none, halves are tried.
fn identify(program: &Path, ram: &Arc<Ram>, group: &mut [Offer]) -> Result<()> {
    if group.is_empty() {
        return Ok(());
    }
    let nic = |offer: &Offer| Nic {
        model: offer.model.clone(),
        mac: None,
        network: Network::Unplugged,
        ..Nic::default()
    };
    let nics = group.iter().map(nic).collect();
    let config = Config { program: program.into(), nics, messages: 1, ..Config::default() };
    match Machine::start(&config, ram) {
        Ok(mut machine) => {
            for (offer, at) in group.iter_mut().zip(machine.nics()) {
                offer.function = PciFunction::read(&mut machine, at)?;
            }
            Ok(())
        }
        Err(Error::NotStarted(_)) if group.len() == 1 => Ok(()),
        Err(Error::NotStarted(gone)) => {
            let blamed = |offer: &Offer| {
                let option = format!("-device {},", offer.model);
                gone.last_words.iter().any(|line| line.contains(&option))
            };
            let (first, second) = match group.iter().position(blamed) {
                Some(index) => {
                    let (first, rest) = group.split_at_mut(index);
                    (first, &mut rest[1..])
                }
                None => group.split_at_mut(group.len() / 2),
            };
            identify(program, ram, first)?;
            identify(program, ram, second)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_devices_is_read() {
        let help = "Storage devices:\nname \"nvme\", bus PCI\n\nNetwork devices:\n\
                    name \"e1000\", bus PCI, alias \"e1000-82540em\", desc \"Intel Gigabit Ethernet\"\n\
                    name \"ne2k_isa\", bus ISA\nname \"tulip\", bus PCI\n\nInput devices:\n\
                    name \"i8042\", bus PCI\n";
        let found = parse_help(help);
        let names: Vec<_> = found.iter().map(|o| (o.model.as_str(), o.alias.as_deref())).collect();
        assert_eq!(names, [("e1000", Some("e1000-82540em")), ("tulip", None)]);
        assert_eq!(found[0].description.as_deref(), Some("Intel Gigabit Ethernet"));
    }
}
