//! OID requests: serialized, one at a time, checked for what they leave behind.

use super::{
    Ndis,
    adapter::{Adapter, State},
    check,
};
use crate::{
    abi::{self, NDIS_OBJECT_HEADER, NDIS_OID_REQUEST as Req, Ptr, constants as c},
    imports,
    mem::Kind,
    verify::rules,
    world::{call, world},
};
use std::rc::Rc;

/// A request as it is made: any type, any OID, any buffer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// `RequestType`.
    pub kind: u32,
    /// The OID.
    pub oid: u32,
    /// The buffer. Nobody may touch what lies behind the claimed length.
    pub buffer: Vec<u8>,
    /// `InformationBufferLength`, or `InputBufferLength` of a method: at most the buffer's.
    pub claimed: usize,
    /// `OutputBufferLength` of a method: at most the buffer's.
    pub output: usize,
    /// `MethodId` of a method.
    pub method: u32,
}

impl Asked {
    /// The length that is claimed, within the buffer.
    fn len(&self) -> usize {
        let claimed = self.claimed.min(self.buffer.len());
        if self.is_method() { claimed.max(self.output.min(self.buffer.len())) } else { claimed }
    }

    fn is_method(&self) -> bool {
        self.kind == c::NdisRequestMethod
    }
}

/// Offsets in the union that `NDIS_OID_REQUEST` calls DATA.
mod data {
    pub const OID: u64 = 0;
    pub const BUFFER: u64 = 8;
    pub const LENGTH: u64 = 16;
    /// `BytesWritten` of a query, `BytesRead` of a set.
    pub const DONE: u64 = 20;
    pub const NEEDED: u64 = 24;
    /// Of a method, whose input length is at [`LENGTH`].
    pub const OUTPUT: u64 = 20;
    pub const METHOD: u64 = 24;
    pub const WRITTEN: u64 = 28;
    pub const METHOD_NEEDED: u64 = 36;
}

/// The OIDs that every Ethernet miniport answers (NDIS-OID-16, NDIS-OID-17), by name.
#[must_use]
pub fn mandatory() -> &'static [(u32, &'static str)] {
    macro_rules! list {
        ($($oid:ident),* $(,)?) => { &[$((c::$oid, stringify!($oid))),*] };
    }
    list![
        OID_GEN_INTERRUPT_MODERATION,
        OID_GEN_MAXIMUM_TOTAL_SIZE,
        OID_GEN_RCV_OK,
        OID_GEN_XMIT_OK,
        OID_GEN_RECEIVE_BLOCK_SIZE,
        OID_GEN_RECEIVE_BUFFER_SPACE,
        OID_GEN_STATISTICS,
        OID_GEN_TRANSMIT_BLOCK_SIZE,
        OID_GEN_TRANSMIT_BUFFER_SPACE,
        OID_GEN_VENDOR_DESCRIPTION,
        OID_GEN_VENDOR_DRIVER_VERSION,
        OID_GEN_VENDOR_ID,
        OID_GEN_CURRENT_LOOKAHEAD,
        OID_GEN_CURRENT_PACKET_FILTER,
        OID_GEN_LINK_PARAMETERS,
        OID_802_3_PERMANENT_ADDRESS,
        OID_802_3_CURRENT_ADDRESS,
        OID_802_3_MULTICAST_LIST,
        OID_802_3_MAXIMUM_LIST_SIZE,
    ]
}

/// The mandatory ones that are set (NDIS-OID-17).
pub(super) const SETS: [u32; 4] = [
    c::OID_GEN_CURRENT_LOOKAHEAD,
    c::OID_GEN_CURRENT_PACKET_FILTER,
    c::OID_GEN_LINK_PARAMETERS,
    c::OID_802_3_MULTICAST_LIST,
];

/// What came of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The final status.
    pub status: u32,
    /// The information buffer as the driver left it.
    pub data: Vec<u8>,
    /// `BytesWritten` of a query, `BytesRead` of a set.
    pub done: u32,
    /// `BytesNeeded`.
    pub needed: u32,
    /// `SupportedRevision`: the structure revision that a set honoured (NDIS-OID-08).
    pub revision: u8,
}

impl Ndis {
    /// A query with a buffer of `size` bytes.
    pub fn query(&self, adapter: &Rc<Adapter>, oid: u32, size: usize) -> Answer {
        self.request(adapter, c::NdisRequestQueryInformation, oid, &vec![0xA5; size])
    }

