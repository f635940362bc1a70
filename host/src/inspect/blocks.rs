//! Basic blocks of an image's code.

use super::code::{function_table, targets};
use crate::pe::Image;
use iced_x86::{Code, Decoder, DecoderOptions, FlowControl, Instruction};
use std::{collections::BTreeSet, ops::Range};

/// Where basic blocks begin, in the order of their addresses: the functions that have unwind data, read from their
/// beginning to their end. What cannot be read as instructions from end to end is left out as a whole, since it may hold
/// data.
#[must_use]
pub fn blocks(image: &Image) -> Vec<u32> {
    let mut starts = BTreeSet::new();
    for function in function_table(image) {
        if let Some(found) = blocks_of(image, function) {
            starts.extend(found);
        }
    }
    starts.into_iter().collect()
}

/// The blocks of one function.
fn blocks_of(image: &Image, range: Range<u32>) -> Option<BTreeSet<u32>> {
    let bytes = image.memory().get(range.start as usize..range.end as usize)?;
    let mut decoder = Decoder::with_ip(64, bytes, range.start.into(), DecoderOptions::NONE);
    let mut instructions = BTreeSet::new();
    let mut starts = BTreeSet::from([range.start]);
    while decoder.can_decode() {
        let instruction = decoder.decode();
        if instruction.is_invalid() {
            return None;
        }
        instructions.insert(u32::try_from(instruction.ip()).ok()?);
        if ends_block(&instruction) {
            starts.extend(targets(&instruction).filter(|target| range.contains(target)));
            starts.insert(u32::try_from(instruction.next_ip()).ok()?);
        }
    }
    // A target between two instructions would mean that they were read wrongly.
    starts.remove(&range.end);
    if !starts.is_subset(&instructions) {
        return None;
    }
    // Padding is never run.
    starts.retain(|start| {
        let byte = image.memory().get(*start as usize);
        byte.is_some_and(|byte| *byte != PADDING)
    });
    Some(starts)
}

/// What compilers put where nothing is run: `int3`.
const PADDING: u8 = 0xCC;

fn ends_block(instruction: &Instruction) -> bool {
    match instruction.flow_control() {
        FlowControl::Next | FlowControl::Call | FlowControl::IndirectCall => false,
        FlowControl::Interrupt => instruction.code() == Code::Int3,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::blocks;
    use crate::pe::{Image, testing::Builder};
    use iced_x86::code_asm::*;

    #[test]
    fn a_branch_makes_three_blocks() {
        let mut builder = Builder::new();
        builder.function("Branch", Some(&[1, 0, 0, 0]), |a| {
            let mut end = a.create_label();
            a.xor(eax, eax)?;
            a.test(ecx, ecx)?;
            a.jz(end)?;
            a.inc(eax)?;
            a.set_label(&mut end)?;
            a.nop()?;
            a.ret()
        });
        let bytes = builder.build();
        let image = Image::parse("test.sys", &bytes).expect("an image");
        let found = blocks(&image);
        let first = image.exports().iter().find(|e| e.name == "Branch").expect("an export").rva;
        // xor and test: 2 bytes each; jz: 2; inc: 2.
        assert_eq!(found, [first, first + 6, first + 8]);
    }
}
