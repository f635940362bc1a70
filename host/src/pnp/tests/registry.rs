//! The registry by itself.

use proptest::prelude::*;

use super::super::registry::kind;
use super::super::{Registry, Value};

const SERVICE: &str = r"HKLM\SYSTEM\CurrentControlSet\Services\x";

#[test]
fn names_compare_without_case_and_keep_their_spelling() {
    let mut registry = Registry::new();
    registry.set(SERVICE, "ImagePath", Value::sz("a"));
    registry.set(&SERVICE.to_uppercase(), "IMAGEPATH", Value::sz("b"));
    let key = registry.key(&SERVICE.to_lowercase()).unwrap();
    assert_eq!(key.name(), "x");
    assert_eq!(key.values().collect::<Vec<_>>(), [("ImagePath", &Value::sz("b"))]);
}

#[test]
fn one_key_has_several_paths() {
    let mut registry = Registry::new();
    registry.set(SERVICE, "Type", Value::Dword(1));
    let paths = [
        r"\Registry\Machine\SYSTEM\CurrentControlSet\Services\x",
        r"\REGISTRY\MACHINE\System\ControlSet001\Services\x\",
        r"HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\x",
    ];
    for path in paths {
        assert_eq!(registry.value(path, "type"), Some(&Value::Dword(1)), "{path}");
    }
    assert_eq!(Registry::kernel_path(SERVICE), r"\Registry\Machine\SYSTEM\ControlSet001\Services\x");
    assert_eq!(Registry::kernel_path(r"HKCR\.txt"), r"\Registry\Machine\SOFTWARE\Classes\.txt");
    // The link is one only below HKLM\SYSTEM.
    assert_eq!(
        Registry::kernel_path(r"HKLM\SOFTWARE\CurrentControlSet"),
        r"\Registry\Machine\SOFTWARE\CurrentControlSet"
    );
}

#[test]
fn keys_come_and_go() {
    let mut registry = Registry::new();
    registry.create(r"HKLM\A\B\C");
    registry.set(r"HKLM\A", "v", Value::Dword(1));
    assert!(registry.key(r"HKLM\A\B\C").is_some());
    assert_eq!(
        registry.key(r"HKLM\A").unwrap().subkeys().map(super::super::registry::Key::name).collect::<Vec<_>>(),
        ["B"]
    );
    assert!(registry.key(r"HKLM\A").unwrap().subkey(r"b\c").is_some());
    let key = registry.key_mut(r"HKLM\A").unwrap();
    assert!(key.delete_value("V"));
    assert!(!key.delete_value("V"));
    assert!(key.delete_subkey(r"B\C"));
    assert!(!key.delete_subkey(r"B\C"));
    assert!(registry.delete(r"HKLM\a"));
    assert!(!registry.delete(r"HKLM\a"));
    assert!(registry.key(r"HKLM\A").is_none());
    assert!(registry.value(r"HKLM\A", "v").is_none());
}

#[test]
fn data_as_the_kernel_hands_it_out() {
    let cases = [
        (Value::Dword(0x0102_0304), kind::DWORD, vec![4, 3, 2, 1]),
        (Value::Qword(1), kind::QWORD, vec![1, 0, 0, 0, 0, 0, 0, 0]),
        (Value::sz("ab"), kind::SZ, vec![b'a', 0, b'b', 0, 0, 0]),
        (Value::ExpandSz(String::new()), kind::EXPAND_SZ, vec![0, 0]),
        (
            Value::MultiSz(vec!["a".into(), "b".into()]),
            kind::MULTI_SZ,
            vec![b'a', 0, 0, 0, b'b', 0, 0, 0, 0, 0],
        ),
        (Value::Binary(vec![1, 2]), kind::BINARY, vec![1, 2]),
        (Value::None(vec![]), kind::NONE, vec![]),
    ];
    for (value, kind, bytes) in cases {
        assert_eq!(value.kind(), kind);
        assert_eq!(value.to_bytes(), bytes);
        assert_eq!(Value::from_bytes(kind, &bytes), value);
    }
}

#[test]
fn data_that_does_not_fit_its_type_is_kept() {
    for (kind, data) in [(kind::DWORD, &[1, 2, 3][..]), (kind::SZ, &[1]), (kind::SZ, &[0, 0xD8]), (99, &[5])]
    {
        let value = Value::from_bytes(kind, data);
        assert_eq!(value, Value::Other { kind, data: data.to_vec() });
        assert_eq!((value.kind(), value.to_bytes()), (kind, data.to_vec()));
    }
    // A string ends at its first NUL, or without one at its last character.
    assert_eq!(Value::from_bytes(kind::SZ, &[b'a', 0, 0, 0, b'b', 0]), Value::sz("a"));
    assert_eq!(Value::from_bytes(kind::SZ, &[b'a', 0]), Value::sz("a"));
}

#[test]
fn text_as_a_number() {
    let cases = [
        ("512", 10, Some(512)),
        ("  12 frames", 10, Some(12)),
        ("-1", 10, Some(u32::MAX)),
        ("+7", 10, Some(7)),
        ("1F", 16, Some(31)),
        ("1F", 10, Some(1)),
        ("fast", 10, None),
        ("", 10, None),
        ("4294967296", 10, Some(0)),
    ];
    for (text, radix, expected) in cases {
        assert_eq!(Value::sz(text).as_integer(radix), expected, "{text:?} in base {radix}");
    }
    assert_eq!(Value::Dword(9).as_integer(16), Some(9));
    assert_eq!(Value::Binary(vec![1]).as_integer(10), None);
}

proptest! {
    #[test]
    fn bytes_round_trip(kind in 0u32..13, data in prop::collection::vec(any::<u8>(), 0..40)) {
        let value = Value::from_bytes(kind, &data);
        prop_assert_eq!(value.kind(), kind);
        // What is written is read back, though a string may have lost what followed its NUL.
        prop_assert_eq!(Value::from_bytes(kind, &value.to_bytes()), value);
    }

    #[test]
    fn strings_round_trip(text in "[^\\x00]{0,30}", list in prop::collection::vec("[^\\x00]{1,9}", 0..5)) {
        for value in [Value::Sz(text.clone()), Value::ExpandSz(text), Value::MultiSz(list)] {
            prop_assert_eq!(Value::from_bytes(value.kind(), &value.to_bytes()), value);
        }
    }

    #[test]
    fn a_key_is_found_under_any_case(path in "[a-zA-ZäÖß]{1,8}(\\\\[a-zA-ZäÖß]{1,8}){0,4}", value in any::<u32>()) {
        let mut registry = Registry::new();
        let path = format!(r"HKLM\{path}");
        registry.set(&path, "Value", Value::Dword(value));
        let other: String = path.chars().map(|c| if c == 'ß' { c } else { c.to_uppercase().next().unwrap() }).collect();
        prop_assert_eq!(registry.value(&other, "VALUE"), Some(&Value::Dword(value)));
    }
}
