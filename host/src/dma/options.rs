//! What can be asked of a DMA run.

use crate::device::quickdata::{Config, Interrupts, Version};
use std::{path::PathBuf, str::FromStr};

/// Load a driver, bring up its NetDMA providers, and copy through every channel of all of them at once.
///
/// The CPU's provider is on QEMU's NIC, those of QuickData functions on functions that this program plays. Chains of
/// random copies are started, appended to, suspended, aborted, reset and failed on purpose; every byte, completion word
/// and report is checked. Windows 7 is played: later ones take no provider.
#[derive(Clone, Debug, clap::Args)]
#[allow(clippy::doc_markdown, reason = "the text is the help that a person reads")]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct Options {
    /// The driver's INF for the NIC.
    #[arg(long, default_value = "out/ferrite.inf")]
    pub inf: PathBuf,
    /// The driver's INF for QuickData functions.
    #[arg(long, default_value = "out/ferrite-dma.inf", value_name = "INF")]
    pub dma_inf: PathBuf,
    /// The driver's image [default: beside the INF].
    #[arg(long)]
    pub image: Option<PathBuf>,
    /// A QuickData function: version 1.2, 2.0, 3.0, 3.2, 3.3 or 3.4, channels, and msix, msi or line; may be repeated
    /// [default: 1.2:2:line 3.2:4:msix 3.4:1:msi].
    #[arg(long, value_name = "VERSION[:CHANNELS[:INTERRUPTS]]")]
    pub quickdata: Vec<Kind>,
    /// Leave out QEMU, and with it the CPU's provider.
    #[arg(long)]
    pub no_nic: bool,
    /// MiB to copy through each channel.
    #[arg(long, default_value_t = 8, value_name = "MIB")]
    pub mib: u64,
    /// Simulate: virtual time, and who runs next drawn from the seed. The same seed is the same run on any machine.
    #[arg(long, requires = "no_nic")]
    pub sim: bool,
    /// Repeats the choices of a run; without --sim, what the machine makes of them may still differ.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Virtual CPUs.
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=8))]
    pub cpus: u8,
    /// Show what the driver prints with DbgPrint.
    #[arg(long)]
    pub debug_output: bool,
    /// The QEMU program.
    #[arg(long, default_value = "qemu-system-x86_64", value_name = "PROGRAM")]
    pub qemu: PathBuf,
    /// No progress, only the result.
    #[arg(long, short)]
    pub quiet: bool,
    /// The result as JSON.
    #[arg(long)]
    pub json: bool,
}

/// A function to be played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its version.
    pub version: Version,
    /// Its channels.
    pub channels: u8,
    /// How it interrupts.
    pub interrupts: Interrupts,
}

impl Kind {
    /// Those of a run that names none: each way to interrupt, chains of both kinds, one and several channels.
    #[must_use]
    pub fn usual() -> Vec<Self> {
        let kind = |version, channels, interrupts| Self { version, channels, interrupts };
        vec![
            kind(Version::V1_2, 2, Interrupts::Line),
            kind(Version::V3_2, 4, Interrupts::MsiX),
            kind(Version::V3_4, 1, Interrupts::Msi),
        ]
    }

    /// The model's configuration.
    #[must_use]
    pub fn config(self, seed: u64) -> Config {
        Config { interrupts: self.interrupts, seed, ..Config::new(self.version, self.channels) }
    }

    /// For a person: its version.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.version {
            Version::V1_2 => "1.2",
            Version::V2_0 => "2.0",
            Version::V3_0 => "3.0",
            Version::V3_2 => "3.2",
            Version::V3_3 => "3.3",
            Version::V3_4 => "3.4",
        }
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split(':');
        let version = match parts.next().unwrap_or_default() {
            "1.2" => Version::V1_2,
            "2.0" => Version::V2_0,
            "3.0" => Version::V3_0,
            "3.2" => Version::V3_2,
            "3.3" => Version::V3_3,
            "3.4" => Version::V3_4,
            other => return Err(format!("version \"{other}\" is none of 1.2, 2.0, 3.0, 3.2, 3.3, 3.4")),
        };
        let most = version.most_channels();
        let channels = match parts.next() {
            None => most.min(4),
            Some(count) => count
                .parse()
                .ok()
                .filter(|count| (1..=most).contains(count))
                .ok_or_else(|| format!("{count} channels: this version has 1 to {most}"))?,
        };
        let interrupts = match parts.next().unwrap_or("msix") {
            "msix" => Interrupts::MsiX,
            "msi" => Interrupts::Msi,
            "line" => Interrupts::Line,
            other => return Err(format!("interrupts \"{other}\" are none of msix, msi, line")),
        };
        match parts.next() {
            Some(rest) => Err(format!("\"{rest}\" is one part too many")),
            None => Ok(Self { version, channels, interrupts }),
        }
    }
}
