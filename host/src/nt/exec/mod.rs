//! What runs when: time, timers, DPCs, work items, threads, processors.

pub mod callback;
pub mod dpc;
pub mod ext_timer;
pub mod processor;
pub mod thread;
pub mod time;
pub mod timer;
pub mod work;
