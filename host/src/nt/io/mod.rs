//! Devices, IRPs, interrupts, DMA: the I/O manager and the HAL.

pub mod bus_data;
pub mod device;
pub mod dma;
pub mod dma_channel;
pub mod driver;
pub mod error_log;
pub mod interrupt;
pub mod irp;
pub mod irp_build;
pub mod link;
pub mod pdo;
pub mod power;
pub mod property;
pub mod request;