    /// A set.
    pub fn set(&self, adapter: &Rc<Adapter>, oid: u32, value: &[u8]) -> Answer {
        let filter =
            (oid == c::OID_GEN_CURRENT_PACKET_FILTER).then(|| value.first_chunk().copied()).flatten();
        if filter.is_some() {
            // It may take effect, and frames come, before the request is over.
            adapter.filter_set.set(true);
        }
        let answer = self.request(adapter, c::NdisRequestSetInformation, oid, value);
        if let Some(filter) = filter.filter(|_| answer.status == c::NDIS_STATUS_SUCCESS) {
            adapter.filter.set(u32::from_le_bytes(filter));
        }
        answer
    }

    /// One request of any type; waits for the one before it, and for its completion.
    pub fn request(&self, adapter: &Rc<Adapter>, kind: u32, oid: u32, buffer: &[u8]) -> Answer {
        let (buffer, claimed) = (buffer.to_vec(), buffer.len());
        self.ask(adapter, &Asked { kind, oid, buffer, claimed, ..Asked::default() })
    }

    /// A direct request: not serialized with anything (NDIS-DOID-01). Its status; `NDIS_STATUS_FAILURE` if the adapter
    /// takes none now.
    pub fn ask_direct(&self, adapter: &Rc<Adapter>, asked: &Asked) -> u32 {
        let handler = adapter.miniport.handlers.direct_oid;
        let Some((room, request)) = made(adapter, asked).filter(|_| handler != 0) else {
            return c::NDIS_STATUS_FAILURE;
        };
        let world = world();
        adapter.direct.borrow_mut().insert(request, None);
        let completed = || adapter.direct.borrow().get(&request).copied().flatten();
        let returned = call("MiniportDirectOidRequest", handler, &[adapter.context.get(), request]) as u32;
        let status = if returned == c::NDIS_STATUS_PENDING {
            let bound = self.bounds.oid.get();
            let deadline = world.clock.now().after(bound);
            let what = "NdisMDirectOidRequestComplete";
            let done = world.sched.block(what, Some(deadline), &|| completed().is_some());
            world.hold(&rules::OID_TIMEOUT, done, || {
                format!("direct OID {:#010x} not completed within {bound:?}", asked.oid)
            });
            completed().unwrap_or(c::NDIS_STATUS_FAILURE)
        } else {
            world.hold(&rules::OID_RETURNED, completed().is_none(), || {
                let oid = asked.oid;
                format!(
                    "direct OID {oid:#010x} completed, and MiniportDirectOidRequest returned {returned:#x}"
                )
            });
            returned
        };
        adapter.direct.borrow_mut().remove(&request);
        check_buffer(asked, room);
        for at in [room, request] {
            let _ = world.mem.free(Kind::Host, at);
        }
        status
    }

    /// One request; waits for the one before it, and for its completion.
    pub fn ask(&self, adapter: &Rc<Adapter>, asked: &Asked) -> Answer {
        let (world, oid) = (world(), asked.oid);
        world.sched.block("the OID request before", None, &|| !adapter.oid.is_waiting());
        let Some((room, request)) = made(adapter, asked) else {
            return Answer { status: c::NDIS_STATUS_FAILURE, ..Answer::default() };
        };
        let noticed = adapter.noticed.get();
        adapter.oid.begin();
        adapter.oid_request.set(request);
        adapter.count(|n| n.oids += 1);
        let returned = call(
            "MiniportOidRequest",
            adapter.miniport.handlers.oid_request,
            &[adapter.context.get(), request],
        );
        let mut status = returned as u32;
        if status == c::NDIS_STATUS_PENDING {
            let bound = self.bounds.oid.get();
            let deadline = world.clock.now().after(bound);
            let done = world
                .sched
                .block("NdisMOidRequestComplete", Some(deadline), &|| adapter.oid.status().is_some());
            world.hold(&rules::OID_TIMEOUT, done, || {
                format!("OID {oid:#010x} not completed within {bound:?}")
            });
            status = adapter.oid.status().unwrap_or(c::NDIS_STATUS_FAILURE);
        } else {
            world.hold(&rules::OID_RETURNED, adapter.oid.status().is_none(), || format!(
                "OID {oid:#010x} completed with NdisMOidRequestComplete, and MiniportOidRequest returned {status:#x}"));
        }
        adapter.oid.end();
        adapter.oid_request.set(0);
        let base = Ptr::<Req>::new(request).at(&Req::DATA);
        let (done, needed) =
            if asked.is_method() { (data::WRITTEN, data::METHOD_NEEDED) } else { (data::DONE, data::NEEDED) };
        let given = asked.buffer.get(..asked.len()).unwrap_or_default();
        let answer = Answer {
            status,
            data: abi::bytes(room, given.len()),
            done: abi::read(base + done),
            needed: abi::read(base + needed),
            revision: Ptr::<Req>::new(request).get(Req::SupportedRevision),
        };
        super::oid_check::answer(adapter, noticed, asked.kind, oid, &answer, given);
        check_buffer(asked, room);
        let _ = world.mem.free(Kind::Host, room);
        let _ = world.mem.free(Kind::Host, request);
        answer
    }
}

