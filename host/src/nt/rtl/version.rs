//! Which Windows it is.

use crate::{
    abi::{Layout, Ptr, RTL_OSVERSIONINFOEXW as Info, constants as c, fill, write_out},
    imports,
    nt::rtl::string,
    world::world,
};

/// Bytes of RTL_OSVERSIONINFOW and of the longer structure.
const SHORT: u32 = 276;
/// VER_PLATFORM_WIN32_NT.
const PLATFORM_NT: u32 = 2;
/// VER_NT_WORKSTATION.
const WORKSTATION: u8 = 1;
/// VER_SUITE_SINGLEUSERTS.
const SUITE: u16 = 0x100;
/// VER_ type bits, least significant first: minor, major, build, platform, service pack minor and major,
/// suite, product type; each has three bits in a condition mask.
const MINOR: u32 = 0;
const MAJOR: u32 = 1;
const BUILD: u32 = 2;
const PLATFORM: u32 = 3;
const PACK_MINOR: u32 = 4;
const PACK_MAJOR: u32 = 5;
const SUITE_NAME: u32 = 6;
const PRODUCT: u32 = 7;
/// STATUS_REVISION_MISMATCH is what a version that does not fit is answered with.
const MISMATCH: u32 = c::STATUS_REVISION_MISMATCH;

/// VER_ conditions.
const EQUAL: u64 = 1;
const GREATER: u64 = 2;
const GREATER_EQUAL: u64 = 3;
const LESS: u64 = 4;
const LESS_EQUAL: u64 = 5;
/// For suites: all of them, or one.
const AND: u64 = 6;
const OR: u64 = 7;

fn condition(mask: u64, kind: u32) -> u64 {
    mask >> (3 * kind) & 7
}

fn holds<T: Ord + ?Sized>(actual: &T, wanted: &T, condition: u64) -> bool {
    match condition {
        EQUAL => actual == wanted,
        GREATER => actual > wanted,
        GREATER_EQUAL => actual >= wanted,
        LESS => actual < wanted,
        LESS_EQUAL => actual <= wanted,
        _ => false,
    }
}

/// Major, minor and service pack are compared as one number, with the condition of the first that is asked.
fn version_holds(p: Ptr<Info>, types: u32, mask: u64) -> bool {
    let (major, minor, _) = world().config.windows;
    let asked = |kind: u32| types & 1 << kind != 0;
    let mut actual = Vec::new();
    let mut wanted = Vec::new();
    let mut rule = 0;
    let parts = [
        (MAJOR, major, p.get(Info::dwMajorVersion)),
        (MINOR, minor, p.get(Info::dwMinorVersion)),
        (PACK_MAJOR, 0, u32::from(p.get(Info::wServicePackMajor))),
        (PACK_MINOR, 0, u32::from(p.get(Info::wServicePackMinor))),
    ];
    for (kind, is, want) in parts.into_iter().filter(|part| asked(part.0)) {
        if rule == 0 {
            rule = condition(mask, kind);
        }
        actual.push(is);
        wanted.push(want);
    }
    actual.is_empty() || holds(&actual, &wanted, rule)
}

fn verify(p: Ptr<Info>, types: u32, mask: u64) -> bool {
    let asked = |kind: u32| types & 1 << kind != 0;
    let suite = p.get(Info::wSuiteMask);
    let suite_holds = match condition(mask, SUITE_NAME) {
        AND => SUITE & suite == suite,
        OR => SUITE & suite != 0,
        _ => false,
    };
    version_holds(p, types, mask)
        && (!asked(BUILD)
            || holds(&world().config.windows.2, &p.get(Info::dwBuildNumber), condition(mask, BUILD)))
        && (!asked(PLATFORM) || holds(&PLATFORM_NT, &p.get(Info::dwPlatformId), condition(mask, PLATFORM)))
        && (!asked(PRODUCT) || holds(&WORKSTATION, &p.get(Info::wProductType), condition(mask, PRODUCT)))
        && (!asked(SUITE_NAME) || suite_holds)
}

imports! {
    /// Versions.
    TABLE from "ntoskrnl.exe";

    fn RtlGetVersion(out: u64) -> u32 {
        let p: Ptr<Info> = Ptr::new(out);
        let size = p.get(Info::dwOSVersionInfoSize);
        if size != SHORT && size as usize != Info::SIZE {
            return c::STATUS_INVALID_PARAMETER;
        }
        let (major, minor, build) = world().config.windows;
        fill(out, 0, size as usize);
        p.set(Info::dwOSVersionInfoSize, size);
        p.set(Info::dwMajorVersion, major);
        p.set(Info::dwMinorVersion, minor);
        p.set(Info::dwBuildNumber, build);
        p.set(Info::dwPlatformId, PLATFORM_NT);
        if size != SHORT {
            p.set(Info::wSuiteMask, SUITE);
            p.set(Info::wProductType, WORKSTATION);
        }
        c::STATUS_SUCCESS
    }

    fn RtlVerifyVersionInfo(info: u64, types: u32, mask: u64) -> u32 {
        if types == 0 || mask == 0 {
            return c::STATUS_INVALID_PARAMETER;
        }
        if verify(Ptr::new(info), types, mask) { c::STATUS_SUCCESS } else { MISMATCH }
    }

    fn VerSetConditionMask(mask: u64, types: u32, rule: u8) -> u64 {
        // The condition belongs to the highest of the types that are named.
        match types.checked_ilog2() {
            Some(kind) if kind <= PRODUCT => mask | (u64::from(rule) & 7) << (3 * kind) | 1 << 63,
            _ => mask,
        }
    }

    fn PsGetVersion(major: u64, minor: u64, build: u64, csd: u64) -> u8 {
        let windows = world().config.windows;
        write_out(major, windows.0);
        write_out(minor, windows.1);
        write_out(build, windows.2);
        if csd != 0 {
            string::describe(csd, 0, 0, 0);
        }
        0
    }

    fn RtlIsNtDdiVersionAvailable(version: u32) -> u8 {
        // NTDDI: major, minor, service pack and subversion, a byte each.
        let (major, minor, _) = world().config.windows;
        u8::from(version >> 16 <= (major << 8 | minor))
    }

    fn RtlIsServicePackVersionInstalled(_version: u32) -> u8 {
        0
    }

    fn RtlGetProductInfo(_major: u32, _minor: u32, _pack_major: u32, _pack_minor: u32, out: u64) -> u8 {
        // PRODUCT_PROFESSIONAL
        write_out(out, 0x30_u32);
        1
    }
}
