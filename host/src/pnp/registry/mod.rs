//! The registry, in memory: what the installation of a driver leaves behind and the driver then reads.
//!
//! Names keep their case and compare without it. Paths begin with a root, `HKLM`, `HKU` ... or the
//! kernel's `\Registry\Machine`, `\Registry\User`; `CurrentControlSet` is the link to `ControlSet001`
//! that it is on Windows.

mod value;

use std::collections::BTreeMap;

pub use value::{Value, kind};

use super::fold::{fold, same};

/// Class keys: one subkey per setup class.
pub const CLASS_KEY: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\Class";
/// Device instances.
pub const ENUM_KEY: &str = r"HKLM\SYSTEM\CurrentControlSet\Enum";
/// Services, drivers among them.
pub const SERVICES_KEY: &str = r"HKLM\SYSTEM\CurrentControlSet\Services";

/// A key: values and subkeys.
#[derive(Clone, Debug, Default)]
pub struct Key {
    name: String,
    values: BTreeMap<String, (String, Value)>,
    subkeys: BTreeMap<String, Key>,
}

impl Key {
    /// The key's own name, as first written.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value called `name`; an empty name is the key's default value.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(&fold(name)).map(|(_, v)| v)
    }

    /// All values with their names, sorted by name.
    pub fn values(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.values.values().map(|(name, value)| (name.as_str(), value))
    }

    /// The subkeys, sorted by name.
    pub fn subkeys(&self) -> impl Iterator<Item = &Key> {
        self.subkeys.values()
    }

    /// The key at `path` below this one; an empty path is this key.
    #[must_use]
    pub fn subkey(&self, path: &str) -> Option<&Key> {
        components(path).try_fold(self, |key, name| key.subkeys.get(&fold(name)))
    }

    /// Sets a value, and keeps the name's old spelling if it had one.
    pub fn set(&mut self, name: &str, value: Value) {
        self.values.entry(fold(name)).or_insert_with(|| (name.to_owned(), Value::Dword(0))).1 = value;
    }

    /// Removes a value; whether there was one.
    pub fn delete_value(&mut self, name: &str) -> bool {
        self.values.remove(&fold(name)).is_some()
    }

    /// Removes a subkey and all below it; whether there was one.
    pub fn delete_subkey(&mut self, path: &str) -> bool {
        let mut names: Vec<&str> = components(path).collect();
        let Some(last) = names.pop() else { return false };
        let parent = names.into_iter().try_fold(self, |key, name| key.subkeys.get_mut(&fold(name)));
        parent.is_some_and(|key| key.subkeys.remove(&fold(last)).is_some())
    }

    fn create(&mut self, name: &str) -> &mut Key {
        self.subkeys.entry(fold(name)).or_insert_with(|| Key { name: name.to_owned(), ..Key::default() })
    }
}

/// All keys.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    root: Key,
}

impl Registry {
    /// An empty registry.
    #[must_use]
    pub fn new() -> Registry {
        Registry::default()
    }

    /// The key at `path`.
    #[must_use]
    pub fn key(&self, path: &str) -> Option<&Key> {
        canonical(path).iter().try_fold(&self.root, |key, name| key.subkeys.get(&fold(name)))
    }

    /// The key at `path`, to change it.
    pub fn key_mut(&mut self, path: &str) -> Option<&mut Key> {
        canonical(path).iter().try_fold(&mut self.root, |key, name| key.subkeys.get_mut(&fold(name)))
    }

    /// The key at `path`, made with all above it if it is new.
    pub fn create(&mut self, path: &str) -> &mut Key {
        canonical(path).iter().fold(&mut self.root, |key, name| key.create(name))
    }

    /// Value `name` of the key at `path`.
    #[must_use]
    pub fn value(&self, path: &str, name: &str) -> Option<&Value> {
        self.key(path)?.value(name)
    }

    /// Sets value `name` of the key at `path`, which is made if it is new.
    pub fn set(&mut self, path: &str, name: &str, value: Value) {
        self.create(path).set(name, value);
    }

    /// Removes the key at `path` and all below it; whether there was one.
    pub fn delete(&mut self, path: &str) -> bool {
        let mut names = canonical(path);
        let Some(last) = names.pop() else { return false };
        let parent = names.iter().try_fold(&mut self.root, |key, name| key.subkeys.get_mut(&fold(name)));
        parent.is_some_and(|key| key.subkeys.remove(&fold(&last)).is_some())
    }

    /// The kernel's spelling of `path`: `\Registry\Machine\SYSTEM\ControlSet001\...`.
    #[must_use]
    pub fn kernel_path(path: &str) -> String {
        canonical(path).iter().fold(r"\Registry".to_owned(), |mut text, name| {
            text.push('\\');
            text.push_str(name);
            text
        })
    }
}

fn components(path: &str) -> impl Iterator<Item = &str> {
    path.split('\\').filter(|name| !name.is_empty())
}

/// A path's components below `\Registry`, roots and links resolved.
fn canonical(path: &str) -> Vec<String> {
    let mut names = components(path).peekable();
    names.next_if(|first| path.starts_with('\\') && same(first, "Registry"));
    let mut resolved: Vec<String> = Vec::new();
    for (depth, name) in names.enumerate() {
        let root: &[&str] = match fold(name).as_str() {
            _ if depth > 0 => &[name],
            "HKLM" | "HKEY_LOCAL_MACHINE" => &["Machine"],
            "HKU" | "HKEY_USERS" => &["User"],
            "HKCU" | "HKEY_CURRENT_USER" => &["User", "S-1-5-18"],
            "HKCR" | "HKEY_CLASSES_ROOT" => &["Machine", "SOFTWARE", "Classes"],
            _ => &[name],
        };
        resolved.extend(root.iter().map(|&n| n.to_owned()));
    }
    let in_system = matches!(resolved.get(..2), Some([m, s]) if same(m, "Machine") && same(s, "SYSTEM"));
    if let Some(set) = resolved.get_mut(2)
        && in_system
        && same(set, "CurrentControlSet")
    {
        "ControlSet001".clone_into(set);
    }
    resolved
}
