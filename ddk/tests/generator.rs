//! The generator of the assertions: right headers compile, wrong ones do not.

#[path = "../build"]
#[allow(dead_code)]
mod build {
    pub mod assertions;
    pub mod exposed;
    pub mod model;
    pub mod pasting;
    pub mod signature;
}

use std::io::Write as _;
use std::process::{Command, Stdio};

use build::exposed::Exposed;
use build::model::{Found, Model};
use serde_json::json;

/// What bindgen would write for a structure with an unnamed union, an enumeration, a constant, a function.
const BINDINGS: &str = r#"
#[repr(C)] #[derive(Copy, Clone)] pub struct _HEAD { pub Type: u8, pub Size: u16 }
pub type HEAD = _HEAD;
pub type PHEAD = *mut _HEAD;
#[repr(C)] pub struct _THING { pub Header: HEAD, pub __bindgen_anon_1: _THING__bindgen_ty_1, pub Last: u32 }
#[repr(C)] pub union _THING__bindgen_ty_1 { pub Value: u64, pub Parts: _THING__bindgen_ty_1__bindgen_ty_1 }
#[repr(C)] #[derive(Copy, Clone)] pub struct _THING__bindgen_ty_1__bindgen_ty_1 { pub Low: u32, pub High: u32 }
pub type THING = _THING;
pub type _KIND = crate::ctypes::c_int;
pub use self::_KIND as KIND;
pub const KindOne: _KIND = 1;
pub const KindTwo: _KIND = 2;
pub const KindMax: _KIND = 9;
pub type STATUS = i32;
pub const STATUS_BAD: STATUS = -1073741823;
pub type TOUCHED_HANDLER = ::core::option::Option<unsafe extern "C" fn(arg1: PHEAD) -> crate::ctypes::c_int>;
unsafe extern "C" { pub fn Touch(Head: *const HEAD, Count: u32, ...) -> STATUS; }
"#;

const EXPOSED: Exposed = Exposed {
    structs: &["HEAD", "THING"],
    partial: &[],
    enums: &["KIND"],
    types: &[],
    functions: &["Touch"],
    constants: &[],
};

fn abi() -> serde_json::Value {
    json!({
        "structs": {
            "HEAD": { "size": 4, "align": 2, "fields": {
                "Type": { "offset": 0, "size": 1, "kind": "u8" },
                "Size": { "offset": 2, "size": 2, "kind": "u16" } } },
            "THING": { "size": 24, "align": 8, "fields": {
                "Header": { "offset": 0, "size": 4, "kind": "record:HEAD" },
                "Value": { "offset": 8, "size": 8, "kind": "u64" },
                "Parts.High": { "offset": 12, "size": 4, "kind": "u32" },
                "Last": { "offset": 16, "size": 4, "kind": "u32" } } },
        },
        "enums": { "KIND": { "KindOne": 1, "KindTwo": 2, "KindMax": 3 } },
        "constants": { "group": { "STATUS_BAD": 0xC000_0001_u32, "ELSEWHERE": 7 } },
    })
}

fn functions() -> serde_json::Value {
    json!({
        "functions": { "Touch": { "returns": "STATUS", "variadic": true, "params": [
            { "name": "Head", "type": "const HEAD *" }, { "name": "Count", "type": "unsigned long" } ] } },
        "callbacks": { "TOUCHED": { "returns": "int", "params": [ { "name": "Head", "type": "struct _HEAD *" } ] } },
    })
}

fn generate(abi: &serde_json::Value, functions: &serde_json::Value) -> Result<String, String> {
    let model = Model::parse(BINDINGS).map_err(|e| e.to_string())?;
    build::assertions::generate(abi, functions, &model, EXPOSED)
        .map(|g| g.assertions)
        .map_err(|e| e.to_string())
}

