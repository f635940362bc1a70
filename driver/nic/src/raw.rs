//! The only unsafe code: access to mapped registers and to memory shared with the device.

mod dma;
mod mmio;

pub use dma::{DescriptorMemory, DmaSlice};
pub use mmio::{Mmio, Registers};
