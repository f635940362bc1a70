//! DMA adapters.

use super::routines;
use crate::abi::{import, jump, write};
use super::{at, dispatch, own, pdo, pool, routine};

const PUT_ADAPTER: u64 = 8;
const ALLOCATE_COMMON: u64 = 16;
const FREE_COMMON: u64 = 24;
const ALLOCATE_CHANNEL: u64 = 32;
const FREE_MAP_REGISTERS: u64 = 56;
const GET_LIST: u64 = 88;
const PUT_LIST: u64 = 96;

/// A bus master's adapter.
fn adapter() -> u64 {
    let description = own(40);
    write(description, 1_u32);
    write(description + 4, 1_u8);
    write(description + 5, 1_u8);
    write(description + 11, 1_u8);
    write(description + 32, 65_536_u32);
    import!(IoGetDmaAdapter, pdo(), description, own(4))
}

/// An operation of an adapter, by its offset in `DMA_OPERATIONS`.
fn operation(adapter: u64, offset: u64, args: &[u64]) -> u64 {
    let table = at(adapter + 8);
    jump(at(table + offset), args)
}

/// The scatter/gather list that came.
extern "system" fn came(_device: u64, _irp: u64, list: u64, context: u64) -> u64 {
    write(context, list);
    0
}

/// `AdapterControl` that keeps the adapter.
extern "system" fn keeps() -> u64 {
    1
}

/// `AdapterControl` of a bus master: it notes its map registers.
extern "system" fn lets_go(_device: u64, _irp: u64, registers: u64, context: u64) -> u64 {
    write(context, registers);
    3
}

/// A list of so many bytes of 64, at `DISPATCH_LEVEL`.
fn list(adapter: u64, len: u64) -> u64 {
    let (block, place) = (pool(64), own(8));
    let mdl = import!(IoAllocateMdl, block, 64, 0, 0, 0);
    import!(MmBuildMdlForNonPagedPool, mdl);
    dispatch(|| {
        operation(
            adapter,
            GET_LIST,
            &[adapter, own(336), mdl, block, len, came as *const () as u64, place, 1],
        )
    });
    at(place)
}

fn put_list(adapter: u64, list: u64) {
    dispatch(|| operation(adapter, PUT_LIST, &[adapter, list, 1]));
}

fn common_buffer(adapter: u64) -> (u64, u64) {
    let logical = own(8);
    let buffer = operation(adapter, ALLOCATE_COMMON, &[adapter, 4096, logical, 1]);
    (at(logical), buffer)
}

/// The map registers that `control` notes.
fn channel(adapter: u64, control: u64) -> u64 {
    let place = own(8);
    dispatch(|| operation(adapter, ALLOCATE_CHANNEL, &[adapter, own(336), 1, control, place]));
    at(place)
}

routines! {
    /// An adapter that was put back.
    using_an_adapter_that_was_put_back {
        let adapter = adapter();
        let put = at(at(adapter + 8) + PUT_ADAPTER);
        operation(adapter, PUT_ADAPTER, &[adapter]);
        jump(put, &[adapter])
    }
    /// Map registers that were never allocated.
    freeing_no_map_registers {
        let adapter = adapter();
        dispatch(|| operation(adapter, FREE_MAP_REGISTERS, &[adapter, 0x7777, 1]))
    }
    /// A bus master that keeps the adapter.
    keeping_the_adapter { channel(adapter(), keeps as *const () as u64) }
    /// A transfer longer than its MDL.
    a_transfer_beyond_its_mdl { list(adapter(), 100) }
    /// 0xE6.
    getting_a_list_at_passive_level {
        let adapter = adapter();
        operation(adapter, GET_LIST, &[adapter, own(336), 0, 0, 64, routine(), 0, 1])
    }
    /// A common buffer freed with another length.
    freeing_a_common_buffer_otherwise {
        let adapter = adapter();
        let (logical, buffer) = common_buffer(adapter);
        operation(adapter, FREE_COMMON, &[adapter, 2048, logical, buffer, 1])
    }
    /// A common buffer that is out when the adapter goes.
    keeping_a_common_buffer {
        let adapter = adapter();
        common_buffer(adapter);
        operation(adapter, PUT_ADAPTER, &[adapter])
    }
    /// A list put back twice.
    putting_a_list_back_twice {
        let adapter = adapter();
        let list = list(adapter, 64);
        put_list(adapter, list);
        put_list(adapter, list);
    }
}

/// Every operation, undone.
pub fn sound() {
    let adapter = adapter();
    put_list(adapter, list(adapter, 64));
    let (logical, buffer) = common_buffer(adapter);
    operation(adapter, FREE_COMMON, &[adapter, 4096, logical, buffer, 1]);
    let registers = channel(adapter, lets_go as *const () as u64);
    dispatch(|| operation(adapter, FREE_MAP_REGISTERS, &[adapter, registers, 1]));
    operation(adapter, PUT_ADAPTER, &[adapter]);
}
