//! Structures that drivers touch and the fact tables do not hold, by their x64 offsets.
//!
//! From the WDK's documentation of each structure and of the inline functions that use it.

#![allow(missing_docs, non_camel_case_types, non_upper_case_globals, reason = "Microsoft's names")]

use crate::abi::{Field, Layout};

macro_rules! layouts {
    ($( $(#[$doc:meta])* $name:ident: $size:literal { $( $field:ident: $kind:ty = $offset:literal ),* $(,)? } )*) => { $(
        $(#[$doc])*
        pub struct $name;
        impl Layout for $name {
            const NAME: &'static str = stringify!($name);
            const SIZE: usize = $size;
            const ALIGN: usize = 8;
        }
        impl $name {
            $( pub const $field: Field<Self, $kind> = Field::new($offset); )*
        }
    )* };
}

layouts! {
    /// NPAGED_LOOKASIDE_LIST, PAGED_LOOKASIDE_LIST and, shorter by the padding, LOOKASIDE_LIST_EX.
    GENERAL_LOOKASIDE: 96 {
        Depth: u16 = 16,
        MaximumDepth: u16 = 18,
        TotalAllocates: u32 = 20,
        AllocateMisses: u32 = 24,
        TotalFrees: u32 = 28,
        FreeMisses: u32 = 32,
        Type: u32 = 36,
        Tag: u32 = 40,
        Size: u32 = 44,
        Allocate: u64 = 48,
        Free: u64 = 56,
    }

    WORK_QUEUE_ITEM: 32 {
        WorkerRoutine: u64 = 16,
        Parameter: u64 = 24,
    }

    /// What an IO_WORKITEM holds here; drivers only know its size.
    IO_WORKITEM: 64 {
        IoObject: u64 = 0,
        Routine: u64 = 8,
        Context: u64 = 16,
        State: u64 = 24,
    }

    /// What a KINTERRUPT holds here; drivers only know its address.
    KINTERRUPT: 64 {
        ServiceRoutine: u64 = 0,
        ServiceContext: u64 = 8,
        SpinLock: u64 = 16,
        OwnSpinLock: u64 = 24,
        Vector: u32 = 32,
        Irql: u8 = 36,
        SynchronizeIrql: u8 = 37,
        Message: u32 = 40,
    }

    RTL_BITMAP: 16 {
        SizeOfBitMap: u32 = 0,
        Buffer: u64 = 8,
    }

    TIME_FIELDS: 16 {
        Year: i16 = 0,
        Month: i16 = 2,
        Day: i16 = 4,
        Hour: i16 = 6,
        Minute: i16 = 8,
        Second: i16 = 10,
        Milliseconds: i16 = 12,
        Weekday: i16 = 14,
    }

    KBUGCHECK_CALLBACK_RECORD: 64 {
        State: u8 = 56,
    }

    KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT: 16 {
        State: u32 = 0,
        NtNumber: u32 = 4,
        Status: u32 = 8,
        ProcGroup: u16 = 12,
        ProcNumber: u8 = 14,
    }

    KEY_BASIC_INFORMATION: 16 {
        LastWriteTime: u64 = 0,
        TitleIndex: u32 = 8,
        NameLength: u32 = 12,
    }

    KEY_FULL_INFORMATION: 44 {
        LastWriteTime: u64 = 0,
        TitleIndex: u32 = 8,
        ClassOffset: u32 = 12,
        ClassLength: u32 = 16,
        SubKeys: u32 = 20,
        MaxNameLen: u32 = 24,
        MaxClassLen: u32 = 28,
        Values: u32 = 32,
        MaxValueNameLen: u32 = 36,
        MaxValueDataLen: u32 = 40,
    }

    KEY_NODE_INFORMATION: 24 {
        LastWriteTime: u64 = 0,
        TitleIndex: u32 = 8,
        ClassOffset: u32 = 12,
        ClassLength: u32 = 16,
        NameLength: u32 = 20,
    }

    KEY_VALUE_BASIC_INFORMATION: 12 {
        TitleIndex: u32 = 0,
        Type: u32 = 4,
        NameLength: u32 = 8,
    }

    CLIENT_ID: 16 {
        UniqueProcess: u64 = 0,
        UniqueThread: u64 = 8,
    }

    ERESOURCE: 104 {
        ActiveCount: i16 = 24,
        Flag: u16 = 26,
    }
}

/// Object types in DISPATCHER_HEADER.Type and KDPC.Type.
pub mod object {
    pub const NOTIFICATION_EVENT: u8 = 0;
    pub const SYNCHRONIZATION_EVENT: u8 = 1;
    pub const MUTANT: u8 = 2;
    pub const SEMAPHORE: u8 = 5;
    pub const THREAD: u8 = 6;
    pub const NOTIFICATION_TIMER: u8 = 8;
    pub const SYNCHRONIZATION_TIMER: u8 = 9;
    pub const DPC: u8 = 19;
    pub const DEVICE_QUEUE: u8 = 20;
    pub const THREADED_DPC: u8 = 24;
}
