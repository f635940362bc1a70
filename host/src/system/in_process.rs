//! Functions that are played in this process.

use crate::{
    bus::{Bdf, Class, PciFunction},
    pnp::DeviceIds,
    world::{Hardware, Source},
};
use std::rc::Rc;

/// Base class of network controllers.
const NETWORK: u8 = 0x02;

/// A PCI function whose device is played in this process.
#[derive(Clone)]
pub struct InProcess {
    /// Where it is on bus 0.
    pub at: Bdf,
    /// The device.
    pub hardware: Rc<dyn Hardware>,
    /// What the INF is matched against.
    pub ids: DeviceIds,
    /// A network controller: a node of class Net. All others are of class System.
    pub network: bool,
    /// What gives the device its time, if it needs any that the driver does not give it.
    pub source: Option<Rc<dyn Source>>,
}

impl InProcess {
    /// A function with the identifiers that its configuration space says.
    #[must_use]
    pub fn new(at: Bdf, hardware: Rc<dyn Hardware>) -> Self {
        let function = identify(at, &*hardware);
        let ids = DeviceIds { hardware: function.hardware_ids(), compatible: function.compatible_ids() };
        Self { at, hardware, ids, network: function.class.base == NETWORK, source: None }
    }

    /// The same with a source of events.
    #[must_use]
    pub fn with_source(self, source: Rc<dyn Source>) -> Self {
        Self { source: Some(source), ..self }
    }
}

/// What the header of a function's configuration space says of it. Its ranges are assigned already.
fn identify(at: Bdf, hardware: &dyn Hardware) -> PciFunction {
    let byte = |offset| {
        let mut value = [0];
        hardware.config_read(offset, &mut value);
        value[0]
    };
    let word = |offset| u16::from_le_bytes([byte(offset), byte(offset + 1)]);
    PciFunction {
        at,
        vendor: word(0x00),
        device: word(0x02),
        subsystem_vendor: word(0x2C),
        subsystem: word(0x2E),
        revision: byte(0x08),
        class: Class { interface: byte(0x09), sub: byte(0x0A), base: byte(0x0B) },
        header: 0,
        bars: Vec::new(),
        capabilities: Vec::new(),
        extended: Vec::new(),
        pin: None,
    }
}
