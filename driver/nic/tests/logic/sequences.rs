//! Register sequences on the model, in every make, and the values that they leave.

use crate::memory::PlainMemory;
use crate::model::{Access, Make, Model, NEVER, Options};
use ferrite_nic::{
    Error, Filter, FlowControl, HwStats, InterruptPlan, LineInterrupt, LinkState, MacAddress, MulticastList,
    Nic, PacketFilter, Registers, RingBase, RxRing, RxSlot, Setup, SpeedDuplex, Step, TxRing, TxSlot, Work,
    regs,
};

pub const MAKES: [Make; 2] = [Make::Silicon, Make::Qemu72];

pub fn setup() -> Setup {
    Setup {
        station: MacAddress([0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee]),
        speed_duplex: SpeedDuplex::Auto,
        flow_control: FlowControl::Both,
        interrupts: InterruptPlan::messages(3),
        moderation: true,
    }
}

pub fn rings() -> (RingBase, RingBase) {
    let tx = TxRing::new(PlainMemory::for_ring(512), vec![TxSlot::default(); 512], 0).unwrap();
    let rx = RxRing::new(PlainMemory::for_ring(256), vec![RxSlot::default(); 256], 2048).unwrap();
    (tx.base(), rx.base())
}

pub fn filter() -> Filter {
    Filter {
        packet: PacketFilter::new(PacketFilter::DIRECTED | PacketFilter::MULTICAST | PacketFilter::BROADCAST)
            .unwrap(),
        multicast: MulticastList::from_bytes(&[0x01, 0x00, 0x5e, 0x00, 0x00, 0xfb]).unwrap(),
    }
}

/// From whatever state to a device that moves frames.
pub fn start(nic: &Nic<&Model>, model: &Model, setup: &Setup) -> Result<(), Error> {
    nic.reset(&model)?;
    nic.identify(&model)?;
    nic.bring_up(setup, &model)?;
    let (tx, rx) = rings();
    nic.set_rings(tx, rx);
    nic.start();
    nic.set_filter(&filter(), setup.station, true);
    nic.arm_all(setup.interrupts);
    Ok(())
}

#[test]
fn a_started_device_has_these_registers() {
    for make in MAKES {
        for flash in [false, true] {
            let model = Model::new(Options { flash, ..Options::new(make) });
            let nic = Nic::new(&model);
            // The second time it is running when it is reset.
            for round in 0..2 {
                assert_eq!(start(&nic, &model, &setup()), Ok(()), "{make:?} {round}");
                check_started(&model);
                model.take_log();
            }
        }
    }
}

fn check_started(model: &Model) {
    let expected = [
        // Descriptor rings at 0x1_2345_6780: 512 and 256 descriptors.
        (regs::TDBAL0, 0x2345_6780),
        (regs::TDBAH0, 1),
        (regs::TDLEN0, 8192),
        (regs::TDLEN1, 0),
        (regs::TDH0, 0),
        (regs::TDT0, 0),
        (regs::RDBAL0, 0x2345_6780),
        (regs::RDBAH0, 1),
        (regs::RDLEN0, 4096),
        (regs::RDLEN1, 0),
        (regs::RDH0, 0),
        (regs::RDT0, 0),
        (regs::TXDCTL0, 0x0141_011f),
        (regs::TXDCTL1, 0x0040_0000),
        (regs::RXDCTL0, 0x0101_0000),
        (regs::TARC0, 1 << 26 | 1 << 10 | 3),
        (regs::TIPG, 0x0060_2008),
        (regs::TCTL, 0x0103_f0fa),
        (regs::RCTL, 0x0400_8002),
        (regs::RFCTL, 0x8000),
        (regs::MRQC, 0),
        (regs::PBA, 32),
        // The station address 02-aa-bb-cc-dd-ee, and no other.
        (regs::ral(0), 0xccbb_aa02),
        (regs::rah(0), 0x8000_eedd),
        (regs::rah(1), 0),
        (regs::rah(15), 0),
        // Pause frames.
        (regs::FCAL, 0x00c2_8001),
        (regs::FCAH, 0x0100),
        (regs::FCT, 0x8808),
        (regs::FCRTL, 0x8000_73f8),
        (regs::FCRTH, 0x7400),
        // Interrupts.
        (regs::IVAR, 0x000a_0908),
        (regs::EIAC, 0x0150_0000),
        (regs::IAM, 0x0150_0000),
        (regs::eitr(0), 195),
        (regs::eitr(1), 195),
        (regs::eitr(2), 195),
        (regs::ITR, 0),
        (regs::RDTR, 0),
        (regs::TIDV, 0),
        // Hardware initialisation bits.
        (regs::GCR, 1 << 22 | 1 << 27),
        (regs::GCR2, 1),
        (regs::EXTCNF_CTRL, 0),
    ];
    for (reg, value) in expected {
        assert_eq!(model.peek(reg), value, "{reg:?}");
    }
    // mDNS hashes to 0xfb0.
    for index in 0..128 {
        let value = if index == 0xfb0 / 32 { 1 << (0xfb0 % 32) } else { 0 };
        assert_eq!(model.peek(regs::mta(index)), value, "MTA {index}");
        assert_eq!(model.peek(regs::vfta(index)), 0, "VFTA {index}");
    }
    let ctrl = model.peek(regs::CTRL);
    assert_eq!(ctrl & (1 << 2 | 1 << 29 | 1 << 30 | 3 << 11), 0, "GIO_MASTER_DISABLE, 29, VME, forced link");
    assert_eq!(ctrl & 1 << 6, 1 << 6, "SLU");
    let ext = model.peek(regs::CTRL_EXT);
    assert_eq!(ext & (1 << 22 | 1 << 24 | 1 << 28 | 1 << 31), 1 << 22 | 1 << 24 | 1 << 28 | 1 << 31);
    assert_eq!(ext & (1 << 23 | 1 << 27), 0, "INIT23, IAME");
    assert_eq!(model.peek(regs::EECD) & 1 << 20, 0, "AUPDEN");
    assert_eq!(model.interrupts(), 0x0150_0004);
}

