//! How deep the stack of an image gets, from its unwind data and its code: along direct calls, which is what can be
//! followed. Imports count with their return address only.

use super::codes::{Entry, Info, Operation};
use crate::pe::Image;
use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction, OpKind};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

/// A return address, or a register that is pushed.
const WORD: u64 = 8;
/// A function is not split into more parts than this.
const LONGEST_CHAIN: usize = 32;
/// Functions of a path that are told.
const LONGEST_PATH: usize = 64;

/// The stack that the functions of an image need.
#[derive(Debug, Default)]
pub struct Depths {
    functions: BTreeMap<u32, Function>,
    /// Functions whose address is taken, which may be called from anywhere.
    taken: BTreeSet<u32>,
    /// RVAs of calls through registers and memory.
    indirect: Vec<u32>,
    /// Bytes of code that may still be read: a table of a hostile image may tell the same code again and again.
    unread: u32,
}

#[derive(Debug, Default)]
struct Function {
    /// What it has on the stack where it calls, and what it calls.
    calls: Vec<(u64, u32)>,
    /// Its own deepest frame.
    frame: u64,
    need: Need,
}

/// What a function needs with all that it calls.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Need {
    #[default]
    Unknown,
    /// Being found out.
    Open,
    /// It ends up in itself.
    Endless,
    Bytes(u64),
}

/// The deepest stack from one function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deepest {
    /// Bytes, with its own return address; `None` if a function on the path calls itself.
    pub bytes: Option<u64>,
    /// The functions on the way, outermost first, by RVA.
    pub path: Vec<u32>,
}

impl Need {
    /// With the function's own return address.
    fn bytes(self) -> Option<u64> {
        if let Self::Bytes(bytes) = self { Some(bytes.saturating_add(WORD)) } else { None }
    }
}

impl Depths {
    /// Of an image. `pointers`: RVAs that its data point to.
    #[must_use]
    pub fn new(image: &Image, pointers: impl Iterator<Item = u32>) -> Self {
        let mut depths = Self { unread: image.size().saturating_mul(2), ..Self::default() };
        let memory = image.memory();
        let begins: Vec<Entry> = Entry::all(memory, image.function_table());
        for entry in &begins {
            depths.read(image, entry.begin..entry.end);
        }
        for target in pointers.chain([image.entry()]).chain(image.exports().iter().map(|export| export.rva)) {
            depths.take(image, target);
        }
        // Functions without a frame of their own, and without unwind data.
        let named: BTreeSet<u32> = begins.iter().map(|entry| entry.begin).collect();
        loop {
            let leaves = depths.leaves(&named);
            if leaves.is_empty() {
                break;
            }
            for rva in leaves {
                let section =
                    image.sections().iter().find(|section| section.executable && section.contains(rva));
                let ends =
                    [named.range(rva..).next().copied(), section.map(|section| section.rva + section.size)];
                depths.functions.entry(rva).or_default();
                depths.read(image, rva..ends.into_iter().flatten().min().unwrap_or(rva));
            }
        }
        let all: Vec<u32> = depths.functions.keys().copied().collect();
        for rva in all {
            depths.solve(rva);
        }
        depths
    }

    /// Callees that were not read yet.
    fn leaves(&self, named: &BTreeSet<u32>) -> BTreeSet<u32> {
        let called = self.functions.values().flat_map(|function| function.calls.iter().map(|call| call.1));
        let called = called.chain(self.taken.iter().copied());
        called.filter(|rva| !named.contains(rva) && !self.functions.contains_key(rva)).collect()
    }

    /// Notes that a function's address is taken.
    fn take(&mut self, image: &Image, target: u32) {
        let is_code = image.sections().iter().any(|section| section.executable && section.contains(target));
        if is_code && main(image, target).0 == target {
            self.taken.insert(target);
        }
    }

    /// Reads one part of a function.
    fn read(&mut self, image: &Image, range: Range<u32>) {
        let (owner, frame) = main(image, range.start);
        let function = self.functions.entry(owner).or_default();
        function.frame = function.frame.max(frame);
        let len = range.end.saturating_sub(range.start).min(self.unread);
        let range = range.start..range.start.saturating_add(len);
        let range = if Entry::find(image.memory(), image.function_table(), range.start).is_some() {
            range
        } else {
            range.start..end_of(image, &range)
        };
        self.unread -= range.end.saturating_sub(range.start).min(self.unread);
        for instruction in decode(image, &range) {
            self.follow(image, (owner, &range), frame, &instruction);
        }
    }

    fn follow(
        &mut self,
        image: &Image,
        (owner, part): (u32, &Range<u32>),
        frame: u64,
        instruction: &Instruction,
    ) {
        let near = (instruction.op0_kind() == OpKind::NearBranch64).then(|| instruction.near_branch_target());
        let target = near.and_then(|target| u32::try_from(target).ok());
        let mut call = |held: u64, target: u32| {
            if let Some(function) = self.functions.get_mut(&owner) {
                function.calls.push((held, target));
            }
        };
        match (instruction.flow_control(), target) {
            (FlowControl::Call, Some(target)) => call(frame + WORD, main(image, target).0),
            // The frame is gone before a jump to another function.
            (FlowControl::UnconditionalBranch | FlowControl::ConditionalBranch, Some(target)) => {
                let (other, _) = main(image, target);
                if other != owner && other == target && !part.contains(&target) {
                    call(0, other);
                }
            }
            (FlowControl::IndirectCall, _) => {
                if let Some(function) = self.functions.get_mut(&owner) {
                    function.frame = function.frame.max(frame + WORD);
                }
                let slot =
                    instruction.is_ip_rel_memory_operand().then(|| instruction.ip_rel_memory_address());
                if !image.imports().iter().any(|import| slot == Some(u64::from(import.slot))) {
                    self.indirect.push(u32::try_from(instruction.ip()).unwrap_or(0));
                }
            }
            _ if instruction.is_ip_rel_memory_operand() => {
                if let Ok(target) = u32::try_from(instruction.ip_rel_memory_address()) {
                    self.take(image, target);
                }
            }
            _ => {}
        }
    }

