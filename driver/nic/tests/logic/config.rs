//! Keywords and addresses from the registry.

use std::collections::HashMap;

use ferrite_nic::FlowControl::{Both, Disabled, Receive, Transmit};
use ferrite_nic::SpeedDuplex::{Full10, Full100, Full1000, Half10, Half100};
use ferrite_nic::config::KEYWORDS;
use ferrite_nic::{AddressError, FlowControl, MacAddress, Settings, SpeedDuplex};
use proptest::prelude::*;

fn read(values: &[(&str, u32)]) -> Settings {
    let values: HashMap<_, _> = values.iter().copied().collect();
    Settings::read(|keyword| values.get(keyword.name).copied())
}

fn parse(text: &str) -> Result<MacAddress, AddressError> {
    MacAddress::parse(text.encode_utf16())
}

#[test]
fn absent_keywords_have_their_defaults() {
    let settings = read(&[]);
    assert_eq!(settings, Settings::default());
    assert_eq!(settings.speed_duplex, SpeedDuplex::Auto);
    assert_eq!(settings.flow_control, FlowControl::Both);
    assert_eq!((settings.receive_buffers, settings.transmit_buffers), (256, 512));
    assert!(settings.interrupt_moderation);
    assert_eq!(settings.network_address, None);
}

#[test]
fn each_keyword_reaches_its_setting() {
    let settings = read(&[
        ("*SpeedDuplex", 4),
        ("*FlowControl", 1),
        ("*ReceiveBuffers", 80),
        ("*TransmitBuffers", 2048),
        ("*InterruptModeration", 0),
    ]);
    assert_eq!(settings.speed_duplex, SpeedDuplex::Full100);
    assert_eq!(settings.flow_control, FlowControl::Transmit);
    assert_eq!((settings.receive_buffers, settings.transmit_buffers), (80, 2048));
    assert_eq!((settings.receive_descriptors(), settings.transmit_descriptors()), (88, 2056));
    assert!(!settings.interrupt_moderation);

    let speeds = [0, 1, 2, 3, 4, 6].map(|value| read(&[("*SpeedDuplex", value)]).speed_duplex);
    assert_eq!(speeds, [SpeedDuplex::Auto, Half10, Full10, Half100, Full100, Full1000]);
    let flows = [0, 1, 2, 3, 4].map(|value| read(&[("*FlowControl", value)]).flow_control);
    assert_eq!(flows, [Disabled, Transmit, Receive, Both, FlowControl::Auto]);
}

#[test]
fn every_keyword_is_asked_for_once() {
    let mut asked = Vec::new();
    let _settings = Settings::read(|keyword| {
        asked.push(keyword.name);
        None
    });
    asked.sort_unstable();
    let mut rows: Vec<_> = KEYWORDS.iter().map(|keyword| keyword.name).collect();
    rows.sort_unstable();
    assert_eq!(asked, rows);
}

#[test]
fn names_agree_in_both_encodings() {
    for keyword in KEYWORDS {
        let wide: Vec<u16> = keyword.name.encode_utf16().chain([0]).collect();
        assert_eq!(keyword.wide, wide, "{}", keyword.name);
        assert!(keyword.allowed.contains(keyword.default), "{}", keyword.name);
    }
}

proptest! {
    /// NDIS-CFG-04.
    #[test]
    fn out_of_range_means_default(row in 0..KEYWORDS.len(), value in prop_oneof![0_u32..3000, any::<u32>()]) {
        let keyword = KEYWORDS[row];
        let allowed = match keyword.name {
            "*SpeedDuplex" => matches!(value, 0..=4 | 6),
            "*FlowControl" => value <= 4,
            "*ReceiveBuffers" | "*TransmitBuffers" => (80..=2048).contains(&value),
            "*InterruptModeration" => value <= 1,
            name => panic!("{name} has no test"),
        };
        prop_assert_eq!(keyword.accept(Some(value)), if allowed { value } else { keyword.default });
        prop_assert_eq!(keyword.accept(None), keyword.default);
        if !allowed {
            prop_assert_eq!(read(&[(keyword.name, value)]), Settings::default());
        }
    }

    #[test]
    fn rings_fit_the_device_and_the_buffers(receive: u32, transmit: u32) {
        let settings = Settings { receive_buffers: receive, transmit_buffers: transmit, ..Settings::default() };
        for (entries, length) in
            [(receive, settings.receive_descriptors()), (transmit, settings.transmit_descriptors())]
        {
            prop_assert!(length % 8 == 0 && (8..=4096).contains(&length));
            if entries < 4096 {
                prop_assert!((entries + 1..entries + 9).contains(&length));
            }
        }
    }

    #[test]
    fn station_addresses_parse_with_and_without_hyphens(bytes: [u8; 6], upper: bool) {
        let join = |between: &str| {
            let text = bytes.map(|byte| format!("{byte:02x}")).join(between);
            if upper { text.to_uppercase() } else { text }
        };
        let wanted = if bytes[0] & 1 == 1 {
            Err(AddressError::Multicast)
        } else if bytes == [0; 6] {
            Err(AddressError::Zero)
        } else {
            Ok(MacAddress(bytes))
        };
        prop_assert_eq!(parse(&join("")), wanted);
        prop_assert_eq!(parse(&join("-")), wanted);
        prop_assert_eq!(parse(&format!("{}\0rest", join(""))), wanted);
        prop_assert_eq!(MacAddress::station(&bytes), wanted);
        let address = MacAddress(bytes);
        let registers = [address.low().to_le_bytes(), address.high().to_le_bytes()].concat();
        prop_assert_eq!(registers, [&bytes[..], &[0, 0]].concat());
    }

    #[test]
    fn text_that_is_no_address_is_refused(text in "[0-9a-fg:. -]{0,20}") {
        let compact = text.replace('-', "");
        let hex = compact.len() == 12 && compact.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !hex {
            prop_assert!(parse(&text).is_err());
        }
    }
}

#[test]
fn malformed_addresses_say_why() {
    for (text, error) in [
        ("", AddressError::Length),
        ("0252545612", AddressError::Length),
        ("02525456123456", AddressError::Length),
        ("025254561g34", AddressError::Digit),
        ("02:52:54:56:12:34", AddressError::Digit),
        ("0-25254561234", AddressError::Digit),
        ("02--5254561234", AddressError::Digit),
        ("-025254561234", AddressError::Digit),
        ("025254561234-", AddressError::Digit),
        ("ff-ff-ff-ff-ff-ff", AddressError::Multicast),
        ("01005e000001", AddressError::Multicast),
        ("000000000000", AddressError::Zero),
    ] {
        assert_eq!(parse(text), Err(error), "{text:?}");
    }
    assert_eq!(MacAddress::station(&[2, 0, 0, 0, 0]), Err(AddressError::Length));
    assert_eq!(MacAddress::station(&[2, 0, 0, 0, 0, 0, 0]), Err(AddressError::Length));
}
