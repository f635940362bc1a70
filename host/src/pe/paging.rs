//! Sections of an image that are not always there: those that Windows pages out, and those that it discards.
//!
//! * A section whose name begins with `PAGE` is pageable, unless it has `IMAGE_SCN_MEM_NOT_PAGED`. `MmPageEntireDriver`
//!   makes all of them so, and a lock keeps one in memory.
//! * A section with `IMAGE_SCN_MEM_DISCARDABLE`, or whose name begins with `INIT`, is gone after `DriverEntry`.
//!
//! What is paged out is out of the driver's reach: a touch of it is a fault, and whoever takes it decides by the IRQL.

use super::{Image, Mapped, Section, memory::Protection};
use std::cell::Cell;

#[derive(Clone, Copy, PartialEq)]
enum State {
    Present,
    Out,
    Discarded,
}

/// A section, and where it is now.
struct Part {
    locks: Cell<u32>,
    state: Cell<State>,
}

/// See the module.
pub(super) struct Paging {
    /// As the image's sections.
    parts: Vec<Part>,
    /// All sections are pageable.
    whole: Cell<bool>,
}

/// A section that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absent {
    /// Its name.
    pub section: String,
    /// It has code.
    pub executable: bool,
    /// It will not come back.
    pub discarded: bool,
}

impl Section {
    /// Does Windows page it?
    #[must_use]
    pub fn is_pageable(&self) -> bool {
        self.name.starts_with("PAGE") && !self.not_paged
    }

    /// Does Windows drop it when `DriverEntry` has returned?
    #[must_use]
    pub fn is_initialization(&self) -> bool {
        self.discardable || self.name.starts_with("INIT")
    }
}

impl Paging {
    pub(super) fn new(image: &Image) -> Self {
        let part = |_: &Section| Part { locks: Cell::new(0), state: Cell::new(State::Present) };
        Self { parts: image.sections().iter().map(part).collect(), whole: Cell::new(false) }
    }
}

impl Mapped {
    fn parts(&self) -> impl Iterator<Item = (&Section, &Part)> {
        self.image().sections().iter().zip(&self.paging.parts).filter(|(section, _)| section.size != 0)
    }

    fn part(&self, address: u64) -> Option<(&Section, &Part)> {
        let rva = self.rva(address)?;
        self.parts().find(|(section, _)| section.contains(rva))
    }

    fn turn(&self, section: &Section, part: &Part, to: State) -> bool {
        let protection = match to {
            State::Present => Protection::new(section.readable, section.writable, section.executable),
            State::Out | State::Discarded => Protection::NONE,
        };
        let done = self.set_protection(section, protection);
        if done {
            part.state.set(to);
        }
        done
    }

    /// Whether any section may be paged out.
    #[must_use]
    pub fn is_paged(&self) -> bool {
        self.paging.whole.get() || self.image().sections().iter().any(Section::is_pageable)
    }

    /// Pages out all that may be.
    pub fn trim(&self) {
        let whole = self.paging.whole.get();
        for (section, part) in self.parts().filter(|(section, _)| whole || section.is_pageable()) {
            if part.state.get() == State::Present && part.locks.get() == 0 {
                self.turn(section, part, State::Out);
            }
        }
    }

    /// Pages in what an address lies in: whether it has code, or `None` if there was nothing to do. Nothing is allocated:
    /// it may be called in the middle of anything.
    pub fn page_in(&self, address: u64) -> Option<bool> {
        let (section, part) = self.part(address)?;
        let came = part.state.get() == State::Out && self.turn(section, part, State::Present);
        came.then_some(section.executable)
    }

    /// Why an address cannot be touched; `None` if it is not for the lack of its section.
    #[must_use]
    pub fn absent(&self, address: u64) -> Option<Absent> {
        let (section, part) = self.part(address).filter(|(_, part)| part.state.get() != State::Present)?;
        Some(Absent {
            section: section.name.clone(),
            executable: section.executable,
            discarded: part.state.get() == State::Discarded,
        })
    }

    /// Drops what is for the initialisation only; whether there was any.
    pub fn discard(&self) -> bool {
        let sections = self.parts().filter(|(section, _)| section.is_initialization());
        sections.fold(false, |any, (section, part)| self.turn(section, part, State::Discarded) || any)
    }

    /// Keeps the section of an address in memory: its handle, or `None` if the address lies in none that is there.
    pub fn lock(&self, address: u64) -> Option<u64> {
        let (section, part) = self.part(address).filter(|(_, part)| part.state.get() != State::Discarded)?;
        if part.state.get() == State::Out {
            self.turn(section, part, State::Present);
        }
        part.locks.set(part.locks.get() + 1);
        Some(self.base() + u64::from(section.rva))
    }

    /// Lets it go again. `None` if this is no handle, false if it was not locked.
    pub fn unlock(&self, handle: u64) -> Option<bool> {
        let (_, part) = self.part(handle).filter(|(section, _)| self.rva(handle) == Some(section.rva))?;
        let left = part.locks.get().checked_sub(1);
        part.locks.set(left.unwrap_or(0));
        Some(left.is_some())
    }

    /// Makes all sections pageable, or only those that were linked so.
    pub fn page_entirely(&self, whole: bool) {
        self.paging.whole.set(whole);
        let back =
            self.parts().filter(|(section, part)| part.state.get() == State::Out && !section.is_pageable());
        for (section, part) in back.filter(|_| !whole) {
            self.turn(section, part, State::Present);
        }
    }

    /// Sections that are locked.
    #[must_use]
    pub fn locked(&self) -> Vec<String> {
        let locked = self.parts().filter(|(_, part)| part.locks.get() != 0);
        locked.map(|(section, _)| section.name.clone()).collect()
    }
}
