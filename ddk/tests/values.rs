//! Statuses, strings, object headers, physical addresses, constants of later contracts.

use ferrite_ddk::ndis::{self, NDIS_OBJECT_HEADER};
use ferrite_ddk::{
    Object, Result, Status, UnicodeString, dma, is_object, later, string, unicode_string, utf16,
};

#[test]
fn only_success_is_success() {
    assert_eq!(Status::SUCCESS.result(), Ok(()));
    // Both have success severity (C-14), neither means that the call succeeded.
    assert_eq!(Status::PENDING.result(), Err(Status::PENDING));
    assert_eq!(Status::NOT_ACCEPTED.result(), Err(Status::NOT_ACCEPTED));
    assert!(Status::PENDING.is_pending() && !Status::SUCCESS.is_pending());
}

#[test]
fn results_become_statuses_in_one_place() {
    let callback = |fail: bool| -> Result<()> { if fail { Err(Status::RESOURCES) } else { Ok(()) } };
    assert_eq!(i32::from(Status::from(callback(false))), ndis::NDIS_STATUS_SUCCESS);
    assert_eq!(i32::from(Status::from(callback(true))), ndis::NDIS_STATUS_RESOURCES);
    assert_eq!(Status::from(ndis::STATUS_INSUFFICIENT_RESOURCES), Status::RESOURCES);
    assert_eq!(Status::PAUSED.code(), 0xC023_002A);
}

#[test]
fn literals_become_utf16() {
    for text in ["", "NdisMSleep", "ä€", "𝄞a"] {
        let expected: Vec<u16> = text.encode_utf16().collect();
        assert_eq!(string::utf16_length(text), expected.len());
    }
    assert_eq!(utf16!("ä€𝄞"), "ä€𝄞".encode_utf16().collect::<Vec<_>>());

    let name = unicode_string!("NdisMSleep");
    assert_eq!(String::from_utf16_lossy(name.units()), "NdisMSleep");
    // SAFETY: the string lives on the stack here.
    let raw = unsafe { *name.as_ptr() };
    assert_eq!((raw.Length, raw.MaximumLength), (20, 20));
    // SAFETY: as above, its units are static.
    assert_eq!(unsafe { string::units_of(&raw) }, name.units());
}

#[test]
fn a_string_counts_to_32767() {
    let units = vec![0x41; 0x8000];
    assert!(UnicodeString::new(&units[..0x7fff]).is_some());
    assert!(UnicodeString::new(&units).is_none());
    // SAFETY: a NULL buffer is an empty string.
    assert_eq!(unsafe { string::units_of(&ndis::UNICODE_STRING::default()) }, [0; 0]);
}

#[test]
fn objects_begin_with_the_contract_header() {
    let attributes = ndis::NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES::new();
    // NDIS-INIT-05
    assert_eq!((attributes.Header.Revision, attributes.Header.Size), (2, 224));
    assert_eq!(attributes.Header.Type, ndis::NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES);
    assert_eq!(attributes.MtuSize, 0);
    // NDIS-INIT-06, NDIS-REG-03, NDIS-PNP-01: the size is not size_of.
    let header = |h: NDIS_OBJECT_HEADER| (h.Revision, h.Size);
    assert_eq!(header(ndis::NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES::HEADER), (1, 28));
    assert_eq!(header(ndis::NDIS_MINIPORT_DRIVER_CHARACTERISTICS::HEADER), (2, 152));
    assert_eq!(header(ndis::NDIS_MINIPORT_PNP_CHARACTERISTICS::HEADER), (1, 44));
    assert_eq!(header(ndis::NDIS_STATUS_INDICATION::HEADER), (1, 112));
}

#[test]
fn longer_objects_of_the_type_are_accepted() {
    let mut header = ndis::NDIS_LINK_PARAMETERS::HEADER;
    let fits = |h: &NDIS_OBJECT_HEADER| {
        is_object(h, ndis::NDIS_OBJECT_TYPE_DEFAULT, ndis::NDIS_SIZEOF_LINK_PARAMETERS_REVISION_1)
    };
    assert!(fits(&header));
    header.Size += 8;
    assert!(fits(&header));
    header.Size -= 9;
    assert!(!fits(&header));
    header = ndis::NDIS_STATUS_INDICATION::HEADER;
    assert!(!fits(&header));
}

#[test]
fn physical_addresses_keep_64_bits() {
    for address in [0, 0xffff_ffff, 0x1_0000_0000, u64::MAX] {
        assert_eq!(dma::address_of(dma::physical_address(address)), address);
    }
}

#[test]
fn later_contracts_are_named() {
    assert_eq!(later::NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_3, 160);
    assert_eq!(later::NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_2, 2);
    assert_eq!(later::NDIS_MINIPORT_ATTRIBUTES_NO_PAUSE_ON_SUSPEND, 0x100);
}
