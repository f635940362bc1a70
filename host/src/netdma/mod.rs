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

use crate::{verify::rules, world::world};
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
}

impl Default for NetDma {
    fn default() -> Self {
        Self { patience: Cell::new(PATIENCE), interface: Cell::default(), providers: RefCell::default() }
    }
}

impl NetDma {
    /// The providers that are registered.
    #[must_use]
    pub fn providers(&self) -> Vec<Rc<Provider>> {
        self.providers.borrow().clone()
    }

    /// No provider is left behind (NDMA-STOP-02).
    pub fn check_unloaded(&self) {
        if let Some(provider) = self.providers().first() {
            let text = format!("the provider {:#x} is still registered at unload", provider.handle);
            world().violation(&rules::NETDMA_LEAK, text);
        }
    }

    fn provider(&self, handle: u64) -> Option<Rc<Provider>> {
        self.providers.borrow().iter().find(|provider| provider.handle == handle).cloned()
    }

    /// The channel with a handle, whoever's it is.
    fn channel(&self, handle: u64) -> Option<Rc<Channel>> {
        self.providers.borrow().iter().find_map(|provider| provider.channel(handle))
    }
}
