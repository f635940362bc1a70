//! The error log.

use super::check;
use crate::{
    abi::{self, CallInfo, Import, constants as c, enter},
    imports,
    pe::variadic_shim,
    world::world,
};
use std::sync::OnceLock;

/// An entry that a driver wrote.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Entry {
    /// `NDIS_ERROR_CODE`.
    pub code: u32,
    /// The values that came with it.
    pub values: Vec<u32>,
}

/// Values that an entry can have.
const MOST_VALUES: u64 = 32;

imports! {
    /// The event log.
    PLAIN from "ndis.sys";

    fn NdisWriteEventLogEntry(_handle: u64, code: u32, _unique: u32, _strings: u16, _list: u64, size: u32, data: u64) -> u32 {
        let values = abi::bytes(data, size.min(128) as usize);
        let values = values.chunks(4).map(|four| four.iter().rev().fold(0, |v, &b| v << 8 | u32::from(b))).collect();
        world().ndis.error_log.borrow_mut().push(Entry { code, values });
        c::NDIS_STATUS_SUCCESS
    }
}

variadic_shim!(write_error_log_entry, log_entry);

/// NdisWriteErrorLogEntry(handle, code, count, values...).
extern "win64" fn log_entry(args: *const u64) -> u64 {
    static INFO: OnceLock<CallInfo> = OnceLock::new();
    let _call = enter(&INFO, "NdisWriteErrorLogEntry");
    let arg = |i: u64| abi::read::<u64>(args as u64 + 8 * i);
    check::adapter(arg(0)).unlogged.set(false);
    let count = (arg(2) & 0xFFFF_FFFF).min(MOST_VALUES);
    let values = (0..count).map(|i| arg(3 + i) as u32).collect();
    world().ndis.error_log.borrow_mut().push(Entry { code: arg(1) as u32, values });
    0
}

/// Calls with a variable number of arguments.
pub static VARIADIC: &[Import] =
    &[Import::code("ndis.sys", "NdisWriteErrorLogEntry", write_error_log_entry as *const ())];
