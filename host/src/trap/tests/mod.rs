//! Tests of traps: driver code made for them, on coroutines, with windows backed by plain memory.

mod coroutines;
mod differential;
mod emulation;
mod faults;
mod marks;
mod patching;
mod threads;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use corosensei::stack::{DefaultStack, Stack};
use corosensei::{Coroutine, CoroutineResult, Yielder};

use super::*;
use crate::pe::{CallSite, Mapped};

/// For tests that need no traps but the signal handlers.
pub(crate) struct NoHandler;

impl Handler for NoHandler {
    fn read_cr8(&self, _: &Registers) -> u64 {
        0
    }

    fn write_cr8(&self, _: u64, _: &Registers) {}

    fn fault(&self, info: &FaultInfo) -> ! {
        eprintln!("unexpected fault: {info}");
        std::process::abort()
    }
}

/// Why a coroutine gave up the thread.
enum Event {
    Yield,
    Fault(Box<FaultInfo>),
}

/// The coroutine that runs, and the IRQL.
#[derive(Default)]
struct Cpu {
    current: Cell<*const Yielder<(), Event>>,
    irql: Cell<u64>,
}

impl Cpu {
    fn suspend(&self, event: Event) {
        let current = self.current.get();
        // SAFETY: `Task::resume` has set it to the yielder of the coroutine that is running.
        unsafe { &*current }.suspend(event);
    }
}

struct TestHandler(Rc<Cpu>);

impl Handler for TestHandler {
    fn read_cr8(&self, _: &Registers) -> u64 {
        self.0.irql.get()
    }

    fn write_cr8(&self, value: u64, _: &Registers) {
        self.0.irql.set(value);
    }

    fn fault(&self, info: &FaultInfo) -> ! {
        self.0.suspend(Event::Fault(Box::new(info.clone())));
        std::process::abort()
    }
}

/// A world: an area and whatever runs in it.
struct World {
    area: TrapArea,
    cpu: Rc<Cpu>,
    site: Box<CallSite>,
}

impl World {
    fn new() -> Self {
        let cpu = Rc::<Cpu>::default();
        let area = TrapArea::new(Box::new(TestHandler(cpu.clone()))).unwrap();
        Self { area, cpu, site: Box::default() }
    }

    /// Loads and registers an image of code imports that the test binds by name.
    fn load(&mut self, builder: &crate::pe::testing::Builder, imports: &[(&str, u64)]) -> Rc<Mapped> {
        let image = builder.load(&raw mut *self.site, |_, name| {
            imports.iter().find(|i| i.0 == name).map(|i| crate::pe::Binding::Code(i.1))
        });
        self.area.register_image(&image);
        image
    }

    /// Maps a window on memory that the test sees, too.
    fn memory(&self, len: usize) -> (u64, Rc<RefCell<Vec<u8>>>) {
        let bytes = Rc::new(RefCell::new(vec![0; len]));
        let window = Backed { bytes: bytes.clone(), log: Rc::default(), cpu: None };
        (self.area.map_window(len as u64, Box::new(window)).unwrap(), bytes)
    }

    /// Starts a function of an image on a stack of its own.
    fn start(&self, image: &Mapped, name: &str, args: [u64; 4]) -> Task {
        let address = image.export(name).unwrap();
        self.start_at(address, args)
    }

    fn start_at(&self, address: u64, args: [u64; 4]) -> Task {
        // SAFETY: the tests' functions have this signature.
        let function =
            unsafe { std::mem::transmute::<u64, extern "win64" fn(u64, u64, u64, u64) -> u64>(address) };
        let stack = DefaultStack::new(64 << 10).unwrap();
        let range = StackRange::with_guard(stack.limit().get() as u64, stack.base().get() as u64, 4096);
        self.area.register_stack(range);
        let cpu = self.cpu.clone();
        let coroutine = Coroutine::with_stack(stack, move |yielder: &Yielder<(), Event>, ()| {
            cpu.current.set(yielder);
            function(args[0], args[1], args[2], args[3])
        });
        Task { coroutine, cpu: self.cpu.clone(), yielder: std::ptr::null(), range }
    }

