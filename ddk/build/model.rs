//! What the generator has to know of the bindings: fields, constants, functions, bit field setters.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write as _;

use syn::{Fields, ImplItem, Item, ReturnType, Type};

/// The items of a bindings file.
#[derive(Default)]
pub struct Model {
    records: BTreeMap<String, Vec<Field>>,
    aliases: BTreeMap<String, String>,
    /// Constants and the name of their type.
    pub constants: BTreeMap<String, String>,
    /// Functions, and whether they never return.
    pub functions: BTreeMap<String, bool>,
    setters: BTreeSet<(String, String)>,
}

struct Field {
    name: String,
    /// Name of the field's type, if it is a plain path.
    type_name: Option<String>,
}

/// A field of the table as the bindings have it.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// A field: its path, with the names of unnamed members filled in.
    Field(Vec<String>),
    /// A bit field: path of the record that has the setter.
    Bits(Vec<String>),
}

impl Model {
    /// Reads generated bindings.
    pub fn parse(bindings: &str) -> Result<Self, Box<dyn Error>> {
        let mut model = Self::default();
        for item in syn::parse_file(bindings)?.items {
            match item {
                Item::Struct(s) => model.record(s.ident.to_string(), &s.fields),
                Item::Union(u) => model.record(u.ident.to_string(), &Fields::Named(u.fields)),
                Item::Type(t) => {
                    if let Some(target) = path_name(&t.ty) {
                        model.aliases.insert(t.ident.to_string(), target);
                    } else {
                        model.aliases.insert(t.ident.to_string(), String::new());
                    }
                }
                Item::Use(u) => model.use_alias(&u.tree),
                Item::Const(c) => {
                    let type_name = path_name(&c.ty).unwrap_or_default();
                    model.constants.insert(c.ident.to_string(), type_name);
                }
                Item::ForeignMod(block) => {
                    for item in block.items {
                        if let syn::ForeignItem::Fn(f) = item {
                            let never = matches!(&f.sig.output, ReturnType::Type(_, ty) if matches!(**ty, Type::Never(_)));
                            model.functions.insert(f.sig.ident.to_string(), never);
                        }
                    }
                }
                Item::Impl(i) if i.trait_.is_none() => {
                    let Some(owner) = path_name(&i.self_ty) else { continue };
                    for item in i.items {
                        let ImplItem::Fn(f) = item else { continue };
                        if let Some(field) = f.sig.ident.to_string().strip_prefix("set_") {
                            model.setters.insert((owner.clone(), field.to_string()));
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(model)
    }

    fn record(&mut self, name: String, fields: &Fields) {
        let fields = fields
            .iter()
            .filter_map(|f| Some(Field { name: f.ident.as_ref()?.to_string(), type_name: path_name(&f.ty) }))
            .collect();
        self.records.insert(name, fields);
    }

    /// `pub use self::_NDIS_MEDIUM as NDIS_MEDIUM;`
    fn use_alias(&mut self, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => self.use_alias(&path.tree),
            syn::UseTree::Rename(r) => {
                self.aliases.insert(r.rename.to_string(), r.ident.to_string());
            }
            _ => {}
        }
    }

    /// Whether a type of this name exists.
    pub fn has_type(&self, name: &str) -> bool {
        self.records.contains_key(name) || self.aliases.contains_key(name)
    }

    fn resolve<'a>(&'a self, mut name: &'a str) -> Option<(&'a str, &'a [Field])> {
        for _ in 0..16 {
            if let Some(fields) = self.records.get(name) {
                return Some((name, fields));
            }
            name = self.aliases.get(name)?;
        }
        None
    }

    /// Finds a field of the table, `u.Memory.Start` or the hoisted `CurrentMdl`, in a record.
    pub fn find(&self, record: &str, path: &str) -> Option<Found> {
        let (record, fields) = self.resolve(record)?;
        let (head, rest) = path.split_once('.').map_or((path, None), |(h, r)| (h, Some(r)));
        if let Some(field) = fields.iter().find(|f| f.name == head) {
            let Some(rest) = rest else { return Some(Found::Field(vec![head.to_string()])) };
            return self.find(field.type_name.as_deref()?, rest).map(|found| found.under(head));
        }
        if rest.is_none() && self.setters.contains(&(record.to_string(), head.to_string())) {
            return Some(Found::Bits(Vec::new()));
        }
        fields
            .iter()
            .filter(|f| f.name.starts_with("__bindgen_anon_"))
            .find_map(|f| self.find(f.type_name.as_deref()?, path).map(|found| found.under(&f.name)))
    }
}

/// Source of constants for the offsets of fields, `NET_BUFFER_DataLength`.
///
/// # Errors
/// If the bindings have no such field.
pub fn places(model: &Model, places: &[(&str, &str)]) -> Result<String, Box<dyn Error>> {
    let mut out = String::new();
    for (record, path) in places {
        let Some(Found::Field(rust)) = model.find(record, path) else {
            return Err(format!("{record}: the headers have no field {path}").into());
        };
        let field = path.rsplit('.').next().unwrap_or(path);
        writeln!(out, "pub const {record}_{field}: usize = offset_of!({record}, {});", rust.join("."))?;
    }
    Ok(out)
}

impl Found {
    fn under(self, outer: &str) -> Self {
        let prepend = |mut path: Vec<String>| {
            path.insert(0, outer.to_string());
            path
        };
        match self {
            Self::Field(path) => Self::Field(prepend(path)),
            Self::Bits(path) => Self::Bits(prepend(path)),
        }
    }
}

/// Last segment of a type that is a plain path: neither a pointer nor an array nor generic.
fn path_name(ty: &Type) -> Option<String> {
    let Type::Path(path) = ty else { return None };
    let segment = path.path.segments.last()?;
    segment.arguments.is_none().then(|| segment.ident.to_string())
}
