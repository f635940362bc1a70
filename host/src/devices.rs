//! What an INF serves, and which of the NICs that QEMU offers is among it.

use crate::{
    device::{Error, qemu},
    pnp::{self, DeviceIds, Diagnostics, Inf, Model, Target},
};
use serde::Serialize;
use std::{fmt, path::Path};

/// A NIC of QEMU's.
#[derive(Clone, Debug, Serialize)]
pub struct Device {
    /// QEMU's name of the model.
    pub model: String,
    /// QEMU's words about it.
    pub description: String,
    /// Its hardware identifiers, best first; empty if QEMU would not plug it in.
    pub hardware_ids: Vec<String>,
    /// The INF's model that serves it, with the line that says so.
    pub served_by: Option<Served>,
}

/// What an INF says of a device.
#[derive(Clone, Debug, Serialize)]
pub struct Served {
    /// The model's description.
    pub model: String,
    /// The identifier that matched.
    pub id: String,
    /// Line of the INF.
    pub line: usize,
}

/// See the module.
#[derive(Clone, Debug, Serialize)]
pub struct Devices {
    /// QEMU's version; absent for a class of which QEMU has no devices.
    pub qemu: Option<String>,
    /// The INF that was matched.
    pub inf: String,
    /// Its setup class.
    pub class: String,
    /// The newest Windows on which it serves any.
    pub windows: String,
    /// Every model that it serves there.
    pub models: Vec<Served>,
    /// What it warns of.
    pub warnings: Vec<String>,
    /// NICs for PCI.
    pub devices: Vec<Device>,
}

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub enum DevicesError {
    /// QEMU.
    #[error(transparent)]
    Qemu(#[from] Error),
    /// The INF.
    #[error("{0}")]
    Inf(#[from] Diagnostics),
}

/// Lists the models of an INF. If it is of class Net, asks QEMU, and matches each of its NICs against the INF.
///
/// # Errors
/// QEMU cannot be asked, or the INF cannot be read.
pub fn list(program: &Path, inf: &Path) -> Result<Devices, DevicesError> {
    let mut target = Target::windows_11();
    let mut parsed = Inf::load(inf, target.clone())?;
    for older in [Target::windows_10(), Target::windows_7()] {
        if parsed.models().next().is_none() {
            target = older;
            parsed = Inf::load(inf, target.clone())?;
        }
    }
    let class = parsed.version().class.clone();
    let offers = if class.eq_ignore_ascii_case("Net") { Some(qemu::offers(program)?) } else { None };
    let device = |offer: &qemu::Offer| {
        let ids = offer.function.as_ref().map(|function| DeviceIds {
            hardware: function.hardware_ids(),
            compatible: function.compatible_ids(),
        });
        let served = ids.as_ref().and_then(|ids| pnp::matching::find(&parsed, ids).ok());
        Device {
            model: offer.model.clone(),
            description: offer.description.clone().unwrap_or_default(),
            hardware_ids: ids.map(|ids| ids.hardware).unwrap_or_default(),
            served_by: served.map(|served| Served {
                model: served.model.description.clone(),
                id: served.id,
                line: served.model.at.line as usize,
            }),
        }
    };
    Ok(Devices {
        qemu: offers.as_ref().map(|offers| offers.version.to_string()),
        inf: inf.display().to_string(),
        windows: target.to_string(),
        models: parsed.models().flat_map(served).collect(),
        class,
        warnings: parsed.warnings().iter().map(ToString::to_string).collect(),
        devices: offers.iter().flat_map(|offers| &offers.nics).map(device).collect(),
    })
}

/// A line of the models section: one entry for each identifier.
fn served(model: &Model) -> Vec<Served> {
    let ids = model.hardware_id.iter().chain(&model.compatible_ids);
    let entry = |id: &String| Served {
        model: model.description.clone(),
        id: id.clone(),
        line: model.at.line as usize,
    };
    ids.map(entry).collect()
}

impl fmt::Display for Devices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(version) = &self.qemu {
            writeln!(f, "QEMU {version} and {}", self.inf)?;
        } else {
            let (inf, class, windows) = (&self.inf, &self.class, &self.windows);
            writeln!(f, "{inf}, class {class}, on {windows}: functions of this program, not of QEMU's")?;
            for model in &self.models {
                writeln!(f, "  {:<48} {} (line {})", model.id, model.model, model.line)?;
            }
        }
        for device in &self.devices {
            let id = device.hardware_ids.get(1).map_or("(not to be had on its own)", String::as_str);
            write!(f, "  {:<24} {id:<48}", device.model)?;
            match &device.served_by {
                Some(served) => writeln!(f, " {} (line {})", served.model, served.line)?,
                None => writeln!(f, " -")?,
            }
        }
        for warning in &self.warnings {
            writeln!(f, "  {warning}")?;
        }
        Ok(())
    }
}
