//! DMA adapters.

crate::routines::broken! {
    /// An adapter that was put back.
    using_an_adapter_that_was_put_back: DMA_ADAPTER;
    /// Map registers that were never allocated.
    freeing_no_map_registers: DMA_MAP_REGISTERS;
    /// A bus master that keeps the adapter.
    keeping_the_adapter: DMA_KEEP;
    /// A transfer longer than its MDL.
    a_transfer_beyond_its_mdl: DMA_RANGE;
    /// 0xE6.
    getting_a_list_at_passive_level: DMA_IRQL;
    /// A common buffer freed with another length.
    freeing_a_common_buffer_otherwise: DMA_COMMON_BUFFER;
    /// A common buffer that is out when the adapter goes.
    keeping_a_common_buffer: DMA_LEFT;
    /// A list put back twice.
    putting_a_list_back_twice: DMA_LIST;
}
