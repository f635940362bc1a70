//! Receive buffers, each with its NBL.

use core::ptr::{self, NonNull};

use ferrite_ddk::nbl::{Nb, Nbl};
use ferrite_ddk::ndis::{self, MDL, NDIS_HANDLE, NET_BUFFER_LIST_POOL_PARAMETERS};
use ferrite_ddk::{Object, Status};
use ferrite_nic::MacAddress;

use crate::dma::SharedMemory;
use crate::memory::{TAG, Table};

/// The size of a buffer: what the device writes into one at most.
pub const BUFFER_BYTES: u32 = 2048;
/// How many buffers share a block of shared memory.
const PER_BLOCK: u32 = 32;

/// A pool of NBLs with one NB each; freed when dropped.
struct Pool(NDIS_HANDLE);

impl Pool {
    fn new(adapter: NDIS_HANDLE) -> Option<Self> {
        let mut parameters = NET_BUFFER_LIST_POOL_PARAMETERS {
            ProtocolId: ndis::NDIS_PROTOCOL_ID_DEFAULT,
            fAllocateNetBuffer: ndis::TRUE,
            PoolTag: TAG,
            ..Object::new()
        };
        // SAFETY: `adapter` is the handle given to MiniportInitializeEx; the parameters live through the
        // call.
        let pool = unsafe { ndis::NdisAllocateNetBufferListPool(adapter, &raw mut parameters) };
        // A value made in vain would free it.
        (!pool.is_null()).then(|| Self(pool))
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // SAFETY: allocated by `new`, freed once, after the NBLs from it: see `Buffers`.
        unsafe { ndis::NdisFreeNetBufferListPool(self.0) };
    }
}

/// The description of a buffer's memory; freed when dropped.
struct BufferMdl(NonNull<MDL>);

impl BufferMdl {
    fn new(adapter: NDIS_HANDLE, base: NonNull<u8>) -> Option<Self> {
        // SAFETY: `adapter` is the handle given to MiniportInitializeEx; the buffer is non-paged and outlives
        // the MDL.
        let mdl = unsafe { ndis::NdisAllocateMdl(adapter, base.as_ptr().cast(), BUFFER_BYTES) };
        NonNull::new(mdl).map(Self)
    }
}

impl Drop for BufferMdl {
    fn drop(&mut self) {
        // SAFETY: allocated by `new`, freed once, after the NBL that refers to it: see `Buffer`.
        unsafe { ndis::NdisFreeMdl(self.0.as_ptr()) };
    }
}

/// An NBL with its NB; freed when dropped, by when it is home.
struct BufferNbl {
    nbl: Nbl,
    nb: Nb,
}

impl BufferNbl {
    fn new(pool: &Pool, mdl: &BufferMdl, token: usize) -> Option<Self> {
        // SAFETY: the pool is valid and its NBLs have an NB; the MDL outlives the NBL.
        let nbl = unsafe { ndis::NdisAllocateNetBufferAndNetBufferList(pool.0, 0, 0, mdl.0.as_ptr(), 0, 0) };
        // SAFETY: just allocated by the driver.
        let nbl = unsafe { Nbl::new(nbl) }?;
        let Some(nb) = nbl.first_nb() else {
            // SAFETY: as above; nobody refers to it.
            unsafe { ndis::NdisFreeNetBufferList(nbl.as_ptr()) };
            return None;
        };
        nbl.set_miniport_reserved([ptr::without_provenance_mut(token), ptr::null_mut()]);
        Some(Self { nbl, nb })
    }
}

impl Drop for BufferNbl {
    fn drop(&mut self) {
        // SAFETY: allocated by `new`, freed once. It is home: MiniportHaltEx has waited for that
        // (NDIS-RECV-14), or it was never out.
        unsafe { ndis::NdisFreeNetBufferList(self.nbl.as_ptr()) };
    }
}

/// A buffer. Its fields are dropped top to bottom.
pub struct Buffer {
    nbl: BufferNbl,
    mdl: BufferMdl,
    base: NonNull<u8>,
    address: u64,
}

impl Buffer {
    /// Where the device finds it.
    pub const fn address(&self) -> u64 {
        self.address
    }

    /// Where the frame in it goes to. It has been received, so the device is done with it.
    pub fn destination(&self) -> MacAddress {
        // SAFETY: the buffer is longer than an address, and nobody writes to it.
        MacAddress(unsafe { self.base.cast::<[u8; 6]>().read() })
    }

