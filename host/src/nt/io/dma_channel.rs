//! The DMA operations after FreeCommonBuffer, in the order of the structure, and their names in the HAL.

use super::dma::{self, Transfer};
use crate::{
    abi::{DEVICE_OBJECT, Ptr, constants as c, read, write, write_out},
    imports,
    verify::rules,
    world::{call, world},
};

/// IO_ALLOCATION_ACTION: KeepObject and DeallocateObjectKeepRegisters.
const KEEP: u32 = 1;
/// What map registers are called: no memory stands behind them.
const REGISTERS: u64 = 0x1000;

fn allocate_channel(what: &'static str, adapter: u64, device: u64, routine: u64, context: u64) -> u32 {
    let _ = dma::adapter(what, adapter);
    let irp = Ptr::<DEVICE_OBJECT>::new(device).get(DEVICE_OBJECT::CurrentIrp);
    let action = call("DRIVER_CONTROL", routine, &[device, irp, REGISTERS, context]) as u32;
    // A bus master owns no channel that it could keep.
    world().hold(&rules::DMA_KEEP, action != KEEP, || {
        format!("{what}: a bus master's routine returned KeepObject")
    });
    c::STATUS_SUCCESS
}

/// The physical address at `va`, and how many of the bytes follow it without a break.
fn map_transfer(what: &str, adapter: u64, mdl: u64, va: u64, length: u64) -> u64 {
    let _ = dma::adapter(what, adapter);
    let pieces = dma::pieces(what, mdl, va, read(length));
    let (address, len) = pieces.first().copied().unwrap_or_default();
    write(length, len as u32);
    address
}

imports! {
    /// In the order of DMA_OPERATIONS.
    FUNCTIONS from "DMA_OPERATIONS";

    fn AllocateAdapterChannel(adapter: u64, device: u64, _registers: u32, routine: u64, context: u64) -> u32 {
        allocate_channel("AllocateAdapterChannel", adapter, device, routine, context)
    }

    fn FlushAdapterBuffers(adapter: u64, _mdl: u64, _registers: u64, _va: u64, _len: u32, _to_device: u8) -> u8 {
        let _ = dma::adapter("FlushAdapterBuffers", adapter);
        1
    }

    fn FreeAdapterChannel(adapter: u64) {
        let _ = dma::adapter("FreeAdapterChannel", adapter);
    }

    fn FreeMapRegisters(adapter: u64, registers: u64, _count: u32) {
        let _ = dma::adapter("FreeMapRegisters", adapter);
        world().hold(&rules::DMA_MAP_REGISTERS, registers == REGISTERS, || {
            format!("FreeMapRegisters({registers:#x}): not allocated")
        });
    }

    fn MapTransfer(adapter: u64, mdl: u64, _registers: u64, va: u64, length: u64, _to_device: u8) -> u64 {
        map_transfer("MapTransfer", adapter, mdl, va, length)
    }

    fn GetDmaAlignment(adapter: u64) -> u32 {
        let _ = dma::adapter("GetDmaAlignment", adapter);
        1
    }

    fn ReadDmaCounter(adapter: u64) -> u32 {
        let _ = dma::adapter("ReadDmaCounter", adapter);
        0
    }

    fn GetScatterGatherList(adapter: u64, device: u64, mdl: u64, va: u64, len: u32, routine: u64, context: u64, to_device: u8) -> u32 {
        dma::get_list(&Transfer { adapter, device, mdl, va, len, routine, context, to_device: to_device != 0 })
    }

    fn PutScatterGatherList(adapter: u64, list: u64, to_device: u8) {
        dma::put_back(adapter, list, to_device != 0);
    }

    fn CalculateScatterGatherList(adapter: u64, mdl: u64, va: u64, len: u32, size: u64, registers: u64) -> u32 {
        let _ = dma::adapter("CalculateScatterGatherList", adapter);
        let pages = if mdl == 0 {
            // Any buffer of the length: at worst it begins at the end of a page.
            dma::map_registers(4095, u64::from(len))
        } else {
            dma::map_registers(va, u64::from(len)) + chain_length(mdl)
        };
        write(size, dma::list_size(pages));
        write_out(registers, pages);
        c::STATUS_SUCCESS
    }

    fn BuildScatterGatherList(adapter: u64, device: u64, mdl: u64, va: u64, len: u32, routine: u64, context: u64, to_device: u8,
        buffer: u64, room: u32) -> u32 {
        let transfer = Transfer { adapter, device, mdl, va, len, routine, context, to_device: to_device != 0 };
        dma::build_list(&transfer, (buffer, room))
    }

    fn BuildMdlFromScatterGatherList(adapter: u64, _list: u64, original: u64, out: u64) -> u32 {
        let _ = dma::adapter("BuildMdlFromScatterGatherList", adapter);
        write(out, original);
        c::STATUS_SUCCESS
    }
}

/// MDLs after the first: each may add a page break.
fn chain_length(mdl: u64) -> u32 {
    let (mut at, mut count) = (read::<u64>(mdl), 0);
    while at != 0 {
        (at, count) = (read(at), count + 1);
    }
    2 * count
}

imports! {
    /// The names that the HAL exports.
    TABLE from "hal.dll";

    fn IoAllocateAdapterChannel(adapter: u64, device: u64, _registers: u32, routine: u64, context: u64) -> u32 {
        allocate_channel("IoAllocateAdapterChannel", adapter, device, routine, context)
    }

    fn IoFlushAdapterBuffers(adapter: u64, _mdl: u64, _registers: u64, _va: u64, _len: u32, _to_device: u8) -> u8 {
        let _ = dma::adapter("IoFlushAdapterBuffers", adapter);
        1
    }

    fn IoFreeAdapterChannel(adapter: u64) {
        let _ = dma::adapter("IoFreeAdapterChannel", adapter);
    }

    fn IoFreeMapRegisters(adapter: u64, _registers: u64, _count: u32) {
        let _ = dma::adapter("IoFreeMapRegisters", adapter);
    }

    fn IoMapTransfer(adapter: u64, mdl: u64, _registers: u64, va: u64, length: u64, _to_device: u8) -> u64 {
        map_transfer("IoMapTransfer", adapter, mdl, va, length)
    }

    fn HalReadDmaCounter(adapter: u64) -> u32 {
        let _ = dma::adapter("HalReadDmaCounter", adapter);
        0
    }
}
