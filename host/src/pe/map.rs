//! An image in memory.

use std::cell::Cell;
use std::fmt;
use std::io;
use std::sync::Arc;

use super::memory::{Memory, Protection};
use super::paging::Paging;
use super::stub::{self, SPARE, STUB};
use super::{Binding, CallSite, Image, LoadError, MissingImport, Section};

/// What linkers put into a /GS cookie; the loader is to replace it, or the driver's own start-up code stops it.
const DEFAULT_COOKIE: u64 = 0x0000_2b99_2ddf_a232;
/// What this loader replaces it with. The same every time, so that a run can be repeated; the upper 16 bits
/// are zero, as the check demands.
const COOKIE: u64 = 0x0000_5eed_c001_d00d;

/// An image mapped into this process: relocated, bound, each section with its own protection.
///
/// Dropping it unmaps it; whoever may still run or reach its code holds an `Rc` of it.
pub struct Mapped {
    image: Arc<Image>,
    /// The image, then its stubs, so that the stubs are in reach of a 32-bit displacement.
    memory: Memory,
    size: usize,
    /// Offset of the first byte of stub space not used yet.
    free: Cell<usize>,
    /// Which sections are not there.
    pub(super) paging: Paging,
}

/// Whether a section is an ordinary one of code.
const fn is_code(section: &Section) -> bool {
    section.readable && section.executable && !section.writable
}

impl Mapped {
    /// Maps an image. `resolver` is asked for every import by module and name. Code imports fill `*call_site`
    /// whenever they are called.
    ///
    /// # Errors
    /// [`LoadError::Missing`] with all imports that the resolver does not know; then nothing is left mapped.
    ///
    /// # Safety
    /// `call_site` and every address that the resolver gives stay valid until the image is dropped.
    pub unsafe fn load(
        image: &Arc<Image>,
        call_site: *mut CallSite,
        resolver: &mut dyn FnMut(&str, &str) -> Option<Binding>,
    ) -> Result<Self, LoadError> {
        let bindings = resolve(image, resolver)?;
        let fail =
            |what: &str, source| LoadError::System { image: image.name().into(), what: what.into(), source };
        let size = image.memory().len();
        let stubs = (bindings.len() * STUB + SPARE).next_multiple_of(4096);
        let memory = Memory::map(size + stubs, Protection::WRITE).map_err(|e| fail("mapping it", e))?;
        let paging = Paging::new(image);
        let mapped = Self { image: Arc::clone(image), memory, size, free: Cell::new(size), paging };
        mapped.memory.write(0, image.memory());
        mapped.relocate();
        mapped.bind(&bindings, call_site);
        mapped.set_cookie();
        mapped.protect().map_err(|(what, error)| fail(&what, error))?;
        Ok(mapped)
    }

    fn relocate(&self) {
        let delta = self.base().wrapping_sub(self.image.preferred_base());
        for &rva in self.image.relocations() {
            if let Some(value) = self.read_u64(rva) {
                self.write_u64(rva, value.wrapping_add(delta));
            }
        }
    }

    /// Fills the import slots; code gets its stub.
    fn bind(&self, bindings: &[Binding], call_site: *mut CallSite) {
        for (index, (import, binding)) in self.image.imports().iter().zip(bindings).enumerate() {
            let address = match *binding {
                Binding::Raw(address) | Binding::Data(address) => address,
                Binding::Code(target) => {
                    let number = u32::try_from(index).unwrap_or(u32::MAX);
                    let code = stub::encode(call_site as u64, number, target);
                    let offset = self.free.replace(self.free.get() + STUB);
                    self.memory.write(offset, &code);
                    self.base() + offset as u64
                }
            };
            self.write_u64(import.slot, address);
        }
    }

    /// As the Windows loader: a /GS cookie still at its default is replaced.
    fn set_cookie(&self) {
        let Some(rva) = self.image.security_cookie() else { return };
        if self.read_u64(rva) == Some(DEFAULT_COOKIE) {
            self.write_u64(rva, COOKIE);
        }
    }

    /// Gives headers, sections and stubs the protections they ask for, and nothing to the gaps.
    fn protect(&self) -> Result<(), (String, io::Error)> {
        let set = |rva: u32, len: u32, protection, what: &str| {
            let len = (len as usize).next_multiple_of(4096);
            self.memory
                .protect(rva as usize, len, protection)
                .map_err(|error| (format!("protecting {what}"), error))
        };
        set(0, self.image.size(), Protection::NONE, "the image")?;
        set(0, self.image.headers_size(), Protection::READ, "the headers")?;
        for section in self.image.sections().iter().filter(|s| s.size != 0) {
            let protection = Protection::new(section.readable, section.writable, section.executable);
            set(section.rva, section.size, protection, &format!("section {}", section.name))?;
        }
        let stubs = self.memory.len() - self.size;
        self.memory
            .protect(self.size, stubs, Protection::EXECUTE)
            .map_err(|error| ("protecting the stubs".into(), error))
    }

