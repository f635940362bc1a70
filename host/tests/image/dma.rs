//! NetDMA's clients on every kind of provider at once, and what they notice.

use crate::common::{
    copies::{Copies, word_is},
    random,
    rig::{Rig, built},
    watchdog::Watchdog,
};
use crate::quickdata::started;
use ferrite_host::{
    device::quickdata::{Config, Fault, Interrupts, Version},
    dma::{Kind, Options, Report, memory::GUARD, run},
    run::RunError,
};
use std::path::PathBuf;

/// The options of a short run.
fn options(kinds: &[Kind], seed: u64) -> Options {
    Options {
        inf: built("ferrite.inf"),
        dma_inf: built("ferrite-dma.inf"),
        image: None,
        quickdata: kinds.to_vec(),
        no_nic: true,
        sim: false,
        mib: 1,
        seed,
        cpus: 3,
        debug_output: false,
        qemu: PathBuf::from("qemu-system-x86_64"),
        quiet: true,
        json: false,
    }
}

#[track_caller]
fn sound(options: &Options) -> Report {
    let _bound = Watchdog::start();
    let report = run(options).unwrap_or_else(|error| panic!("{options:?}: {error}"));
    let n = report.total().counts;
    assert_eq!((n.errors_reported, report.leaks, report.violations), (n.errors_injected, 0, 0));
    assert!(n.suspends > 0 && n.resumes > 0 && n.aborts > 0 && n.resets > 0 && n.errors_injected > 0);
    report
}

/// NDMA-XFER-01, -02, -05 to -10, -13 to -15, NDMA-SUS-01, -02, NDMA-RES-01, NDMA-ABT-01, NDMA-RST-01, NDMA-INT-01 to
/// -03: all channels of a function at once, on three processors, in every version and on every kind of interrupt.
#[test]
fn every_version_on_every_kind_of_interrupt() {
    let seed = random::seed();
    for version in Version::ALL {
        for interrupts in [Interrupts::MsiX, Interrupts::Msi, Interrupts::Line] {
            let channels = version.most_channels().min(5);
            sound(&options(&[Kind { version, channels, interrupts }], seed));
        }
    }
}

/// The same for the CPU's provider and functions of three versions in one image: what is in the table is what was done.
#[test]
fn every_provider_at_once() {
    let report = sound(&Options { no_nic: false, ..options(&Kind::usual(), random::seed()) });
    let names: Vec<_> = report.providers.iter().map(|row| row.provider.as_str()).collect();
    assert_eq!(names, ["CPU", "QuickData 1.2", "QuickData 3.2", "QuickData 3.4"]);
    assert!(report.alignments == 4096, "{}", report.alignments);
    let total = report.total();
    assert_eq!(total.channels, 4 + 2 + 4 + 1);
    assert!(total.counts.bytes >= 11 << 20 && total.counts.longest_chain > 100, "{total:?}");
    let cpu = &report.providers[0];
    assert_eq!((cpu.register_reads, cpu.register_writes), (0, 0));
    // A doorbell a chain or append at least.
    for row in &report.providers[1..] {
        assert!(row.register_writes >= row.counts.chains + row.counts.appends, "{row:?}");
    }
    let json = serde_json::to_value(&report).expect("JSON");
    assert_eq!(json["providers"][1]["channels"], 2);
    assert!(report.to_string().contains("QuickData 3.4"), "{report}");
}

/// A simulation with a seed is one run: the same events in the same order, and the same work done. Another seed is another.
#[test]
fn a_simulation_repeats_itself() {
    let kinds = [
        Kind { version: Version::V2_0, channels: 3, interrupts: Interrupts::MsiX },
        Kind { version: Version::V1_2, channels: 2, interrupts: Interrupts::Line },
    ];
    let run = |seed| {
        let report = sound(&Options { sim: true, ..options(&kinds, seed) });
        let trace = report.simulated.expect("a trace");
        assert!(trace.events > 1000 && trace.nanoseconds > 100 * trace.events, "{trace:?}");
        (trace, serde_json::to_value(&report.providers).expect("JSON"))
    };
    let seed = random::seed();
    let first = run(seed);
    assert_eq!(first, run(seed));
    assert_ne!(first.0.hash, run(seed ^ 1).0.hash);
}

