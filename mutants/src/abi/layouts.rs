//! The members of NDIS's structures that the driver names, where the headers have them.

use super::Field;
use core::mem::offset_of;
use ferrite_ddk::ndis;

/// A type for each structure, with its size and a constant for each member.
macro_rules! layouts {
    ($( $structure:ident { $($member:ident: $kind:ty,)* } )*) => { $(
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "Microsoft's name")]
        pub struct $structure;

        #[allow(non_upper_case_globals, reason = "Microsoft's names")]
        impl $structure {
            /// Its size.
            #[allow(dead_code, reason = "not every structure is copied")]
            pub const BYTES: usize = size_of::<ndis::$structure>();
            $(pub const $member: Field<Self, $kind> = Field::new(offset_of!(ndis::$structure, $member));)*
        }
    )* };
}
pub(super) use layouts;

layouts! {
    MDL {
        Size: i16,
        MappedSystemVa: u64,
    }
    NDIS_CONFIGURATION_OBJECT {
        NdisHandle: u64,
    }
    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES {
        MtuSize: u32,
        MacAddressLength: u16,
        SupportedOidList: u64,
        SupportedOidListLength: u32,
    }
    NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES {
        MiniportAdapterContext: u64,
        AttributeFlags: u32,
    }
    NDIS_MINIPORT_ADD_DEVICE_REGISTRATION_ATTRIBUTES {
        MiniportAddDeviceContext: u64,
    }
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS {
        MajorNdisVersion: u8,
        MinorNdisVersion: u8,
        SetOptionsHandler: u64,
        InitializeHandlerEx: u64,
        HaltHandlerEx: u64,
        UnloadHandler: u64,
        PauseHandler: u64,
        RestartHandler: u64,
        OidRequestHandler: u64,
        SendNetBufferListsHandler: u64,
        ReturnNetBufferListsHandler: u64,
        CancelSendHandler: u64,
        CheckForHangHandlerEx: u64,
        ResetHandlerEx: u64,
        DevicePnPEventNotifyHandler: u64,
        ShutdownHandlerEx: u64,
        CancelOidRequestHandler: u64,
        DirectOidRequestHandler: u64,
        CancelDirectOidRequestHandler: u64,
    }
    NDIS_MINIPORT_INTERRUPT_CHARACTERISTICS {
        InterruptHandler: u64,
        InterruptDpcHandler: u64,
        DisableInterruptHandler: u64,
        EnableInterruptHandler: u64,
        MsiSupported: u8,
        MessageInterruptHandler: u64,
        MessageInterruptDpcHandler: u64,
        DisableMessageInterruptHandler: u64,
        EnableMessageInterruptHandler: u64,
        MessageInfoTable: u64,
    }
    NDIS_MINIPORT_PNP_CHARACTERISTICS {
        MiniportAddDeviceHandler: u64,
        MiniportRemoveDeviceHandler: u64,
        MiniportFilterResourceRequirementsHandler: u64,
    }
    NDIS_MINIPORT_RESTART_PARAMETERS {
        RestartAttributes: u64,
    }
    NDIS_OBJECT_HEADER {
        Type: u8,
        Revision: u8,
        Size: u16,
    }
    NDIS_OID_REQUEST {
        RequestType: u32,
        DATA: u64,
        SupportedRevision: u8,
    }
    NDIS_SG_DMA_DESCRIPTION {
        MaximumPhysicalMapping: u32,
        ProcessSGListHandler: u64,
    }
    NDIS_STATUS_INDICATION {
        SourceHandle: u64,
        StatusCode: i32,
        Flags: u32,
        StatusBuffer: u64,
        StatusBufferSize: u32,
    }
    NDIS_TIMER_CHARACTERISTICS {
        TimerFunction: u64,
    }
    NET_BUFFER_LIST {
        SourceHandle: u64,
        NetBufferListInfo: u64,
    }
    NET_BUFFER_LIST_POOL_PARAMETERS {
        fAllocateNetBuffer: u8,
    }
    NET_DEVICE_PNP_EVENT {
        DevicePnPEvent: u32,
    }
}

#[allow(non_camel_case_types, reason = "Microsoft's name")]
pub struct NET_BUFFER;

/// Members of unnamed structures, whose path is bindgen's.
macro_rules! nested {
    ($( $structure:ident { $($member:ident: $kind:ty = $($part:ident).+,)* } )*) => { $(
        #[allow(non_upper_case_globals, reason = "Microsoft's names")]
        impl $structure {
            $(pub const $member: Field<Self, $kind> = Field::new(offset_of!(ndis::$structure, $($part).+));)*
        }
    )* };
}
pub(super) use nested;

nested! {
    NET_BUFFER {
        CurrentMdl: u64 = __bindgen_anon_1.__bindgen_anon_1.CurrentMdl,
    }
    NET_BUFFER_LIST {
        Next: u64 = __bindgen_anon_1.__bindgen_anon_1.Next,
        FirstNetBuffer: u64 = __bindgen_anon_1.__bindgen_anon_1.FirstNetBuffer,
        Status: i32 = __bindgen_anon_2.Status,
    }
}
