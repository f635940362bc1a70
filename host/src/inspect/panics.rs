//! Which functions can panic.
//!
//! Every panic goes through `core::panicking`, and its functions are never inlined. The linker drops what nothing
//! refers to, so one of them in the image means that a panic can be reached; whoever refers to it, through other
//! library functions or directly, is the culprit.

use super::code::{Code, Edge, section_of};
use crate::{
    pe::Image,
    symbols::{Location, Symbols},
};
use serde::Serialize;
use std::{collections::BTreeSet, fmt};

/// A function that can panic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Culprit {
    /// The function, or the place in the data that keeps panicking code alive.
    pub function: String,
    /// File and line of the panicking expression, if known.
    pub place: Option<String>,
    /// The calls from there to the panic: functions inlined at the place, then functions called, the last of them
    /// in `core::panicking`.
    pub through: Vec<String>,
}

impl fmt::Display for Culprit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place.as_deref().unwrap_or("place unknown");
        write!(f, "{} can panic ({place}): {}", self.function, self.through.join(" -> "))
    }
}

/// All functions outside the language's own libraries that can panic.
pub(super) fn culprits(image: &Image, code: &Code<'_>, symbols: &Symbols) -> Vec<Culprit> {
    let mut search =
        Search { image, code, symbols, next: vec![None; code.functions.len()], found: BTreeSet::new() };
    let mut reached: Vec<usize> = (0..code.functions.len()).filter(|index| search.is_panic(*index)).collect();
    let panics = reached.clone();
    while let Some(function) = reached.pop() {
        for caller in search.callers(function) {
            if search.next[caller].is_none() {
                search.next[caller] = Some(function);
                reached.push(caller);
            }
        }
    }
    if search.found.is_empty() {
        // Kept alive by something that is not understood: still there, so still wrong.
        for function in panics {
            let function = short(&code.functions[function].name).to_owned();
            search.found.insert(Culprit { function, place: None, through: Vec::new() });
        }
    }
    search.found.into_iter().collect()
}

/// Functions of `core::fmt`.
pub(super) fn formatting<'a>(code: &Code<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    let names = code.functions.iter().map(|function| function.name.as_str());
    names.filter(|name| in_module(name, "core::fmt::")).map(short)
}

struct Search<'a> {
    image: &'a Image,
    code: &'a Code<'a>,
    symbols: &'a Symbols,
    /// For a library function that leads to a panic: the function that it calls on the way there.
    next: Vec<Option<usize>>,
    found: BTreeSet<Culprit>,
}

impl Search<'_> {
    /// Notes the culprits among those who refer to a function; returns the library functions among them.
    fn callers(&mut self, function: usize) -> Vec<usize> {
        let code = self.code;
        let mut library = Vec::new();
        for edge in code.edges.iter().filter(|edge| edge.to == function) {
            if self.is_panic(edge.from) {
                continue;
            }
            if is_library(&code.functions[edge.from].name) {
                library.push(edge.from);
            } else {
                let culprit = self.at_call(edge);
                self.found.insert(culprit);
            }
        }
        for (pointer, _) in code.pointers.iter().filter(|(_, to)| *to == function) {
            let (section, offset) = section_of(self.image, pointer.slot)
                .map_or(("?", pointer.slot), |section| (section.name.as_str(), pointer.slot - section.rva));
            let through = self.path(function);
            let function = format!("a pointer at {section}+{offset:#x}");
            self.found.insert(Culprit { function, place: None, through });
        }
        library
    }

    fn at_call(&self, edge: &Edge) -> Culprit {
        let frames = self.symbols.lookup(edge.site);
        // Innermost first: library functions that were inlined, then the line that called them.
        let own = frames.iter().position(|frame| !is_library(&frame.function));
        let inlined = frames.get(..own.unwrap_or(0)).unwrap_or_default();
        let mut through: Vec<String> =
            inlined.iter().rev().map(|frame| short(&frame.function).to_owned()).collect();
        if let Some(frame) = own.and_then(|own| frames.get(own)).filter(|frame| frame.inlined) {
            through.insert(0, short(&frame.function).to_owned());
        }
        through.extend(self.path(edge.to));
        Culprit {
            function: short(&self.code.functions[edge.from].name).to_owned(),
            place: own.and_then(|own| frames.get(own)).and_then(place),
            through,
        }
    }

    /// The names from a function to the panic.
    fn path(&self, from: usize) -> Vec<String> {
        let mut names = Vec::new();
        let mut at = Some(from);
        while let Some(function) = at.filter(|_| names.len() <= self.next.len()) {
            names.push(short(&self.code.functions[function].name).to_owned());
            at = if self.is_panic(function) { None } else { self.next[function] };
        }
        names
    }

    fn is_panic(&self, function: usize) -> bool {
        in_module(&self.code.functions[function].name, "core::panicking::")
    }
}

fn place(location: &Location) -> Option<String> {
    let file = location.file.as_deref()?;
    Some(location.line.map_or_else(|| file.to_owned(), |line| format!("{file}:{line}")))
}

fn is_library(name: &str) -> bool {
    ["core::", "alloc::", "compiler_builtins::"].iter().any(|library| in_module(name, library))
}

/// Whether a function is in a module, or a method of a type that is.
fn in_module(name: &str, module: &str) -> bool {
    // PDBs write types as `enum2$<core::option::Option<u32> >`, `ref$<slice2$<u8> >`.
    let mut name = name;
    while let Some((wrapper, inner)) = name.split_once("$<") {
        if !wrapper.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            break;
        }
        name = inner;
    }
    name.starts_with(module)
}

/// A function's name without its parameters.
fn short(name: &str) -> &str {
    let mut depth = 0_usize;
    let end = name.char_indices().find(|(_, c)| {
        match c {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        *c == '(' && depth == 0
    });
    end.map_or(name, |(end, _)| &name[..end])
}

#[cfg(test)]
mod tests {
    use super::{in_module, is_library, short};

    #[test]
    fn library_functions_are_recognised() {
        for name in [
            "core::panicking::panic_fmt(core::fmt::Arguments)",
            "enum2$<core::option::Option<ferrite::Ring> >::unwrap",
            "ref_mut$<slice2$<core::fmt::X> >::f",
            "compiler_builtins::mem::memcpy",
        ] {
            assert!(is_library(name), "{name}");
        }
        for name in ["ferrite::core::f", "enum2$<ferrite::State>::next", "ferrite::impl$0::f<core::X>"] {
            assert!(!is_library(name), "{name}");
        }
        assert!(in_module("core::panicking::panic", "core::panicking::"));
    }

    #[test]
    fn names_lose_their_parameters() {
        assert_eq!(short("ferrite::f(unsigned int, ref$<str$>)"), "ferrite::f");
        assert_eq!(short("ferrite::f<void (*)(int)>(int)"), "ferrite::f<void (*)(int)>");
        assert_eq!(short("ferrite::f"), "ferrite::f");
    }
}