/// The same as [`every_version_on_every_kind_of_interrupt`] in interleavings that a seed chooses: who runs is drawn anew at
/// every import and every register access.
#[test]
fn every_version_in_simulated_interleavings() {
    let seed = random::seed();
    for (round, version) in (0..).zip(Version::ALL.into_iter().cycle().take(18)) {
        let interrupts = [Interrupts::MsiX, Interrupts::Msi, Interrupts::Line][round / 6];
        let channels = version.most_channels().min(1 + round as u8);
        let kind = Kind { version, channels, interrupts };
        let cpus = 1 + round as u8 % 4;
        sound(&Options { sim: true, cpus, ..options(&[kind], seed.wrapping_add(round as u64)) });
    }
}

/// A client notices a byte that was copied wrongly, one beside a destination, and a descriptor that should not have
/// been begun.
#[test]
fn what_a_client_notices() {
    started(Config::new(Version::V3_2, 2), |function, provider| {
        let channel = provider.allocate(2).expect("a channel");
        let chain = |corrupt: bool| {
            let mut copies = Copies::of(provider, 1).hand_over(&function.model, &channel);
            if corrupt {
                assert!(function.model.inject(0, Fault::Corrupt { after: 3 }));
            }
            copies.start(&channel, 8, 4000);
            word_is(&channel, copies.last(), 1);
            channel.set_quiet(true);
            copies
        };
        let error = chain(true).verdict(u64::MAX, u64::MAX).expect_err("a wrong byte");
        assert!(error.contains("are not those of its source"), "{error}");
        let copies = chain(false);
        assert_eq!(copies.verdict(u64::MAX, u64::MAX), Ok(()));
        let error = copies.verdict(0, 0).expect_err("they were begun");
        assert!(error.contains("was begun"), "{error}");
        let first = (copies.memory().destinations().0 + GUARD) as usize;
        copies.memory().all()[first] ^= 1;
        let error = copies.verdict(u64::MAX, u64::MAX).expect_err("a guard byte");
        assert!(error.contains("were written"), "{error}");
        channel.free();
    });
}

/// What cannot be run says so.
#[test]
fn what_cannot_be_run() {
    let kind = |text: &str| text.parse::<Kind>();
    let good = Kind { version: Version::V3_3, channels: 2, interrupts: Interrupts::Line };
    assert_eq!(kind("3.3:2:line"), Ok(good));
    assert_eq!(kind("3.4").map(|kind| kind.channels), Ok(1));
    for (text, why) in [
        ("3.5", "version \"3.5\" is none of"),
        ("", "version \"\" is none of"),
        ("3.4:2", "2 channels: this version has 1 to 1"),
        ("3.2:many", "many channels: this version has 1 to 8"),
        ("3.2:0", "0 channels"),
        ("3.2:2:usb", "interrupts \"usb\" are none of"),
        ("3.2:2:msi:1", "\"1\" is one part too many"),
    ] {
        let error = kind(text).expect_err(text);
        assert!(error.starts_with(why), "{text}: {error}");
    }
    let missing = Options { dma_inf: "no/such.inf".into(), ..options(&[good], 1) };
    let error = run(&missing).expect_err("there is no such INF");
    assert!(matches!(error, RunError::System(_)) && error.to_string().contains("no/such.inf"), "{error}");
}

/// A client's channel goes away with its device in the middle of everything: the NIC beside it does not notice.
#[test]
fn the_nic_works_on_without_the_function() {
    let mut setup = crate::netdma::windows_7();
    setup.dma_inf = Some(built("ferrite-dma.inf"));
    let configs = [Config::new(Version::V3_2, 2)];
    crate::quickdata::beside(setup, &configs, |rig: &Rig, functions| {
        for round in 0..3 {
            let node = &functions[0].node;
            node.plug.add().expect("AddDevice");
            node.plug.start().expect("a start");
            rig.round_trip(round);
            node.plug.remove();
            rig.round_trip(round + 10);
        }
    });
}
