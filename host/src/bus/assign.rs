//! Giving BARs their addresses, as firmware or the plug-and-play manager does.

use super::{BarKind, Bdf, ConfigSpace, PciFunction};
use std::ops::Range;

/// Address space that BARs may take; it shrinks as they do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Memory below 4 GiB.
    pub memory: Range<u64>,
    /// Memory above 4 GiB; empty if the machine has none to give.
    pub high_memory: Range<u64>,
    /// Ports.
    pub ports: Range<u64>,
}

impl Windows {
    /// Takes `size` bytes, aligned to their size as BARs are.
    fn take(range: &mut Range<u64>, size: u64) -> Option<u64> {
        let base = range.start.checked_next_multiple_of(size)?;
        let end = base.checked_add(size)?;
        if end > range.end {
            return None;
        }
        range.start = end;
        Some(base)
    }
}

/// Why a function could not be placed.
#[derive(Debug, thiserror::Error)]
pub enum AssignError<E: std::error::Error + 'static> {
    /// No window is large enough.
    #[error(
        "no room for BAR {bar} of PCI function {at}: {size:#x} bytes of {kind:?} do not fit into what is left"
    )]
    NoRoom {
        /// The function.
        at: Bdf,
        /// The register.
        bar: u8,
        /// What it takes.
        kind: BarKind,
        /// Bytes that it needs.
        size: u64,
    },
    /// Configuration space could not be reached.
    #[error(transparent)]
    Access(#[from] E),
}

/// Places every BAR of `function` and notes where. Decoding must be off and stays so: turn it on with
/// [`update_command`](super::update_command).
///
/// Prefetchable 64-bit BARs go above 4 GiB if there is room, everything else below.
///
/// # Errors
/// A window does not fit, or an access failed; nothing is undone then.
pub fn assign<C: ConfigSpace + ?Sized>(
    config: &mut C,
    function: &mut PciFunction,
    windows: &mut Windows,
) -> Result<(), AssignError<C::Error>> {
    let at = function.at;
    for bar in &mut function.bars {
        let base = match bar.kind {
            BarKind::Io => Windows::take(&mut windows.ports, bar.size),
            BarKind::Memory32 { .. } => Windows::take(&mut windows.memory, bar.size),
            BarKind::Memory64 { prefetchable: true } => Windows::take(&mut windows.high_memory, bar.size)
                .or_else(|| Windows::take(&mut windows.memory, bar.size)),
            BarKind::Memory64 { prefetchable: false } => Windows::take(&mut windows.memory, bar.size)
                .or_else(|| Windows::take(&mut windows.high_memory, bar.size)),
        };
        let Some(base) = base else {
            return Err(AssignError::NoRoom { at, bar: bar.index, kind: bar.kind, size: bar.size });
        };
        config.config_write(at, bar.register(), 4, base as u32)?;
        if matches!(bar.kind, BarKind::Memory64 { .. }) {
            config.config_write(at, bar.register() + 4, 4, (base >> 32) as u32)?;
        }
        bar.base = Some(base);
    }
    Ok(())
}
