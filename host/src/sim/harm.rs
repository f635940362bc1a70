//! What goes wrong, and when that is over.

use super::{lane::Lane, plan::What};
use crate::{device::i82574::Fault, world::world};

impl Lane {
    /// What an act means for the machine before anything is loaded.
    pub(super) fn prepare(&self, what: &What) {
        if let What::Keyword(name, setting) = what {
            setting.write(&self.node.device.driver_key, name);
        }
    }

    /// Faults are over, but for a device that will still leave.
    pub(super) fn heal(&self) {
        for fault in self.model.heal() {
            if let Fault::Gone { .. } = fault {
                self.model.inject(fault);
            }
        }
    }

    /// Has go wrong what is to go wrong from here on.
    pub(super) fn harm(&self, what: &What) {
        match what {
            What::Refuse(after) => world().refusals.refuse(*after),
            What::Fault(fault) => self.model.inject(*fault),
            _ => {}
        }
    }
}
