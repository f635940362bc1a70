//! Images made for tests, without any tool chain: hand-written code in a PE file of the `object` crate's writer.

use std::rc::Rc;
use std::sync::Arc;

use iced_x86::code_asm::CodeAssembler;
use iced_x86::{Code, IcedError, Instruction, MemoryOperand, Register};
use object::pe;
use object::write::pe::{NtHeaders, Writer};

use super::{Binding, CallSite, Image, Mapped};

/// Where the image wants to be. Nothing can be mapped there, so it is always relocated.
pub(crate) const BASE: u64 = 0xffff_f800_0000_0000;
pub(crate) const TEXT: u32 = 0x1000;
pub(crate) const DATA: u32 = 0x5000;
const RDATA: u32 = 0x7000;
/// Sections that a test adds, a page each.
const ADDED: u32 = 0x8000;
const PAGE: u32 = 0x1000;
/// Bytes of import slots at the beginning of .rdata: each import has its own table of one and a terminator.
const SLOTS: usize = 0x400;

/// An image under construction.
pub(crate) struct Builder {
    text: Vec<u8>,
    data: Vec<u8>,
    imports: Vec<(String, String)>,
    functions: Vec<Built>,
    pointers: Vec<(u32, u32)>,
    added: Vec<Added>,
    pub(crate) text_flags: pe::SectionFlags,
    pub(crate) subsystem: pe::Subsystem,
    pub(crate) machine: pe::Machine,
}

/// A section that a test adds.
struct Added {
    name: [u8; 8],
    flags: pe::SectionFlags,
    bytes: Vec<u8>,
}

