//! What NDIS is told of an adapter in `MiniportInitializeEx`.

use ferrite_ddk::ndis::{
    self, NDIS_HANDLE, NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES,
    NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES, NDIS_PM_CAPABILITIES,
};
use ferrite_ddk::{Object, Status};
use ferrite_nic::{MulticastList, PacketFilter, Speed};

use super::Adapter;
use crate::error_log::{Failure, Step};
use crate::{MTU, link, oid};

/// How often NDIS asks whether the adapter hangs: even (C-17), and longer than an initialization
/// (NDIS-INIT-17).
const CHECK_FOR_HANG_SECONDS: u32 = 4;

/// `OID_GEN_MAC_OPTIONS`. Nothing is looped back by the driver (NDIS-SEND-08), and `NetworkAddress` is
/// obeyed.
pub const MAC_OPTIONS: u32 = ndis::NDIS_MAC_OPTION_COPY_LOOKAHEAD_DATA
    | ndis::NDIS_MAC_OPTION_TRANSFERS_NOT_PEND
    | ndis::NDIS_MAC_OPTION_NO_LOOPBACK
    | ndis::NDIS_MAC_OPTION_SUPPORTS_MAC_ADDRESS_OVERWRITE;

/// The members of `NDIS_STATISTICS_INFO` that are filled in: all (NDIS-OID-14).
pub const VALID_STATISTICS: u32 = ndis::NDIS_STATISTICS_FLAGS_VALID_DIRECTED_FRAMES_RCV
    | ndis::NDIS_STATISTICS_FLAGS_VALID_MULTICAST_FRAMES_RCV
    | ndis::NDIS_STATISTICS_FLAGS_VALID_BROADCAST_FRAMES_RCV
    | ndis::NDIS_STATISTICS_FLAGS_VALID_BYTES_RCV
    | ndis::NDIS_STATISTICS_FLAGS_VALID_RCV_DISCARDS
    | ndis::NDIS_STATISTICS_FLAGS_VALID_RCV_ERROR
    | ndis::NDIS_STATISTICS_FLAGS_VALID_DIRECTED_FRAMES_XMIT
    | ndis::NDIS_STATISTICS_FLAGS_VALID_MULTICAST_FRAMES_XMIT
    | ndis::NDIS_STATISTICS_FLAGS_VALID_BROADCAST_FRAMES_XMIT
    | ndis::NDIS_STATISTICS_FLAGS_VALID_BYTES_XMIT
    | ndis::NDIS_STATISTICS_FLAGS_VALID_XMIT_ERROR
    | ndis::NDIS_STATISTICS_FLAGS_VALID_XMIT_DISCARDS
    | ndis::NDIS_STATISTICS_FLAGS_VALID_DIRECTED_BYTES_RCV
    | ndis::NDIS_STATISTICS_FLAGS_VALID_MULTICAST_BYTES_RCV
    | ndis::NDIS_STATISTICS_FLAGS_VALID_BROADCAST_BYTES_RCV
    | ndis::NDIS_STATISTICS_FLAGS_VALID_DIRECTED_BYTES_XMIT
    | ndis::NDIS_STATISTICS_FLAGS_VALID_MULTICAST_BYTES_XMIT
    | ndis::NDIS_STATISTICS_FLAGS_VALID_BROADCAST_BYTES_XMIT;

/// The statistics OIDs that are answered.
const SUPPORTED_STATISTICS: u32 = ndis::NDIS_STATISTICS_XMIT_OK_SUPPORTED
    | ndis::NDIS_STATISTICS_RCV_OK_SUPPORTED
    | ndis::NDIS_STATISTICS_XMIT_ERROR_SUPPORTED
    | ndis::NDIS_STATISTICS_RCV_ERROR_SUPPORTED
    | ndis::NDIS_STATISTICS_RCV_NO_BUFFER_SUPPORTED
    | ndis::NDIS_STATISTICS_DIRECTED_BYTES_XMIT_SUPPORTED
    | ndis::NDIS_STATISTICS_DIRECTED_FRAMES_XMIT_SUPPORTED
    | ndis::NDIS_STATISTICS_MULTICAST_BYTES_XMIT_SUPPORTED
    | ndis::NDIS_STATISTICS_MULTICAST_FRAMES_XMIT_SUPPORTED
    | ndis::NDIS_STATISTICS_BROADCAST_BYTES_XMIT_SUPPORTED
    | ndis::NDIS_STATISTICS_BROADCAST_FRAMES_XMIT_SUPPORTED
    | ndis::NDIS_STATISTICS_DIRECTED_BYTES_RCV_SUPPORTED
    | ndis::NDIS_STATISTICS_DIRECTED_FRAMES_RCV_SUPPORTED
    | ndis::NDIS_STATISTICS_MULTICAST_BYTES_RCV_SUPPORTED
    | ndis::NDIS_STATISTICS_MULTICAST_FRAMES_RCV_SUPPORTED
    | ndis::NDIS_STATISTICS_BROADCAST_BYTES_RCV_SUPPORTED
    | ndis::NDIS_STATISTICS_BROADCAST_FRAMES_RCV_SUPPORTED
    | ndis::NDIS_STATISTICS_RCV_CRC_ERROR_SUPPORTED
    | ndis::NDIS_STATISTICS_TRANSMIT_QUEUE_LENGTH_SUPPORTED
    | ndis::NDIS_STATISTICS_BYTES_RCV_SUPPORTED
    | ndis::NDIS_STATISTICS_BYTES_XMIT_SUPPORTED
    | ndis::NDIS_STATISTICS_RCV_DISCARDS_SUPPORTED
    | ndis::NDIS_STATISTICS_GEN_STATISTICS_SUPPORTED
    | ndis::NDIS_STATISTICS_XMIT_DISCARDS_SUPPORTED;

