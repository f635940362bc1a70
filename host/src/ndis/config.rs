//! Configuration: the adapter's keywords in the registry.

use super::{check, objects::Object};
use crate::{
    abi::{
        self, NDIS_CONFIGURATION_OBJECT as ConfObject, NDIS_CONFIGURATION_PARAMETER as Param, Ptr,
        UNICODE_STRING, constants as c, unicode,
    },
    imports,
    mem::Kind,
    pnp::registry::Value,
    verify::rules,
    world::world,
};
use std::{cell::RefCell, rc::Rc};

/// The `NetworkAddress` keyword.
const NETWORK_ADDRESS: &str = "NetworkAddress";
/// Most digits of an address that are looked at.
const MOST_DIGITS: usize = 64;

/// An open configuration, with what was read from it.
struct Configuration {
    owner: u64,
    key: String,
    /// Blocks that die with the handle (NDIS-CFG-03).
    blocks: RefCell<Vec<u64>>,
}

impl Object for Configuration {
    fn what(&self) -> &'static str {
        "configuration handle"
    }
    fn owner(&self) -> u64 {
        self.owner
    }
}

impl Configuration {
    fn block(&self, size: usize) -> Option<u64> {
        let at = world().mem.allocate(Kind::Host, 0, size.max(8), "configuration parameter")?;
        self.blocks.borrow_mut().push(at);
        Some(at)
    }

    fn value(&self, name: &str) -> Option<Value> {
        world().registry.borrow().value(&self.key, name).cloned()
    }
}

fn configuration(handle: u64, what: &str) -> Rc<Configuration> {
    world().verify.watch(&rules::HANDLE_CONFIGURATION);
    match world().ndis.objects.get::<Configuration>(handle) {
        Some(configuration) => configuration,
        None => world().violation(
            &rules::HANDLE_CONFIGURATION,
            format!("{what}: {handle:#x} is not a configuration handle"),
        ),
    }
}

fn open(owner: u64, key: String) -> u64 {
    let made = Configuration { owner, key, blocks: RefCell::default() };
    world().ndis.objects.add(Rc::new(made), "NdisOpenConfigurationEx").unwrap_or(0)
}

/// Writes a `UNICODE_STRING` over text that lives in its own block.
fn put_string(configuration: &Configuration, at: u64, text: &str) -> Option<()> {
    let units: Vec<u16> = text.encode_utf16().chain([0]).collect();
    let buffer = configuration.block(units.len() * 2)?;
    units.iter().enumerate().for_each(|(i, &unit)| abi::write(buffer + 2 * i as u64, unit));
    let p: Ptr<UNICODE_STRING> = Ptr::new(at);
    let len = u16::try_from((units.len() - 1) * 2).unwrap_or(u16::MAX);
    p.set(UNICODE_STRING::Length, len);
    p.set(UNICODE_STRING::MaximumLength, len.saturating_add(2));
    p.set(UNICODE_STRING::Buffer, buffer);
    Some(())
}

/// A parameter block for a value, in the type that the driver asked for.
fn parameter(configuration: &Configuration, value: &Value, kind: u32) -> Option<u64> {
    let at = configuration.block(<Param as abi::Layout>::SIZE)?;
    let p: Ptr<Param> = Ptr::new(at);
    let data = p.at(&Param::ParameterData);
    let integer = |radix| value.as_integer(radix);
    match kind {
        c::NdisParameterInteger | c::NdisParameterHexInteger => {
            let radix = if kind == c::NdisParameterInteger { 10 } else { 16 };
            abi::write(data, integer(radix)?);
        }
        c::NdisParameterBinary => {
            let bytes = value.to_bytes();
            let buffer = configuration.block(bytes.len())?;
            abi::write_bytes(buffer, &bytes);
            abi::write(data, u16::try_from(bytes.len()).ok()?);
            abi::write(data + 8, buffer);
        }
        _ => put_string(configuration, data, value.as_str()?)?,
    }
    p.set(Param::ParameterType, kind);
    Some(at)
}

