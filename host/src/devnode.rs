//! A device node: a function, the resources it was given, its keys in the registry.

use crate::{
    abi::{self, CM_PARTIAL_RESOURCE_DESCRIPTOR as Desc, Layout, constants as c},
    cpu::DIRQL,
    mem::Kind,
    world::{Hardware, world},
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

/// `CmResourceShareDeviceExclusive`.
const EXCLUSIVE: u8 = 1;
/// `CmResourceShareShared`.
const SHARED: u8 = 3;

/// What a driver asked for one message when it filtered the resource requirements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// `CM_RESOURCE_INTERRUPT_POLICY_INCLUDED` was set. The documentation does not say that the rest needs it.
    pub included: bool,
    /// `IRQ_DEVICE_POLICY`.
    pub policy: u32,
    /// `IRQ_PRIORITY`.
    pub priority: u32,
    /// `TargetedProcessors`, of group 0.
    pub processors: u64,
}

/// A device node with a driver.
pub struct Device {
    /// The device instance path.
    pub instance: String,
    /// The function.
    pub hardware: Rc<dyn Hardware>,
    /// Path of the driver (software) key, where the keywords are.
    pub driver_key: String,
    /// Message interrupts that the system grants at most; 0 for a line interrupt.
    pub messages_allowed: Cell<usize>,
    /// What is left of them after the driver filtered its requirements.
    granted: Cell<usize>,
    /// What the driver asked for each of them.
    wishes: RefCell<Vec<Wish>>,
    /// The device power state that the bus driver set last (`DEVICE_POWER_STATE`).
    pub power: Cell<u32>,
}

impl Device {
    /// A node with the message interrupts that the INF asked for.
    #[must_use]
    pub fn new(instance: String, hardware: Rc<dyn Hardware>, driver_key: String, messages: usize) -> Self {
        let messages = messages.min(hardware.messages());
        Self {
            instance,
            hardware,
            driver_key,
            messages_allowed: Cell::new(messages),
            granted: Cell::new(messages),
            wishes: RefCell::default(),
            power: Cell::new(c::PowerDeviceD0),
        }
    }

    /// Message interrupts that the adapter has; 0 means the line.
    #[must_use]
    pub fn granted_messages(&self) -> usize {
        self.granted.get()
    }

    /// Sets what the resource requirements came to.
    pub fn grant(&self, messages: usize) {
        self.granted.set(messages);
        self.wishes.take();
    }

    /// Grants a message for each wish, as far as the function has them; none means the line.
    pub fn grant_as(&self, mut wishes: Vec<Wish>) {
        wishes.truncate(self.hardware.messages());
        self.granted.set(wishes.len());
        self.wishes.replace(wishes);
    }

    /// What the driver asked for each message that it was granted.
    #[must_use]
    pub fn wishes(&self) -> Vec<Wish> {
        self.wishes.borrow().clone()
    }

    /// The processors that a message may interrupt, or the line if there are no messages, out of `cpus`.
    #[must_use]
    pub fn affinity(&self, message: usize, cpus: usize) -> u64 {
        let all = u64::MAX >> (64 - cpus.clamp(1, 64));
        if self.granted.get() == 0 {
            return all;
        }
        // The messages of MSI share one address.
        let message = if self.hardware.is_msi() { 0 } else { message };
        let wish = self.wishes.borrow().get(message).copied().unwrap_or_default();
        match wish.processors & all {
            0 => 1 << (message % cpus.clamp(1, 64)),
            processors if wish.policy == c::IrqPolicySpecifiedProcessors => processors,
            _ => 1 << (message % cpus.clamp(1, 64)),
        }
    }

    /// An `NDIS_RESOURCE_LIST` of what the device has, in memory; the caller frees it.
    ///
    /// # Panics
    /// The machine's memory is used up.
    #[must_use]
    pub fn resource_list(&self) -> u64 {
        let bars = self.hardware.bars();
        let interrupts = self.granted.get().max(1);
        let count = bars.len() + interrupts;
        let size = 8 + count * Desc::SIZE;
        let Some(list) = world().mem.allocate(Kind::Host, 0, size, "resource list") else {
            panic!("the machine's memory is used up")
        };
        abi::fill(list, 0, size);
        abi::write(list, 1_u16);
        abi::write(list + 2, 1_u16);
        abi::write(list + 4, u32::try_from(count).unwrap_or(0));
        let at = |i: usize| list + 8 + (i * Desc::SIZE) as u64;
        for (i, bar) in bars.iter().enumerate() {
            let kind = if bar.memory { c::CmResourceTypeMemory } else { c::CmResourceTypePort };
            abi::write(at(i), kind as u8);
            abi::write(at(i) + 1, EXCLUSIVE);
            abi::write(at(i) + 4, bar.start);
            abi::write(at(i) + 12, u32::try_from(bar.len).unwrap_or(u32::MAX));
        }
        let cpus = world().cpus().len();
        for number in 0..interrupts {
            let d = at(bars.len() + number);
            let message = self.granted.get() > 0;
            let flags =
                if message { c::CM_RESOURCE_INTERRUPT_MESSAGE | c::CM_RESOURCE_INTERRUPT_LATCHED } else { 0 };
            let affinity = if message { 1 << (number % cpus) } else { (1_u64 << cpus) - 1 };
            let shared = if message { EXCLUSIVE } else { SHARED };
            abi::write(d, c::CmResourceTypeInterrupt as u8);
            abi::write(d + 1, shared);
            abi::write(d + 2, flags as u16);
            abi::write(d + 4, u32::from(DIRQL));
            abi::write(d + 8, 0x50 + u32::try_from(number).unwrap_or(0));
            abi::write(d + 12, affinity);
        }
        list
    }
}
