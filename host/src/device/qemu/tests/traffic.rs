//! Frames in and out, interrupts along with them, cables pulled.

use super::{
    nic::{HandNic, frame},
    *,
};
use crate::device::{HIGH_BASE, LOW_BASE};
use std::{
    net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream},
    os::fd::AsFd as _,
};

/// Frames of every kind of length go out and come in unchanged, each with its message.
fn frames_both_ways(at: u64) {
    let mut nic = HandNic::new(machine(vec![model("e1000e")]), at);
    let wire = nic.machine.wire(0).unwrap();
    let mut buffer = [0; 2048];
    for (seed, len) in (0..).zip([60, 61, 64, 590, 1513, 1514]) {
        let sent = frame(len, seed);
        nic.send(&sent);
        // The frame was sent before the tail write was acknowledged.
        let got = wire.receive(&mut buffer).unwrap().expect("a frame on the wire");
        assert_eq!(buffer[..got], sent);
        wait_for(&mut nic.machine, is_message(nic.messages[1]));

        let sent = frame(len, seed ^ 0x80);
        assert!(wire.send(&sent).unwrap());
        assert_eq!(nic.receive(), sent);
    }
    assert_eq!(wire.receive(&mut buffer).unwrap(), None);
}

#[test]
fn frames_pass_through_low_memory() {
    frames_both_ways(LOW_BASE);
}

#[test]
fn frames_pass_through_memory_above_4_gib() {
    frames_both_ways(HIGH_BASE + (1 << 30));
}

#[test]
fn a_wire_pushes_back_and_loses_nothing() {
    let mut nic = HandNic::new(machine(vec![model("e1000e")]), LOW_BASE);
    let wire = nic.machine.wire(0).unwrap();
    let mut sent = 0u32;
    // The NIC has 63 descriptors; what it cannot take stays on the wire until nothing more goes in.
    // QEMU empties its socket on its own, so being full once is not being full for good.
    let mut full_since = None;
    while full_since.is_none_or(|since: Instant| since.elapsed() < Duration::from_millis(200)) {
        if wire.send(&frame(200, sent as u8)).unwrap() {
            (sent, full_since) = (sent + 1, None);
        } else {
            full_since.get_or_insert_with(Instant::now);
            let idle = readable_within(wire.as_fd(), Duration::from_millis(5)).unwrap();
            assert!(!idle, "nothing comes back");
        }
        assert!(sent < 100_000, "never full");
    }
    assert!(sent > 63, "{sent}");
    for index in 0..sent {
        assert_eq!(nic.receive(), frame(200, index as u8), "frame {index}");
    }
    let mut short = [0; 10];
    nic.send(&frame(60, 1));
    let error = wire.receive(&mut short).unwrap_err();
    assert!(matches!(error, Error::Frame { len: 60, .. }), "{error}");
}

#[test]
fn pulling_the_cable_is_a_link_change() {
    let mut nic = HandNic::new(machine(vec![model("e1000e")]), LOW_BASE);
    assert_ne!(nic.read(0x8) & 2, 0, "STATUS: link up");
    for up in [false, true] {
        nic.machine.set_link(0, up).unwrap();
        wait_for(&mut nic.machine, is_message(nic.messages[2]));
        assert_ne!(nic.read(0xC0) & 0x4, 0, "ICR names LSC");
        assert_eq!(nic.read(0x8) & 2 != 0, up);
        nic.write(0xC0, 0xFFFF_FFFF);
        nic.write(0xD0, 0x01F0_0004);
    }
    assert!(matches!(nic.machine.set_link(1, true), Err(Error::Nic { nic: 1, .. })));
}

#[test]
fn the_wire_is_kept_in_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a name, with a comma.pcap");
    let kept = Nic { pcap: Some(path.clone()), ..Nic::default() };
    let mut nic = HandNic::new(machine(vec![kept]), LOW_BASE);
    let (out, into) = (frame(80, 1), frame(90, 2));
    nic.send(&out);
    assert!(nic.machine.wire(0).unwrap().send(&into).unwrap());
    nic.receive();
    nic.machine.kill();
    let pcap = std::fs::read(&path).unwrap();
    assert_eq!(pcap[..4], [0xD4, 0xC3, 0xB2, 0xA1]);
    // A header of 24 bytes, then 16 bytes in front of each frame.
    assert_eq!(pcap[24 + 16..][..80], out);
    assert_eq!(pcap[24 + 16 + 80 + 16..], into);

    let nowhere = Nic { pcap: Some("/nonexistent/wire.pcap".into()), ..Nic::default() };
    let config = Config { nics: vec![nowhere], ..Config::default() };
    let error = Machine::start(&config, &Ram::new(4 << 20, 0).unwrap()).unwrap_err().to_string();
    assert!(error.contains("pcap file /nonexistent/wire.pcap"), "{error}");
}

#[test]
fn the_user_network_answers_and_forwards() {
    // A port that is free now; QEMU says so if another took it meanwhile.
    let host = match TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap() {
        std::net::SocketAddr::V4(address) => address,
        std::net::SocketAddr::V6(other) => panic!("{other} is not IPv4"),
    };
    let guest = SocketAddrV4::new(Ipv4Addr::new(10, 0, 2, 15), 7);
    let forward = vec![HostForward { udp: false, host, guest }];
    let user = Nic { network: Network::User { restrict: true, forward }, ..Nic::default() };
    let mut nic = HandNic::new(machine(vec![user]), LOW_BASE);
    assert!(matches!(nic.machine.wire(0), Err(Error::Nic { nic: 0, .. })));
    // Who has 10.0.2.2? Tell 10.0.2.15.
    let mac = [0x52, 0x54, 0, 0x12, 0x34, 0x56];
    let mut request = vec![0xFF; 6];
    request.extend(mac);
    request.extend([8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
    request.extend(mac);
    request.extend([10, 0, 2, 15, 0, 0, 0, 0, 0, 0, 10, 0, 2, 2]);
    request.resize(60, 0);
    nic.send(&request);
    let reply = nic.receive();
    assert_eq!(reply[..6], mac);
    assert_eq!(reply[20..22], [0, 2], "an ARP reply");
    assert_eq!(reply[28..32], [10, 0, 2, 2]);
    TcpStream::connect(host).expect("the forwarded port takes connections");
}
