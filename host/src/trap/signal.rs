//! Signals: the handler, which only decides whose fault it is and moves the thread on, and its stack.

use std::cell::Cell;
use std::io;
use std::mem;
use std::ptr;
use std::sync::OnceLock;

use super::area::{Shared, TrapError};
use super::emulate::TRAP_GP;
use super::entry::{self, CLEARANCE, Cause, Frame};
use super::{Registers, StackRange, probe, xstate};
use crate::pe::memory::{Memory, Protection};

/// The signals of processor exceptions.
const SIGNALS: [i32; 5] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGTRAP];
/// Enough for the kernel's frame with the widest vector state, and for nested faults of a probe.
const STACK: usize = 128 << 10;
/// Stack that a trap needs besides its frame and vector state: decoding and the window's own code.
const ROOM: u64 = 16 << 10;

/// Flags that compiled code expects clear: direction, single step.
const CLEARED: u64 = 1 << 10 | 1 << 8;

/// Page fault.
const TRAP_PF: u64 = 14;
/// Breakpoint.
const TRAP_BP: u64 = 3;
/// Error code of a page fault: instruction fetch.
const PF_FETCH: u64 = 1 << 4;

/// Who handled [`SIGNALS`] before.
static PREVIOUS: OnceLock<Result<[libc::sigaction; 5], i32>> = OnceLock::new();

thread_local! {
    /// The area that this thread takes traps for. Read by the handler: no lazy initialisation, no destructor.
    static CURRENT: Cell<*const Shared> = const { Cell::new(ptr::null()) };
}

/// Makes `shared` the calling thread's area; returns the one before.
pub(super) fn set_current(shared: *const Shared) -> *const Shared {
    CURRENT.replace(shared)
}

/// Installs the handlers, once per process.
pub(super) fn install() -> Result<(), TrapError> {
    let result = PREVIOUS.get_or_init(|| {
        xstate::detect();
        // SAFETY: all-zero is a valid sigaction (default action, empty mask).
        let mut action: libc::sigaction = unsafe { mem::zeroed() };
        action.sa_sigaction = handler as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
        let mut previous = [action; 5];
        for (signal, slot) in SIGNALS.into_iter().zip(&mut previous) {
            // SAFETY: the handler is sound in any thread, and hands on what is not its own.
            if unsafe { libc::sigaction(signal, &raw const action, slot) } != 0 {
                return Err(io::Error::last_os_error().raw_os_error().unwrap_or(0));
            }
        }
        Ok(previous)
    });
    match result {
        Ok(_) => Ok(()),
        Err(code) => {
            let source = io::Error::from_raw_os_error(*code);
            Err(TrapError::System { what: "installing signal handlers", source })
        }
    }
}

/// The calling thread's signal stack; the one before returns when this is dropped.
pub(super) struct SignalStack {
    previous: libc::stack_t,
    _memory: Memory,
}

impl SignalStack {
    pub(super) fn install() -> Result<Self, TrapError> {
        let fail = |source| TrapError::System { what: "setting up a signal stack", source };
        let memory = Memory::map(STACK, Protection::WRITE).map_err(fail)?;
        // Its lowest page is a guard.
        memory.protect(0, 4096, Protection::NONE).map_err(fail)?;
        let (sp, size) = ((memory.base() + 4096) as *mut libc::c_void, STACK - 4096);
        let stack = libc::stack_t { ss_sp: sp, ss_flags: 0, ss_size: size };
        // SAFETY: all-zero is a valid stack_t.
        let mut previous: libc::stack_t = unsafe { mem::zeroed() };
        // SAFETY: the memory is this value's, and stays until the stack before is back in place.
        if unsafe { libc::sigaltstack(&raw const stack, &raw mut previous) } != 0 {
            return Err(fail(io::Error::last_os_error()));
        }
        Ok(Self { previous, _memory: memory })
    }
}

impl Drop for SignalStack {
    fn drop(&mut self) {
        // SAFETY: it was this thread's signal stack before, and its owner still counts on it.
        unsafe { libc::sigaltstack(&raw const self.previous, ptr::null_mut()) };
    }
}

/// General registers of a signal context, in encoding order.
const GREGS: [i32; 16] = [
    libc::REG_RAX,
    libc::REG_RCX,
    libc::REG_RDX,
    libc::REG_RBX,
    libc::REG_RSP,
    libc::REG_RBP,
    libc::REG_RSI,
    libc::REG_RDI,
    libc::REG_R8,
    libc::REG_R9,
    libc::REG_R10,
    libc::REG_R11,
    libc::REG_R12,
    libc::REG_R13,
    libc::REG_R14,
    libc::REG_R15,
];

/// The interrupted thread's registers, to be read and changed.
struct Context<'a>(&'a mut libc::ucontext_t);

impl Context<'_> {
    fn get(&self, register: i32) -> u64 {
        let index = usize::try_from(register).unwrap_or(0);
        self.0.uc_mcontext.gregs[index].cast_unsigned()
    }

    fn set(&mut self, register: i32, value: u64) {
        let index = usize::try_from(register).unwrap_or(0);
        self.0.uc_mcontext.gregs[index] = value.cast_signed();
    }

    fn registers(&self) -> Registers {
        Registers {
            gpr: GREGS.map(|r| self.get(r)),
            flags: self.get(libc::REG_EFL),
            rip: self.get(libc::REG_RIP),
        }
    }
}

