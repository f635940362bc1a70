//! Hardware and logic of Intel's 82574L gigabit NIC, free of NDIS.
//!
//! `no_std`, no allocation, no FFI type, no panic: the NDIS glue above it supplies memory, time and
//! registers, and turns what comes back into NDIS calls. Unsafe code exists in [`raw`] alone: one
//! implementation of [`Registers`] over a mapped BAR and one of [`DescriptorMemory`] over shared memory.
//!
//! # Bring-up (`PASSIVE_LEVEL`, `InitializeEx` and the reset work item alike)
//! ```text
//! let nic = Nic::new(unsafe { Mmio::new(base, length) }?);     // the BAR-0 mapping, any `Registers`
//! nic.reset(&delay)?;                        // interrupts masked, DMA off, nothing configured
//! let id = nic.identify(&delay)?;            // first time only: NVM checksum, permanent MAC
//! nic.bring_up(&Setup { station, speed_duplex, flow_control, interrupts, moderation }, &delay)?;
//! let tx = TxRing::new(tx_dma, tx_slots, zero_pad_address)?;   // once; after a reset: take() all, reset()
//! let rx = RxRing::new(rx_dma, rx_slots, RX_BUFFER_BYTES)?;
//! nic.set_rings(tx.base(), rx.base());       // only between bring_up and start
//! while let Ok(()) = rx.post(token, device_address) {}         // then, after start: rx.kick(nic.regs())
//! nic.start();                               // transmitter on; receiver is off until set_filter(.., true)
//! nic.set_filter(&filter, station, receive);
//! nic.arm_all(plan);
//! ```
//! # Interrupts
//! [`InterruptPlan`] is pure: `plan.work(message)` says which of receive, transmit and other a message
//! serves, `plan.causes(message)` is the IMS/IMC value. With MSI-X the hardware acknowledges and masks the
//! message by itself (EIAC, IAM): the ISR touches no register, the DPC polls its rings and ends with
//! `nic.arm(causes)`, one write. The message that carries `other` calls `nic.ack_other()` (a write)
//! and then `nic.link()` (one read) first. A spurious message finds nothing to do. Line interrupts:
//! `nic.line_interrupt()` in the ISR says whether it was ours and what to do, and has masked the NIC.
//!
//! # Data path (locks are the caller's: one for the TX ring, one for the RX ring)
//! ```text
//! tx.push(token, fragments(sg_elements, skip, length))  // PushError::Full -> queue, Fragmented -> copy
//! tx.kick(nic.regs())                                   // once a batch
//! while let Some(token) = tx.reap(now) { complete }     // memory only
//! match rx.poll() { Polled::Frame(frame) => .., Polled::Dropped => .., Polled::Empty => break }
//! rx.post(token, address); rx.kick(nic.regs());         // once a batch
//! tx.health(now, limit)                                 // CheckForHangEx: Idle, Moving, Unreaped, Stuck
//! ```
//! # The gate
//! [`Gate`]: `enter(n)`, `leave(n)`, `indicate(n)`, `close(reason)`, `refuse(reason)`, `open(reason)`.
//! [`gate`] explains who must do what.
//!
//! # Settings
//! [`Settings::read`] asks a closure for each row of [`config::KEYWORDS`] and replaces what is absent or out
//! of range by the default (NDIS-CFG-04). [`MacAddress::station`] and [`MacAddress::parse`] validate
//! `NetworkAddress`. [`PacketFilter`], [`MulticastList`] and [`Filter`] hold what the OIDs set;
//! [`HwStats`] accumulates the clear-on-read counters.

#![no_std]
#![deny(unsafe_code)]
#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unreachable,
    clippy::unwrap_used
)]

pub mod config;
pub mod desc;
mod error;
pub mod filter;
pub mod gate;
pub mod interrupt;
pub mod link;
mod mac;
mod nic;
#[allow(unsafe_code)]
pub mod raw;
pub mod regs;
pub mod ring;
pub mod stats;
mod time;

pub use config::{FlowControl, Keyword, Settings, SpeedDuplex};
pub use error::{Error, Gone, Step};
pub use filter::{Filter, ListError, MulticastList, PacketFilter};
pub use gate::{Close, Drained, Gate, Indication, OpenError, Opened, Reason};
pub use interrupt::{InterruptPlan, LineInterrupt, Work};
pub use link::{Duplex, Link, LinkState, Pause, PauseAbility, Speed};
pub use mac::{AddressError, MacAddress};
pub use nic::{Identity, Nic, Setup};
pub use raw::{DescriptorMemory, DmaSlice, Mmio, Registers};
pub use regs::Reg;
pub use ring::{
    Fragment, Fragments, Frame, Full, Polled, PushError, RingBase, RingError, RxCounters, RxRing, RxSlot,
    TxHealth, TxRing, TxSlot, fragments,
};
pub use stats::HwStats;
pub use time::{Delay, MAX_STALL_US, Stall};