#[test]
fn line_mode_masks_by_reading() {
    for make in MAKES {
        let model = Model::of(make);
        let nic = Nic::new(&model);
        let line = Setup { interrupts: InterruptPlan::line(), ..setup() };
        start(&nic, &model, &line).unwrap();
        assert_eq!(model.peek(regs::IVAR), 0);
        assert_eq!(model.peek(regs::EIAC), 0);
        assert_eq!(model.peek(regs::IAM), u32::MAX);
        assert_eq!(model.peek(regs::ITR), 195);
        assert_eq!(model.peek(regs::CTRL_EXT) & (1 << 24 | 1 << 27 | 1 << 31), 1 << 27);
        assert_eq!(model.interrupts(), 0xd5);

        let none = LineInterrupt { ours: false, work: Work::NONE };
        assert_eq!(nic.line_interrupt(), Ok(none));
        assert!(!none.queue_dpc());
        assert_eq!(model.interrupts(), 0xd5, "still armed: it was another device's");

        model.raise(1 << 7 | 1 << 1);
        let receive = LineInterrupt { ours: true, work: Work { receive: true, ..Work::NONE } };
        assert_eq!(nic.line_interrupt(), Ok(receive));
        assert_eq!((model.interrupts(), model.causes()), (0, 0));

        // The line is another's, but the read has taken our causes: the DPC has to run.
        model.raise(1);
        let found = nic.line_interrupt().unwrap();
        assert!(!found.ours && found.work.transmit && found.queue_dpc());
        nic.arm_all(line.interrupts);
        assert_eq!(model.interrupts(), 0xd5);
    }
}

#[test]
fn moderation_off_leaves_only_the_other_message_throttled() {
    let model = Model::of(Make::Silicon);
    start(&Nic::new(&model), &model, &Setup { moderation: false, ..setup() }).unwrap();
    assert_eq!([0, 1, 2].map(|vector| model.peek(regs::eitr(vector))), [0, 0, 195]);
    let model = Model::of(Make::Silicon);
    let one = Setup { moderation: false, interrupts: InterruptPlan::messages(1), ..setup() };
    start(&Nic::new(&model), &model, &one).unwrap();
    assert_eq!(
        model.peek(regs::eitr(0)),
        0,
        "the rings' message is not throttled for the sake of the other causes"
    );
}

#[test]
fn steady_state_needs_no_register_read() {
    let model = Model::of(Make::Silicon);
    let nic = Nic::new(&model);
    start(&nic, &model, &setup()).unwrap();
    model.take_log();
    let plan = setup().interrupts;
    for message in 0..3 {
        nic.mask(plan.causes(message));
        nic.arm(plan.causes(message));
    }
    nic.raise(plan.causes(1));
    nic.ack_other();
    nic.set_filter(&filter(), setup().station, true);
    assert!(model.take_log().iter().all(|access| matches!(access, Access::Write(..))));
    assert_eq!(model.interrupts(), 0x0150_0004);
}

