//! The state of the link, and telling NDIS of it.

use core::sync::atomic::{AtomicBool, Ordering};

use ferrite_ddk::ndis::{self, NDIS_HANDLE, NDIS_LINK_STATE, NDIS_STATUS_INDICATION};
use ferrite_ddk::{Object, SpinLock, Status};
use ferrite_nic::{Duplex, Error, Link, LinkState, Pause, SpeedDuplex};

use crate::adapter::Adapter;
use crate::hardware::Passive;
use crate::trace::trace;
use crate::worker::Job;

/// What NDIS is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Report {
    /// In a low power state (NDIS-STAT-03).
    Unknown,
    /// No link.
    Down,
    /// A link, and what has been agreed about pause frames, if that could be found out.
    Up(Link, Option<Pause>),
}

struct State {
    /// In a low power state: STATUS is not read (NDIS-PM-06).
    asleep: bool,
    /// What STATUS said last.
    seen: LinkState,
    /// What NDIS ought to know.
    report: Report,
    /// What NDIS knows.
    indicated: Report,
    /// Somebody is in `NdisMIndicateStatusEx`, and looks again afterwards: indications keep their order.
    indicating: bool,
}

/// The link of an adapter.
pub struct Monitor {
    state: SpinLock<State>,
    /// For the send path, which takes no lock for it.
    up: AtomicBool,
}

impl Monitor {
    /// No link, which is what the general attributes say too.
    pub fn new() -> Self {
        let (seen, report) = (LinkState::Down, Report::Down);
        let state = State { asleep: false, seen, report, indicated: report, indicating: false };
        Self { state: SpinLock::new(state), up: AtomicBool::new(false) }
    }

    /// Whether there is a link. Any IRQL.
    #[inline]
    pub fn is_up(&self) -> bool {
        self.up.load(Ordering::Relaxed)
    }
}

/// Looks at the link and has NDIS told of a change: after an interrupt, a bring-up, a reset, and now and
/// then.
///
/// STATUS is read under the lock, so that an old reading never overwrites a newer one. It alone says what has
/// changed: the interrupt has other causes than the link (overruns), and negotiation takes too long for a
/// change to be missed.
///
/// IRQL: up to `DISPATCH_LEVEL`, no lock held.
pub fn observe(adapter: &Adapter) {
    let monitor = &adapter.link;
    let come_up = {
        let mut state = monitor.state.lock();
        if state.asleep {
            return;
        }
        let Ok(seen) = adapter.hardware.nic().link() else { return };
        let before = core::mem::replace(&mut state.seen, seen);
        monitor.up.store(seen != LinkState::Down, Ordering::Relaxed);
        if seen == LinkState::Down {
            state.report = Report::Down;
        }
        seen != LinkState::Down && seen != before
    };
    // What has been negotiated takes time to find out: NDIS is told when that is known.
    if come_up {
        adapter.worker.post(adapter, Job::LinkUp);
    }
    report(adapter);
}

/// The worker's part of a link that has come up: puts the negotiated flow control into effect.
///
/// IRQL: `PASSIVE_LEVEL`.
pub fn resolve(adapter: &Adapter) {
    let (online, speed_duplex, flow_control) = {
        let control = adapter.hardware.control();
        (control.online, control.speed_duplex, control.flow_control)
    };
    if !online {
        return;
    }
    let pause = adapter.hardware.nic().resolve_pause(speed_duplex, flow_control, &Passive);
    if pause == Err(Error::Gone) {
        return;
    }
    {
        let mut state = adapter.link.state.lock();
        // It may have gone down meanwhile, and then has been reported.
        if let LinkState::Up(link) = state.seen {
            state.report = Report::Up(link, pause.ok());
        }
    }
    report(adapter);
}

/// The device has been reset: whatever the link is now, what was negotiated before has to be found out anew.
///
/// IRQL: up to `DISPATCH_LEVEL`, no lock held.
pub fn restarted(adapter: &Adapter) {
    {
        let mut state = adapter.link.state.lock();
        state.asleep = false;
        state.seen = LinkState::Down;
    }
    observe(adapter);
}

/// The device goes to a low power state: whoever still comes to [`observe`] it finds nothing to do until it has
/// [restarted].
///
/// IRQL: up to `DISPATCH_LEVEL`, no lock held.
pub fn forget(adapter: &Adapter) {
    {
        let mut state = adapter.link.state.lock();
        state.asleep = true;
        state.seen = LinkState::Down;
        state.report = Report::Unknown;
        adapter.link.up.store(false, Ordering::Relaxed);
    }
    report(adapter);
}

