//! What a function wants of its interrupts: the message of each channel on the processor that `NetDMA` has named
//! (NDMA-REG-10).

use core::mem::offset_of;

use ferrite_ddk::ndis::{self, IO_RESOURCE_DESCRIPTOR, IO_RESOURCE_LIST, IO_RESOURCE_REQUIREMENTS_LIST};

/// Writes the wishes into a list of requirements. `wish` tells the processor of a message, if there is one for it.
///
/// # Safety
/// `list` is the plug and play manager's, as long as it says, and ours to change.
pub unsafe fn direct(list: *mut IO_RESOURCE_REQUIREMENTS_LIST, wish: impl Fn(usize) -> Option<u32>) {
    // SAFETY: the manager's list, which begins with its length.
    let size = unsafe { (*list).ListSize } as usize;
    // SAFETY: as above.
    let alternatives = unsafe { (*list).AlternativeLists };
    let mut at = offset_of!(IO_RESOURCE_REQUIREMENTS_LIST, List);
    for _ in 0..alternatives {
        let descriptors = at.saturating_add(offset_of!(IO_RESOURCE_LIST, Descriptors));
        if descriptors > size {
            return;
        }
        let alternative = list.wrapping_byte_add(at).cast::<IO_RESOURCE_LIST>();
        // SAFETY: the alternative's head lies within the list (checked above).
        let count = unsafe { (*alternative).Count } as usize;
        let Some(end) = count
            .checked_mul(size_of::<IO_RESOURCE_DESCRIPTOR>())
            .and_then(|all| all.checked_add(descriptors))
        else {
            return;
        };
        if end > size {
            return;
        }
        let first = list.wrapping_byte_add(descriptors).cast::<IO_RESOURCE_DESCRIPTOR>();
        // SAFETY: so many descriptors lie within the list (checked above), which is ours to change.
        let all = unsafe { core::slice::from_raw_parts_mut(first, count) };
        direct_alternative(all, &wish);
        at = end;
    }
}

fn direct_alternative(all: &mut [IO_RESOURCE_DESCRIPTOR], wish: impl Fn(usize) -> Option<u32>) {
    let message = |descriptor: &&mut IO_RESOURCE_DESCRIPTOR| {
        descriptor.Type == ndis::CmResourceTypeInterrupt
            && descriptor.Flags & ndis::CM_RESOURCE_INTERRUPT_MESSAGE != 0
    };
    for (number, descriptor) in all.iter_mut().filter(message).enumerate() {
        // SAFETY: the form of an interrupt descriptor.
        let mut interrupt = unsafe { descriptor.u.Interrupt };
        // The messages of MSI are one descriptor, and go to one place together.
        let single = interrupt.MinimumVector == interrupt.MaximumVector;
        let Some(mask) = wish(number).filter(|_| single).and_then(|cpu| 1_u64.checked_shl(cpu)) else {
            continue;
        };
        interrupt.AffinityPolicy = ndis::IrqPolicySpecifiedProcessors;
        interrupt.TargetedProcessors = mask;
        descriptor.u.Interrupt = interrupt;
        descriptor.Flags |= ndis::CM_RESOURCE_INTERRUPT_POLICY_INCLUDED;
    }
}
