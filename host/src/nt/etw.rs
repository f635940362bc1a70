//! Event tracing: providers register and write; nobody listens.

use crate::{
    abi::{self, Import, constants as c, write, write_bytes, write_out},
    imports,
    nt::rtl::guid,
    pe::variadic_shim,
    verify::rules,
    world::world,
};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

/// EtwActivityIdControl's codes.
const GET_ID: u32 = 1;
const SET_ID: u32 = 2;
const CREATE_ID: u32 = 3;
const GET_SET_ID: u32 = 4;
const CREATE_SET_ID: u32 = 5;

/// Trace providers of a world.
#[derive(Default)]
pub struct Etw {
    /// Handle and what registered it.
    providers: RefCell<BTreeMap<u64, &'static str>>,
    registered: Cell<u64>,
    pcw: RefCell<BTreeSet<u64>>,
    activity: Cell<[u8; 16]>,
    /// Events that were written.
    pub written: Cell<u64>,
}

impl Etw {
    /// Providers and counter sets that were not unregistered.
    #[must_use]
    pub fn left(&self) -> Vec<String> {
        let providers = self.providers.borrow();
        let providers = providers.iter().map(|(handle, by)| format!("trace provider {handle:#x} of {by}"));
        let sets = self.pcw.borrow();
        let sets = sets.iter().map(|set| format!("performance counter set {set:#x}"));
        providers.chain(sets).collect()
    }

    fn register(&self, by: &'static str, out: u64) -> u32 {
        let handle = self.registered.get() + 1;
        self.registered.set(handle);
        self.providers.borrow_mut().insert(handle, by);
        write(out, handle);
        c::STATUS_SUCCESS
    }

    fn unregister(&self, what: &str, handle: u64) -> u32 {
        let known = self.providers.borrow_mut().remove(&handle);
        world().hold(&rules::ETW_HANDLE, known.is_some(), || format!("{what}({handle:#x}): not registered"));
        c::STATUS_SUCCESS
    }

    fn wrote(&self, handle: u64) -> u32 {
        if !self.providers.borrow().contains_key(&handle) {
            return c::STATUS_INVALID_HANDLE;
        }
        self.written.set(self.written.get() + 1);
        c::STATUS_SUCCESS
    }
}

fn trace_message_of(_args: *const u64) -> u64 {
    static INFO: OnceLock<abi::CallInfo> = OnceLock::new();
    let _call = abi::enter(&INFO, "WmiTraceMessage");
    let written = &world().nt.etw.written;
    written.set(written.get() + 1);
    u64::from(c::STATUS_SUCCESS)
}

variadic_shim!(trace_message, trace_message_of);

/// Functions with variable arguments.
pub static VARIADIC: &[Import] =
    &[Import::code("ntoskrnl.exe", "WmiTraceMessage", trace_message as *const ())];

imports! {
    /// Tracing.
    TABLE from "ntoskrnl.exe";

    fn EtwRegister(_provider: u64, _enable: u64, _context: u64, out: u64) -> u32 {
        world().nt.etw.register("EtwRegister", out)
    }

    fn EtwRegisterClassicProvider(_provider: u64, _kind: u32, _enable: u64, _context: u64, out: u64) -> u32 {
        world().nt.etw.register("EtwRegisterClassicProvider", out)
    }

    fn EtwUnregister(handle: u64) -> u32 {
        world().nt.etw.unregister("EtwUnregister", handle)
    }

    fn EtwSetInformation(_handle: u64, _class: u32, _information: u64, _len: u32) -> u32 {
        c::STATUS_SUCCESS
    }

    fn EtwEventEnabled(_handle: u64, _descriptor: u64) -> u8 {
        0
    }

    fn EtwProviderEnabled(_handle: u64, _level: u8, _keyword: u64) -> u8 {
        0
    }

    fn EtwWrite(handle: u64, _descriptor: u64, _activity: u64, _count: u32, _data: u64) -> u32 {
        world().nt.etw.wrote(handle)
    }

    fn EtwWriteEx(handle: u64, _descriptor: u64, _filter: u64, _flags: u32, _activity: u64, _related: u64, _count: u32, _data: u64) -> u32 {
        world().nt.etw.wrote(handle)
    }

    fn EtwWriteTransfer(handle: u64, _descriptor: u64, _activity: u64, _related: u64, _count: u32, _data: u64) -> u32 {
        world().nt.etw.wrote(handle)
    }

    fn EtwWriteString(handle: u64, _level: u8, _keyword: u64, _activity: u64, _text: u64) -> u32 {
        world().nt.etw.wrote(handle)
    }

    fn EtwActivityIdControl(code: u32, id: u64) -> u32 {
        let current = &world().nt.etw.activity;
        let given = || {
            let mut bytes = [0; 16];
            abi::read_into(id, &mut bytes);
            bytes
        };
        match code {
            GET_ID => write_bytes(id, &current.get()),
            SET_ID => current.set(given()),
            CREATE_ID => write_bytes(id, &guid::new()),
            GET_SET_ID => write_bytes(id, &current.replace(given())),
            CREATE_SET_ID => write_bytes(id, &current.replace(guid::new())),
            _ => return c::STATUS_INVALID_PARAMETER,
        }
        c::STATUS_SUCCESS
    }

    fn WmiQueryTraceInformation(_class: u32, _information: u64, _len: u32, required: u64, _buffer: u64) -> u32 {
        // No trace session runs that could be asked.
        write_out(required, 0_u32);
        c::STATUS_NOT_FOUND
    }

    fn WmiTraceMessageVa(_handle: u64, _flags: u32, _guid: u64, _number: u16, _args: u64) -> u32 {
        let written = &world().nt.etw.written;
        written.set(written.get() + 1);
        c::STATUS_SUCCESS
    }

    fn PcwRegister(out: u64, _information: u64) -> u32 {
        let etw = &world().nt.etw;
        let handle = etw.registered.get() + 1;
        etw.registered.set(handle);
        etw.pcw.borrow_mut().insert(handle);
        write(out, handle);
        c::STATUS_SUCCESS
    }

    fn PcwUnregister(handle: u64) {
        let known = world().nt.etw.pcw.borrow_mut().remove(&handle);
        world().hold(&rules::PCW_HANDLE, known, || format!("PcwUnregister({handle:#x}): not registered"));
    }

    fn PcwCreateInstance(out: u64, _registration: u64, _name: u64, _count: u32, _data: u64) -> u32 {
        let etw = &world().nt.etw;
        let handle = etw.registered.get() + 1;
        etw.registered.set(handle);
        write(out, handle);
        c::STATUS_SUCCESS
    }

    fn PcwCloseInstance(_instance: u64) {}
}