    /// Runs it to its end.
    fn run(&self, image: &Mapped, name: &str, args: [u64; 4]) -> Result<u64, Box<FaultInfo>> {
        self.finish(self.start(image, name, args))
    }

    fn finish(&self, mut task: Task) -> Result<u64, Box<FaultInfo>> {
        loop {
            if let Some(result) = task.resume() {
                assert!(self.area.unregister_stack(task.range));
                return result;
            }
        }
    }
}

struct Task {
    coroutine: Coroutine<(), Event, u64>,
    cpu: Rc<Cpu>,
    yielder: *const Yielder<(), Event>,
    range: StackRange,
}

impl Task {
    /// Runs it up to its next yield; a result if it has ended.
    fn resume(&mut self) -> Option<Result<u64, Box<FaultInfo>>> {
        self.cpu.current.set(self.yielder);
        let result = self.coroutine.resume(());
        self.yielder = self.cpu.current.get();
        match result {
            CoroutineResult::Return(value) => Some(Ok(value)),
            CoroutineResult::Yield(Event::Yield) => None,
            CoroutineResult::Yield(Event::Fault(info)) => {
                // SAFETY: its stack holds frames of the trap and of driver code only; nothing to be dropped.
                unsafe { self.coroutine.force_reset() };
                Some(Err(info))
            }
        }
    }
}

/// A read or write that a window has seen: offset, size, value, whether it was a write.
type Seen = (u64, usize, u64, bool);

/// Registers that are plain memory. With a `cpu` every access lets other coroutines run first.
struct Backed {
    bytes: Rc<RefCell<Vec<u8>>>,
    log: Rc<RefCell<Vec<Seen>>>,
    cpu: Option<Rc<Cpu>>,
}

impl Window for Backed {
    fn read(&self, offset: u64, size: usize, at: &Registers) -> u64 {
        assert_ne!(at.rip, 0);
        if let Some(cpu) = &self.cpu {
            cpu.suspend(Event::Yield);
        }
        clobber_vectors();
        let mut value = [0; 8];
        let start = usize::try_from(offset).unwrap();
        value[..size].copy_from_slice(&self.bytes.borrow()[start..start + size]);
        let value = u64::from_le_bytes(value);
        self.log.borrow_mut().push((offset, size, value, false));
        value
    }

    fn write(&self, offset: u64, size: usize, value: u64, _: &Registers) {
        if let Some(cpu) = &self.cpu {
            cpu.suspend(Event::Yield);
        }
        clobber_vectors();
        self.log.borrow_mut().push((offset, size, value, true));
        let start = usize::try_from(offset).unwrap();
        self.bytes.borrow_mut()[start..start + size].copy_from_slice(&value.to_le_bytes()[..size]);
    }
}

/// What any host code may do: use the vector registers, and with AVX their upper halves.
fn clobber_vectors() {
    #[target_feature(enable = "avx")]
    fn avx() {
        // SAFETY: it changes registers that are declared as changed.
        unsafe {
            std::arch::asm!(
                "vpcmpeqd xmm0, xmm0, xmm0", "vmovaps xmm1, xmm0", "vmovaps xmm2, xmm0", "vmovaps xmm3, xmm0",
                "vmovaps xmm4, xmm0", "vmovaps xmm5, xmm0", "vmovaps xmm6, xmm0", "vmovaps xmm7, xmm0",
                "vmovaps xmm8, xmm0", "vmovaps xmm15, xmm0", "vzeroall",
                out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _, out("xmm4") _, out("xmm5") _,
                out("xmm6") _, out("xmm7") _, out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _,
                out("xmm12") _, out("xmm13") _, out("xmm14") _, out("xmm15") _,
            );
        }
    }
    if std::is_x86_feature_detected!("avx") {
        // SAFETY: the processor has AVX.
        unsafe { avx() };
    }
}
