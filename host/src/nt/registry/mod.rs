//! The registry as drivers reach it: handles and paths.

pub mod file;
pub mod key;
pub mod query;
pub mod rtl;
pub mod value;

use super::handles::Target;
use crate::{
    abi::{OBJECT_ATTRIBUTES, Ptr, constants as c, read, unicode},
    pnp::registry::{Key, Registry},
    verify::rules,
    world::world,
};

/// RelativeTo of the Rtl functions.
const HANDLE: u32 = 0x4000_0000;
const OPTIONAL: u32 = 0x8000_0000;

/// The path behind a key handle; a handle of something else ends the run.
fn path_of(what: &str, handle: u64) -> String {
    world().verify.watch(&rules::KERNEL_HANDLE);
    match world().nt.handles.get(handle) {
        Some(Target::Key(path)) => path,
        other => world()
            .violation(&rules::KERNEL_HANDLE, format!("{what}: {handle:#x} is no open key but {other:?}")),
    }
}

/// The path that OBJECT_ATTRIBUTES name.
fn attributes(what: &str, addr: u64) -> String {
    let p: Ptr<OBJECT_ATTRIBUTES> = Ptr::new(addr);
    let name = unicode(Ptr::new(p.get(OBJECT_ATTRIBUTES::ObjectName)));
    match p.get(OBJECT_ATTRIBUTES::RootDirectory) {
        0 => name,
        root => below(&path_of(what, root), &name),
    }
}

fn below(path: &str, name: &str) -> String {
    if name.is_empty() { path.to_owned() } else { format!(r"{path}\{name}") }
}

/// A zero-terminated UTF-16 string; empty for NULL.
pub(super) fn wide(addr: u64) -> String {
    if addr == 0 {
        return String::new();
    }
    let units: Vec<u16> =
        (0..32_768).map(|i| read(addr + 2 * i)).take_while(|&unit: &u16| unit != 0).collect();
    String::from_utf16_lossy(&units)
}

/// The path that RelativeTo and Path stand for.
fn relative(what: &str, to: u32, path: u64) -> Option<String> {
    if to & HANDLE != 0 {
        return Some(path_of(what, path));
    }
    let root = match to & !OPTIONAL {
        0 => return Some(wide(path)),
        1 => r"\Registry\Machine\System\CurrentControlSet\Services",
        2 => r"\Registry\Machine\System\CurrentControlSet\Control",
        3 => r"\Registry\Machine\Software\Microsoft\Windows NT\CurrentVersion",
        4 => r"\Registry\Machine\Hardware\DeviceMap",
        5 => r"\Registry\User\S-1-5-18",
        _ => return None,
    };
    Some(below(root, &wide(path)))
}

/// Looks at a key.
fn with<R>(path: &str, look: impl FnOnce(&Key) -> R) -> Option<R> {
    world().registry.borrow().key(path).map(look)
}

/// Opens a key that exists.
fn open(path: &str) -> Result<u64, u32> {
    if with(path, |_| ()).is_none() {
        return Err(c::STATUS_OBJECT_NAME_NOT_FOUND);
    }
    Ok(world().nt.handles.open(Target::Key(Registry::kernel_path(path))))
}
