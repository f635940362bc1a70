//! NetDMA: what a provider owes it.

rules! { from super::wdm::END;
    /// A NetDMA provider registered or started with something that is not as documented.
    NETDMA_REGISTRATION = "NDMA-REG", "NetDmaRegisterProvider", "", Must;
    /// NetDMA's calls out of order.
    NETDMA_ORDER = "NDMA-START", "NetDmaProviderOrder", "", Must;
    /// A handle that is no provider's.
    NETDMA_PROVIDER = "NDMA-REG", "NetDmaProviderHandle", "", Must;
    /// A handle that is no allocated channel's, or a channel without a CPU.
    NETDMA_CHANNEL = "NDMA-CH", "NetDmaChannelHandle", "", Must;
    /// An interrupt reported at the wrong level or on the wrong CPU.
    NETDMA_INTERRUPT = "NDMA-INT", "NetDmaInterrupt", "", Must;
    /// Descriptors that are never completed.
    NETDMA_LOST = "NDMA-STOP", "NetDmaOutstanding", "", Must;
    /// A provider that is left at unload.
    NETDMA_LEAK = "NDMA-STOP", "NetDmaProviderLeft", "", Must;
}
