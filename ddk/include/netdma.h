/*
 * NetDMA 2.0, the provider's side (Windows 7 view). The functions are resolved at run time
 * (NdisGetRoutineAddress); their prototypes are here to check the Rust types of the pointers.
 * Sources: the netdma.h reference pages and the NetDMA chapters of the driver documentation.
 */
#pragma once

#include <wdm.h>

#define NET_DMA_PROVIDER_REVISION_1         1
#define NET_DMA_PROVIDER_REVISION_2         2
#define NET_DMA_CHANNEL_REVISION_1          1
#define NET_DMA_CHANNEL_REVISION_2          2
#define NET_DMA_PNP_NOTIFICATION_REVISION_1 1

/* NET_DMA_DESCRIPTOR.ControlFlags. */
#define NET_DMA_INTERRUPT_ON_COMPLETION     0x00000001
#define NET_DMA_SOURCE_NO_SNOOP             0x00000002
#define NET_DMA_DESTINATION_NO_SNOOP        0x00000004
#define NET_DMA_STATUS_UPDATE_ON_COMPLETION 0x00000008
#define NET_DMA_SERIALIZE_TRANSFER          0x00000010
#define NET_DMA_NULL_TRANSFER               0x00000020
#define NET_DMA_SOURCE_PAGE_BREAK           0x00000040
#define NET_DMA_DESTINATION_PAGE_BREAK      0x00000080
#define NET_DMA_DESTINATION_DCA_ENABLE      0x00000200
#define NET_DMA_OP_TYPE_STANDARD_DMA        0x00000000
#define NET_DMA_OP_TYPE_CONTEXT_CHANGE      0xFF000000

/* With NET_DMA_OP_TYPE_CONTEXT_CHANGE. */
#define NET_DMA_DCA_CONTEXT_CHANGE 0x00000001

/* NET_DMA_PROVIDER_CHARACTERISTICS.Flags. */
#define NET_DMA_PROVIDER_CHARACTERISTICS_DCA_SUPPORTED 0x00000001
#define NET_DMA_PROVIDER_SUPPORTS_PROC_GROUPS          0x00000002

/* Low bits of the completion word. */
#define NET_DMA_TRANSFER_STATUS_MASK 0x7

typedef enum _NET_DMA_TRANSFER_STATUS {
    NetDmaTransferStatusActive,
    NetDmaTransferStatusIdle,
    NetDmaTransferStatusSuspend,
    NetDmaTransferStatusHalted,
    NetDmaTransferStatusArmed,
} NET_DMA_TRANSFER_STATUS, *PNET_DMA_TRANSFER_STATUS;

typedef enum _NET_DMA_PNP_NOTIFICATION_CODE {
    NetDmaNotificationProviderRegistered = 1,
    NetDmaNotificationProviderArrival,
    NetDmaNotificationProviderRemoval,
    NetDmaNotificationChannelArrival,
    NetDmaNotificationProviderPowerDown,
    NetDmaNotificationProviderPowerUp,
    NetDmaNotificationMax,
} NET_DMA_PNP_NOTIFICATION_CODE, *PNET_DMA_PNP_NOTIFICATION_CODE;

typedef struct _NET_DMA_DESCRIPTOR {
    union {
        ULONG TransferSize;
        struct {
            ULONG DCAContext : 32;
        } DCAContext32;
        struct {
            ULONG DCAContext : 16;
            ULONG Reserved : 16;
        } DCAContext16;
        struct {
            ULONG DCAContext : 8;
            ULONG Reserved : 24;
        } DCAContext8;
    };
    ULONG ControlFlags;
    PHYSICAL_ADDRESS SourceAddress;
    PHYSICAL_ADDRESS DestinationAddress;
    PHYSICAL_ADDRESS NextDescriptor;
    union {
        ULONG64 Reserved1;
        PHYSICAL_ADDRESS NextSourceAddress;
    };
    union {
        ULONG64 Reserved2;
        PHYSICAL_ADDRESS NextDestinationAddress;
    };
    ULONG64 UserContext1;
    ULONG64 UserContext2;
} NET_DMA_DESCRIPTOR, *PNET_DMA_DESCRIPTOR;

typedef struct _NET_DMA_CHANNEL_PARAMETERS {
    USHORT Revision;
    USHORT Size;
    ULONG Flags;
    PVOID CompletionVirtualAddress;
    PHYSICAL_ADDRESS CompletionPhysicalAddress;
    ULONG ProcessorAffinityMask;
    ULONG ChannelPriority;
    ULONG CpuNumber;
    GROUP_AFFINITY ProcessorAffinityMaskEx;
} NET_DMA_CHANNEL_PARAMETERS, *PNET_DMA_CHANNEL_PARAMETERS;

#define SIZEOF_NET_DMA_CHANNEL_PARAMETERS_REVISION_1 \
    RTL_SIZEOF_THROUGH_FIELD(NET_DMA_CHANNEL_PARAMETERS, CpuNumber)
#define SIZEOF_NET_DMA_CHANNEL_PARAMETERS_REVISION_2 \
    RTL_SIZEOF_THROUGH_FIELD(NET_DMA_CHANNEL_PARAMETERS, ProcessorAffinityMaskEx)