/// The most addresses that the multicast list takes.
#[expect(clippy::cast_possible_truncation, reason = "64")]
pub const MULTICAST_LIST: u32 = MulticastList::CAPACITY as u32;

#[expect(clippy::cast_possible_truncation, reason = "6")]
const ADDRESS_LENGTH: u16 = ndis::ETH_LENGTH_OF_ADDRESS as u16;

#[expect(clippy::cast_possible_truncation, reason = "some sixty OIDs")]
const OID_LIST_LENGTH: u32 = size_of_val(&oid::SUPPORTED) as u32;

/// Sets the registration attributes: 6.20's, which later versions of NDIS take from a 6.20 driver
/// (NDIS-INIT-06).
///
/// IRQL: `PASSIVE_LEVEL`.
///
/// # Errors
/// [`Step::RegistrationAttributes`].
pub fn register(handle: NDIS_HANDLE, context: NDIS_HANDLE) -> Result<(), Failure> {
    let mut attributes = NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES {
        MiniportAdapterContext: context,
        // NDIS-INIT-07.
        AttributeFlags: ndis::NDIS_MINIPORT_ATTRIBUTES_HARDWARE_DEVICE
            | ndis::NDIS_MINIPORT_ATTRIBUTES_BUS_MASTER
            | ndis::NDIS_MINIPORT_ATTRIBUTES_SURPRISE_REMOVE_OK,
        CheckForHangTimeInSeconds: CHECK_FOR_HANG_SECONDS,
        InterfaceType: ndis::NdisInterfacePci,
        ..Object::new()
    };
    // SAFETY: the handle is that of MiniportInitializeEx; the structure is one of the attributes, and is
    // copied.
    let status = unsafe { ndis::NdisMSetMiniportAttributes(handle, (&raw mut attributes).cast()) };
    Status(status).result().map_err(|status| Failure::refused(Step::RegistrationAttributes, status))
}

/// Sets the general attributes (NDIS-INIT-03 to -05).
///
/// IRQL: `PASSIVE_LEVEL`.
///
/// # Errors
/// [`Step::GeneralAttributes`].
pub fn describe(adapter: &Adapter) -> Result<(), Failure> {
    // No wake-up (NDIS-PM-08): all zeros, which is NdisDeviceStateUnspecified where a state is asked for.
    let mut power = NDIS_PM_CAPABILITIES::new();
    let fastest = Speed::Mbps1000.bits_per_second();
    let mut attributes = NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES {
        MediaType: ndis::NdisMedium802_3,
        PhysicalMediumType: ndis::NdisPhysicalMedium802_3,
        MtuSize: MTU,
        MaxXmitLinkSpeed: fastest,
        XmitLinkSpeed: ndis::NDIS_LINK_SPEED_UNKNOWN,
        MaxRcvLinkSpeed: fastest,
        RcvLinkSpeed: ndis::NDIS_LINK_SPEED_UNKNOWN,
        // The reset has taken the link down; when it is up it is indicated.
        MediaConnectState: ndis::MediaConnectStateDisconnected,
        MediaDuplexState: ndis::MediaDuplexStateUnknown,
        LookaheadSize: MTU,
        MacOptions: MAC_OPTIONS,
        SupportedPacketFilters: PacketFilter::SUPPORTED,
        MaxMulticastListSize: MULTICAST_LIST,
        MacAddressLength: ADDRESS_LENGTH,
        AccessType: ndis::NET_IF_ACCESS_BROADCAST,
        DirectionType: ndis::NET_IF_DIRECTION_SENDRECEIVE,
        ConnectionType: ndis::NET_IF_CONNECTION_DEDICATED,
        IfType: ndis::IF_TYPE_ETHERNET_CSMACD,
        IfConnectorPresent: ndis::TRUE,
        SupportedStatistics: SUPPORTED_STATISTICS,
        SupportedPauseFunctions: ndis::NdisPauseFunctionsSendAndReceive.cast_unsigned(),
        SupportedOidList: oid::SUPPORTED.as_ptr().cast_mut(),
        SupportedOidListLength: OID_LIST_LENGTH,
        AutoNegotiationFlags: link::auto_negotiation(adapter.settings.speed_duplex),
        PowerManagementCapabilitiesEx: &raw mut power,
        ..Object::new()
    };
    let addresses = [
        (&mut attributes.PermanentMacAddress, adapter.permanent),
        (&mut attributes.CurrentMacAddress, adapter.station),
    ];
    for (place, address) in addresses {
        for (place, byte) in place.iter_mut().zip(address.0) {
            *place = byte;
        }
    }
    // SAFETY: the handle is that of MiniportInitializeEx; the structure is one of the attributes, NDIS copies
    // it and what it points to, and only reads the list of OIDs.
    let status = unsafe { ndis::NdisMSetMiniportAttributes(adapter.handle, (&raw mut attributes).cast()) };
    Status(status).result().map_err(|status| Failure::refused(Step::GeneralAttributes, status))
}