imports! {
    /// Configuration.
    TABLE from "ndis.sys";

    fn NdisOpenConfigurationEx(object: u64, out: u64) -> u32 {
        let world = world();
        check::sized(&rules::CONFIGURATION_HEADER, object, "NDIS_CONFIGURATION_OBJECT", c::NDIS_OBJECT_TYPE_CONFIGURATION_OBJECT, 1, c::NDIS_SIZEOF_CONFIGURATION_OBJECT_REVISION_1);
        let handle = Ptr::<ConfObject>::new(object).get(ConfObject::NdisHandle);
        let key = match world.ndis.adapter(handle) {
            Some(adapter) => adapter.device.driver_key.clone(),
            None if world.ndis.miniport().is_some_and(|m| m.handle == handle) => format!(r"{}\Parameters", world.service_key.borrow()),
            None => world.violation(&rules::HANDLE_CONFIGURATION, format!("NdisOpenConfigurationEx: {handle:#x} is no NDIS handle")),
        };
        let made = open(handle, key);
        abi::write(out, made);
        if made == 0 { c::NDIS_STATUS_RESOURCES } else { c::NDIS_STATUS_SUCCESS }
    }

    fn NdisOpenConfigurationKeyByName(status_out: u64, handle: u64, name: u64, out: u64) {
        let parent = configuration(handle, "NdisOpenConfigurationKeyByName");
        let key = format!(r"{}\{}", parent.key, unicode(Ptr::<UNICODE_STRING>::new(name)));
        let exists = world().registry.borrow().key(&key).is_some();
        abi::write(out, if exists { open(parent.owner, key) } else { 0 });
        abi::write(status_out, if exists { c::NDIS_STATUS_SUCCESS } else { c::NDIS_STATUS_FAILURE });
    }

    fn NdisOpenConfigurationKeyByIndex(status_out: u64, handle: u64, index: u32, name_out: u64, out: u64) {
        let parent = configuration(handle, "NdisOpenConfigurationKeyByIndex");
        let name = world().registry.borrow().key(&parent.key)
            .and_then(|key| key.subkeys().nth(index as usize).map(|key| key.name().to_owned()));
        let opened = name.and_then(|name| {
            put_string(&parent, name_out, &name)?;
            Some(open(parent.owner, format!(r"{}\{name}", parent.key)))
        });
        abi::write(out, opened.unwrap_or(0));
        abi::write(status_out, if opened.is_some() { c::NDIS_STATUS_SUCCESS } else { c::NDIS_STATUS_FAILURE });
    }

    fn NdisReadConfiguration(status_out: u64, param_out: u64, handle: u64, keyword: u64, kind: u32) {
        let open = configuration(handle, "NdisReadConfiguration");
        let name = unicode(Ptr::<UNICODE_STRING>::new(keyword));
        let refused = world().refusals.refuses("NdisReadConfiguration");
        let value = open.value(&name).filter(|_| !refused);
        let made = value.and_then(|value| parameter(&open, &value, kind));
        abi::write(param_out, made.unwrap_or(0));
        abi::write(status_out, if made.is_some() { c::NDIS_STATUS_SUCCESS } else { c::NDIS_STATUS_FAILURE });
    }

    fn NdisWriteConfiguration(status_out: u64, handle: u64, keyword: u64, param: u64) {
        let open = configuration(handle, "NdisWriteConfiguration");
        let name = unicode(Ptr::<UNICODE_STRING>::new(keyword));
        let p: Ptr<Param> = Ptr::new(param);
        let data = p.at(&Param::ParameterData);
        let value = match p.get(Param::ParameterType) {
            c::NdisParameterInteger => Value::sz(abi::read::<u32>(data).to_string()),
            c::NdisParameterHexInteger => Value::sz(format!("{:x}", abi::read::<u32>(data))),
            c::NdisParameterString => Value::sz(unicode(Ptr::new(data))),
            _ => Value::Binary(abi::bytes(abi::read(data + 8), usize::from(abi::read::<u16>(data)))),
        };
        world().registry.borrow_mut().set(&open.key, &name, value);
        abi::write(status_out, c::NDIS_STATUS_SUCCESS);
    }

    fn NdisReadNetworkAddress(status_out: u64, address_out: u64, len_out: u64, handle: u64) {
        let open = configuration(handle, "NdisReadNetworkAddress");
        let refused = world().refusals.refuses("NdisReadNetworkAddress");
        let value = open.value(NETWORK_ADDRESS).filter(|_| !refused);
        let bytes = value.and_then(|value| value.as_str().and_then(address));
        let made = bytes.and_then(|bytes| {
            let at = open.block(bytes.len())?;
            abi::write_bytes(at, &bytes);
            abi::write(len_out, u32::try_from(bytes.len()).ok()?);
            Some(at)
        });
        abi::write(address_out, made.unwrap_or(0));
        if made.is_none() {
            abi::write(len_out, 0_u32);
        }
        abi::write(status_out, if made.is_some() { c::NDIS_STATUS_SUCCESS } else { c::NDIS_STATUS_FAILURE });
    }

    fn NdisCloseConfiguration(handle: u64) {
        let world = world();
        let gone = configuration(handle, "NdisCloseConfiguration");
        for at in gone.blocks.take() {
            let _ = world.mem.free(Kind::Host, at);
        }
        world.ndis.objects.remove::<Configuration>(handle);
    }
}

/// An address in hexadecimal, hyphens optional, as NDIS converts it: it does not judge the bytes.
fn address(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text
        .chars()
        .filter(|c| *c != '-')
        .take(MOST_DIGITS)
        .map(|c| c.to_digit(16))
        .collect::<Option<_>>()?;
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    });
    let bytes: Vec<u8> = pairs.collect::<Option<_>>()?;
    (!bytes.is_empty()).then_some(bytes)
}
