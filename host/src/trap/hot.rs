//! Instructions of an image that have touched register space: decoded once, patched where that pays.

use std::cell::Cell;
use std::rc::Rc;

use iced_x86::{Decoder, DecoderOptions, Instruction};

use super::area::Shared;
use super::plan::Plan;
use super::probe::peek;
use super::snippet::Snippet;
use super::{entry, snippet::Snippets};

/// Longest instruction.
const LONGEST: usize = 15;
/// `jmp rel32`
const JUMP: usize = 5;

/// An instruction and how to complete it.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) instruction: Instruction,
    pub(super) plan: Plan,
    /// For [`Plan::Other`].
    pub(super) snippet: Option<Snippet>,
    /// The area that patched it.
    pub(super) shared: Cell<*const Shared>,
    /// Its bytes before it was patched.
    original: Vec<u8>,
    state: Cell<Patch>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Patch {
    Not,
    Done,
    /// It was, but touched ordinary memory as well: emulating that would not be atomic.
    Never,
}

impl Site {
    /// Decodes the instruction at `rip`; `None` if it cannot be read.
    pub(super) fn decode(rip: u64, snippets: &Snippets) -> Option<Self> {
        let mut bytes = [0; LONGEST];
        let code = if peek(rip, &mut bytes).is_ok() {
            &bytes[..]
        } else {
            // The next page is not readable: what is left of this one.
            let left = usize::try_from(4096 - rip % 4096).unwrap_or(0).min(LONGEST);
            peek(rip, bytes.get_mut(..left)?).ok()?;
            bytes.get(..left)?
        };
        let instruction = Decoder::with_ip(64, code, rip, DecoderOptions::NONE).decode();
        let mut plan = Plan::new(&instruction);
        let snippet = if let Plan::Other(_) = plan { snippets.make(&instruction) } else { None };
        if matches!(plan, Plan::Other(_)) && snippet.is_none() {
            plan = Plan::Unsupported;
        }
        Some(Self {
            original: code.get(..instruction.len()).unwrap_or(&[]).to_vec(),
            instruction,
            plan,
            snippet,
            shared: Cell::new(std::ptr::null()),
            state: Cell::new(Patch::Not),
        })
    }

    /// Makes the instruction jump to its completion from now on, if it is long enough for a jump and the image
    /// has room for a stub.
    pub(super) fn patch(self: &Rc<Self>, shared: &Shared) {
        let (address, len) = (self.instruction.ip(), self.instruction.len());
        let suitable = matches!(self.plan, Plan::Load { .. } | Plan::Store { .. } | Plan::Other(_));
        if !suitable || len < JUMP || self.state.get() != Patch::Not {
            return;
        }
        let Some(image) = shared.image_at(address) else { return };
        // push rax; mov rax, site; jmp [rip]; address
        let mut stub = vec![0x50, 0x48, 0xb8];
        stub.extend((Rc::as_ptr(self) as u64).to_le_bytes());
        stub.extend([0xff, 0x25, 0, 0, 0, 0]);
        stub.extend((entry::by_patch as *const () as u64).to_le_bytes());
        let Some(stub) = image.add_stub(&stub) else { return };
        let distance = stub.wrapping_sub(address + JUMP as u64).cast_signed();
        let Ok(distance) = i32::try_from(distance) else { return };
        let mut code = vec![0xe9];
        code.extend(distance.to_le_bytes());
        code.resize(len, 0x90);
        self.shared.set(shared);
        if image.patch(address, &code) {
            self.state.set(Patch::Done);
            shared.count(|s| s.sites += 1);
        } else {
            self.state.set(Patch::Never);
        }
    }

    /// Puts a patched instruction back as it was, for good. False if that fails.
    pub(super) fn restore(&self, shared: &Shared) -> bool {
        if self.state.replace(Patch::Never) != Patch::Done {
            return true;
        }
        let address = self.instruction.ip();
        shared.image_at(address).is_some_and(|image| image.patch(address, &self.original))
    }
}