struct Built {
    name: String,
    begin: u32,
    end: u32,
    unwind: Option<Vec<u8>>,
    /// The function whose table entry goes behind the unwind information.
    chained_to: Option<u32>,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            text: Vec::new(),
            data: vec![0; 0x200],
            imports: Vec::new(),
            functions: Vec::new(),
            pointers: Vec::new(),
            added: Vec::new(),
            text_flags: pe::IMAGE_SCN_CNT_CODE | pe::IMAGE_SCN_MEM_EXECUTE | pe::IMAGE_SCN_MEM_READ,
            subsystem: pe::IMAGE_SUBSYSTEM_NATIVE,
            machine: pe::IMAGE_FILE_MACHINE_AMD64,
        }
    }

    /// Adds an import; returns the RVA of its slot.
    pub(crate) fn import(&mut self, module: &str, name: &str) -> u32 {
        self.imports.push((module.into(), name.into()));
        RDATA + 16 * u32::try_from(self.imports.len() - 1).unwrap()
    }

    /// Adds an exported function; returns its RVA. The first one is the entry point. `unwind` is its `UNWIND_INFO`.
    pub(crate) fn function(
        &mut self,
        name: &str,
        unwind: Option<&[u8]>,
        write: impl FnOnce(&mut CodeAssembler) -> Result<(), IcedError>,
    ) -> u32 {
        let (begin, end) = append(&mut self.text, TEXT, write);
        self.name(name, begin, end, unwind);
        begin
    }

    /// Adds a section of a page at most; returns its RVA.
    pub(crate) fn section(&mut self, name: &str, flags: pe::SectionFlags) -> u32 {
        let mut bytes = [0; 8];
        bytes[..name.len()].copy_from_slice(name.as_bytes());
        self.added.push(Added { name: bytes, flags, bytes: Vec::new() });
        ADDED + (u32::try_from(self.added.len()).unwrap() - 1) * PAGE
    }

    /// Adds a function to a section that was added, by that one's RVA; returns its own.
    pub(crate) fn function_in(
        &mut self,
        section: u32,
        name: &str,
        unwind: Option<&[u8]>,
        write: impl FnOnce(&mut CodeAssembler) -> Result<(), IcedError>,
    ) -> u32 {
        let at = ((section - ADDED) / PAGE) as usize;
        let (begin, end) = append(&mut self.added[at].bytes, section, write);
        self.name(name, begin, end, unwind);
        begin
    }

    fn name(&mut self, name: &str, begin: u32, end: u32, unwind: Option<&[u8]>) {
        self.functions.push(Built {
            name: name.into(),
            begin,
            end,
            unwind: unwind.map(<[u8]>::to_vec),
            chained_to: None,
        });
    }

    /// Makes the last function a part of another one, by that one's RVA.
    pub(crate) fn chain_to(&mut self, main: u32) {
        self.functions.last_mut().unwrap().chained_to = Some(main);
    }

    pub(crate) fn put_data(&mut self, offset: usize, bytes: &[u8]) {
        self.data[offset..offset + bytes.len()].copy_from_slice(bytes);
    }

    /// A relocated pointer in .data.
    pub(crate) fn pointer(&mut self, offset: u32, target: u32) {
        self.put_data(offset as usize, &(BASE + u64::from(target)).to_le_bytes());
        self.pointers.push((DATA + offset, target));
    }

    pub(crate) fn build(&self) -> Vec<u8> {
        let mut rdata = Rdata { bytes: vec![0; SLOTS] };
        let (imports, import_size) = rdata.imports(&self.imports);
        let (exports, export_size) = rdata.exports(&self.functions);
        let (pdata, pdata_size) = rdata.unwind(&self.functions);
        let mut file = Vec::new();
        let mut writer = Writer::new(true, 4096, 512, &mut file);
        writer.reserve_dos_header_and_stub();
        writer.reserve_nt_headers(16);
        writer.reserve_section_headers(4 + u16::try_from(self.added.len()).unwrap());
        let len = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap();
        let text = writer.reserve_section(*b".text\0\0\0", self.text_flags, 0x4000, len(&self.text));
        let data = writer.reserve_data_section(0x2000, len(&self.data));
        let rdata_range = writer.reserve_rdata_section(len(&rdata.bytes));
        assert!(rdata.bytes.len() <= PAGE as usize);
        let mut reserve =
            |added: &Added| writer.reserve_section(added.name, added.flags, PAGE, len(&added.bytes));
        let added: Vec<_> = self.added.iter().map(|added| (reserve(added), &added.bytes)).collect();
        for (rva, _) in &self.pointers {
            writer.add_reloc(*rva, pe::IMAGE_REL_BASED_DIR64);
        }
        writer.reserve_reloc_section();
        assert_eq!(
            (text.virtual_address, data.virtual_address, rdata_range.virtual_address),
            (TEXT, DATA, RDATA)
        );
        writer.set_data_directory(pe::IMAGE_DIRECTORY_ENTRY_IMPORT, imports, import_size);
        writer.set_data_directory(pe::IMAGE_DIRECTORY_ENTRY_EXPORT, exports, export_size);
        writer.set_data_directory(pe::IMAGE_DIRECTORY_ENTRY_EXCEPTION, pdata, pdata_size);
        writer.write_dos_header_and_stub().unwrap();
        writer.write_nt_headers(NtHeaders {
            machine: self.machine,
            time_date_stamp: 0x1234_5678,
            characteristics: pe::IMAGE_FILE_EXECUTABLE_IMAGE | pe::IMAGE_FILE_LARGE_ADDRESS_AWARE,
            major_linker_version: 14,
            minor_linker_version: 0,
            address_of_entry_point: self.functions.first().map_or(0, |f| f.begin),
            image_base: BASE,
            major_operating_system_version: 6,
            minor_operating_system_version: 1,
            major_image_version: 0,
            minor_image_version: 0,
            major_subsystem_version: 6,
            minor_subsystem_version: 1,
            subsystem: self.subsystem,
            dll_characteristics: pe::DllFlags(0),
            size_of_stack_reserve: 0x10_0000,
            size_of_stack_commit: 0x1000,
            size_of_heap_reserve: 0x10_0000,
            size_of_heap_commit: 0x1000,
        });
        writer.write_section_headers();
        writer.write_section(text.file_offset, &self.text);
        writer.write_section(data.file_offset, &self.data);
        writer.write_section(rdata_range.file_offset, &rdata.bytes);
        for (range, bytes) in added {
            writer.write_section(range.file_offset, bytes);
        }
        writer.write_reloc_section();
        file
    }

    pub(crate) fn image(&self) -> Arc<Image> {
        Arc::new(Image::parse("test.sys", &self.build()).unwrap())
    }

    /// Builds and maps the image.
    pub(crate) fn load(
        &self,
        site: *mut CallSite,
        mut resolver: impl FnMut(&str, &str) -> Option<Binding>,
    ) -> Rc<Mapped> {
        // SAFETY: the test keeps the cell and what it binds alive longer than the image.
        Rc::new(unsafe { Mapped::load(&self.image(), site, &mut resolver) }.unwrap())
    }
}

