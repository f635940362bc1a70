//! Registry values of any type and content, read as NDIS hands them to the driver.
//!
//! The host's registry and the driver's settings are held to each other: what the INF lets a user set is what the
//! driver then uses, and everything else means the default.

use std::collections::HashMap;
use std::sync::OnceLock;

use ferrite_host::pnp::{self, DeviceIds, Inf, Package, Target, Value, matching};
use ferrite_nic::config::{KEYWORDS, Keyword};
use ferrite_nic::{AddressError, MacAddress, Settings};

use crate::input::Input;

const INF: &[u8] = include_bytes!("../../inf/ferrite.inf");

/// Runs one input: values, each with a keyword, a type, a length and data.
///
/// # Panics
/// A property does not hold.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let mut registry: HashMap<&str, Value> = HashMap::new();
    while !input.is_empty() {
        let keyword = input.one_of(&KEYWORDS);
        let kind = u32::from(input.u8());
        let length = usize::from(input.u8());
        let data = input.take(length);
        let value = match kind {
            // Text as people write it, so that an input need not be UTF-16.
            12.. => Value::sz(String::from_utf8_lossy(data).replace('\0', " ")),
            kind => Value::from_bytes(kind, data),
        };
        check_value(&value);
        check_against_inf(keyword, &value);
        check_address(&value);
        registry.insert(keyword.name, value);
    }
    check_settings(&registry);
}

/// A value is what its bytes say, and its bytes are what it is.
fn check_value(value: &Value) {
    let bytes = value.to_bytes();
    assert_eq!(&Value::from_bytes(value.kind(), &bytes), value, "{value} out of its own bytes");
    for radix in [10, 16] {
        let number = value.as_integer(radix);
        if let Value::Dword(dword) = value {
            assert_eq!(number, Some(*dword));
        }
        if !matches!(value, Value::Dword(_) | Value::Sz(_) | Value::ExpandSz(_)) {
            assert_eq!(number, None, "{value} is no number");
        }
    }
    assert!(!value.to_string().is_empty());
}

/// What users may set, the driver takes, as the same number (NDIS-CFG-04).
fn check_against_inf(keyword: &Keyword, value: &Value) {
    let Some(text) = value.as_str() else { return };
    let offered = inf_keywords().iter().find(|offered| offered.name == keyword.name).expect("in the INF");
    if offered.check(text).is_err() {
        return;
    }
    let number = value.as_integer(10);
    assert!(number.is_some(), "{}: the INF offers {text:?}, which NDIS does not read", keyword.name);
    assert_eq!(
        Some(keyword.accept(number)),
        number,
        "{}: the INF offers {text:?}, which the driver does not take",
        keyword.name
    );
}

fn inf_keywords() -> &'static [pnp::Keyword] {
    static KEYWORDS: OnceLock<Vec<pnp::Keyword>> = OnceLock::new();
    KEYWORDS.get_or_init(|| {
        let inf = Inf::parse("ferrite.inf", INF, Target::windows_10()).expect("the project's INF");
        let id = inf.models().flat_map(pnp::Model::ids).next().expect("a device");
        let device = DeviceIds { hardware: vec![id.to_owned()], compatible: Vec::new() };
        let package = Package::read(&inf, matching::find(&inf, &device).expect("a model"));
        package.expect("a package").net().expect("of class Net").keywords.clone()
    })
}

/// `NetworkAddress` as text and as bytes (NDIS-CFG-08).
fn check_address(value: &Value) {
    if let Some(text) = value.as_str() {
        let parsed = MacAddress::parse(text.encode_utf16());
        let digits: Vec<u8> =
            text.chars().filter_map(|c| c.to_digit(16)).filter_map(|d| d.try_into().ok()).collect();
        match parsed {
            Ok(MacAddress(address)) => {
                let bytes: Vec<u8> = digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
                assert_eq!(bytes, address, "{text:?}");
                assert!(text.chars().all(|c| c.is_ascii_hexdigit() || c == '-'), "{text:?}");
            }
            Err(AddressError::Multicast) => assert_eq!(digits[1] & 1, 1, "{text:?}"),
            Err(AddressError::Zero) => assert!(digits.iter().all(|&digit| digit == 0), "{text:?}"),
            Err(AddressError::Length | AddressError::Digit) => {
                let plain = text.len() == 12 && digits.len() == 12;
                assert!(!plain, "{text:?} is twelve digits");
            }
        }
    }
    let bytes = value.to_bytes();
    let usable = bytes.len() == 6 && bytes[0] & 1 == 0 && bytes != [0; 6];
    let station = MacAddress::station(&bytes);
    assert_eq!(station.is_ok(), usable, "{bytes:x?}");
    if let Ok(address) = station {
        assert_eq!([&address.low().to_le_bytes()[..], &address.high().to_le_bytes()[..2]].concat(), bytes);
    }
}

/// Whatever is there, the settings are ones that the driver can run with.
fn check_settings(registry: &HashMap<&str, Value>) {
    let read = |keyword: &Keyword| registry.get(keyword.name).and_then(|value| value.as_integer(10));
    let settings = Settings::read(read);
    for keyword in KEYWORDS {
        let number = read(keyword);
        let used = keyword.accept(number);
        assert!(keyword.allowed.contains(used), "{}: {used}", keyword.name);
        assert!(Some(used) == number || used == keyword.default, "{}: {used}", keyword.name);
    }
    for (buffers, descriptors) in [
        (settings.receive_buffers, settings.receive_descriptors()),
        (settings.transmit_buffers, settings.transmit_descriptors()),
    ] {
        assert!((80..=2048).contains(&buffers), "{buffers} buffers");
        assert!(descriptors > buffers && descriptors <= 4096 && descriptors % 8 == 0, "{descriptors}");
    }
    // A value that is not allowed is the same as none.
    let sound = Settings::read(|keyword| read(keyword).filter(|&number| keyword.allowed.contains(number)));
    assert_eq!(settings, sound);
}