/// Compiles generated assertions as the crate does: `src/assertions.rs` around them, `static_assertions` stood in for.
fn compile(assertions: &str) -> Result<(), String> {
    let frame = include_str!("../src/assertions.rs")
        .replace("use static_assertions::", "use crate::static_assertions::")
        .replace(r#"include!(concat!(env!("OUT_DIR"), "/assertions.rs"));"#, assertions)
        .replace("#![allow", "#[allow")
        .replace("//!", "//");
    let frame = frame.replacen("#[allow(clippy::all, clippy::pedantic, unused_imports)]", "", 1);
    let source = format!(
        "#![no_std]\n#![allow(dead_code, unused, non_snake_case, non_camel_case_types, non_upper_case_globals)]\n\
         mod bindings {{ {BINDINGS} }}\nmod ctypes {{ {} }}\n\
         mod static_assertions {{ macro_rules! const_assert_eq {{ ($a:expr, $b:expr) => {{ \
         const _: () = assert!($a == $b); }} }} pub(crate) use const_assert_eq; }}\n\
         mod assertions {{ {frame} }}\n",
        include_str!("../src/ctypes.rs").replace("//!", "//").replace("#![allow(non_camel_case_types)]", ""),
    );
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut child = Command::new(rustc)
        .args(["--edition=2024", "--crate-type=lib", "--crate-name=probe", "--emit=metadata", "-o", "-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("rustc starts");
    child.stdin.take().expect("piped").write_all(source.as_bytes()).expect("rustc reads its input");
    let output = child.wait_with_output().expect("rustc ends");
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

fn assert_refused(abi: &serde_json::Value, functions: &serde_json::Value, needle: &str) {
    let assertions = generate(abi, functions).expect("the names match");
    let message = compile(&assertions).expect_err("a table that disagrees must not compile");
    assert!(message.contains(needle), "expected `{needle}` in:\n{message}");
}

#[test]
fn agreement_compiles() {
    compile(&generate(&abi(), &functions()).expect("the names match")).expect("tables and bindings agree");
}

#[test]
fn every_kind_of_disagreement_stops_the_build() {
    for (pointer, value, needle) in [
        ("/structs/THING/size", 32, "size_of::<THING>()"),
        ("/structs/THING/align", 4, "align_of::<THING>()"),
        ("/structs/THING/fields/Last/offset", 20, "offset_of!(THING, Last)"),
        ("/structs/THING/fields/Parts.High/offset", 8, "offset_of!(THING, __bindgen_anon_1.Parts.High)"),
        ("/structs/THING/fields/Value/size", 4, "field_size!(THING, __bindgen_anon_1.Value)"),
        ("/enums/KIND/KindTwo", 3, "KindTwo"),
        ("/constants/group/STATUS_BAD", 0xC000_0002_u32, "STATUS_BAD"),
    ] {
        let mut altered = abi();
        *altered.pointer_mut(pointer).expect("the table has it") = json!(value);
        assert_refused(&altered, &functions(), needle);
    }
}

#[test]
fn a_prototype_that_differs_stops_the_build() {
    for (pointer, value) in [
        ("/functions/Touch/params/0/type", json!("HEAD *")),
        ("/functions/Touch/params/1/type", json!("int")),
        ("/functions/Touch/returns", json!("void")),
        ("/functions/Touch/variadic", json!(false)),
        ("/callbacks/TOUCHED/params", json!([])),
    ] {
        let mut altered = functions();
        *altered.pointer_mut(pointer).expect("the table has it") = value;
        assert_refused(&abi(), &altered, "mismatched types");
    }
}

#[test]
fn what_the_headers_lack_is_named() {
    let mut more = abi();
    more["structs"]["THING"]["fields"]["Extra"] = json!({ "offset": 20, "size": 4, "kind": "u32" });
    assert_eq!(generate(&more, &functions()), Err("THING: the headers have no field Extra".to_string()));

    let mut unknown = functions();
    unknown["functions"]["Touch"]["params"][0]["type"] = json!("PMISSING");
    let message = generate(&abi(), &unknown).expect_err("a type that is nowhere");
    assert_eq!(message, "Touch: functions.json: the headers have no type PMISSING");
}

#[test]
fn fields_are_found_through_unnamed_members() {
    let model = Model::parse(BINDINGS).expect("bindings parse");
    let path = |names: &[&str]| Some(Found::Field(names.iter().map(ToString::to_string).collect()));
    assert_eq!(model.find("THING", "Value"), path(&["__bindgen_anon_1", "Value"]));
    assert_eq!(model.find("THING", "Parts.High"), path(&["__bindgen_anon_1", "Parts", "High"]));
    assert_eq!(model.find("THING", "Header.Size"), path(&["Header", "Size"]));
    assert_eq!(model.find("THING", "High"), None);
}

#[test]
fn the_pasting_macro_expands_its_arguments_first() {
    let text = "#define OTHER 1\n#define NDIS_API_VERSION_AVAILABLE(major,minor) \\\n    ((0x ## major) + 0x ## minor)\n";
    let patched = build::pasting::expand_before_pasting(text).expect("it is defined here");
    assert_eq!(
        patched,
        "#define OTHER 1\n\
         #define NDIS_API_VERSION_AVAILABLE(major, minor) NDIS_API_VERSION_AVAILABLE_EXPANDED(major, minor)\n\
         #define NDIS_API_VERSION_AVAILABLE_EXPANDED(major,minor) \\\n    ((0x ## major) + 0x ## minor)\n"
    );
    assert_eq!(build::pasting::expand_before_pasting("#if NDIS_API_VERSION_AVAILABLE(6, 2)\n#endif\n"), None);
}
