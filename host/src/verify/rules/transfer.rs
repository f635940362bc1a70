//! NetDMA: what a client sees of a provider's transfers.

rules! { from super::netdma::END;
    /// Bytes of a destination that are not those of its source, although the descriptor was reported as done.
    TRANSFER_BYTES = "NDMA-XFER-11", "NET_DMA_DESCRIPTOR: wrong bytes", "", Must;
    /// Bytes written outside the destinations.
    TRANSFER_BESIDE = "NDMA-XFER-11", "NET_DMA_DESCRIPTOR: bytes beside the destination", "", Must;
    /// A source written.
    TRANSFER_SOURCE = "NDMA-XFER-11", "NET_DMA_DESCRIPTOR: source written", "", Must;
    /// A `StartDma` refused, although nothing is in its way.
    TRANSFER_START = "NDMA-XFER-02", "ProviderStartDma refused", "", Must;
    /// An old chain that goes on after a `StartDma` with another one.
    TRANSFER_RESTART = "NDMA-XFER-02", "ProviderStartDma: the old chain goes on", "", Must;
    /// A chain that stops before its last descriptor, or passes one over.
    TRANSFER_CHAIN = "NDMA-XFER-05", "ProviderStartDma: descriptors left out", "", Must;
    /// An `AppendDma` refused, although the channel was started.
    TRANSFER_APPEND = "NDMA-XFER-07", "ProviderAppendDma refused", "", Must;
    /// Descriptors appended to a channel at work that are never done.
    TRANSFER_APPENDED = "NDMA-XFER-07", "ProviderAppendDma: descriptors left out", "", Must;
    /// Descriptors appended to an idle channel that are never done.
    TRANSFER_APPENDED_IDLE = "NDMA-XFER-08", "ProviderAppendDma: an idle channel stays idle", "", Must;
    /// A transfer that reads its source before a serialized one has written it.
    TRANSFER_FENCE = "NDMA-XFER-13", "NET_DMA_SERIALIZE_TRANSFER", "", Must;
    /// A transfer of nothing that moves bytes.
    TRANSFER_NULL = "NDMA-XFER-14", "NET_DMA_NULL_TRANSFER", "", Must;
    /// A transfer whose source goes on behind its page instead of at `NextSourceAddress`.
    TRANSFER_SOURCE_BREAK = "NDMA-XFER-15", "NET_DMA_SOURCE_PAGE_BREAK", "", Must;
    /// A transfer whose destination goes on behind its page instead of at `NextDestinationAddress`.
    TRANSFER_DESTINATION_BREAK = "NDMA-XFER-15", "NET_DMA_DESTINATION_PAGE_BREAK", "", Must;
    /// An `AppendDma` to a channel without a chain that is refused with another status than `STATUS_UNSUCCESSFUL`.
    TRANSFER_APPEND_STATUS = "NDMA-XFER-16", "ProviderAppendDma status", "", Must;
    /// An `AppendDma` to a channel that was aborted, reset or has failed, which takes it.
    TRANSFER_APPEND_STOPPED = "NDMA-XFER-16", "ProviderAppendDma to a stopped channel", "", Should;
    /// A completion word that is not written, although its descriptor is done and asks for it.
    WORD_MISSING = "NDMA-CST-01", "NET_DMA_STATUS_UPDATE_ON_COMPLETION: no status", "", Must;
    /// A completion word that names another descriptor than the one that is done.
    WORD_DESCRIPTOR = "NDMA-CST-01", "NET_DMA_STATUS_UPDATE_ON_COMPLETION: wrong descriptor", "", Must;
    /// A completion word of a descriptor that does not ask for it.
    WORD_UNASKED = "NDMA-CST-05", "NET_DMA_STATUS_UPDATE_ON_COMPLETION: status not asked for", "", Must;
    /// A completion word of the last descriptor that does not say Idle.
    WORD_IDLE = "NDMA-CST-02", "NetDmaTransferStatusIdle missing", "", Must;
    /// A completion word that says Idle, although more descriptors follow.
    WORD_ACTIVE = "NDMA-CST-02", "NetDmaTransferStatusIdle too early", "", Must;
    /// A completion word after an error that does not say Halted, with the last good descriptor.
    WORD_HALTED = "NDMA-CST-02", "NetDmaTransferStatusHalted missing", "", Must;
    /// A channel that is suspended and goes on.
    SUSPEND_HOLDS = "NDMA-SUS-01", "ProviderSuspendDma: the chain goes on", "", Must;
    /// A `SuspendDma` that leaves the completion word without the status Suspend.
    SUSPEND_WORD = "NDMA-SUS-01", "NetDmaTransferStatusSuspend missing", "", Must;
    /// A `SuspendDma` of a started channel refused.
    SUSPEND_REFUSED = "NDMA-SUS-01", "ProviderSuspendDma refused", "", Must;
    /// A `SuspendDma` that gives an address of no descriptor of the chain.
    SUSPEND_ADDRESS = "NDMA-SUS-02", "ProviderSuspendDma: no descriptor", "", Must;
    /// A `SuspendDma` that gives another descriptor than the last one processed.
    SUSPEND_LAST = "NDMA-SUS-02", "ProviderSuspendDma: not the last descriptor", "", Must;
    /// Descriptors added while the channel was suspended that a `ResumeDma` does not find.
    RESUME_RELOADS = "NDMA-SUS-03", "ProviderResumeDma: the list is not read again", "", Must;
    /// A `ResumeDma` of a suspended channel refused.
    RESUME_REFUSED = "NDMA-RES-01", "ProviderResumeDma refused", "", Must;
    /// A descriptor left out after a `ResumeDma`.
    RESUME_SKIPS = "NDMA-RES-01", "ProviderResumeDma: descriptor left out", "", Must;
    /// A descriptor done again after a `ResumeDma`.
    RESUME_REPEATS = "NDMA-RES-01", "ProviderResumeDma: descriptor done again", "", Must;
    /// An `AbortDma` refused.
    ABORT_REFUSED = "NDMA-ABT-01", "ProviderAbortDma refused", "", Must;
    /// A chain that goes on after `AbortDma`.
    ABORT_STOPS = "NDMA-ABT-01", "ProviderAbortDma: the chain goes on", "", Must;
    /// A `ResetChannel` refused.
    RESET_REFUSED = "NDMA-RST-01", "ProviderResetChannel refused", "", Must;
    /// Descriptors accessed after `ResetChannel`.
    RESET_STOPS = "NDMA-RST-01", "ProviderResetChannel: the chain goes on", "", Must;
    /// A channel that takes no chain after `ResetChannel`.
    RESET_MENDS = "NDMA-RST-01", "ProviderResetChannel: the channel is not as it was allocated", "", Must;
    /// No interrupt for a descriptor that asks for one.
    REPORT_MISSING = "NDMA-INT-01", "NET_DMA_INTERRUPT_ON_COMPLETION: no interrupt", "", Must;
    /// An interrupt that no descriptor has asked for.
    REPORT_UNASKED = "NDMA-CST-05", "NET_DMA_INTERRUPT_ON_COMPLETION: interrupt not asked for", "", Must;
    /// `NetDmaInterruptDpc` with an address that is no descriptor's.
    REPORT_ADDRESS = "NDMA-INT-03", "NetDmaInterruptDpc: no descriptor", "", Must;
    /// `NetDmaInterruptDpc` with an older descriptor than the one that interrupts.
    REPORT_OLDER = "NDMA-INT-03", "NetDmaInterruptDpc: not the last completed descriptor", "", Must;
    /// `NetDmaInterruptDpc` with a descriptor behind one that was reported before.
    REPORT_ORDER = "NDMA-INT-03", "NetDmaInterruptDpc: out of order", "", Must;
    /// `NetDmaInterruptDpc` with a descriptor of an earlier chain.
    REPORT_STALE = "NDMA-INT-03", "NetDmaInterruptDpc: descriptor of an earlier chain", "", Must;
    /// `NetDmaInterruptDpc` with a descriptor that failed, or one behind it.
    REPORT_FAILED = "NDMA-INT-03", "NetDmaInterruptDpc: failed descriptor reported as completed", "", Must;
    /// An error that is not reported.
    ERROR_MISSING = "NDMA-INT-03", "NetDmaInterruptDpc: error not reported", "", Must;
    /// An error reported twice.
    ERROR_TWICE = "NDMA-INT-03", "NetDmaInterruptDpc: error reported twice", "", Must;
    /// An error reported although there was none.
    ERROR_FALSE = "NDMA-INT-03", "NetDmaInterruptDpc: error that there was not", "", Must;
    /// Descriptors done behind one that failed, which halts the channel.
    ERROR_HALTS = "NDMA-CST-02", "NetDmaTransferStatusHalted: the chain goes on", "", Must;
}
