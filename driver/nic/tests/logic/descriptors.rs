//! Descriptors: round trips, and fixed bit patterns from the field tables of the 82574 datasheet.

use ferrite_nic::desc::{RxError, RxRead, RxWriteBack, TxContext, TxData, TxLegacy, TxStatus};
use proptest::prelude::*;

fn context() -> impl Strategy<Value = TxContext> {
    let ip = (any::<u8>(), any::<u8>(), any::<u16>());
    let l4 = (any::<u8>(), any::<u8>(), any::<u16>());
    let rest = (0_u32..1 << 20, any::<bool>(), any::<bool>(), any::<bool>(), any::<u8>(), any::<u16>());
    (ip, l4, rest).prop_map(|(ip, l4, (payload, tcp, ipv4, segment, header, mss))| TxContext {
        ip_start: ip.0,
        ip_offset: ip.1,
        ip_end: ip.2,
        l4_start: l4.0,
        l4_offset: l4.1,
        l4_end: l4.2,
        payload,
        tcp,
        ipv4,
        segment,
        header,
        mss,
    })
}

proptest! {
    #[test]
    fn legacy_round_trip(address: u64, length: u16, last: bool) {
        let piece = TxLegacy { address, length, last };
        let words = piece.encode();
        prop_assert_eq!(TxLegacy::decode(words), Some(piece));
        prop_assert_eq!(TxData::decode(words), None);
        prop_assert_eq!(TxContext::decode(words), None);
        prop_assert!(!TxStatus::new(words[1]).is_done());
    }

    #[test]
    fn context_round_trip(context in context()) {
        let words = context.encode().unwrap();
        prop_assert_eq!(TxContext::decode(words), Some(context));
        prop_assert_eq!(TxLegacy::decode(words), None);
        prop_assert_eq!(TxData::decode(words), None);
    }

    #[test]
    fn data_round_trip(
        address: u64, length in 0_u32..1 << 20,
        last: bool, segment: bool, ip_checksum: bool, l4_checksum: bool,
    ) {
        let data = TxData { address, length, last, segment, ip_checksum, l4_checksum };
        let words = data.encode().unwrap();
        prop_assert_eq!(TxData::decode(words), Some(data));
        prop_assert_eq!(TxLegacy::decode(words), None);
        prop_assert_eq!(TxContext::decode(words), None);
        prop_assert!(!TxStatus::new(words[1]).is_done());
    }

    #[test]
    fn fields_that_do_not_fit_are_refused(too_much in 1_u32 << 20..) {
        let data =
            TxData { address: 0, length: too_much, last: true, segment: false, ip_checksum: false, l4_checksum: false };
        prop_assert_eq!(data.encode(), None);
        prop_assert_eq!(TxContext { payload: too_much, ..TxContext::default() }.encode(), None);
    }

    /// Any word that a device may write back is either a frame that fits, or an error that is true of it.
    #[test]
    fn write_backs_are_validated(word: u64, buffer in 2048_u32..16384) {
        let written = RxWriteBack::new(word);
        let length = u32::try_from(word >> 32 & 0xffff).unwrap();
        let errors = word >> 24 & 0b1001_0111;
        prop_assert_eq!(written.is_done(), word & 1 == 1);
        match written.frame(buffer) {
            Ok(found) => {
                prop_assert_eq!(found, length);
                prop_assert!((14..=buffer).contains(&length) && word & 2 != 0 && errors == 0);
            }
            Err(RxError::Continued) => prop_assert_eq!(word & 2, 0),
            Err(RxError::Frame) => prop_assert_ne!(errors, 0),
            Err(RxError::TooLong) => prop_assert!(length > buffer),
            Err(RxError::TooShort) => prop_assert!(length < 14),
        }
    }

    #[test]
    fn write_back_round_trip(status: u32, length: u16, vlan: u16) {
        let written = RxWriteBack::from_parts(status, length, vlan);
        prop_assert_eq!(written, RxWriteBack::new(written.word()));
        prop_assert_eq!(written.status(), status & 0xf_ffff);
        prop_assert_eq!(written.word() >> 48, u64::from(vlan));
        if status & 0x9700_0002 == 2 && length >= 14 {
            prop_assert_eq!(written.frame(0xffff), Ok(u32::from(length)));
        }
    }
}

#[test]
fn every_error_bit_of_a_frame_counts_and_checksums_do_not() {
    // CE, SE, SEQ, CXE, RXE; TCPE and IPE.
    let errors = [24, 25, 26, 28, 31].map(|bit| (bit, Err(RxError::Frame)));
    let checksums = [29, 30].map(|bit| (bit, Ok(64)));
    for (bit, result) in errors.into_iter().chain(checksums) {
        assert_eq!(RxWriteBack::from_parts(3 | 1 << bit, 64, 0).frame(2048), result, "bit {bit}");
    }
}

#[test]
fn fixed_patterns() {
    let piece = TxLegacy { address: 0x1122_3344_5566_7788, length: 0x05ea, last: true };
    assert_eq!(piece.encode(), [0x1122_3344_5566_7788, 0x0b00_05ea]);
    let piece = TxLegacy { last: false, ..piece };
    assert_eq!(piece.encode()[1], 0x0200_05ea);
    assert_eq!(RxRead { address: 0x42 }.encode(), [0x42, 0]);
    assert!(TxStatus::new(0x1_0b00_05ea).is_done());

    let context = TxContext {
        ip_start: 14,
        ip_offset: 24,
        ip_end: 33,
        l4_start: 34,
        l4_offset: 50,
        l4_end: 0,
        payload: 0x1_2345,
        tcp: true,
        ipv4: true,
        segment: true,
        header: 54,
        mss: 1460,
    };
    assert_eq!(context.encode(), Some([0x0000_3222_0021_180e, 0x05b4_3600_2701_2345]));
    let data = TxData {
        address: 1,
        length: 0x2_0000,
        last: true,
        segment: true,
        ip_checksum: true,
        l4_checksum: true,
    };
    assert_eq!(data.encode(), Some([1, 0x0000_0300_2f12_0000]));
}
