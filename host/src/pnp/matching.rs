//! Which model of an INF serves a device, ranked as Windows ranks ("Identifier Score").

use super::diag::{Diagnostics, Position};
use super::fold::same;
use super::inf::{Inf, Model};

/// The identifiers that a bus driver reports for a device, each list with the most specific one first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceIds {
    /// Hardware identifiers.
    pub hardware: Vec<String>,
    /// Compatible identifiers.
    pub compatible: Vec<String>,
}

/// The low 16 bits of a driver's rank; smaller is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank(pub u16);

/// A model that serves a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The model's line.
    pub model: Model,
    /// The identifier that matched, as the INF spells it.
    pub id: String,
    /// How well it matched.
    pub rank: Rank,
}

/// The model of `inf` that serves the device best; of equals, the one that comes first.
///
/// # Errors
/// The INF has no models for the target, or none for the device: both lists of identifiers are named.
pub fn find(inf: &Inf, device: &DeviceIds) -> Result<Match, Diagnostics> {
    let mut best: Option<Match> = None;
    for model in inf.models() {
        if let Some((rank, id)) = rank(model, device)
            && best.as_ref().is_none_or(|b| rank < b.rank)
        {
            best = Some(Match { model: model.clone(), id: id.to_owned(), rank });
        }
    }
    best.ok_or_else(|| refusal(inf, device))
}

/// The best of the matches between the identifiers of `model` and those of the device.
fn rank<'m>(model: &'m Model, device: &DeviceIds) -> Option<(Rank, &'m str)> {
    let clamp = |n: usize| u16::try_from(n.min(0xFFF)).unwrap_or(0xFFF);
    let position = |list: &[String], id: &str| list.iter().position(|d| same(d, id));
    let mut best: Option<(Rank, &str)> = None;
    let mut offer = |score: u16, id: &'m str| {
        if best.is_none_or(|(b, _)| Rank(score) < b) {
            best = Some((Rank(score), id));
        }
    };
    if let Some(id) = &model.hardware_id {
        if let Some(n) = position(&device.hardware, id) {
            offer(clamp(n), id);
        }
        if let Some(n) = position(&device.compatible, id) {
            offer(0x2000 + clamp(n), id);
        }
    }
    for (k, id) in model.compatible_ids.iter().enumerate() {
        if let Some(n) = position(&device.hardware, id) {
            offer(0x1000 + clamp(n), id);
        }
        if let Some(n) = position(&device.compatible, id) {
            offer(0x3000 + clamp(n + k * 0x100), id);
        }
    }
    best
}

/// Says why no model serves the device.
fn refusal(inf: &Inf, device: &DeviceIds) -> Diagnostics {
    let mut log = inf.log();
    let target = inf.target();
    let place = inf.section("Manufacturer").map_or(Position::START, super::inf::Section::at);
    let Some(section) = inf.manufacturers().iter().find_map(|m| m.selected()) else {
        let sections = inf.manufacturers().iter().flat_map(|m| &m.sections);
        let names: Vec<String> = sections.map(|s| format!("[{}]", s.name)).collect();
        log.error(
            place,
            format!(
                "no models section applies to {target}; the file has {}. 64-bit Windows takes only sections whose name names the architecture (NT{})",
                list(&names, "none"),
                target.architecture.name()
            ),
        );
        return log.fail();
    };
    let served: Vec<String> = inf.models().flat_map(Model::ids).map(str::to_owned).collect();
    let present: Vec<String> = device.hardware.iter().chain(&device.compatible).cloned().collect();
    log.error(
        section.at,
        format!(
            "no model in [{}], which applies to {target}, matches the device: the file serves {}; the device is {}",
            section.name,
            list(&served, "no device"),
            list(&present, "without identifiers"),
        ),
    );
    log.fail()
}

fn list(names: &[String], none: &str) -> String {
    if names.is_empty() { none.to_owned() } else { names.join(", ") }
}