/// The worker's part of `OID_GEN_LINK_PARAMETERS`: the PHY negotiates anew with the settings that the OID has
/// left.
///
/// IRQL: `PASSIVE_LEVEL`.
pub fn renegotiate(adapter: &Adapter) {
    let (online, speed_duplex, flow_control) = {
        let control = adapter.hardware.control();
        (control.online, control.speed_duplex, control.flow_control)
    };
    // Offline the settings wait for the next bring-up.
    let result: Result<(), Error> =
        if online { adapter.hardware.nic().set_link(speed_duplex, flow_control, &Passive) } else { Ok(()) };
    if online {
        observe(adapter);
    }
    adapter.complete_oid(if result.is_ok() { Status::SUCCESS } else { Status::FAILURE });
}

/// Tells NDIS what it does not know yet, once and in order (NDIS-STAT-02).
fn report(adapter: &Adapter) {
    let mut state = adapter.link.state.lock();
    if state.indicating {
        return;
    }
    while state.report != state.indicated {
        let report = state.report;
        state.indicated = report;
        state.indicating = true;
        drop(state);
        let auto = adapter.hardware.control().speed_duplex;
        indicate(adapter.handle, report, auto);
        state = adapter.link.state.lock();
        state.indicating = false;
    }
}

/// `NDIS_STATUS_LINK_STATE` (NDIS-STAT-01, -02).
fn indicate(adapter: NDIS_HANDLE, report: Report, setting: SpeedDuplex) {
    let (connected, duplex, speed, pause) = match report {
        Report::Unknown => (ndis::MediaConnectStateUnknown, ndis::MediaDuplexStateUnknown, None, None),
        Report::Down => (ndis::MediaConnectStateDisconnected, ndis::MediaDuplexStateUnknown, None, None),
        Report::Up(link, pause) => {
            let duplex = match link.duplex {
                Duplex::Half => ndis::MediaDuplexStateHalf,
                Duplex::Full => ndis::MediaDuplexStateFull,
            };
            (ndis::MediaConnectStateConnected, duplex, Some(link.speed.bits_per_second()), pause)
        }
    };
    trace!(c"ferrite: link state %d duplex %d\n", connected, duplex);
    let speed = speed.unwrap_or(ndis::NDIS_LINK_SPEED_UNKNOWN);
    let mut state = NDIS_LINK_STATE {
        MediaConnectState: connected,
        MediaDuplexState: duplex,
        XmitLinkSpeed: speed,
        RcvLinkSpeed: speed,
        PauseFunctions: pause_functions(pause),
        AutoNegotiationFlags: auto_negotiation(setting),
        ..Object::new()
    };
    let mut indication = NDIS_STATUS_INDICATION {
        SourceHandle: adapter,
        PortNumber: ndis::NDIS_DEFAULT_PORT_NUMBER,
        StatusCode: ndis::NDIS_STATUS_LINK_STATE,
        StatusBuffer: (&raw mut state).cast(),
        StatusBufferSize: ndis::NDIS_SIZEOF_LINK_STATE_REVISION_1.into(),
        ..Object::new()
    };
    // SAFETY: `adapter` is the miniport adapter handle, not yet halted (NDIS-HALT-09: the parties that report
    // are stopped before MiniportHaltEx returns); the structures live through the call; no lock is held.
    unsafe { ndis::NdisMIndicateStatusEx(adapter, &raw mut indication) };
}

const fn pause_functions(pause: Option<Pause>) -> ndis::NDIS_SUPPORTED_PAUSE_FUNCTIONS {
    match pause {
        None => ndis::NdisPauseFunctionsUnknown,
        Some(Pause { transmit: false, receive: false }) => ndis::NdisPauseFunctionsUnsupported,
        Some(Pause { transmit: true, receive: false }) => ndis::NdisPauseFunctionsSendOnly,
        Some(Pause { transmit: false, receive: true }) => ndis::NdisPauseFunctionsReceiveOnly,
        Some(Pause { transmit: true, receive: true }) => ndis::NdisPauseFunctionsSendAndReceive,
    }
}

/// What is negotiated under a setting.
pub const fn auto_negotiation(setting: SpeedDuplex) -> u32 {
    match setting {
        SpeedDuplex::Auto | SpeedDuplex::Full1000 => {
            ndis::NDIS_LINK_STATE_XMIT_LINK_SPEED_AUTO_NEGOTIATED
                | ndis::NDIS_LINK_STATE_RCV_LINK_SPEED_AUTO_NEGOTIATED
                | ndis::NDIS_LINK_STATE_DUPLEX_AUTO_NEGOTIATED
                | ndis::NDIS_LINK_STATE_PAUSE_FUNCTIONS_AUTO_NEGOTIATED
        }
        _ => 0,
    }
}