    /// Sets what a section may be used for; false if the system refuses.
    pub(super) fn set_protection(&self, section: &Section, protection: Protection) -> bool {
        let len = (section.size as usize).next_multiple_of(4096);
        self.memory.protect(section.rva as usize, len, protection).is_ok()
    }

    fn read_u64(&self, rva: u32) -> Option<u64> {
        let from = self.memory.at(rva as usize, 8)?.cast::<[u8; 8]>();
        // SAFETY: `at` keeps it within the mapping; called while the image is still wholly accessible.
        Some(u64::from_le_bytes(unsafe { from.read() }))
    }

    fn write_u64(&self, rva: u32, value: u64) {
        self.memory.write(rva as usize, &value.to_le_bytes());
    }

    /// What was mapped.
    #[must_use]
    pub fn image(&self) -> &Image {
        &self.image
    }

    /// Where the image begins.
    #[must_use]
    pub fn base(&self) -> u64 {
        self.memory.base()
    }

    /// Bytes from the first header to the end of the last section.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size as u64
    }

    /// The entry point (`DriverEntry`).
    #[must_use]
    pub fn entry(&self) -> u64 {
        self.base() + u64::from(self.image.entry())
    }

    /// Is this address in the image?
    #[must_use]
    pub fn contains(&self, address: u64) -> bool {
        self.rva(address).is_some()
    }

    /// Is this address in the stubs that belong to the image?
    #[must_use]
    pub fn in_stubs(&self, address: u64) -> bool {
        address
            .checked_sub(self.base())
            .is_some_and(|at| (self.size as u64..self.memory.len() as u64).contains(&at))
    }

    /// The RVA of an address in the image.
    #[must_use]
    pub fn rva(&self, address: u64) -> Option<u32> {
        let offset = u32::try_from(address.checked_sub(self.base())?).ok()?;
        ((offset as usize) < self.size).then_some(offset)
    }

    /// The address of an export.
    #[must_use]
    pub fn export(&self, name: &str) -> Option<u64> {
        let export = self.image.exports().iter().find(|e| e.name == name)?;
        Some(self.base() + u64::from(export.rva))
    }

    /// Adds code to the stub space; its address, or `None` once the space is used up.
    pub(crate) fn add_stub(&self, code: &[u8]) -> Option<u64> {
        let offset = self.free.get();
        self.memory.at(offset, code.len())?;
        stub::write_code(&self.memory, offset, code).ok()?;
        self.free.set((offset + code.len()).next_multiple_of(16));
        Some(self.base() + offset as u64)
    }

    /// Replaces single bytes of the image's code; what was there before. What is in no ordinary code section is left out.
    pub(crate) fn exchange(&self, bytes: impl Iterator<Item = (u32, u8)>) -> Vec<(u32, u8)> {
        let homes: Vec<_> = self.image.sections().iter().filter(|section| is_code(section)).collect();
        let all = |protection| homes.iter().all(|section| self.set_protection(section, protection));
        let mut before = Vec::new();
        if all(Protection::WRITE) {
            for (rva, byte) in bytes.filter(|(rva, _)| homes.iter().any(|s| s.contains(*rva))) {
                let Some(at) = self.memory.at(rva as usize, 1) else { continue };
                // SAFETY: `at` lies in the mapping, whose code is readable now; nobody else has it.
                before.push((rva, unsafe { at.read() }));
                self.memory.write(rva as usize, &[byte]);
            }
        }
        all(Protection::EXECUTE);
        before
    }

    /// Replaces code of the image; false if it is not in an ordinary code section (executable, not writable).
    pub(crate) fn patch(&self, address: u64, code: &[u8]) -> bool {
        let Some(rva) = self.rva(address) else { return false };
        // The pages that are written come back alone otherwise.
        self.page_in(address);
        let last = rva.saturating_add(u32::try_from(code.len()).unwrap_or(u32::MAX)).saturating_sub(1);
        let mut sections = self.image.sections().iter();
        let home = sections.find(|s| s.contains(rva) && s.contains(last));
        home.is_some_and(is_code) && stub::write_code(&self.memory, rva as usize, code).is_ok()
    }
}

impl fmt::Debug for Mapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {:#x}", self.image.name(), self.base())
    }
}

/// Asks for every import before anything is mapped, so that all that are missing are known.
fn resolve(
    image: &Image,
    resolver: &mut dyn FnMut(&str, &str) -> Option<Binding>,
) -> Result<Vec<Binding>, LoadError> {
    let mut bindings = Vec::new();
    let mut missing = Vec::new();
    for import in image.imports() {
        match resolver(&import.module, &import.name) {
            Some(binding) => bindings.push(binding),
            None => missing.push(MissingImport { module: import.module.clone(), name: import.name.clone() }),
        }
    }
    if missing.is_empty() {
        Ok(bindings)
    } else {
        Err(LoadError::Missing { image: image.name().into(), missing })
    }
}
