//! Descriptors as they are read, and the completion word.

use ferrite_netdma_engine::{Descriptor, Error, Limits, Operation, Status, Word, control};
use proptest::prelude::*;

const LIMITS: Limits = Limits { highest: (1 << 40) - 1, largest: 1 << 20 };

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// NDMA-XFER-11: what is written is what is read, the client's own words apart.
    #[test]
    fn a_descriptor_survives_its_words(words in any::<[u64; 8]>()) {
        let [.., one, two] = words;
        prop_assert_eq!(Descriptor::parse(words).words([one, two]), words);
    }

    /// NDMA-CST-02: address and status come back, whatever else the bits say.
    #[test]
    fn a_word_survives(address in any::<u64>(), raw in any::<u64>()) {
        for status in [Status::Active, Status::Idle, Status::Suspended, Status::Halted, Status::Armed] {
            let word = Word::new(address, status);
            prop_assert_eq!((word.address(), word.status()), (address & !63, Some(status)));
        }
        prop_assert_eq!(Word(raw).status().is_none(), raw & 7 > 4);
    }

    /// Whatever a descriptor says, what is accepted lies within the limits, byte for byte.
    #[test]
    fn accepted_transfers_are_in_reach(
        size in 0_u32..0x20_0000,
        flags in 0_u32..0x400,
        source in any::<u64>(),
        destination in (1_u64 << 39)..(1 << 41),
        next_source in (0_u64..1 << 30).prop_map(|page| page << 12),
        next_destination in any::<u64>(),
    ) {
        let source = source >> (source % 40);
        let descriptor = Descriptor { size, control: flags, source, destination, next: 0, next_source, next_destination };
        if descriptor.operation(&LIMITS) == Ok(Operation::Copy) {
            for span in [descriptor.source_span(), descriptor.destination_span()] {
                let mut offset = 0;
                let mut parts = 0;
                while offset < u64::from(size) {
                    let (at, length) = span.at(offset);
                    let length = length.min(u64::from(size) - offset);
                    prop_assert!(length > 0 && at + length - 1 <= LIMITS.highest);
                    offset += length;
                    parts += 1;
                }
                prop_assert!(parts <= 2);
            }
        }
    }
}

/// NDMA-XFER-14, NDMA-DCA-01, -04: nothing is checked where nothing moves; unknown flags are ignored, unknown
/// operations are not.
#[test]
fn what_moves_nothing() {
    let wild =
        Descriptor { size: u32::MAX, source: u64::MAX, destination: u64::MAX, ..Descriptor::default() };
    for (size, flags, expected) in [
        (u32::MAX, control::NULL, Ok(Operation::Nothing)),
        (0, 0, Ok(Operation::Nothing)),
        (7, control::CONTEXT_CHANGE | 1, Ok(Operation::Nothing)),
        (7, 0x0100_0000, Err(Error::CONTROL)),
        (7, 0x8700_0000 | control::NULL, Err(Error::CONTROL)),
        (1, 0, Err(Error::SOURCE)),
        (u32::MAX, 0, Err(Error::LENGTH)),
    ] {
        let descriptor = Descriptor { size, control: flags, ..wild };
        assert_eq!(descriptor.operation(&LIMITS), expected, "{size} {flags:#x}");
    }
    let near =
        Descriptor { size: 64, control: 0x00FF_FD00, source: 1, destination: 1, ..Descriptor::default() };
    assert_eq!(near.operation(&LIMITS), Ok(Operation::Copy));
    assert!(!Descriptor { control: control::CONTEXT_CHANGE | 1, ..near }.interrupts());
}

/// NDMA-XFER-15: a break leads to the start of a page, and one page holds the rest.
#[test]
fn page_breaks() {
    let base = Descriptor {
        size: 4096,
        control: control::SOURCE_PAGE_BREAK | control::DESTINATION_PAGE_BREAK,
        source: 0x1_0F00,
        destination: 0x2_0010,
        next_source: 0x5000,
        next_destination: 0x9000,
        next: 0,
    };
    assert_eq!(base.operation(&LIMITS), Ok(Operation::Copy));
    assert_eq!(base.source_span().at(0), (0x1_0F00, 0x100));
    assert_eq!(base.source_span().at(0x100), (0x5000, 0x1000));
    assert_eq!(base.destination_span().at(0xFEF), (0x2_0FFF, 1));
    assert_eq!(base.destination_span().at(0xFF0).0, 0x9000);
    for (wrong, error) in [
        (Descriptor { next_source: 0x5008, ..base }, Error::SOURCE),
        (Descriptor { next_destination: 0x9001, ..base }, Error::DESTINATION),
        (Descriptor { size: 0x1101, ..base }, Error::SOURCE),
        (Descriptor { next_destination: LIMITS.highest + 1, ..base }, Error::DESTINATION),
    ] {
        assert_eq!(wrong.operation(&LIMITS), Err(error));
    }
    // One that ends in its first page has no break to check.
    assert_eq!(
        Descriptor { size: 0x100, next_source: 3, control: control::SOURCE_PAGE_BREAK, ..base }
            .operation(&LIMITS),
        Ok(Operation::Copy)
    );
}
