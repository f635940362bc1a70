//! The resources that a function was given.

use ferrite_ddk::ndis::{self, CM_PARTIAL_RESOURCE_DESCRIPTOR, CM_RESOURCE_LIST, PHYSICAL_ADDRESS};

/// More descriptors than a function has are not looked at.
const MOST: u32 = 64;

/// A range of registers.
#[derive(Clone, Copy)]
pub struct Range {
    /// Where it is.
    pub start: PHYSICAL_ADDRESS,
    /// Bytes.
    pub length: u32,
}

/// BAR 0: the first range of memory.
///
/// # Safety
/// `list` is NULL or the plug and play manager's list of translated resources.
pub unsafe fn registers(list: *const CM_RESOURCE_LIST) -> Option<Range> {
    if list.is_null() {
        return None;
    }
    // SAFETY: the manager's list, which has a count. It is packed to four bytes, and every count in it is so aligned.
    if unsafe { (*list).Count } == 0 {
        return None;
    }
    // SAFETY: the first full descriptor is there.
    let partial = unsafe { &raw const (*list).List[0].PartialResourceList };
    // SAFETY: as above.
    let count = unsafe { (*partial).Count }.min(MOST);
    // SAFETY: as above.
    let first = unsafe { &raw const (*partial).PartialDescriptors }.cast::<CM_PARTIAL_RESOURCE_DESCRIPTOR>();
    for index in 0..count as usize {
        // SAFETY: so many descriptors follow each other (its count).
        let descriptor = unsafe { first.wrapping_add(index).read_unaligned() };
        if descriptor.Type == ndis::CmResourceTypeMemory {
            // SAFETY: the form of a memory descriptor.
            let memory = unsafe { descriptor.u.Memory };
            return Some(Range { start: memory.Start, length: memory.Length });
        }
    }
    None
}
