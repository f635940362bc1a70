//! Places of an image that tell when they are reached for the first time: a breakpoint on each, taken away by the
//! signal handler, so that the driver goes on as if there had been none.

use super::area::{Shared, TrapArea};
use crate::pe::Mapped;
use std::{cell::Cell, rc::Rc};

/// `int3`.
const BREAKPOINT: u8 = 0xCC;

/// One place.
struct Mark {
    rva: u32,
    /// The byte that the breakpoint stands for.
    byte: u8,
    reached: Cell<bool>,
}

/// The marks of one image, in the order of their addresses.
pub(super) struct Marks {
    image: Rc<Mapped>,
    list: Box<[Mark]>,
}

impl Marks {
    /// Sets breakpoints at the beginnings of instructions; places that are no code of the image are left out.
    fn set(image: &Rc<Mapped>, places: &[u32]) -> Self {
        let mut places = places.to_vec();
        places.sort_unstable();
        places.dedup();
        let set = image.exchange(places.into_iter().map(|rva| (rva, BREAKPOINT)));
        let list = set.into_iter().map(|(rva, byte)| Mark { rva, byte, reached: Cell::new(false) }).collect();
        Self { image: Rc::clone(image), list }
    }

    /// Takes the breakpoint away on which the processor has stopped; false if it is none of these. Called by the signal
    /// handler: no allocation, no locks.
    pub(super) fn take(&self, address: u64) -> bool {
        let Some(rva) = self.image.rva(address) else { return false };
        let found = self.list.binary_search_by_key(&rva, |mark| mark.rva);
        let Some(mark) = found.ok().and_then(|at| self.list.get(at)).filter(|mark| !mark.reached.get())
        else {
            return false;
        };
        mark.reached.set(true);
        self.image.patch(address, &[mark.byte])
    }

    /// The breakpoints that nobody has reached.
    fn clear(&self) {
        let left = self.list.iter().filter(|mark| !mark.reached.get());
        self.image.exchange(left.map(|mark| (mark.rva, mark.byte)));
    }

    fn reached(&self) -> impl Iterator<Item = u32> {
        self.list.iter().filter(|mark| mark.reached.get()).map(|mark| mark.rva)
    }
}

impl Shared {
    /// Marks an image that comes.
    pub(super) fn mark(&self, image: &Rc<Mapped>) {
        let places = self.places.borrow().clone();
        if !places.is_empty() {
            let marks = Marks::set(image, &places);
            self.marks.borrow_mut().push(marks);
        }
    }

    /// Takes the marks of an image that goes away.
    pub(super) fn unmark(&self, image: &Rc<Mapped>) {
        let (gone, left) = self.marks.take().into_iter().partition(|marks| Rc::ptr_eq(&marks.image, image));
        self.marks.replace(left);
        let gone: Vec<Marks> = gone;
        for marks in gone {
            marks.clear();
            self.reached.borrow_mut().extend(marks.reached());
        }
    }
}

impl TrapArea {
    /// Every image that is registered from now on tells when these places are reached: RVAs of the beginnings of
    /// instructions. A driver that reads its own code would find breakpoints in it.
    pub fn mark(&self, places: &[u32]) {
        self.shared.places.replace(places.into());
    }

    /// The places that were reached so far, in the order of their addresses.
    #[must_use]
    pub fn reached(&self) -> Vec<u32> {
        let mut list = self.shared.reached.borrow().clone();
        list.extend(self.shared.marks.borrow().iter().flat_map(Marks::reached));
        list.sort_unstable();
        list.dedup();
        list
    }
}
