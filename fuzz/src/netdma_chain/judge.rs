//! What a descriptor asks for, by the contract and byte by byte where that is what the contract says.

use ferrite_netdma_engine::{Descriptor, Error, Limits, control};

const PAGE: u64 = 4096;

/// Whether a descriptor can be at `at`.
pub fn address(at: u64, limits: Limits) -> Result<(), Error> {
    if !at.is_multiple_of(64) {
        Err(Error::NEXT_ALIGNMENT)
    } else if at == 0 || !reaches(at, 64, limits) {
        Err(Error::NEXT_ADDRESS)
    } else {
        Ok(())
    }
}

fn reaches(start: u64, length: u64, limits: Limits) -> bool {
    let end = u128::from(start) + u128::from(length);
    end <= u128::from(limits.highest) + 1 && end <= u128::from(u64::MAX)
}

/// Bytes that it moves, or what is wrong with it (NDMA-XFER-14, -15, -17).
pub fn bytes(descriptor: &Descriptor, limits: Limits) -> Result<u64, Error> {
    let operation = descriptor.control >> 24;
    if operation == 0xff {
        return Ok(0);
    }
    if operation != 0 {
        return Err(Error::CONTROL);
    }
    if descriptor.control & control::NULL != 0 || descriptor.size == 0 {
        return Ok(0);
    }
    if descriptor.size > limits.largest {
        return Err(Error::LENGTH);
    }
    let size = u64::from(descriptor.size);
    for (start, next, error) in [
        (descriptor.source, next_source(descriptor), Error::SOURCE),
        (descriptor.destination, next_destination(descriptor), Error::DESTINATION),
    ] {
        let first = PAGE - start % PAGE;
        let sound = match next {
            Some(next) if size > first => {
                let rest = size - first;
                let page = next % PAGE == 0 && rest <= PAGE;
                page && reaches(start, first, limits) && reaches(next, rest, limits)
            }
            _ => reaches(start, size, limits),
        };
        if !sound {
            return Err(error);
        }
    }
    Ok(size)
}

fn next_source(descriptor: &Descriptor) -> Option<u64> {
    (descriptor.control & control::SOURCE_PAGE_BREAK != 0).then_some(descriptor.next_source)
}

fn next_destination(descriptor: &Descriptor) -> Option<u64> {
    (descriptor.control & control::DESTINATION_PAGE_BREAK != 0).then_some(descriptor.next_destination)
}

/// Where byte `index` comes from and goes to, if the descriptor is sound.
pub fn places(descriptor: &Descriptor, index: u64) -> (u64, u64) {
    let side = |start: u64, next: Option<u64>| match next {
        Some(next) if start % PAGE + index >= PAGE => next + (start % PAGE + index - PAGE),
        _ => start + index,
    };
    let source = side(descriptor.source, next_source(descriptor));
    (source, side(descriptor.destination, next_destination(descriptor)))
}
