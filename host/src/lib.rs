//! Windows around a network driver, on Linux: loads an NDIS 6 miniport image, binds it by its INF to
//! a network function of QEMU's, and holds it to the NDIS contract while traffic flows.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "what the driver passes and reads is cut to the width that the binary interface gives it"
)]
#![allow(clippy::similar_names, reason = "node and notes, mode and made: the field's words are short")]

pub mod abi;
pub mod bus;
pub mod clock;
pub mod cpu;
pub mod device;
pub mod devices;
pub mod devnode;
pub mod dma;
pub mod function;
pub mod image;
pub mod inspect;
pub mod mem;
pub mod ndis;
pub mod net;
pub mod netdma;
pub mod nt;
pub mod pe;
pub mod pnp;
pub mod random;
pub mod run;
pub mod sched;
pub mod sim;
pub mod symbols;
pub mod system;
pub mod trap;
pub mod verify;
pub mod world;
