//! What drivers print, and how they stop the machine.

use super::crt::print;
use crate::{
    abi::{self, Import, Ptr, read},
    imports,
    mem::Kind,
    nt::layout::KBUGCHECK_CALLBACK_RECORD,
    pe::variadic_shim,
    verify::rules,
    world::world,
};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeSet, VecDeque},
    sync::OnceLock,
};

/// Lines that are kept.
const KEPT: usize = 2000;
/// KBUGCHECK_CALLBACK_RECORD.State.
const EMPTY: u8 = 0;
const INSERTED: u8 = 1;
/// Offset of State in a KBUGCHECK_REASON_CALLBACK_RECORD.
const REASON_STATE: u64 = 44;

/// The driver's output and its bug check callbacks.
#[derive(Default)]
pub struct Debug {
    lines: RefCell<VecDeque<String>>,
    /// Everything that was said, kept or not.
    pub said: Cell<u64>,
    callbacks: RefCell<BTreeSet<u64>>,
}

impl Debug {
    /// What was said last, oldest first.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.lines.borrow().iter().cloned().collect()
    }

    /// Callback records that are still registered.
    #[must_use]
    pub fn callbacks(&self) -> Vec<u64> {
        self.callbacks.borrow().iter().copied().collect()
    }

    fn say(&self, text: String) {
        if world().config.debug_output {
            eprint!("{text}");
        }
        let mut lines = self.lines.borrow_mut();
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back(text);
        self.said.set(self.said.get() + 1);
    }
}

fn debug_print_of(args: *const u64) -> u64 {
    static INFO: OnceLock<abi::CallInfo> = OnceLock::new();
    let _call = abi::enter(&INFO, "DbgPrint");
    let args = args as u64;
    world().nt.debug.say(print::narrow(read(args), args + 8));
    0
}

fn debug_print_ex_of(args: *const u64) -> u64 {
    static INFO: OnceLock<abi::CallInfo> = OnceLock::new();
    let _call = abi::enter(&INFO, "DbgPrintEx");
    let args = args as u64;
    world().nt.debug.say(print::narrow(read(args + 16), args + 24));
    0
}

variadic_shim!(debug_print, debug_print_of);
variadic_shim!(debug_print_ex, debug_print_ex_of);

/// Functions with variable arguments.
pub static VARIADIC: &[Import] = &[
    Import::code("ntoskrnl.exe", "DbgPrint", debug_print as *const ()),
    Import::code("ntoskrnl.exe", "DbgPrintReturnControlC", debug_print as *const ()),
    Import::code("ntoskrnl.exe", "DbgPrintEx", debug_print_ex as *const ()),
];

fn bug_check(code: u32, parameters: [u64; 4]) -> ! {
    let [a, b, c, d] = parameters;
    world().violation(&rules::BUG_CHECK, format!("bug check {code:#010x} ({a:#x}, {b:#x}, {c:#x}, {d:#x})"))
}

fn register(record: u64, state: u64) -> u8 {
    if read::<u8>(state) == INSERTED || !world().nt.debug.callbacks.borrow_mut().insert(record) {
        return 0;
    }
    abi::write(state, INSERTED);
    1
}

fn deregister(record: u64, state: u64) -> u8 {
    if !world().nt.debug.callbacks.borrow_mut().remove(&record) {
        return 0;
    }
    abi::write(state, EMPTY);
    1
}

fn state_of(record: u64) -> u64 {
    Ptr::<KBUGCHECK_CALLBACK_RECORD>::new(record).at(&KBUGCHECK_CALLBACK_RECORD::State)
}

imports! {
    /// Debugging.
    TABLE from "ntoskrnl.exe";

    fn vDbgPrintEx(_component: u32, _level: u32, template: u64, args: u64) -> u32 {
        world().nt.debug.say(print::narrow(template, args));
        0
    }

    fn vDbgPrintExWithPrefix(prefix: u64, _component: u32, _level: u32, template: u64, args: u64) -> u32 {
        let text = abi::c_string(prefix) + &print::narrow(template, args);
        world().nt.debug.say(text);
        0
    }

    fn DbgPrompt(_prompt: u64, _out: u64, _room: u32) -> u32 {
        0
    }

    fn DbgQueryDebugFilterState(_component: u32, _level: u32) -> u32 {
        1
    }

    fn DbgSetDebugFilterState(_component: u32, _level: u32, _state: u8) -> u32 {
        0
    }

    fn DbgBreakPoint() {
        world().violation(&rules::BREAKPOINT, "break point without a debugger".into());
    }

    fn DbgBreakPointWithStatus(status: u32) {
        world().violation(&rules::BREAKPOINT, format!("break point {status:#x} without a debugger"));
    }

    fn KdRefreshDebuggerNotPresent() -> u8 {
        1
    }

    fn KdDisableDebugger() -> u32 {
        // STATUS_DEBUGGER_INACTIVE
        0xC000_0354
    }

    fn KdEnableDebugger() -> u32 {
        0xC000_0354
    }

    fn KeBugCheck(code: u32) {
        bug_check(code, [0; 4]);
    }

    fn KeBugCheckEx(code: u32, a: u64, b: u64, c: u64, d: u64) {
        bug_check(code, [a, b, c, d]);
    }

    fn KeRegisterBugCheckCallback(record: u64, _routine: u64, _buffer: u64, _len: u32, _component: u64) -> u8 {
        register(record, state_of(record))
    }

    fn KeDeregisterBugCheckCallback(record: u64) -> u8 {
        deregister(record, state_of(record))
    }

    fn KeRegisterBugCheckReasonCallback(record: u64, _routine: u64, _reason: u32, _component: u64) -> u8 {
        register(record, record + REASON_STATE)
    }

    fn KeDeregisterBugCheckReasonCallback(record: u64) -> u8 {
        deregister(record, record + REASON_STATE)
    }

    // No NMI ever comes.
    fn KeRegisterNmiCallback(_routine: u64, _context: u64) -> u64 {
        let world = world();
        let handle = world.mem.allocate(Kind::Host, 0, 8, "KeRegisterNmiCallback").unwrap_or(0);
        if handle != 0 {
            world.nt.debug.callbacks.borrow_mut().insert(handle);
        }
        handle
    }

    fn KeDeregisterNmiCallback(handle: u64) -> u32 {
        let world = world();
        let known = world.nt.debug.callbacks.borrow_mut().remove(&handle);
        world.hold(&rules::NMI_CALLBACK, known, || {
            format!("KeDeregisterNmiCallback({handle:#x}): not registered")
        });
        let _ = world.mem.free(Kind::Host, handle);
        0
    }
}
