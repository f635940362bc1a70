//! What an INF installs, on which Windows, without a device.

use crate::pnp::{DeviceIds, Diagnostics, Inf, Package, Target, matching};
use serde::Serialize;
use std::{fmt, path::Path};

/// What a model of an INF is.
#[derive(Clone, Debug, Serialize)]
pub struct Served {
    /// Its description.
    pub description: String,
    /// Its identifiers.
    pub ids: Vec<String>,
}

/// What an INF does on a Windows.
#[derive(Clone, Debug, Serialize)]
pub struct OnWindows {
    /// Which.
    pub windows: String,
    /// The models that it serves there.
    pub models: Vec<Served>,
    /// The driver's service, and its binary; absent where there is no model.
    pub service: Option<(String, String)>,
    /// Services beside it.
    pub others: Vec<String>,
}

/// See the module.
#[derive(Clone, Debug, Serialize)]
pub struct InfReport {
    /// The file.
    pub inf: String,
    /// Its setup class.
    pub class: String,
    /// Who provides it.
    pub provider: String,
    /// Date and version.
    pub driver_version: String,
    /// The catalog that signs it.
    pub catalog: Option<String>,
    /// What it does where.
    pub on: Vec<OnWindows>,
    /// What it is warned of.
    pub warnings: Vec<String>,
}

/// Describes an INF on Windows 7, 10 and 11.
///
/// # Errors
/// It is none, or a model of its cannot be installed: each finding with its place.
pub fn inspect_inf(path: &Path) -> Result<InfReport, Diagnostics> {
    let newest = Inf::load(path, Target::windows_11())?;
    let version = newest.version();
    let mut report = InfReport {
        inf: path.display().to_string(),
        class: version.class.clone(),
        provider: version.provider.clone(),
        driver_version: format!("{} of {}", version.driver.version, version.driver.date),
        catalog: version.catalog.clone(),
        on: Vec::new(),
        warnings: Vec::new(),
    };
    for target in [Target::windows_7(), Target::windows_10(), Target::windows_11()] {
        let (on, warnings) = on_windows(&Inf::load(path, target)?)?;
        report.on.push(on);
        for warning in warnings {
            if !report.warnings.contains(&warning) {
                report.warnings.push(warning);
            }
        }
    }
    Ok(report)
}

fn on_windows(inf: &Inf) -> Result<(OnWindows, Vec<String>), Diagnostics> {
    let mut on = OnWindows {
        windows: inf.target().to_string(),
        models: Vec::new(),
        service: None,
        others: Vec::new(),
    };
    let mut warnings: Vec<String> = inf.warnings().iter().map(ToString::to_string).collect();
    for model in inf.models() {
        let ids: Vec<String> = model.ids().map(str::to_owned).collect();
        let device = DeviceIds { hardware: ids.clone(), compatible: Vec::new() };
        let package = Package::read(inf, matching::find(inf, &device)?)?;
        warnings.extend(package.warnings.iter().map(ToString::to_string));
        on.service = Some((package.driver.name.clone(), package.image.target.clone()));
        let other = package.services.iter().map(|service| &service.name);
        for name in other.filter(|name| **name != package.driver.name) {
            if !on.others.contains(name) {
                on.others.push(name.clone());
            }
        }
        on.models.push(Served { description: model.description.clone(), ids });
    }
    Ok((on, warnings))
}

impl fmt::Display for InfReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.inf)?;
        writeln!(f, "  class     {}", self.class)?;
        writeln!(f, "  provider  {}", self.provider)?;
        writeln!(f, "  version   {}", self.driver_version)?;
        writeln!(f, "  catalog   {}", self.catalog.as_deref().unwrap_or("none"))?;
        let mut before: Option<&Vec<Served>> = None;
        for on in &self.on {
            let ids: usize = on.models.iter().map(|model| model.ids.len()).sum();
            writeln!(f, "  {}: {} models, {ids} identifiers", on.windows, on.models.len())?;
            if let Some((service, image)) = &on.service {
                writeln!(f, "    service {service}, {image}")?;
            }
            let same = before.is_some_and(|before| same_models(before, &on.models));
            if !same {
                for model in &on.models {
                    writeln!(f, "    {:<38} {}", model.ids.join(", "), model.description)?;
                }
            }
            before = Some(&on.models);
        }
        for warning in &self.warnings {
            writeln!(f, "  {warning}")?;
        }
        Ok(())
    }
}

fn same_models(one: &[Served], other: &[Served]) -> bool {
    one.iter().map(|model| &model.ids).eq(other.iter().map(|model| &model.ids))
}
