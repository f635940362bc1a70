/* Processors and what NDIS says of the machine. */
#pragma once

typedef struct _NDIS_PROCESSOR_INFO_EX {
    PROCESSOR_NUMBER ProcNum;
    ULONG SocketId;
    ULONG CoreId;
    ULONG HyperThreadId;
    USHORT NodeId;
    USHORT NodeDistance;
} NDIS_PROCESSOR_INFO_EX, *PNDIS_PROCESSOR_INFO_EX;

typedef struct _NDIS_SYSTEM_PROCESSOR_INFO_EX {
    NDIS_OBJECT_HEADER Header;
    ULONG Flags;
    NDIS_PROCESSOR_VENDOR ProcessorVendor;
    ULONG NumSockets;
    ULONG NumCores;
    ULONG NumCoresPerSocket;
    ULONG MaxHyperThreadingProcsPerCore;
    ULONG ProcessorInfoOffset;
    ULONG NumberOfProcessors;
    ULONG ProcessorInfoEntrySize;
} NDIS_SYSTEM_PROCESSOR_INFO_EX, *PNDIS_SYSTEM_PROCESSOR_INFO_EX;

typedef struct _NDIS_PCI_DEVICE_CUSTOM_PROPERTIES {
    NDIS_OBJECT_HEADER Header;
    UINT DeviceType;
    UINT CurrentSpeedAndMode;
    UINT CurrentPayloadSize;
    UINT MaxPayloadSize;
    UINT MaxReadRequestSize;
    UINT CurrentLinkSpeed;
    UINT CurrentLinkWidth;
    UINT MaxLinkSpeed;
    UINT MaxLinkWidth;
    UINT PciExpressVersion;
    UINT InterruptType;
    UINT MaxInterruptMessages;
} NDIS_PCI_DEVICE_CUSTOM_PROPERTIES, *PNDIS_PCI_DEVICE_CUSTOM_PROPERTIES;

ULONG NdisSystemActiveProcessorCount(PKAFFINITY ActiveProcessors);
CCHAR NdisSystemProcessorCount(VOID);
ULONG NdisGroupActiveProcessorCount(USHORT Group);
ULONG NdisGroupMaxProcessorCount(USHORT Group);
KAFFINITY NdisGroupActiveProcessorMask(USHORT Group);
PROCESSOR_NUMBER NdisCurrentGroupAndProcessor(VOID);
NTSTATUS NdisProcessorIndexToNumber(ULONG ProcIndex, PPROCESSOR_NUMBER ProcNum);
ULONG NdisProcessorNumberToIndex(PROCESSOR_NUMBER ProcNum);
NDIS_STATUS NdisGetProcessorInformationEx(NDIS_HANDLE NdisHandle,
                                          PNDIS_SYSTEM_PROCESSOR_INFO_EX SystemProcessorInfo, PSIZE_T Size);
ULONG NdisGetSharedDataAlignment(VOID);
VOID NdisGetSystemUpTimeEx(PLARGE_INTEGER pSystemUpTime);
