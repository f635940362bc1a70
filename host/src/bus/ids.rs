//! The identifiers that Windows gives a PCI function ("Identifiers for PCI Devices" in the driver
//! documentation), most specific first: what the models section of an INF is matched against.

use super::{PciFunction, function::Class};

impl PciFunction {
    /// The device id: the first hardware id, which also begins the instance path.
    #[must_use]
    pub fn device_id(&self) -> String {
        format!("{}&{}&REV_{:02X}", self.vendor_device(), self.subsys(), self.revision)
    }

    /// Hardware ids.
    #[must_use]
    pub fn hardware_ids(&self) -> Vec<String> {
        let (model, class) = (self.vendor_device(), self.class);
        vec![
            self.device_id(),
            format!("{model}&{}", self.subsys()),
            format!("{model}&CC_{}", full_class(class)),
            format!("{model}&CC_{}", short_class(class)),
        ]
    }

    /// Compatible ids: what a less specific INF may match.
    #[must_use]
    pub fn compatible_ids(&self) -> Vec<String> {
        let (model, vendor) = (self.vendor_device(), format!("PCI\\VEN_{:04X}", self.vendor));
        let (full, short) = (full_class(self.class), short_class(self.class));
        vec![
            format!("{model}&REV_{:02X}", self.revision),
            model,
            format!("{vendor}&CC_{full}"),
            format!("{vendor}&CC_{short}"),
            vendor,
            format!("PCI\\CC_{full}"),
            format!("PCI\\CC_{short}"),
        ]
    }

    /// Where the device is, in the words of the Device Manager.
    #[must_use]
    pub fn location(&self) -> String {
        let at = self.at;
        format!("PCI bus {}, device {}, function {}", at.bus(), at.device(), at.function())
    }

    /// `PCI\VEN_…&DEV_…`
    fn vendor_device(&self) -> String {
        format!("PCI\\VEN_{:04X}&DEV_{:04X}", self.vendor, self.device)
    }

    /// `SUBSYS_…`: the subsystem's id, then its vendor's.
    fn subsys(&self) -> String {
        format!("SUBSYS_{:04X}{:04X}", self.subsystem, self.subsystem_vendor)
    }
}

/// Base class, sub-class and programming interface.
fn full_class(class: Class) -> String {
    format!("{:02X}{:02X}{:02X}", class.base, class.sub, class.interface)
}

/// Base class and sub-class.
fn short_class(class: Class) -> String {
    format!("{:02X}{:02X}", class.base, class.sub)
}