/// An instruction with a memory operand at an RVA of the image.
pub(crate) fn at(code: Code, rva: u32) -> Instruction {
    let memory = MemoryOperand::with_base_displ(Register::RIP, (BASE + u64::from(rva)).cast_signed());
    Instruction::with1(code, memory).unwrap()
}

/// The same with a register as the first operand.
pub(crate) fn reg_at(code: Code, register: Register, rva: u32) -> Instruction {
    let memory = MemoryOperand::with_base_displ(Register::RIP, (BASE + u64::from(rva)).cast_signed());
    Instruction::with2(code, register, memory).unwrap()
}

/// Puts code behind what a section has; where it begins and ends.
fn append(
    bytes: &mut Vec<u8>,
    section: u32,
    write: impl FnOnce(&mut CodeAssembler) -> Result<(), IcedError>,
) -> (u32, u32) {
    let mut assembler = CodeAssembler::new(64).unwrap();
    write(&mut assembler).unwrap();
    bytes.resize(bytes.len().next_multiple_of(16), 0xcc);
    let begin = section + u32::try_from(bytes.len()).unwrap();
    bytes.extend(assembler.assemble(BASE + u64::from(begin)).unwrap());
    (begin, section + u32::try_from(bytes.len()).unwrap())
}

struct Rdata {
    bytes: Vec<u8>,
}

impl Rdata {
    fn here(&mut self, align: usize) -> u32 {
        self.bytes.resize(self.bytes.len().next_multiple_of(align), 0);
        RDATA + u32::try_from(self.bytes.len()).unwrap()
    }

    fn add(&mut self, align: usize, bytes: &[u8]) -> u32 {
        let rva = self.here(align);
        self.bytes.extend(bytes);
        rva
    }

    fn text(&mut self, text: &str) -> u32 {
        let mut bytes = text.as_bytes().to_vec();
        bytes.push(0);
        self.add(2, &bytes)
    }

    fn words(&mut self, words: &[u32]) -> u32 {
        let bytes: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
        self.add(4, &bytes)
    }

    fn imports(&mut self, imports: &[(String, String)]) -> (u32, u32) {
        assert!(imports.len() * 16 <= SLOTS);
        if imports.is_empty() {
            return (0, 0);
        }
        let mut table = Vec::new();
        for (index, (module, name)) in imports.iter().enumerate() {
            let module = self.text(module);
            let hint = self.add(2, &[0, 0]);
            self.bytes.extend(name.as_bytes());
            self.bytes.push(0);
            let names = self.words(&[hint, 0, 0, 0]);
            let slot = RDATA + u32::try_from(index).unwrap() * 16;
            let at = index * 16;
            self.bytes[at..at + 8].copy_from_slice(&u64::from(hint).to_le_bytes());
            table.extend([names, 0, 0, module, slot]);
        }
        table.extend([0; 5]);
        (self.words(&table), u32::try_from(table.len() * 4).unwrap())
    }

    fn exports(&mut self, functions: &[Built]) -> (u32, u32) {
        let count = u32::try_from(functions.len()).unwrap();
        let directory = self.words(&[0; 10]);
        let addresses = self.words(&functions.iter().map(|f| f.begin).collect::<Vec<_>>());
        let names: Vec<u32> = functions.iter().map(|f| self.text(&f.name)).collect();
        let names = self.words(&names);
        let ordinals: Vec<u8> = (0..count).flat_map(|i| u16::try_from(i).unwrap().to_le_bytes()).collect();
        let ordinals = self.add(4, &ordinals);
        let module = self.text("test.sys");
        let header = [0, 0, 0, module, 1, count, count, addresses, names, ordinals];
        let at = (directory - RDATA) as usize;
        for (index, word) in header.iter().enumerate() {
            self.bytes[at + index * 4..at + index * 4 + 4].copy_from_slice(&word.to_le_bytes());
        }
        (directory, self.here(4) - directory)
    }

    fn unwind(&mut self, functions: &[Built]) -> (u32, u32) {
        let mut table = Vec::new();
        for function in functions {
            let Some(info) = &function.unwind else { continue };
            let info = self.add(4, info);
            if let Some(main) = function.chained_to {
                let at = table.iter().position(|word| *word == main).unwrap();
                let entry: Vec<u32> = table[at..at + 3].to_vec();
                self.words(&entry);
            }
            table.extend([function.begin, function.end, info]);
        }
        if table.is_empty() {
            return (0, 0);
        }
        (self.words(&table), u32::try_from(table.len() * 4).unwrap())
    }
}
