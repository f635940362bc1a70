//! Filters, as a receiver applies them that reads RCTL, RA and MTA bit by bit.

use ferrite_nic::filter::multicast_hash;
use ferrite_nic::{Filter, ListError, MacAddress, MulticastList, PacketFilter};
use proptest::prelude::*;

const STATION: MacAddress = MacAddress([0x52, 0x54, 0x00, 0x12, 0x34, 0x56]);

/// Bits 47:36 of the address whose bit 0 is the group bit, one by one (82574 datasheet, RCTL.MO = 00).
fn reference_hash(address: [u8; 6]) -> u16 {
    (36..48).map(|bit| u16::from(address[bit / 8] >> (bit % 8) & 1) << (bit - 36)).sum()
}

/// What the hardware lets through.
fn passes(filter: &Filter, destination: [u8; 6]) -> bool {
    let rctl = filter.rctl(true);
    let hash = reference_hash(destination);
    let listed = filter.hash_table()[usize::from(hash) / 32] >> (hash % 32) & 1 == 1;
    if destination == [0xff; 6] {
        rctl & 1 << 15 != 0 || rctl & 1 << 4 != 0 || listed
    } else if destination[0] & 1 == 1 {
        rctl & 1 << 4 != 0 || listed
    } else {
        rctl & 1 << 3 != 0 || (filter.matches_station() && destination == STATION.0)
    }
}

fn group() -> impl Strategy<Value = [u8; 6]> {
    any::<[u8; 6]>().prop_map(|mut address| {
        address[0] |= 1;
        address
    })
}

fn unicast() -> impl Strategy<Value = [u8; 6]> {
    any::<[u8; 6]>().prop_map(|mut address| {
        address[0] &= 0xfe;
        address
    })
}

fn list_of(addresses: &[[u8; 6]]) -> MulticastList {
    MulticastList::from_bytes(addresses.as_flattened()).unwrap()
}

proptest! {
    #[test]
    fn hash_is_the_top_twelve_bits(address: [u8; 6]) {
        prop_assert_eq!(multicast_hash(MacAddress(address)), reference_hash(address));
    }

    #[test]
    fn what_is_asked_for_passes_and_nothing_else(
        bits in (0_u32..64).prop_map(|bits| bits & 0x2f),
        addresses in prop::collection::vec(group(), 0..=64),
        other in unicast(),
        foreign in group(),
    ) {
        let filter = Filter { packet: PacketFilter::new(bits).unwrap(), multicast: list_of(&addresses) };
        let has = |bit: u32| bits & bit != 0;
        let promiscuous = has(0x20);
        prop_assert_eq!(passes(&filter, STATION.0), has(1) || promiscuous);
        prop_assert_eq!(passes(&filter, other), promiscuous || (has(1) && other == STATION.0));
        for &address in &addresses {
            let all = has(4) || promiscuous;
            prop_assert!(passes(&filter, address) == (has(2) || all) || address == [0xff; 6]);
        }
        let collides = addresses.iter().any(|&listed| reference_hash(listed) == reference_hash(foreign));
        if foreign != [0xff; 6] {
            prop_assert_eq!(passes(&filter, foreign), has(4) || promiscuous || (has(2) && collides));
        }
        if has(8) || promiscuous {
            prop_assert!(passes(&filter, [0xff; 6]));
        }
        // CRC stripped, 2048-byte buffers, hash of bits 47:36, no bad frames, no long ones.
        prop_assert_eq!(filter.rctl(false), filter.rctl(true) & !2);
        prop_assert_eq!(filter.rctl(true) & !0x8018, 0x0400_0002);
    }

    #[test]
    fn lists_come_back_as_they_were_set(addresses in prop::collection::vec(group(), 0..=64)) {
        let list = list_of(&addresses);
        prop_assert_eq!(list.len(), addresses.len());
        prop_assert_eq!(list.is_empty(), addresses.is_empty());
        prop_assert_eq!(list.iter().map(|address| address.0).collect::<Vec<_>>(), addresses);
    }

    #[test]
    fn bad_lists_are_refused(
        addresses in prop::collection::vec(group(), 1..=64),
        extra in 1_usize..6,
        station in unicast(),
        at: prop::sample::Index,
    ) {
        let mut bytes = addresses.as_flattened().to_vec();
        bytes.extend_from_slice(&[1; 6][..extra]);
        prop_assert_eq!(MulticastList::from_bytes(&bytes), Err(ListError::Length));
        let mut with_station = addresses.clone();
        let at = at.index(addresses.len());
        with_station[at] = station;
        prop_assert_eq!(MulticastList::from_bytes(with_station.as_flattened()), Err(ListError::NotMulticast));
    }
}

#[test]
fn sixty_four_addresses_and_no_more() {
    assert!(MulticastList::from_bytes(&[1; 64 * 6]).is_ok());
    assert_eq!(MulticastList::from_bytes(&[1; 65 * 6]), Err(ListError::Full));
    const { assert!(MulticastList::CAPACITY >= 32) };
}

#[test]
fn unsupported_packet_types_are_refused() {
    for bit in 0..32 {
        let supported = [0, 1, 2, 3, 5].contains(&bit);
        assert_eq!(PacketFilter::new(1 << bit).is_some(), supported, "bit {bit}");
    }
    assert_eq!(PacketFilter::new(0x2f).map(PacketFilter::types), Some(0x2f));
}

#[test]
fn well_known_groups() {
    // mDNS over IPv4 and all nodes of IPv6.
    assert_eq!(multicast_hash(MacAddress([0x01, 0x00, 0x5e, 0x00, 0x00, 0xfb])), 0xfb0);
    assert_eq!(multicast_hash(MacAddress([0x33, 0x33, 0x00, 0x00, 0x00, 0x01])), 0x010);
    assert_eq!(multicast_hash(MacAddress([0x01, 0x80, 0xc2, 0x00, 0x2a, 0x01])), 0x012);
}