typedef struct _NET_DMA_CHANNEL_CPU_AFFINITY {
    ULONG DmaChannel;
    ULONG CpuNumber;
} NET_DMA_CHANNEL_CPU_AFFINITY, *PNET_DMA_CHANNEL_CPU_AFFINITY;

typedef NTSTATUS (*DMA_CHANNELS_CPU_AFFINITY_HANDLER)(PVOID ProviderContext,
                                                      PNET_DMA_CHANNEL_CPU_AFFINITY CpuAffinityArray,
                                                      ULONG CpuAffinityArraySize);
typedef NTSTATUS (*DMA_CHANNEL_ALLOCATE_HANDLER)(PVOID ProviderContext,
                                                 PNET_DMA_CHANNEL_PARAMETERS ChannelParameters,
                                                 PVOID NetDmaChannelHandle, PVOID *pProviderChannelContext);
typedef VOID (*DMA_CHANNEL_FREE_HANDLER)(PVOID ProviderChannelContext);
typedef NTSTATUS (*DMA_START_HANDLER)(PVOID ProviderChannelContext, PNET_DMA_DESCRIPTOR DescriptorVirtualAddress,
                                      PHYSICAL_ADDRESS DescriptorPhysicalAddress, ULONG DescriptorCount);
typedef NTSTATUS (*DMA_APPEND_HANDLER)(PVOID ProviderChannelContext, PNET_DMA_DESCRIPTOR DescriptorVirtualAddress,
                                       PHYSICAL_ADDRESS DescriptorPhysicalAddress, ULONG DescriptorCount);
typedef NTSTATUS (*DMA_SUSPEND_HANDLER)(PVOID ProviderChannelContext, PPHYSICAL_ADDRESS *pLastDescriptor);
typedef NTSTATUS (*DMA_RESUME_HANDLER)(PVOID ProviderChannelContext);
typedef NTSTATUS (*DMA_ABORT_HANDLER)(PVOID ProviderChannelContext);
typedef NTSTATUS (*DMA_RESET_HANDLER)(PVOID ProviderChannelContext);

typedef struct _NET_DMA_PROVIDER_CHARACTERISTICS {
    UCHAR MajorVersion;
    UCHAR MinorVersion;
    USHORT Size;
    ULONG Flags;
    PDEVICE_OBJECT PhysicalDeviceObject;
    ULONG MaxDmaChannelCount;
    DMA_CHANNELS_CPU_AFFINITY_HANDLER SetDmaChannelCpuAffinity;
    DMA_CHANNEL_ALLOCATE_HANDLER AllocateDmaChannel;
    DMA_CHANNEL_FREE_HANDLER FreeDmaChannel;
    DMA_START_HANDLER StartDma;
    DMA_SUSPEND_HANDLER SuspendDma;
    DMA_RESUME_HANDLER ResumeDma;
    DMA_ABORT_HANDLER AbortDma;
    DMA_APPEND_HANDLER AppendDma;
    DMA_RESET_HANDLER ResetChannel;
    UNICODE_STRING FriendlyName;
} NET_DMA_PROVIDER_CHARACTERISTICS, *PNET_DMA_PROVIDER_CHARACTERISTICS;

typedef struct _NET_DMA_PROVIDER_ATTRIBUTES {
    UCHAR MajorHwVersion;
    UCHAR MinorHwVersion;
    USHORT Size;
    ULONG Flags;
    ULONG VendorId;
    ULONG DmaChannelCount;
    ULONG MaximumTransferSize;
    PHYSICAL_ADDRESS MaximumAddressSpace;
} NET_DMA_PROVIDER_ATTRIBUTES, *PNET_DMA_PROVIDER_ATTRIBUTES;

typedef struct _NET_DMA_PNP_NOTIFICATION {
    ULONG StructureRevision;
    ULONG StructureSize;
    NET_DMA_PNP_NOTIFICATION_CODE NotificationCode;
    PVOID Buffer;
    ULONG BufferLength;
} NET_DMA_PNP_NOTIFICATION, *PNET_DMA_PNP_NOTIFICATION;

NTSTATUS NetDmaRegisterProvider(PVOID ProviderContext, PVOID *pNetDmaProviderHandle,
                                PNET_DMA_PROVIDER_CHARACTERISTICS ProviderCharacteristics);
VOID NetDmaDeregisterProvider(PVOID NetDmaProviderHandle);
VOID NetDmaProviderStart(PVOID NetDmaProviderHandle, PNET_DMA_PROVIDER_ATTRIBUTES ProviderAttributes);
VOID NetDmaProviderStop(PVOID NetDmaProviderHandle);
VOID NetDmaIsr(PVOID NetDmaChannelHandle, PHYSICAL_ADDRESS DmaDescriptor, PULONG pCpuNumber);
VOID NetDmaInterruptDpc(PVOID NetDmaChannelHandle, PHYSICAL_ADDRESS DmaDescriptor);
VOID NetDmaPnPEventNotify(PVOID NetDmaProviderHandle, PNET_DMA_PNP_NOTIFICATION PnPEvent);
UINT NetDmaGetVersion(VOID);
