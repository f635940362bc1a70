//! Who refers to whom: the image's functions, and the calls, jumps and addresses between them.

use super::header::Pointer;
use crate::{
    pe::{Image, Section},
    symbols::{Function, Symbols},
};
use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction, OpKind};
use std::ops::Range;

/// The graph. Functions are named by their index in [`Code::functions`].
pub(super) struct Code<'a> {
    pub(super) functions: &'a [Function],
    /// References from instructions.
    pub(super) edges: Vec<Edge>,
    /// References from data.
    pub(super) pointers: Vec<(Pointer, usize)>,
    /// Addresses of code that no function symbol covers.
    pub(super) unnamed: Vec<u32>,
}

/// A reference from one function to another.
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    /// RVA of the instruction.
    pub(super) site: u32,
}

/// What is at an address of executable memory.
enum Place {
    Function(usize),
    /// A jump through the import table.
    Thunk,
    Unnamed,
}

impl<'a> Code<'a> {
    pub(super) fn new(image: &Image, pointers: &[Pointer], symbols: &'a Symbols) -> Self {
        let mut code = Self {
            functions: symbols.functions(),
            edges: Vec::new(),
            pointers: Vec::new(),
            unnamed: Vec::new(),
        };
        for from in 0..code.functions.len() {
            code.read_function(image, from);
        }
        for &pointer in pointers {
            if let Some(to) = code.refer(image, pointer.target) {
                code.pointers.push((pointer, to));
            }
        }
        for function in function_table(image) {
            code.refer(image, function.start);
        }
        code.refer(image, image.entry());
        code.unnamed.sort_unstable();
        code.unnamed.dedup();
        code
    }

    fn read_function(&mut self, image: &Image, from: usize) {
        let range = self.extent(image, from);
        let Some(bytes) = image.memory().get(range.start as usize..range.end as usize) else { return };
        let mut decoder = Decoder::with_ip(64, bytes, u64::from(range.start), DecoderOptions::NONE);
        while decoder.can_decode() {
            let instruction = decoder.decode();
            for target in targets(&instruction) {
                if let Some(to) = self.refer(image, target).filter(|to| *to != from) {
                    let site = u32::try_from(instruction.ip()).unwrap_or(range.start);
                    self.edges.push(Edge { from, to, site });
                }
            }
        }
    }

    /// The function at an address; code without a name is noted.
    fn refer(&mut self, image: &Image, rva: u32) -> Option<usize> {
        image.sections().iter().find(|section| section.executable && section.contains(rva))?;
        match self.place(image, rva) {
            Place::Function(index) => Some(index),
            Place::Thunk => None,
            Place::Unnamed => {
                self.unnamed.push(rva);
                None
            }
        }
    }

    fn place(&self, image: &Image, rva: u32) -> Place {
        const JUMP_THROUGH_MEMORY: &[u8] = &[0xFF, 0x25];
        let after = self.functions.partition_point(|function| function.rva <= rva);
        if let Some(index) = after.checked_sub(1).filter(|index| self.extent(image, *index).contains(&rva)) {
            return Place::Function(index);
        }
        let bytes = image.memory().get(rva as usize..).unwrap_or_default();
        if bytes.starts_with(JUMP_THROUGH_MEMORY) { Place::Thunk } else { Place::Unnamed }
    }

    /// A function's addresses; where its size is not known, up to the next function or the section's end.
    fn extent(&self, image: &Image, index: usize) -> Range<u32> {
        let Some(function) = self.functions.get(index) else { return 0..0 };
        let end = match (function.size, self.functions.get(index + 1)) {
            (Some(size), _) if size > 0 => function.rva.saturating_add(size),
            (_, Some(next)) => next.rva,
            (_, None) => {
                section_of(image, function.rva).map_or(function.rva, |s| s.rva.saturating_add(s.size))
            }
        };
        function.rva..end
    }
}

/// The addresses that an instruction goes to or takes.
pub(super) fn targets(instruction: &Instruction) -> impl Iterator<Item = u32> + use<> {
    let branch = matches!(
        instruction.flow_control(),
        FlowControl::Call | FlowControl::UnconditionalBranch | FlowControl::ConditionalBranch
    ) && instruction.op0_kind() == OpKind::NearBranch64;
    let branch = branch.then(|| instruction.near_branch_target());
    let memory = instruction.is_ip_rel_memory_operand().then(|| instruction.ip_rel_memory_address());
    branch.into_iter().chain(memory).filter_map(|target| u32::try_from(target).ok())
}

/// The functions that have unwind data, which is all that call others.
pub(super) fn function_table(image: &Image) -> Vec<Range<u32>> {
    /// Begin, end and unwind data, 4 bytes each.
    const ROW: usize = 12;
    let table = image.function_table();
    let bytes = image.memory().get(table.start as usize..table.end as usize).unwrap_or_default();
    let word = |row: &[u8], at: usize| row.get(at..)?.first_chunk().copied().map(u32::from_le_bytes);
    let rows = bytes.chunks_exact(ROW).filter_map(|row| Some(word(row, 0)?..word(row, 4)?));
    rows.filter(|function| function.start != 0).collect()
}

/// The section that an address is in.
pub(super) fn section_of(image: &Image, rva: u32) -> Option<&Section> {
    image.sections().iter().find(|section| section.contains(rva))
}

#[cfg(test)]
mod tests {
    use super::targets;
    use iced_x86::{Decoder, DecoderOptions};

    /// The targets of one instruction at RVA 0x1000.
    fn at_1000(bytes: &[u8]) -> Vec<u32> {
        targets(&Decoder::with_ip(64, bytes, 0x1000, DecoderOptions::NONE).decode()).collect()
    }

    #[test]
    fn references_are_seen() {
        assert_eq!(at_1000(&[0xE8, 0x10, 0, 0, 0]), [0x1015], "call");
        assert_eq!(at_1000(&[0xEB, 0xFE]), [0x1000], "jmp");
        assert_eq!(at_1000(&[0x0F, 0x84, 0, 1, 0, 0]), [0x1106], "je");
        assert_eq!(at_1000(&[0x48, 0x8D, 0x05, 0, 1, 0, 0]), [0x1107], "lea rax, [rip+0x100]");
        assert_eq!(at_1000(&[0xFF, 0x15, 0, 1, 0, 0]), [0x1106], "call [rip+0x100]");
        assert!(at_1000(&[0xFF, 0xD0]).is_empty(), "call rax");
        assert!(at_1000(&[0x48, 0x8B, 0x01]).is_empty(), "mov rax, [rcx]");
    }
}