    /// Has its NBL carry a frame of `length` bytes, which is at most the buffer's size (NDIS-RECV-03). The
    /// buffer is neither on the ring nor indicated.
    pub fn ready(&self, adapter: NDIS_HANDLE, length: u32) -> Nbl {
        let BufferNbl { nbl, nb } = self.nbl;
        let mdl = self.mdl.0.as_ptr();
        // SAFETY: the MDL is the driver's own, and no part of a chain while its NBL is home.
        unsafe { (*mdl).Next = ptr::null_mut() };
        // SAFETY: as above; it has been allocated for the whole buffer.
        unsafe { (*mdl).ByteCount = length };
        // SAFETY: the MDL describes `length` bytes and lives as long as the NB.
        unsafe { nb.set_data(mdl, length) };
        nbl.set_next(None);
        nbl.set_status(Status::SUCCESS);
        nbl.set_source_handle(adapter);
        // SAFETY: a field of an NBL that is the driver's.
        unsafe { ndis::NET_BUFFER_LIST_NBL_FLAGS(nbl.as_ptr()).write(0) };
        let info = ndis::NET_BUFFER_LIST_INFO(nbl.as_ptr(), 0);
        // SAFETY: the NBL is the driver's, and has at least so many slots on this contract.
        unsafe { info.write_bytes(0, ndis::MaxNetBufferListInfo.cast_unsigned() as usize) };
        nbl
    }
}

/// Which buffer an NBL that has come home belongs to: `MiniportReserved`\[0\].
pub fn token(nbl: Nbl) -> usize {
    let [token, _] = nbl.miniport_reserved();
    token.addr()
}

/// All buffers. The fields are dropped top to bottom.
pub struct Buffers {
    table: Table<Buffer>,
    _pool: Pool,
    _blocks: Table<SharedMemory>,
}

impl Buffers {
    /// Allocates `count` buffers; `None` if there is no memory, and then all that was allocated is freed.
    ///
    /// IRQL: `PASSIVE_LEVEL`, in `MiniportInitializeEx`.
    pub fn new(adapter: NDIS_HANDLE, count: u32) -> Option<Self> {
        let blocks = Table::new(adapter, count.div_ceil(PER_BLOCK) as usize, |_| {
            SharedMemory::zeroed(adapter, PER_BLOCK * BUFFER_BYTES)
        })?;
        let pool = Pool::new(adapter)?;
        let table = Table::new(adapter, count as usize, |token| {
            let index = u32::try_from(token).ok()?;
            let block = blocks.get((index / PER_BLOCK) as usize)?;
            let offset = (index % PER_BLOCK) * BUFFER_BYTES;
            let base = block.at(offset)?;
            let mdl = BufferMdl::new(adapter, base)?;
            let nbl = BufferNbl::new(&pool, &mdl, token)?;
            Some(Buffer { nbl, mdl, base, address: block.device_address(offset) })
        })?;
        Some(Self { table, _pool: pool, _blocks: blocks })
    }

    /// The buffer with this token.
    pub fn get(&self, token: usize) -> Option<&Buffer> {
        self.table.get(token)
    }

    /// How many there are.
    pub fn count(&self) -> u32 {
        u32::try_from(self.table.len()).unwrap_or(u32::MAX)
    }
}

// SAFETY: the objects may be used from any thread.
unsafe impl Send for Buffers {}

// SAFETY: a buffer's NBL and MDL are changed by `ready` only, by whoever has taken the buffer off the ring.
unsafe impl Sync for Buffers {}

/// A stack of tokens.
pub struct FreeList {
    tokens: Table<u32>,
    count: u32,
}

impl FreeList {
    /// All tokens below `count`.
    pub fn full(owner: NDIS_HANDLE, count: u32) -> Option<Self> {
        let tokens = Table::new(owner, count as usize, |token| u32::try_from(token).ok())?;
        Some(Self { tokens, count })
    }

    /// How many there are.
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Adds a token. It was taken before, so there is room for it.
    pub fn push(&mut self, token: usize) {
        if let (Some(place), Ok(token)) = (self.tokens.get_mut(self.count as usize), u32::try_from(token)) {
            *place = token;
            self.count = self.count.wrapping_add(1);
        }
    }

    /// Takes the token that was added last: its buffer is likely to be cached.
    pub fn pop(&mut self) -> Option<usize> {
        let last = self.count.checked_sub(1)?;
        let token = *self.tokens.get(last as usize)?;
        self.count = last;
        Some(token as usize)
    }
}
