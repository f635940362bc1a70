//! Every name of ndis.sys that a driver can import here.

use super::{
    attributes, config, data, dma, driver, hardware, interrupt, lifecycle, log, memory, oid, pools, receive,
    reset, send, status, sync, system, timers, work,
};
use crate::abi::Import;

/// The tables of all families.
pub static TABLES: &[&[Import]] = &[
    attributes::TABLE,
    config::TABLE,
    data::TABLE,
    dma::TABLE,
    driver::TABLE,
    hardware::TABLE,
    interrupt::TABLE,
    lifecycle::TABLE,
    log::PLAIN,
    log::VARIADIC,
    memory::TABLE,
    oid::TABLE,
    pools::TABLE,
    receive::TABLE,
    reset::TABLE,
    send::TABLE,
    status::EVENTS,
    status::TABLE,
    sync::TABLE,
    system::TABLE,
    timers::TABLE,
    work::TABLE,
];
