//! NetDMA: what a provider owes it, but for the transfers.

rules! { from super::image::END;
    /// `NetDmaRegisterProvider` for a device that has been started: its place is `AddDevice`, before resources are negotiated.
    NETDMA_REGISTER_LATE = "NDMA-REG-01", "NetDmaRegisterProvider after the start", "", Must;
    /// `NetDmaRegisterProvider` a second time for the same device.
    NETDMA_REGISTER_TWICE = "NDMA-REG-01", "NetDmaRegisterProvider twice", "", Must;
    /// A provider of a version above what `NetDmaGetVersion` tells.
    NETDMA_VERSION = "NDMA-REG-02", "NET_DMA_PROVIDER_CHARACTERISTICS.MajorVersion", "", Must;
    /// Characteristics of another Size than their version has.
    NETDMA_SIZE = "NDMA-REG-02", "NET_DMA_PROVIDER_CHARACTERISTICS.Size", "", Must;
    /// A `PhysicalDeviceObject` that the plug and play manager has not given.
    NETDMA_DEVICE = "NDMA-REG-03", "NET_DMA_PROVIDER_CHARACTERISTICS.PhysicalDeviceObject", "", Must;
    /// `AllocateDmaChannel`, `FreeDmaChannel`, `StartDma` or `AppendDma` missing.
    NETDMA_ENTRIES = "NDMA-REG-04", "NET_DMA_PROVIDER_CHARACTERISTICS: mandatory entry points", "", Must;
    /// `SetDmaChannelCpuAffinity` missing.
    NETDMA_AFFINITY = "NDMA-REG-04", "NET_DMA_PROVIDER_CHARACTERISTICS.SetDmaChannelCpuAffinity", "", Should;
    /// `SuspendDma` without `ResumeDma`, or the other way round.
    NETDMA_RESUME = "NDMA-REG-05", "NET_DMA_PROVIDER_CHARACTERISTICS.ResumeDma", "", Must;
    /// Flags that the provider's version does not have.
    NETDMA_FLAGS = "NDMA-REG-06", "NET_DMA_PROVIDER_CHARACTERISTICS.Flags", "", Must;
    /// A provider of 2.0 or later without a friendly name.
    NETDMA_NAME = "NDMA-REG-07", "NET_DMA_PROVIDER_CHARACTERISTICS.FriendlyName", "", Must;
    /// A call with a handle that is no registered provider's.
    NETDMA_PROVIDER = "NDMA-REG-01", "NetDMA provider handle", "", Must;
    /// `NetDmaProviderStart` of a device that has not been started.
    NETDMA_START_EARLY = "NDMA-START-01", "NetDmaProviderStart before the device is started", "", Must;
    /// Attributes whose Size is not theirs.
    NETDMA_ATTRIBUTES = "NDMA-START-02", "NET_DMA_PROVIDER_ATTRIBUTES.Size", "", Must;
    /// Attributes with Flags.
    NETDMA_ATTRIBUTE_FLAGS = "NDMA-START-02", "NET_DMA_PROVIDER_ATTRIBUTES.Flags", "", Must;
    /// Attributes without a PCI vendor.
    NETDMA_VENDOR = "NDMA-START-02", "NET_DMA_PROVIDER_ATTRIBUTES.VendorId", "", Must;
    /// More channels offered than `MaxDmaChannelCount` said at registration.
    NETDMA_CHANNELS = "NDMA-START-02", "NET_DMA_PROVIDER_ATTRIBUTES.DmaChannelCount", "", Must;
    /// A `MaximumTransferSize` below 4096 bytes.
    NETDMA_TRANSFER_SIZE = "NDMA-START-02", "NET_DMA_PROVIDER_ATTRIBUTES.MaximumTransferSize", "", Must;
    /// A `MaximumAddressSpace` that does not reach the machine's memory.
    NETDMA_ADDRESS_SPACE = "NDMA-START-02", "NET_DMA_PROVIDER_ATTRIBUTES.MaximumAddressSpace", "", Must;
    /// `NetDmaProviderStart` of a provider that is started.
    NETDMA_START_TWICE = "NDMA-STOP-02", "NetDmaProviderStart twice", "", Must;
    /// `NetDmaProviderStop` of a provider that is not started.
    NETDMA_STOP_TWICE = "NDMA-STOP-02", "NetDmaProviderStop without a start", "", Must;
    /// `NetDmaDeregisterProvider` before `NetDmaProviderStop`.
    NETDMA_DEREGISTER = "NDMA-STOP-02", "NetDmaDeregisterProvider before NetDmaProviderStop", "", Must;
    /// Descriptors that are not completed when `NetDmaProviderStop` waits for them.
    NETDMA_OUTSTANDING = "NDMA-STOP-01", "NetDmaProviderStop: outstanding descriptors", "", Must;
    /// A provider that is started while its device is stopped or removed.
    NETDMA_STOP = "NDMA-STOP-01", "NetDmaProviderStop missing", "", Must;
    /// A provider that is registered when its device has been removed, or at unload.
    NETDMA_LEAK = "NDMA-STOP-03", "NetDmaDeregisterProvider missing", "", Must;
    /// A device that goes to low power before `NetDmaPnPEventNotify` has announced it.
    NETDMA_POWER_DOWN = "NDMA-PNP-01", "NetDmaPnPEventNotify: ProviderPowerDown missing", "", Must;
    /// `NetDmaPnPEventNotify` tells of power before the device has it back.
    NETDMA_POWER_UP = "NDMA-PNP-02", "NetDmaPnPEventNotify: ProviderPowerUp too early", "", Must;
    /// A notification whose revision or size is not its own.
    NETDMA_EVENT = "NDMA-PNP-03", "NET_DMA_PNP_NOTIFICATION.StructureSize", "", Must;
    /// A notification code that is not for providers.
    NETDMA_EVENT_CODE = "NDMA-PNP-03", "NET_DMA_PNP_NOTIFICATION.NotificationCode", "", Must;
    /// A power notification with a buffer.
    NETDMA_EVENT_BUFFER = "NDMA-PNP-03", "NET_DMA_PNP_NOTIFICATION.Buffer", "", Must;
    /// `CpuNumber` left as it was, or no processor's, after `AllocateDmaChannel`.
    NETDMA_CPU = "NDMA-CH-04", "NET_DMA_CHANNEL_PARAMETERS.CpuNumber", "", Must;
    /// `AllocateDmaChannel` refused with another status than is documented.
    NETDMA_CHANNEL_STATUS = "NDMA-CH-07", "ProviderAllocateDmaChannel status", "", Must;
    /// `NetDmaIsr` at or below `DISPATCH_LEVEL`.
    NETDMA_ISR_IRQL = "NDMA-INT-01", "NetDmaIsr IRQL", "", Must;
    /// `NetDmaInterruptDpc` on another processor than `NetDmaIsr` named.
    NETDMA_DPC_CPU = "NDMA-INT-02", "NetDmaInterruptDpc processor", "", Must;
    /// `NetDmaInterruptDpc` without a `NetDmaIsr` before it.
    NETDMA_DPC_ISR = "NDMA-INT-02", "NetDmaInterruptDpc without NetDmaIsr", "", Must;
    /// `NetDmaIsr` or `NetDmaInterruptDpc` with a handle that is no allocated channel's.
    NETDMA_CHANNEL = "NDMA-INT-05", "NetDMA channel handle", "", Must;
}
