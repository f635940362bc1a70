//! Windows around a network driver, on Linux: loads an NDIS 6 miniport image, binds it by its INF to
//! a network function of QEMU's, and holds it to the NDIS contract while traffic flows.

pub mod abi;
pub mod bus;
pub mod clock;
pub mod cpu;
pub mod device;
pub mod devices;
pub mod devnode;
pub mod function;
pub mod image;
pub mod inspect;
pub mod mem;
pub mod ndis;
pub mod net;
pub mod nt;
pub mod pe;
pub mod pnp;
pub mod run;
pub mod sched;
pub mod symbols;
pub mod system;
pub mod trap;
pub mod verify;
pub mod world;
