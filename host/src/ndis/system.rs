//! What drivers ask of the system: processors, time.

use crate::{
    abi::{self, PROCESSOR_NUMBER, Ptr},
    imports,
    world::world,
};

fn count() -> u32 {
    u32::try_from(world().cpus().len()).unwrap_or(1)
}

fn mask() -> u64 {
    (1_u64 << count().min(63)) - 1
}

imports! {
    /// The system.
    TABLE from "ndis.sys";

    fn NdisSystemProcessorCount() -> u8 {
        count() as u8
    }

    fn NdisSystemActiveProcessorCount(mask_out: u64) -> u32 {
        abi::write_out(mask_out, mask());
        count()
    }

    fn NdisGroupActiveProcessorCount(_group: u16) -> u32 {
        count()
    }

    fn NdisGroupMaxProcessorCount(_group: u16) -> u32 {
        count()
    }

    fn NdisGroupActiveProcessorMask(group: u16) -> u64 {
        if group == 0 { mask() } else { 0 }
    }

    fn NdisMaxGroupCount() -> u16 {
        1
    }

    fn NdisActiveGroupCount() -> u16 {
        1
    }

    fn NdisCurrentGroupAndProcessor() -> u32 {
        // PROCESSOR_NUMBER: group in the low half, number above it.
        (world().cpu().number as u32 & 0xFF) << 16
    }

    fn NdisProcessorIndexToNumber(index: u32, out: u64) -> u32 {
        let p: Ptr<PROCESSOR_NUMBER> = Ptr::new(out);
        p.set(PROCESSOR_NUMBER::Group, 0);
        p.set(PROCESSOR_NUMBER::Number, index as u8);
        if index < count() { 0 } else { abi::constants::STATUS_INVALID_PARAMETER }
    }

    fn NdisProcessorNumberToIndex(number: u32) -> u32 {
        number >> 16 & 0xFF
    }

    fn NdisGetSystemUpTimeEx(out: u64) {
        abi::write(out, world().clock.now().0 / 1_000_000);
    }

    fn NdisGetCurrentProcessorCpuUsage(out: u64) {
        abi::write(out, 50_u32);
    }

    fn NdisGetCurrentProcessorCounts(idle_out: u64, kernel_out: u64, index_out: u64) {
        let ticks = (world().clock.now().in_100ns() / 156_250) as u32;
        abi::write(idle_out, ticks / 2);
        abi::write(kernel_out, ticks / 2);
        abi::write(index_out, world().cpu().number as u32);
    }

    fn NdisGeneratePartialCancelId() -> u8 {
        world().ndis.next_cancel_id()
    }
}
