//! What the tests of the whole image share: a machine with the driver on it, the far end of its cable, frames,
//! load, copies, random numbers, and a bound in time.

pub mod built;
pub mod copies;
pub mod far;
pub mod frame;
pub mod load;
pub mod random;
pub mod rig;
pub mod watchdog;