/// Runs on the signal stack, in the middle of anything: no allocation, no locks.
unsafe extern "C" fn handler(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel passes the interrupted context, which is the handler's until it returns.
    let mut state = Context(unsafe { &mut *context.cast::<libc::ucontext_t>() });
    // SAFETY: the kernel passes a siginfo, which is the handler's until it returns.
    let details = unsafe { &*info };
    // SAFETY: these signals have an address, if only zero.
    let address = unsafe { details.si_addr() } as u64;
    let memory = signal == libc::SIGSEGV || signal == libc::SIGBUS;
    // SAFETY: null, or an area that this thread has entered and not left.
    let shared = unsafe { CURRENT.get().as_ref() };
    let is_page_fault = signal == libc::SIGSEGV && state.get(libc::REG_TRAPNO) == TRAP_PF;
    if is_page_fault && shared.is_some_and(|shared| shared.handler.bring_in(address)) {
        return;
    }
    if let Some(next) = probe::fixup(state.get(libc::REG_RIP)).filter(|_| memory) {
        state.set(libc::REG_RAX, address);
        state.set(libc::REG_RIP, next);
        return;
    }
    let taken = shared.is_some_and(|shared| take(shared, signal, address, &mut state));
    if !taken {
        // SAFETY: what the kernel passed is passed on.
        unsafe { hand_on(signal, info, context) };
    }
}

/// Moves the thread on to the area's code; false if the fault is none of its business.
fn take(shared: &Shared, signal: i32, address: u64, state: &mut Context<'_>) -> bool {
    // All borrows fail only if this very thread faulted inside the area's own code.
    let (Ok(region), Ok(images), Ok(stacks)) =
        (shared.region.try_borrow(), shared.images.try_borrow(), shared.stacks.try_borrow())
    else {
        return false;
    };
    let registers = state.registers();
    let (rip, rsp) = (registers.rip, registers.rsp());
    let stack = stacks.iter().find(|s| s.contains(rsp) || s.in_guard(rsp));
    let trap = state.get(libc::REG_TRAPNO);
    if signal == libc::SIGTRAP && trap == TRAP_BP && reached(shared, rip.wrapping_sub(1)) {
        state.set(libc::REG_RIP, rip.wrapping_sub(1));
        return true;
    }
    // General protection tells no address.
    let address = if signal == libc::SIGSEGV && trap != TRAP_PF { 0 } else { address };
    let register = signal == libc::SIGSEGV && region.contains(address);
    let ours = register || stack.is_some() || images.iter().any(|i| i.contains(rip) || i.in_stubs(rip));
    if !ours {
        return false;
    }
    let error = state.get(libc::REG_ERR);
    let fetch = trap == TRAP_PF && error & PF_FETCH != 0;
    let resumable = (register && !fetch) || (signal == libc::SIGSEGV && trap == TRAP_GP);
    let mut frame = Frame {
        registers,
        cause: Cause { signal, stranded: false, trap, error, address },
        shared,
        site: ptr::null(),
    };
    let interrupted = below(rsp.wrapping_sub(CLEARANCE));
    let put = |frame: &Frame, at: u64| {
        // SAFETY: below the stack pointer (and red zone) of interrupted code, or on the area's own stack.
        unsafe { probe::put(at, frame) }
    };
    let at = if resumable && stack.is_none_or(|s| has_room(s, interrupted)) && put(&frame, interrupted) {
        interrupted
    } else {
        frame.cause.stranded = true;
        let at = below(shared.fault_stack_top());
        if !put(&frame, at) {
            return false;
        }
        at
    };
    state.set(libc::REG_RDI, at);
    state.set(libc::REG_RSP, at);
    state.set(libc::REG_RIP, entry::by_signal as *const () as u64);
    state.set(libc::REG_EFL, frame.registers.flags & !CLEARED);
    true
}

/// Whether the breakpoint is a mark; then it is none any more.
fn reached(shared: &Shared, address: u64) -> bool {
    shared.marks.try_borrow().is_ok_and(|list| list.iter().any(|marks| marks.take(address)))
}

/// Where a frame goes below `top`.
fn below(top: u64) -> u64 {
    top.wrapping_sub(size_of::<Frame>() as u64) & !63
}

fn has_room(stack: &StackRange, frame: u64) -> bool {
    frame.checked_sub(ROOM + xstate::size()).is_some_and(|lowest| lowest >= stack.low)
}

/// Gives a signal to whoever had it before.
unsafe fn hand_on(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let index = SIGNALS.iter().position(|s| *s == signal);
    let previous = match (PREVIOUS.get(), index) {
        (Some(Ok(list)), Some(index)) => list.get(index),
        _ => None,
    };
    match previous.map(|p| (p.sa_sigaction, p.sa_flags)) {
        Some((function, flags)) if function != libc::SIG_DFL && function != libc::SIG_IGN => {
            if flags & libc::SA_SIGINFO != 0 {
                type Full = unsafe extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void);
                // SAFETY: SA_SIGINFO says that this is the handler's type.
                let function = unsafe { mem::transmute::<usize, Full>(function) };
                // SAFETY: called as the kernel would have.
                unsafe { function(signal, info, context) };
            } else {
                // SAFETY: without SA_SIGINFO this is the handler's type.
                let function = unsafe { mem::transmute::<usize, unsafe extern "C" fn(i32)>(function) };
                // SAFETY: called as the kernel would have.
                unsafe { function(signal) };
            }
        }
        _ => {
            // SAFETY: the default action ends the process: a crash of this program, with its core dump.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
            // The instruction faults again on return; not so a breakpoint, which lies behind.
            if signal == libc::SIGTRAP {
                // SAFETY: as above.
                unsafe { libc::raise(signal) };
            }
        }
    }
}