    /// Finds out what a function needs, with all that it calls: without recursion, as the image may have a lot.
    fn solve(&mut self, first: u32) {
        let mut path = vec![(first, 0)];
        while let Some((rva, next)) = path.last_mut() {
            let Some(function) = self.functions.get_mut(rva) else {
                path.pop();
                continue;
            };
            if *next == 0 {
                if function.need != Need::Unknown {
                    path.pop();
                    continue;
                }
                function.need = Need::Open;
            }
            let call = function.calls.get(*next).map(|call| call.1);
            *next += 1;
            let here = *rva;
            match call.map(|callee| (callee, self.functions.get(&callee).map(|callee| callee.need))) {
                Some((callee, Some(Need::Unknown))) => path.push((callee, 0)),
                Some(_) => {}
                None => {
                    let need = self.sum(here);
                    if let Some(function) = self.functions.get_mut(&here) {
                        function.need = need;
                    }
                    path.pop();
                }
            }
        }
    }

    /// What a function needs, once that is known of those that it calls.
    fn sum(&self, rva: u32) -> Need {
        let Some(function) = self.functions.get(&rva) else { return Need::Bytes(0) };
        let callee =
            |&(held, callee): &(u64, u32)| match self.functions.get(&callee).map(|callee| callee.need) {
                Some(Need::Bytes(bytes)) => Some(held.saturating_add(bytes)),
                Some(_) => None,
                None => Some(held),
            };
        let deepest =
            function.calls.iter().map(callee).try_fold(function.frame, |most, bytes| Some(most.max(bytes?)));
        deepest.map_or(Need::Endless, Need::Bytes)
    }

    /// The functions, by RVA, with what each needs; `None` for those without bound.
    pub fn all(&self) -> impl Iterator<Item = (u32, Option<u64>)> {
        self.functions.iter().map(|(rva, function)| (*rva, function.need.bytes()))
    }

    /// The deepest stack from a function.
    #[must_use]
    pub fn deepest(&self, rva: u32) -> Deepest {
        let bytes = self.functions.get(&rva).map_or(Some(WORD), |function| function.need.bytes());
        let mut path = vec![rva];
        while let Some(next) = path.last().and_then(|last| self.worst(*last)) {
            let end = path.contains(&next) || path.len() == LONGEST_PATH;
            path.push(next);
            if end {
                break;
            }
        }
        Deepest { bytes, path }
    }

    /// The call that makes a function's stack as deep as it is.
    fn worst(&self, rva: u32) -> Option<u32> {
        let function = self.functions.get(&rva)?;
        let need = |callee: &u32| self.functions.get(callee).map_or(Need::Bytes(0), |callee| callee.need);
        let found = |&&(held, callee): &&(u64, u32)| match (function.need, need(&callee)) {
            (Need::Bytes(all), Need::Bytes(bytes)) => held + bytes == all && bytes > 0,
            (Need::Endless, callee) => callee == Need::Endless,
            _ => false,
        };
        function.calls.iter().find(found).map(|call| call.1)
    }

    /// RVAs of calls that were not followed.
    #[must_use]
    pub fn indirect(&self) -> &[u32] {
        &self.indirect
    }
}

fn decode(image: &Image, range: &Range<u32>) -> impl Iterator<Item = Instruction> {
    let code = image.memory().get(range.start as usize..range.end as usize).unwrap_or_default();
    Decoder::with_ip(64, code, u64::from(range.start), DecoderOptions::NONE).into_iter()
}

/// Where a function without unwind data ends: where nothing goes on, and no branch before leads further.
fn end_of(image: &Image, range: &Range<u32>) -> u32 {
    let mut reach = 0;
    for instruction in decode(image, range) {
        match instruction.flow_control() {
            FlowControl::ConditionalBranch => reach = instruction.near_branch_target().max(reach),
            FlowControl::Return | FlowControl::UnconditionalBranch | FlowControl::IndirectBranch
                if instruction.next_ip() > reach =>
            {
                return u32::try_from(instruction.next_ip()).unwrap_or(range.end).min(range.end);
            }
            _ => {}
        }
    }
    range.end
}

/// The function that an address belongs to, and what its part there has on the stack.
fn main(image: &Image, rva: u32) -> (u32, u64) {
    let memory = image.memory();
    let Some(mut entry) = Entry::find(memory, image.function_table(), rva) else { return (rva, 0) };
    let mut frame = 0;
    for _ in 0..LONGEST_CHAIN {
        let Some(info) = entry.info(memory) else { break };
        frame += size(&info);
        match info.chained {
            Some(parent) => entry = parent,
            None => break,
        }
    }
    (entry.begin, frame)
}

fn size(info: &Info) -> u64 {
    let bytes = info.operations.iter().map(|(_, operation)| match operation {
        Operation::Push(_) => WORD,
        Operation::Allocate(bytes) => *bytes,
        _ => 0,
    });
    bytes.sum()
}
