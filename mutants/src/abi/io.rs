//! The members of WDM's and NetDMA's structures.

use super::{
    Field,
    layouts::{layouts, nested},
};
use core::mem::offset_of;
use ferrite_ddk::ndis;

layouts! {
    CM_PARTIAL_RESOURCE_DESCRIPTOR {
        Type: u8,
        Flags: u16,
    }
    DEVICE_OBJECT {
        Flags: u32,
        DeviceExtension: u64,
    }
    DRIVER_EXTENSION {
        AddDevice: u64,
    }
    DRIVER_OBJECT {
        DriverExtension: u64,
        DriverUnload: u64,
        MajorFunction: u64,
    }
    IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS {
        PhysicalDeviceObject: u64,
        ConnectionContext: u64,
        MessageServiceRoutine: u64,
        ServiceContext: u64,
        FallBackServiceRoutine: u64,
    }
    IO_RESOURCE_DESCRIPTOR {
        Flags: u16,
    }
    IO_STACK_LOCATION {
        MajorFunction: u8,
        MinorFunction: u8,
        Control: u8,
        CompletionRoutine: u64,
        Context: u64,
    }
    IRP {
        IoStatus: u32,
        PendingReturned: u8,
        CurrentLocation: i8,
    }
    NET_DMA_CHANNEL_PARAMETERS {
        CompletionVirtualAddress: u64,
        ProcessorAffinityMask: u32,
        CpuNumber: u32,
    }
    NET_DMA_PNP_NOTIFICATION {
        StructureRevision: u32,
        StructureSize: u32,
        NotificationCode: u32,
        BufferLength: u32,
    }
    NET_DMA_PROVIDER_ATTRIBUTES {
        Size: u16,
        Flags: u32,
        VendorId: u32,
        DmaChannelCount: u32,
        MaximumTransferSize: u32,
        MaximumAddressSpace: u64,
    }
    NET_DMA_PROVIDER_CHARACTERISTICS {
        MajorVersion: u8,
        Size: u16,
        Flags: u32,
        PhysicalDeviceObject: u64,
        MaxDmaChannelCount: u32,
        SetDmaChannelCpuAffinity: u64,
        AllocateDmaChannel: u64,
        FreeDmaChannel: u64,
        StartDma: u64,
        SuspendDma: u64,
        ResumeDma: u64,
        AbortDma: u64,
        AppendDma: u64,
        ResetChannel: u64,
        FriendlyName: u64,
    }
    UNICODE_STRING {
        Length: u16,
        MaximumLength: u16,
        Buffer: u64,
    }
}

nested! {
    CM_PARTIAL_RESOURCE_DESCRIPTOR {
        Start: u64 = u.Generic.Start,
        Length: u32 = u.Generic.Length,
        Level: u32 = u.Interrupt.Level,
        Vector: u32 = u.Interrupt.Vector,
        Affinity: u64 = u.Interrupt.Affinity,
    }
    IO_RESOURCE_DESCRIPTOR {
        MinimumVector: u32 = u.Interrupt.MinimumVector,
        MaximumVector: u32 = u.Interrupt.MaximumVector,
        AffinityPolicy: u32 = u.Interrupt.AffinityPolicy,
        TargetedProcessors: u64 = u.Interrupt.TargetedProcessors,
    }
    IO_STACK_LOCATION {
        AllocatedResources: u64 = Parameters.StartDevice.AllocatedResources,
        AllocatedResourcesTranslated: u64 = Parameters.StartDevice.AllocatedResourcesTranslated,
        InterfaceType: u64 = Parameters.QueryInterface.InterfaceType,
        InterfaceSize: u16 = Parameters.QueryInterface.Size,
        InterfaceVersion: u16 = Parameters.QueryInterface.Version,
        Interface: u64 = Parameters.QueryInterface.Interface,
        PowerType: u32 = Parameters.Power.Type,
        PowerState: u32 = Parameters.Power.State,
    }
    IRP {
        CurrentStackLocation: u64 = Tail.Overlay.__bindgen_anon_2.__bindgen_anon_1.CurrentStackLocation,
    }
}

/// Structures that `ferrite_ddk` does not bind: offsets of ddk/abi/ndis-abi.json.
macro_rules! unbound {
    ($( $structure:ident { $($member:ident: $kind:ty = $offset:literal,)* } )*) => { $(
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "Microsoft's name")]
        pub struct $structure;

        #[allow(non_upper_case_globals, reason = "Microsoft's names")]
        impl $structure {
            $(pub const $member: Field<Self, $kind> = Field::new($offset);)*
        }
    )* };
}

unbound! {
    DEVICE_DESCRIPTION {
        Version: u32 = 0,
        Master: u8 = 4,
        ScatterGather: u8 = 5,
        Dma64BitAddresses: u8 = 11,
        InterfaceType: u32 = 20,
        MaximumLength: u32 = 32,
    }
    DMA_ADAPTER {
        DmaOperations: u64 = 8,
    }
    DMA_OPERATIONS {
        PutDmaAdapter: u64 = 8,
        AllocateCommonBuffer: u64 = 16,
        FreeCommonBuffer: u64 = 24,
    }
    IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS {
        PhysicalDeviceObject: u64 = 0,
        InterruptObject: u64 = 8,
        ServiceRoutine: u64 = 16,
        ServiceContext: u64 = 24,
        SynchronizeIrql: u8 = 40,
        ShareVector: u8 = 42,
        Vector: u32 = 44,
        Irql: u8 = 48,
        ProcessorEnableMask: u64 = 56,
    }
}
