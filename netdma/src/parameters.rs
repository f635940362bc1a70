//! `NET_DMA_CHANNEL_PARAMETERS`, checked.

use core::mem::offset_of;

use ferrite_ddk::ndis::{self, GROUP_AFFINITY, NET_DMA_CHANNEL_PARAMETERS};

/// What a client wants of a channel.
#[derive(Clone, Copy)]
pub struct Client {
    /// The completion word.
    pub word: *mut u64,
    /// Its physical address.
    pub word_physical: u64,
    /// Processors of group 0 that may run the DPC; none of them is better if there are none.
    pub processors: u64,
}

impl Client {
    /// The first of its processors.
    pub const fn cpu(&self) -> u32 {
        if self.processors == 0 { 0 } else { self.processors.trailing_zeros() }
    }
}

/// Revision 1 (NDMA-CH-02).
#[repr(C)]
struct First {
    revision: u16,
    size: u16,
    flags: u32,
    word: *mut u64,
    word_physical: u64,
    affinity: u32,
    priority: u32,
    cpu: u32,
}

const AFFINITY_EX: usize = offset_of!(NET_DMA_CHANNEL_PARAMETERS, ProcessorAffinityMaskEx);

const _: () = {
    assert!(offset_of!(First, word) == offset_of!(NET_DMA_CHANNEL_PARAMETERS, CompletionVirtualAddress));
    assert!(
        offset_of!(First, word_physical) == offset_of!(NET_DMA_CHANNEL_PARAMETERS, CompletionPhysicalAddress)
    );
    assert!(offset_of!(First, affinity) == offset_of!(NET_DMA_CHANNEL_PARAMETERS, ProcessorAffinityMask));
    assert!(offset_of!(First, cpu) == offset_of!(NET_DMA_CHANNEL_PARAMETERS, CpuNumber));
    assert!(
        AFFINITY_EX + size_of::<GROUP_AFFINITY>()
            <= ndis::SIZEOF_NET_DMA_CHANNEL_PARAMETERS_REVISION_2 as usize
    );
};

/// Reads them; `None` if they are not what their revision says.
///
/// # Safety
/// `parameters` is `NetDMA`'s and as long as its `Size` says, which is at least the four bytes up to there.
pub unsafe fn read(parameters: *const NET_DMA_CHANNEL_PARAMETERS) -> Option<Client> {
    // SAFETY: revision and size are there in every revision.
    let (revision, size) = unsafe { parameters.cast::<(u16, u16)>().read() };
    if revision < 1 || size < ndis::SIZEOF_NET_DMA_CHANNEL_PARAMETERS_REVISION_1 {
        return None;
    }
    // SAFETY: revision 1 is there (checked above).
    let first = unsafe { &*parameters.cast::<First>() };
    // The hardware writes all eight bytes at once, with three bits of status in an address.
    if first.word.is_null() || !first.word.is_aligned() || !first.word_physical.is_multiple_of(8) {
        return None;
    }
    let mut processors = u64::from(first.affinity);
    if revision >= 2 && size >= ndis::SIZEOF_NET_DMA_CHANNEL_PARAMETERS_REVISION_2 {
        let group = parameters.cast::<GROUP_AFFINITY>().wrapping_byte_add(AFFINITY_EX);
        // SAFETY: revision 2 is there (checked above).
        let group = unsafe { group.read() };
        // Other groups are not offered to this provider: its flags do not say that it knows them (NDMA-REG-06).
        if group.Group == 0 && group.Mask != 0 {
            processors = group.Mask;
        }
    }
    Some(Client { word: first.word, word_physical: first.word_physical, processors })
}

/// Tells `NetDMA` which processor the channel interrupts (NDMA-CH-04).
///
/// # Safety
/// [`read`] has accepted `parameters`, which are still `NetDMA`'s.
pub unsafe fn set_cpu(parameters: *mut NET_DMA_CHANNEL_PARAMETERS, cpu: u32) {
    // SAFETY: revision 1 is there, and for the provider to write.
    unsafe { (*parameters.cast::<First>()).cpu = cpu };
}