/// The buffer and the structure of a request; `None` if the adapter takes none in its state, or memory is used up.
fn made(adapter: &Adapter, asked: &Asked) -> Option<(u64, u64)> {
    let mem = &world().mem;
    if ![State::Paused, State::Restarting, State::Running, State::Pausing].contains(&adapter.state()) {
        return None;
    }
    let room = mem.allocate(Kind::Host, 0, asked.buffer.len(), "OID buffer")?;
    let Some(request) = mem.allocate(Kind::Host, 0, Req::SIZE_ALL, "OID request") else {
        let _ = mem.free(Kind::Host, room);
        return None;
    };
    abi::write_bytes(room, &asked.buffer);
    fill(request, asked, room);
    Some((room, request))
}

/// Nothing may be written behind what was claimed, nor behind the buffer.
fn check_buffer(asked: &Asked, room: u64) {
    let world = world();
    let len = asked.len();
    let behind = asked.buffer.get(len..).unwrap_or_default();
    let whole = world.mem.block(room).is_none_or(|block| world.mem.damage(&block).is_none());
    let kept = whole && abi::bytes(room + len as u64, behind.len()) == behind;
    world.hold(&rules::OID_OVERRUN, kept, || {
        format!("OID {:#010x}: written past the {len} bytes of its buffer", asked.oid)
    });
}

fn fill(request: u64, asked: &Asked, room: u64) {
    abi::fill(request, 0, Req::SIZE_ALL);
    abi::write(request, c::NDIS_OBJECT_TYPE_OID_REQUEST as u8);
    let header: Ptr<NDIS_OBJECT_HEADER> = Ptr::new(request);
    header.set(NDIS_OBJECT_HEADER::Revision, 1);
    header.set(NDIS_OBJECT_HEADER::Size, c::NDIS_SIZEOF_OID_REQUEST_REVISION_1 as u16);
    let p: Ptr<Req> = Ptr::new(request);
    p.set(Req::RequestType, asked.kind);
    p.set(Req::RequestHandle, request);
    let base = p.at(&Req::DATA);
    let most = asked.buffer.len();
    let length = |len: usize| u32::try_from(len.min(most)).unwrap_or(0);
    abi::write(base + data::OID, asked.oid);
    abi::write(base + data::BUFFER, if asked.len() == 0 { 0 } else { room });
    abi::write(base + data::LENGTH, length(asked.claimed));
    if asked.is_method() {
        abi::write(base + data::OUTPUT, length(asked.output));
        abi::write(base + data::METHOD, asked.method);
    }
}

imports! {
    /// Request completion.
    TABLE from "ndis.sys";

    fn NdisMOidRequestComplete(handle: u64, request: u64, status: u32) {
        let adapter = check::adapter(handle);
        let pending = adapter.oid_request.get() == request && adapter.oid.complete(status);
        world().hold(&rules::OID_COMPLETE, pending, || format!("OID request {request:#x} completed, but it is not pending"));
    }

    fn NdisMDirectOidRequestComplete(handle: u64, request: u64, status: u32) {
        let adapter = check::adapter(handle);
        let pends = adapter.direct.borrow().get(&request) == Some(&None);
        world().hold(&rules::OID_DIRECT, pends, || {
            let handle = adapter.handle;
            format!("direct OID request {request:#x} completed on adapter {handle:#x}, where it is not pending")
        });
        adapter.direct.borrow_mut().insert(request, Some(status));
    }
}

impl Req {
    /// Bytes in every NDIS version.
    const SIZE_ALL: usize = 256;
}
