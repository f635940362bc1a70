use super::*;
use crate::{abi::constants as c, pnp::registry::Value, verify::rules};

const KEY: &str = r"\Registry\Machine\System\CurrentControlSet\Services\nic\Parameters";

fn set(name: &str, value: Value) {
    world().registry.borrow_mut().set(KEY, name, value);
}

/// OBJECT_ATTRIBUTES of a path.
fn names(path: &str) -> u64 {
    let addr = own(48);
    write(addr, 48_u32);
    write(addr + 16, counted(path));
    addr
}

/// Appends a row to a query table.
fn row(table: u64, index: u64, fields: [u64; 7]) {
    let at = table + 56 * index;
    let [routine, flags, name, context, default_type, default_data, default_len] = fields;
    for (offset, value) in [(0, routine), (16, name), (24, context), (40, default_data)] {
        write(at + offset, value);
    }
    for (offset, value) in [(8, flags), (32, default_type), (48, default_len)] {
        write(at + offset, value as u32);
    }
}

/// A QueryRoutine: type, length, and both contexts.
extern "win64" fn sees(_name: u64, kind: u64, _data: u64, len: u64, context: u64, entry: u64) -> u64 {
    note(kind & 0xFF, len & 0xFF, context, entry);
    0
}

#[test]
fn a_query_table_stores_calls_and_falls_back() {
    run(|| {
        set("Speed", Value::Dword(1000));
        set("Name", Value::sz("Ferrite"));
        set("List", Value::MultiSz(vec!["one".into(), "two".into()]));
        set("Bytes", Value::Binary(vec![1, 2, 3, 4, 5, 6]));
        let (speed, missing, text, bytes) = (own(4), own(4), own(16), own(16));
        write(bytes, -16_i32);
        let table = own(56 * 7);
        row(table, 0, [0, 0x20, wide("speed"), speed, 0, 0, 0]);
        row(table, 1, [0, 0x20, wide("Missing"), missing, 4, cell(42), 4]);
        row(table, 2, [0, 0x20, wide("Name"), text, 0, 0, 0]);
        row(table, 3, [0, 0x20, wide("Bytes"), bytes, 0, 0, 0]);
        row(table, 4, [sees as *const () as u64, 0, wide("List"), 9, 0, 0, 0]);
        row(table, 5, [0; 7]);
        assert_eq!(k32("RtlQueryRegistryValues", &[1, wide(r"nic\Parameters"), table, 8, 0]), 0);
        assert_eq!((read::<u32>(speed), read::<u32>(missing)), (1000, 42));
        assert_eq!(crate::abi::unicode(crate::abi::Ptr::new(text)), "Ferrite");
        assert_eq!(crate::abi::bytes(bytes, 6), [1, 2, 3, 4, 5, 6]);
        let lengths: Vec<_> = seen().iter().map(|call| call.args).collect();
        assert_eq!(lengths, [[u64::from(c::REG_SZ), 8, 8, 9]; 2], "once a string");
        k("RtlFreeUnicodeString", &[text]);
    })
    .expect("no violation");
}

#[test]
fn a_required_value_and_a_type_are_checked() {
    run(|| {
        set("Speed", Value::sz("fast"));
        let (out, table) = (own(16), own(112));
        row(table, 0, [0, 0x24, wide("Missing"), out, 0, 0, 0]);
        let ask = || k32("RtlQueryRegistryValues", &[0, wide(KEY), table, 0, 0]);
        assert_eq!(ask(), c::STATUS_OBJECT_NAME_NOT_FOUND);
        row(table, 0, [0, 0x120, wide("Speed"), out, 4 << 24, 0, 0]);
        assert_eq!(ask(), c::STATUS_OBJECT_TYPE_MISMATCH);
        assert_eq!(
            k32("RtlQueryRegistryValues", &[1, wide("absent"), table, 0, 0]),
            c::STATUS_OBJECT_NAME_NOT_FOUND
        );
    })
    .expect("no violation");
}

#[test]
fn values_come_through_handles_with_their_lengths() {
    run(|| {
        set("Speed", Value::Dword(1000));
        let (handle, length, out) = (own(8), own(4), own(64));
        assert_eq!(
            k32("ZwOpenKey", &[handle, 0, names(r"\Registry\Machine\Absent")]),
            c::STATUS_OBJECT_NAME_NOT_FOUND
        );
        assert_eq!(k32("ZwOpenKey", &[handle, 0, names(KEY)]), 0);
        let key: u64 = read(handle);
        let query = |room| k32("ZwQueryValueKey", &[key, counted("SPEED"), 2, out, room, length]);
        assert_eq!(query(4), c::STATUS_BUFFER_TOO_SMALL);
        assert_eq!(query(13), c::STATUS_BUFFER_OVERFLOW);
        assert_eq!(read::<u32>(length), 16);
        assert_eq!(query(64), 0);
        assert_eq!((read::<u32>(out + 4), read::<u32>(out + 8), read::<u32>(out + 12)), (4, 4, 1000));
        assert_eq!(k32("ZwSetValueKey", &[key, counted("New"), 0, 4, cell(7), 4]), 0);
        assert_eq!(world().registry.borrow().value(KEY, "new"), Some(&Value::Dword(7)));
        assert_eq!(k32("ZwEnumerateValueKey", &[key, 2, 0, out, 64, length]), 0x8000_001A);
        assert_eq!(world().nt.left_behind().len(), 1, "the open handle");
        k("ZwClose", &[key]);
        assert!(world().nt.left_behind().is_empty());
    })
    .expect("no violation");
    breaks(&rules::KERNEL_HANDLE, "no open handle", || {
        k("ZwClose", &[0x1234]);
    });
}
