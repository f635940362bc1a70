//! What can be asked of a run.

use std::path::PathBuf;

/// Load a driver, bind it by its INF to QEMU's NIC, carry traffic through it, pause and restart it, unload it.
///
/// The INF is matched against the PCI functions that QEMU offers; the image is where the INF says, unless
/// --image names another. Every check that the driver fails ends the run with the rule, the call and the
/// driver's stack.
#[derive(Clone, Debug, clap::Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[allow(clippy::doc_markdown, reason = "the text is the help that a person reads")]
pub struct Options {
    /// The driver's INF.
    #[arg(long, default_value = "out/ferrite.inf")]
    pub inf: PathBuf,
    /// The driver's image [default: beside the INF].
    #[arg(long)]
    pub image: Option<PathBuf>,
    /// MiB to transfer each way over TCP.
    #[arg(long, default_value_t = 64, value_name = "MIB")]
    pub mib: u64,
    /// Pauses and restarts during the transfer.
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub pauses: u64,
    /// Virtual CPUs.
    #[arg(long, default_value_t = 2, value_name = "N")]
    pub cpus: usize,
    /// Grant the driver a line interrupt instead of messages.
    #[arg(long)]
    pub line_interrupt: bool,
    /// Write every frame on QEMU's wire to FILE, in pcap format.
    #[arg(long, value_name = "FILE")]
    pub pcap: Option<PathBuf>,
    /// Instead of the built-in TCP/IP stack, bind a Linux interface NAME above the driver and carry its
    /// traffic until Ctrl-C. QEMU's network is 10.0.2.0/24, its gateway 10.0.2.2 leads to this machine.
    #[arg(long, value_name = "NAME")]
    pub tap: Option<String>,
    /// With --tap: end after so many seconds.
    #[arg(long, requires = "tap", value_name = "S")]
    pub seconds: Option<u64>,
    /// Set a keyword in the driver's registry key before it starts, for example '*ReceiveBuffers=64'.
    #[arg(long = "set", value_name = "KEYWORD=VALUE", value_parser = keyword)]
    pub keywords: Vec<(String, String)>,
    /// Copy through NetDMA channels at the same time: the CPU's, and those of QuickData functions that are served by
    /// INF. Windows 7 is played then, as later ones take no provider.
    #[arg(long, value_name = "INF", conflicts_with = "tap")]
    pub dma_inf: Option<PathBuf>,
    /// With --dma-inf: MiB to copy through each channel.
    #[arg(long, default_value_t = 4, value_name = "MIB", requires = "dma_inf")]
    pub dma_mib: u64,
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

fn keyword(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err(format!("\"{text}\" is not KEYWORD=VALUE")),
    }
}
