//! QEMU's version.

use std::fmt;

/// A version of QEMU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Major.
    pub major: u32,
    /// Minor.
    pub minor: u32,
    /// Micro.
    pub micro: u32,
}

impl Version {
    /// The first with `-netdev dgram` and with everything else that is used here.
    pub const MINIMUM: Self = Self { major: 7, minor: 2, micro: 0 };

    /// From the first line of `--version`: "QEMU emulator version 7.2.22 (…)".
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.lines().next()?.split_whitespace();
        words.by_ref().find(|&word| word == "QEMU")?;
        words.find(|&word| word == "version")?;
        let mut parts = words.next()?.split('.');
        let mut number = || parts.next()?.parse().ok();
        Some(Self { major: number()?, minor: number()?, micro: number().unwrap_or(0) })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.micro)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_compared() {
        let parse = |text| Version::parse(text).map(|v| (v.major, v.minor, v.micro));
        assert_eq!(parse("QEMU emulator version 7.2.22 (Debian 1:7.2)\nCopyright"), Some((7, 2, 22)));
        assert_eq!(parse("QEMU emulator version 10.0"), Some((10, 0, 0)));
        assert_eq!(parse("QEMU emulator version 2.5.0, Copyright"), Some((2, 5, 0)));
        assert_eq!(parse("bochs version 7.2"), None);
        assert_eq!(parse(""), None);
        assert!(Version::parse("QEMU emulator version 7.10.0") > Some(Version::MINIMUM));
        assert!(Version::parse("QEMU emulator version 7.1.99") < Some(Version::MINIMUM));
    }
}
