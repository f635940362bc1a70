//! What the sound driver goes through.

use crate::{driver, machine::watched};
use ferrite_host::{
    abi::constants as c,
    nt::plug::{DeviceNode, Power},
};
use std::sync::OnceLock;

/// How often each rule was watched in sound runs.
pub fn coverage() -> Vec<u64> {
    static COVERAGE: OnceLock<Vec<u64>> = OnceLock::new();
    COVERAGE.get_or_init(run_all).clone()
}

fn run_all() -> Vec<u64> {
    let mut all = Vec::new();
    for pulled_out in [false, true] {
        let (watched, ended) = watched(None, move |node, _| life(node, pulled_out));
        assert!(ended.is_ok(), "{}", ended.unwrap_err());
        all.resize(watched.len(), 0);
        all.iter_mut().zip(watched).for_each(|(sum, count)| *sum += count);
    }
    all
}

/// Everything that a device goes through; then it is removed, or pulled out.
pub fn life(node: &DeviceNode, pulled_out: bool) {
    driver::meets("RefusesDevice");
    let refused = node.add();
    driver::meets("");
    if refused.is_ok() || node.add().is_err() || node.start().is_err() {
        return;
    }
    let _ = node.query_power(Power::Device(c::PowerDeviceD3));
    let _ = node.set_power(Power::Device(c::PowerDeviceD3));
    let _ = node.set_power(Power::Device(c::PowerDeviceD0));
    node.system_control();
    for cancel in [true, false] {
        if node.query_stop().is_ok() && cancel {
            node.cancel_stop();
        }
    }
    node.stop();
    if node.start().is_err() {
        return;
    }
    if pulled_out {
        node.surprise_remove();
    } else {
        let _ = node.query_remove();
    }
    node.remove();
}
