//! Interlocked lists: doubly and singly linked under a spin lock, and sequenced lists.

use crate::{
    abi::{LIST_ENTRY, Ptr, read, write},
    cpu::HIGH,
    imports,
    nt::sync::locks::Way,
    verify::rules,
    world::world,
};

/// Offset of the link to the first entry in an SLIST_HEADER; its low four bits are not part of it.
const FIRST: u64 = 8;
const FLAGS: u64 = 15;
/// The depth is the lowest 16 bits of a header, a sequence number the rest.
const SEQUENCE_ONE: u64 = 1 << 16;

/// Runs `body` with the list's lock, at HIGH_LEVEL as the kernel does.
fn locked<R>(lock: u64, body: impl FnOnce() -> R) -> R {
    let world = world();
    let level = world.cpu().set_irql(HIGH);
    world.nt.locks.acquire(lock, Way::Plain);
    let result = body();
    world.nt.locks.release(lock, Way::Plain);
    world.cpu().set_irql(level);
    result
}

fn entry(addr: u64) -> Ptr<LIST_ENTRY> {
    Ptr::new(addr)
}

/// Ends the run if an entry's neighbours do not point at it.
fn check(what: &str, addr: u64) {
    let (next, previous) = (entry(addr).get(LIST_ENTRY::Flink), entry(addr).get(LIST_ENTRY::Blink));
    let whole = entry(next).get(LIST_ENTRY::Blink) == addr && entry(previous).get(LIST_ENTRY::Flink) == addr;
    world().hold(&rules::LIST, whole, || {
        format!("{what}: the links around {addr:#x} ({next:#x}, {previous:#x}) do not match")
    });
}

fn link(between: u64, and: u64, new: u64) {
    entry(new).set(LIST_ENTRY::Flink, and);
    entry(new).set(LIST_ENTRY::Blink, between);
    entry(between).set(LIST_ENTRY::Flink, new);
    entry(and).set(LIST_ENTRY::Blink, new);
}

/// The first entry of a sequenced list; 0 if it is empty.
fn top(header: u64) -> u64 {
    read::<u64>(header + FIRST) & !FLAGS
}

fn set_top(header: u64, first: u64, depth: impl Fn(u16) -> u16) {
    let state: u64 = read(header);
    let depth = depth(state as u16);
    write(header, (state & !0xFFFF | u64::from(depth)).wrapping_add(SEQUENCE_ONE));
    write(header + FIRST, first | read::<u64>(header + FIRST) & FLAGS);
}

fn aligned(what: &str, addr: u64) {
    world().hold(&rules::SLIST_ALIGNMENT, addr.is_multiple_of(16), || {
        format!("{what}: {addr:#x} is not 16-byte aligned")
    });
}

/// Puts an entry in front of a sequenced list and answers the former first.
pub fn push(header: u64, new: u64) -> u64 {
    aligned("SLIST_HEADER", header);
    aligned("SLIST_ENTRY", new);
    let old = top(header);
    world().hold(&rules::SLIST_TWICE, old != new, || format!("SLIST_ENTRY {new:#x} is in the list already"));
    write(new, old);
    set_top(header, new, |depth| depth.wrapping_add(1));
    old
}

/// Takes the first entry of a sequenced list; 0 if it is empty.
pub fn pop(header: u64) -> u64 {
    aligned("SLIST_HEADER", header);
    let first = top(header);
    if first != 0 {
        set_top(header, read::<u64>(first), |depth| depth.wrapping_sub(1));
    }
    first
}

/// Takes all entries.
fn flush(header: u64) -> u64 {
    aligned("SLIST_HEADER", header);
    let first = top(header);
    set_top(header, 0, |_| 0);
    first
}

imports! {
    /// Interlocked lists.
    TABLE from "ntoskrnl.exe";

    fn ExInterlockedInsertHeadList(head: u64, new: u64, lock: u64) -> u64 {
        locked(lock, || {
            check("ExInterlockedInsertHeadList", head);
            let first = entry(head).get(LIST_ENTRY::Flink);
            link(head, first, new);
            if first == head { 0 } else { first }
        })
    }

    fn ExInterlockedInsertTailList(head: u64, new: u64, lock: u64) -> u64 {
        locked(lock, || {
            check("ExInterlockedInsertTailList", head);
            let last = entry(head).get(LIST_ENTRY::Blink);
            link(last, head, new);
            if last == head { 0 } else { last }
        })
    }

    fn ExInterlockedRemoveHeadList(head: u64, lock: u64) -> u64 {
        locked(lock, || {
            check("ExInterlockedRemoveHeadList", head);
            let first = entry(head).get(LIST_ENTRY::Flink);
            if first == head {
                return 0;
            }
            check("ExInterlockedRemoveHeadList", first);
            let second = entry(first).get(LIST_ENTRY::Flink);
            entry(head).set(LIST_ENTRY::Flink, second);
            entry(second).set(LIST_ENTRY::Blink, head);
            first
        })
    }

    fn ExInterlockedPushEntryList(head: u64, new: u64, lock: u64) -> u64 {
        locked(lock, || {
            let first: u64 = read(head);
            write(new, first);
            write(head, new);
            first
        })
    }

    fn ExInterlockedPopEntryList(head: u64, lock: u64) -> u64 {
        locked(lock, || {
            let first: u64 = read(head);
            if first != 0 {
                write(head, read::<u64>(first));
            }
            first
        })
    }

    fn ExInterlockedAddUlong(addend: u64, increment: u32, lock: u64) -> u32 {
        locked(lock, || {
            let old: u32 = read(addend);
            write(addend, old.wrapping_add(increment));
            old
        })
    }

    fn ExInterlockedAddLargeInteger(addend: u64, increment: u64, lock: u64) -> u64 {
        locked(lock, || {
            let old: u64 = read(addend);
            write(addend, old.wrapping_add(increment));
            old
        })
    }

    fn InitializeSListHead(header: u64) {
        aligned("SLIST_HEADER", header);
        write(header, 0_u64);
        write(header + FIRST, 0_u64);
    }

    fn ExInitializeSListHead(header: u64) {
        aligned("SLIST_HEADER", header);
        write(header, 0_u64);
        write(header + FIRST, 0_u64);
    }

    fn ExpInterlockedPushEntrySList(header: u64, new: u64) -> u64 {
        push(header, new)
    }

    fn ExpInterlockedPopEntrySList(header: u64) -> u64 {
        pop(header)
    }

    fn ExpInterlockedFlushSList(header: u64) -> u64 {
        flush(header)
    }

    fn ExQueryDepthSList(header: u64) -> u16 {
        read(header)
    }

    fn InterlockedPushEntrySList(header: u64, new: u64) -> u64 {
        push(header, new)
    }

    fn InterlockedPopEntrySList(header: u64) -> u64 {
        pop(header)
    }

    fn ExInterlockedPushEntrySList(header: u64, new: u64, _lock: u64) -> u64 {
        push(header, new)
    }

    fn ExInterlockedPopEntrySList(header: u64, _lock: u64) -> u64 {
        pop(header)
    }

    fn ExInterlockedFlushSList(header: u64) -> u64 {
        flush(header)
    }
}
