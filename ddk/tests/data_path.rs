//! NBL chains and queues, NB data over MDL chains, SG lists, spin locks; the kernel's part is played here.

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;

use ferrite_ddk::nbl::{Nb, Nbl, NblChain, NblCountedQueue, NblQueue};
use ferrite_ddk::ndis::{self, MDL, NDIS_SPIN_LOCK, NET_BUFFER, NET_BUFFER_LIST};
use ferrite_ddk::{SpinLock, Status, dma};

thread_local! {
    static IRQL: Cell<u8> = const { Cell::new(0) };
    static MAPPING: Cell<*mut c_void> = const { Cell::new(ptr::null_mut()) };
    static PRIORITY: Cell<u32> = const { Cell::new(u32::MAX) };
    static VERSION: Cell<u32> = const { Cell::new(0x0006_0014) };
}

#[unsafe(no_mangle)]
unsafe extern "C" fn KeAcquireSpinLockRaiseToDpc(lock: *mut usize) -> u8 {
    // SAFETY: the test's lock, used by one thread.
    unsafe { assert_eq!(lock.replace(1), 0, "taken twice") };
    IRQL.replace(ndis::DISPATCH_LEVEL)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn KeReleaseSpinLock(lock: *mut usize, irql: u8) {
    // SAFETY: as above.
    unsafe { assert_eq!(lock.replace(0), 1, "not taken") };
    IRQL.set(irql);
}

#[unsafe(no_mangle)]
unsafe extern "C" fn KeAcquireSpinLockAtDpcLevel(lock: *mut usize) {
    assert_eq!(IRQL.get(), ndis::DISPATCH_LEVEL);
    // SAFETY: as above.
    unsafe { assert_eq!(lock.replace(1), 0, "taken twice") };
}

#[unsafe(no_mangle)]
unsafe extern "C" fn KeReleaseSpinLockFromDpcLevel(lock: *mut usize) {
    assert_eq!(IRQL.get(), ndis::DISPATCH_LEVEL);
    // SAFETY: as above.
    unsafe { assert_eq!(lock.replace(0), 1, "not taken") };
}

#[unsafe(no_mangle)]
extern "C" fn NdisGetVersion() -> u32 {
    VERSION.get()
}

/// Maps what the test has put into `MAPPING`, or fails; notes how in `PRIORITY`.
#[unsafe(no_mangle)]
extern "C" fn MmMapLockedPagesSpecifyCache(
    _mdl: *mut MDL,
    mode: i8,
    _cache: i32,
    _address: *mut c_void,
    bug_check_on_failure: u32,
    priority: u32,
) -> *mut c_void {
    assert_eq!((mode, bug_check_on_failure), (0, 0), "kernel mode, and no bug check if it fails");
    PRIORITY.set(priority);
    MAPPING.get()
}

/// NBLs with cancel ids 1, 2, ...
fn nbls(count: usize) -> Vec<NET_BUFFER_LIST> {
    let mut all: Vec<NET_BUFFER_LIST> = (0..count).map(|_| NET_BUFFER_LIST::default()).collect();
    for (index, nbl) in all.iter_mut().enumerate() {
        let id = ptr::without_provenance_mut(index + 1);
        // SAFETY: a slot of the test's own NBL.
        unsafe { ndis::NET_BUFFER_LIST_INFO(nbl, ndis::NetBufferListCancelId).write(id) };
    }
    all
}

fn handle(nbl: &mut NET_BUFFER_LIST) -> Nbl {
    // SAFETY: the test's own NBL, which outlives its use.
    unsafe { Nbl::new(nbl) }.expect("not NULL")
}

fn chain_of(nbls: &mut [NET_BUFFER_LIST]) -> NblChain {
    let mut chain = NblChain::new();
    for nbl in nbls.iter_mut().rev() {
        chain.push_first(handle(nbl));
    }
    chain
}

fn ids(chain: &NblChain) -> Vec<usize> {
    chain.iter().map(|nbl| nbl.cancel_id().addr()).collect()
}

#[test]
fn a_chain_keeps_its_order_and_is_null_terminated() {
    let mut all = nbls(3);
    let chain = chain_of(&mut all);
    assert_eq!((ids(&chain), chain.count()), (vec![1, 2, 3], 3));
    chain.set_status(Status::PAUSED);
    let raw = chain.into_raw();

    // SAFETY: the chain just made.
    let mut chain = unsafe { NblChain::from_raw(raw) };
    let first = chain.pop_first().expect("three are in");
    assert!(first.next().is_none(), "an NBL that is taken out leads nowhere");
    assert_eq!(first.status(), Status::PAUSED);
    assert_eq!(ids(&chain), [2, 3]);
    assert_eq!(chain.into_iter().map(|nbl| nbl.cancel_id().addr()).collect::<Vec<_>>(), [2, 3]);

    // SAFETY: NULL is the empty chain.
    assert!(unsafe { NblChain::from_raw(ptr::null_mut()) }.into_raw().is_null());
}

#[test]
fn a_queue_is_first_in_first_out() {
    let mut all = nbls(6);
    let (front, back) = all.split_at_mut(2);
    let mut queue = NblQueue::new();
    assert!(queue.pop_first().is_none());
    let (middle, tail) = back.split_at_mut(2);
    let (tail, single) = tail.split_at_mut(1);
    queue.append_chain(chain_of(middle));
    queue.append(handle(&mut single[0]));
    queue.prepend_chain(chain_of(front));
    let mut other = NblQueue::new();
    other.append(handle(&mut tail[0]));
    queue.append_queue(&mut other);
    queue.append_chain(NblChain::new());
    assert!(other.is_empty());
    assert_eq!(queue.pop_first().map(|nbl| nbl.cancel_id().addr()), Some(1));
    assert_eq!(ids(&queue.pop_all()), [2, 3, 4, 6, 5]);
    assert!(queue.is_empty());
}

#[test]
fn an_emptied_queue_takes_new_nbls() {
    let mut all = nbls(2);
    let [a, b] = &mut all[..] else { unreachable!() };
    let mut queue = NblCountedQueue::new();
    queue.append(handle(a));
    assert_eq!(queue.pop_first().map(|nbl| nbl.cancel_id().addr()), Some(1));
    assert_eq!((queue.count(), queue.is_empty()), (0, true));
    queue.append(handle(b));
    queue.append(handle(a));
    let (chain, count) = queue.pop_all();
    assert_eq!((ids(&chain), count, queue.count()), (vec![2, 1], 2, 0));
}

#[test]
fn cancelled_sends_leave_the_others_in_order() {
    let mut all = nbls(5);
    for wanted in [&[][..], &[1][..], &[5], &[2, 3], &[1, 2, 3, 4, 5]] {
        let mut queue = NblQueue::new();
        queue.append_chain(chain_of(&mut all));
        let mut removed = queue.remove_if(|nbl| wanted.contains(&nbl.cancel_id().addr()));
        assert_eq!(ids(&removed.pop_all()), wanted);
        let kept: Vec<usize> = (1..=5).filter(|id| !wanted.contains(id)).collect();
        assert_eq!(ids(&queue.pop_all()), kept);
    }
}

#[test]
fn information_outside_the_contract_is_refused() {
    let mut all = nbls(1);
    let nbl = handle(&mut all[0]);
    assert_eq!(nbl.info(ndis::NetBufferListCancelId).map(<*mut c_void>::addr), Some(1));
    assert!(nbl.info(ndis::MaxNetBufferListInfo).is_none());
    assert!(!nbl.set_info(-1, ptr::null_mut()));
    assert!(nbl.set_info(ndis::NetBufferListCancelId, ptr::null_mut()));
    assert!(nbl.cancel_id().is_null());
}

/// MDLs over pieces of memory, linked; the NB's data begins at `offset` of the first.
fn mdls(pieces: &mut [Vec<u8>]) -> Vec<MDL> {
    let mut chain: Vec<MDL> = pieces
        .iter_mut()
        .map(|piece| MDL {
            MdlFlags: ndis::MDL_SOURCE_IS_NONPAGED_POOL,
            MappedSystemVa: piece.as_mut_ptr().cast(),
            ByteCount: u32::try_from(piece.len()).expect("small"),
            ..MDL::default()
        })
        .collect();
    let base = chain.as_mut_ptr();
    for (index, mdl) in chain.iter_mut().enumerate().rev().skip(1) {
        mdl.Next = base.wrapping_add(index + 1);
    }
    chain
}

fn net_buffer(mdls: &mut [MDL], offset: u32, length: u32) -> NET_BUFFER {
    let mut nb = NET_BUFFER::default();
    let first = mdls.as_mut_ptr();
    // SAFETY: a field of the test's own NB, as the next three.
    unsafe { ndis::NET_BUFFER_FIRST_MDL(&raw mut nb).write(first) };
    // SAFETY: as above.
    unsafe { ndis::NET_BUFFER_CURRENT_MDL(&raw mut nb).write(first) };
    // SAFETY: as above.
    unsafe { ndis::NET_BUFFER_CURRENT_MDL_OFFSET(&raw mut nb).write(offset) };
    // SAFETY: as above.
    unsafe { ndis::NET_BUFFER_DATA_LENGTH(&raw mut nb).write(length) };
    nb
}

fn nb_handle(nb: &mut NET_BUFFER) -> Nb {
    // SAFETY: the test's own NB, which outlives its use.
    unsafe { Nb::new(nb) }.expect("not NULL")
}

#[test]
fn data_is_found_across_mdls() {
    let mut pieces = [b"--ab".to_vec(), Vec::new(), b"cde".to_vec(), b"fgh---".to_vec()];
    let mut chain = mdls(&mut pieces);
    let mut nb = net_buffer(&mut chain, 2, 8);
    let nb = nb_handle(&mut nb);
    let spans: Vec<(u32, u32)> = nb.spans().map(|s| (s.offset, s.length)).collect();
    assert_eq!(spans, [(2, 2), (0, 3), (0, 3)]);
    let mut copy = [b'?'; 10];
    assert_eq!(nb.copy_to(&mut copy), Some(8));
    assert_eq!(&copy, b"abcdefgh??");
    assert_eq!(nb.copy_to(&mut copy[..7]), None, "a frame that does not fit");
}

#[test]
fn lengths_that_lie_are_found_out() {
    let mut pieces = [b"abc".to_vec(), b"de".to_vec()];
    let mut chain = mdls(&mut pieces);
    let mut copy = [0; 64];
    for (offset, length, missing) in
        [(0, 5, 0), (0, 6, 1), (3, 2, 0), (4, 1, 0), (4, 2, 1), (5, 1, 1), (u32::MAX, 1, 1)]
    {
        let mut nb = net_buffer(&mut chain, offset, length);
        let nb = nb_handle(&mut nb);
        let mut spans = nb.spans();
        let found: u32 = (&mut spans).map(|span| span.length).sum();
        assert_eq!((found, spans.missing()), (length - missing, missing), "offset {offset}, length {length}");
        assert_eq!(nb.copy_to(&mut copy), (missing == 0).then_some(length as usize));
    }
    let mut nb = net_buffer(&mut [], 0, 1);
    // SAFETY: a field of the test's own NB.
    unsafe { ndis::NET_BUFFER_CURRENT_MDL(&raw mut nb).write(ptr::null_mut()) };
    assert_eq!(nb_handle(&mut nb).copy_to(&mut copy), None, "no MDL at all");
}

#[test]
fn an_mdl_is_mapped_if_it_must_be_and_may_fail() {
    let mut pieces = [b"abc".to_vec()];
    let mut chain = mdls(&mut pieces);
    chain[0].MdlFlags = ndis::MDL_PAGES_LOCKED;
    chain[0].MappedSystemVa = ptr::null_mut();
    let mut nb = net_buffer(&mut chain, 1, 2);
    let nb = nb_handle(&mut nb);
    let mut copy = [0; 2];
    MAPPING.set(ptr::null_mut());
    assert_eq!(nb.copy_to(&mut copy), None);
    MAPPING.set(pieces[0].as_mut_ptr().cast());
    assert_eq!(nb.copy_to(&mut copy), Some(2));
    assert_eq!(&copy, b"bc");

    // LowPagePriority, and from NDIS 6.30 on MdlMappingNoExecute.
    for (version, priority) in
        [(0x0006_0014, 0), (0x0006_001d, 0), (0x0006_001e, 0x4000_0000), (0x000a_0000, 0x4000_0000)]
    {
        VERSION.set(version);
        assert_eq!(nb.copy_to(&mut copy), Some(2));
        assert_eq!(PRIORITY.get(), priority, "NDIS {version:#x}");
    }
}

#[test]
fn mdls_count_their_pages() {
    for (offset, count, pages) in
        [(0, 0, 0), (0, 1, 1), (0, 4096, 1), (1, 4096, 2), (4095, 1, 1), (4095, 2, 2)]
    {
        let mdl = MDL { ByteOffset: offset, ByteCount: count, ..MDL::default() };
        // SAFETY: a valid MDL.
        assert_eq!(unsafe { ndis::NdisGetMdlPhysicalArraySize(&raw const mdl) }, pages);
    }
}

#[test]
fn an_nbl_gives_its_nbs() {
    let mut buffers: Vec<NET_BUFFER> = (0..3).map(|_| NET_BUFFER::default()).collect();
    let base = buffers.as_mut_ptr();
    for (index, nb) in buffers.iter_mut().enumerate() {
        let next = if index == 2 { ptr::null_mut() } else { base.wrapping_add(index + 1) };
        // SAFETY: a field of the test's own NB.
        unsafe { ndis::NET_BUFFER_NEXT_NB(nb).write(next) };
        nb_handle(nb).set_data_length(u32::try_from(index).expect("small"));
    }
    let mut all = nbls(1);
    // SAFETY: a field of the test's own NBL.
    unsafe { ndis::NET_BUFFER_LIST_FIRST_NB(&raw mut all[0]).write(base) };
    let lengths: Vec<u32> = handle(&mut all[0]).nbs().map(Nb::data_length).collect();
    assert_eq!(lengths, [0, 1, 2]);
}

#[test]
fn an_sg_list_gives_its_elements() {
    #[repr(C)]
    struct Two {
        list: ndis::SCATTER_GATHER_LIST,
        elements: [ndis::SCATTER_GATHER_ELEMENT; 2],
    }
    let mut two = Two {
        list: ndis::SCATTER_GATHER_LIST { NumberOfElements: 2, ..Default::default() },
        elements: [ndis::SCATTER_GATHER_ELEMENT::default(); 2],
    };
    two.elements[1].Address = dma::physical_address(0x1_2345_6000);
    two.elements[1].Length = 42;
    let list = (&raw const two).cast();
    // SAFETY: a list with both its elements, which lives to the end of the test.
    let elements = unsafe { dma::sg_elements(list) };
    assert_eq!(
        elements.iter().map(|e| (dma::address_of(e.Address), e.Length)).collect::<Vec<_>>(),
        [(0, 0), (0x1_2345_6000, 42)]
    );
}

#[test]
fn a_spin_lock_raises_and_restores_the_irql() {
    let lock = SpinLock::new(1);
    IRQL.set(ndis::APC_LEVEL);
    {
        let mut guard = lock.lock();
        assert_eq!(IRQL.get(), ndis::DISPATCH_LEVEL);
        *guard += 1;
    }
    assert_eq!(IRQL.get(), ndis::APC_LEVEL);
    IRQL.set(ndis::DISPATCH_LEVEL);
    // SAFETY: the IRQL is DISPATCH_LEVEL.
    drop(unsafe { lock.lock_at_dispatch() });
    assert_eq!(IRQL.get(), ndis::DISPATCH_LEVEL);
    assert_eq!(*lock.lock(), 2);
}

#[test]
fn an_ndis_spin_lock_raises_and_restores_the_irql() {
    let mut lock = NDIS_SPIN_LOCK { SpinLock: 77, OldIrql: 77 };
    ndis::NdisAllocateSpinLock(&mut lock);
    IRQL.set(ndis::PASSIVE_LEVEL);
    // SAFETY: a free lock of the test's own.
    unsafe { ndis::NdisAcquireSpinLock(&raw mut lock) };
    assert_eq!(IRQL.get(), ndis::DISPATCH_LEVEL);
    // SAFETY: just taken.
    unsafe { ndis::NdisReleaseSpinLock(&raw mut lock) };
    assert_eq!(IRQL.get(), ndis::PASSIVE_LEVEL);
    IRQL.set(ndis::DISPATCH_LEVEL);
    // SAFETY: the lock is free and the IRQL DISPATCH_LEVEL.
    unsafe { ndis::NdisDprAcquireSpinLock(&raw mut lock) };
    // SAFETY: just taken.
    unsafe { ndis::NdisDprReleaseSpinLock(&raw mut lock) };
    assert_eq!(lock.SpinLock, 0);
}