#[test]
fn acknowledging_other_leaves_the_queues_alone() {
    let model = Model::of(Make::Silicon);
    let nic = Nic::new(&model);
    model.raise(1 << 20 | 1 << 22 | 1 << 24 | 1 << 2 | 1 << 6);
    nic.ack_other();
    assert_eq!(model.causes(), 1 << 20 | 1 << 22);
}

#[test]
fn a_stopped_device_is_silent() {
    for make in MAKES {
        let model = Model::of(make);
        let nic = Nic::new(&model);
        start(&nic, &model, &setup()).unwrap();
        let slept = model.slept();
        assert_eq!(nic.stop(&&model), Ok(()));
        assert_eq!(model.slept(), slept, "any IRQL");
        assert_eq!(model.interrupts(), 0);
        assert_eq!(model.peek(regs::RCTL) & 2, 0);
        assert_eq!(model.peek(regs::TCTL) & 2, 0);
        assert_eq!(model.read(regs::STATUS) & 1 << 19, 0, "no DMA");
    }
}

#[test]
fn dma_that_does_not_end_is_reported_and_reset() {
    let model = Model::new(Options { master_idle: NEVER, ..Options::new(Make::Silicon) });
    let nic = Nic::new(&model);
    assert_eq!(nic.stop(&&model), Err(Error::Timeout(Step::MasterDisable)));
    assert!(model.now() < 100_000_000, "80 ms and the reads");
    assert_eq!(nic.reset(&&model), Ok(()));
}

#[test]
fn an_nvm_that_does_not_come_back_ends_all_access() {
    let model = Model::new(Options { auto_read: NEVER, ..Options::new(Make::Silicon) });
    // The model fails the test if anything else is touched.
    assert_eq!(Nic::new(&model).reset(&&model), Err(Error::Timeout(Step::NvmAutoRead)));
}

#[test]
fn status_answers() {
    let model = Model::of(Make::Silicon);
    let nic = Nic::new(&model);
    assert_eq!(nic.link(), Ok(LinkState::Down));
    assert_eq!(nic.transmit_paused(), Ok(false));
    model.poke(regs::STATUS, 0x93);
    assert!(matches!(nic.link(), Ok(LinkState::Up(_))));
    assert_eq!(nic.transmit_paused(), Ok(true));
    model.poke(regs::CTRL_EXT, 1 << 28 | 1);
    assert_eq!(nic.release(), Ok(()));
    assert_eq!(model.peek(regs::CTRL_EXT), 1);
}

#[test]
fn counters_add_up_over_reads_that_clear() {
    let model = Model::of(Make::Silicon);
    let mut stats = HwStats::default();
    for round in 1..=2_u64 {
        for (reg, value) in HwStats::REGISTERS.iter().zip(1..) {
            model.poke(*reg, value);
        }
        model.poke(regs::Reg::at(0x4010), u32::MAX);
        stats.accumulate(&&model).unwrap();
        assert_eq!(stats.crc_errors, round);
        assert_eq!(stats.missed, round * u64::from(u32::MAX));
        assert_eq!(stats.jabbers, round * HwStats::REGISTERS.len() as u64);
        stats.accumulate(&&model).unwrap();
    }
    let damaged = stats.crc_errors
        + stats.alignment_errors
        + stats.receive_errors
        + stats.length_errors
        + stats.fragments
        + stats.jabbers;
    assert_eq!(stats.damaged(), damaged);
    assert_eq!(stats.unsent(), stats.excessive_collisions + stats.late_collisions);
}

#[test]
fn error_codes_are_distinct() {
    let errors = [
        Error::Gone,
        Error::Timeout(Step::MdioOwnership),
        Error::Timeout(Step::NvmAutoRead),
        Error::Timeout(Step::NvmRead),
        Error::Timeout(Step::Mdic),
        Error::Timeout(Step::PhyReset),
        Error::Timeout(Step::MasterDisable),
        Error::NvmChecksum(0x1234),
        Error::NvmAddress,
        Error::Phy(2),
        Error::PhyId(0x02a8_0380),
    ];
    let mut codes: Vec<_> = errors.iter().map(|error| error.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), errors.len());
}
