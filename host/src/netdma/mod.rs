//! `NetDMA` as a provider sees it: registration, start and stop, channels, interrupts.
//!
//! Providers are found by name at run time only ([`Interface::offers`]). What a client would do with a channel is in
//! [`Channel`]: each call goes into the provider as `NetDMA` makes it, and nothing is called that `NetDMA` promises not to
//! call (NDMA-XFER-10, NDMA-CH-08, NDMA-REG-11).

mod channel;
mod imports;
mod interface;
mod provider;

pub use channel::{Channel, Refused, Report};
pub use imports::TABLE;
pub use interface::Interface;
pub use provider::Provider;

use crate::{abi::constants as c, verify::rules, world::world};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

/// How long outstanding descriptors may take when a provider stops.
const PATIENCE: Duration = Duration::from_secs(10);

/// The interface of a world.
pub struct NetDma {
    /// How long outstanding descriptors may take when a provider stops.
    pub patience: Cell<Duration>,
    /// What Windows has; `None` for what the Windows that is played has.
    pub interface: Cell<Option<Interface>>,
    providers: RefCell<Vec<Rc<Provider>>>,
    /// There was a provider.
    seen: Cell<bool>,
}

impl Default for NetDma {
    fn default() -> Self {
        Self {
            patience: Cell::new(PATIENCE),
            interface: Cell::default(),
            providers: RefCell::default(),
            seen: Cell::new(false),
        }
    }
}

impl NetDma {
    /// The providers that are registered.
    #[must_use]
    pub fn providers(&self) -> Vec<Rc<Provider>> {
        self.providers.borrow().clone()
    }

    /// No provider is left behind (NDMA-STOP-03).
    pub fn check_unloaded(&self) {
        let left = self.providers().first().map(|provider| provider.handle);
        if self.seen.get() {
            world().hold(&rules::NETDMA_LEAK, left.is_none(), || {
                format!("the provider {:#x} is still registered at unload", left.unwrap_or(0))
            });
        }
    }

    /// A device has been stopped, or has left the bus: its provider is stopped (NDMA-STOP-01).
    pub fn check_stopped(&self, pdo: u64, when: &str) {
        for provider in self.of(pdo) {
            world().hold(&rules::NETDMA_STOP, !provider.is_started(), || {
                format!("the provider {:#x} is started {when}", provider.handle)
            });
        }
    }

    /// A device has been removed: its provider is gone (NDMA-STOP-03).
    pub fn check_removed(&self, pdo: u64, when: &str) {
        self.check_stopped(pdo, when);
        let left = self.of(pdo).next().map(|provider| provider.handle);
        if self.seen.get() {
            world().hold(&rules::NETDMA_LEAK, left.is_none(), || {
                format!("the provider {:#x} is still registered {when}", left.unwrap_or(0))
            });
        }
    }

    /// A device loses power: its provider has announced it, where it can (NDMA-PNP-01).
    pub fn check_powered_down(&self, pdo: u64) {
        if Interface::current() == Interface::V1_0 {
            return;
        }
        for provider in self.of(pdo).filter(|provider| provider.is_started()) {
            let last = provider.power_events.borrow().last().copied();
            world().hold(
                &rules::NETDMA_POWER_DOWN,
                last == Some(c::NetDmaNotificationProviderPowerDown),
                || format!("the device of the provider {:#x} loses power unannounced", provider.handle),
            );
        }
    }

    fn of(&self, pdo: u64) -> impl Iterator<Item = Rc<Provider>> {
        self.providers().into_iter().filter(move |provider| provider.pdo == pdo)
    }

    fn provider(&self, handle: u64) -> Option<Rc<Provider>> {
        self.providers.borrow().iter().find(|provider| provider.handle == handle).cloned()
    }

    /// The channel with a handle, whoever's it is.
    fn channel(&self, handle: u64) -> Option<Rc<Channel>> {
        self.providers.borrow().iter().find_map(|provider| provider.channel(handle))
    }
}
