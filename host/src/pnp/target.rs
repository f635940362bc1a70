//! The machine that an INF is installed on, and the section-name decorations that select for it.

use std::fmt;

/// A processor architecture as decorations name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// `NTx86`
    X86,
    /// `NTamd64`
    Amd64,
    /// `NTarm`
    Arm,
    /// `NTarm64`
    Arm64,
    /// `NTia64`
    Ia64,
}

impl Architecture {
    const ALL: [(Architecture, &'static str); 5] = [
        (Architecture::X86, "x86"),
        (Architecture::Amd64, "amd64"),
        (Architecture::Arm, "arm"),
        (Architecture::Arm64, "arm64"),
        (Architecture::Ia64, "ia64"),
    ];

    /// The name without `NT`, as in `SourceDisksFiles.amd64`.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(a, _)| *a == self).map_or("", |(_, name)| name)
    }
}

/// A Windows to install for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Processor architecture.
    pub architecture: Architecture,
    /// Major version: 6 for Windows 7, 10 for Windows 10 and 11.
    pub major: u32,
    /// Minor version: 1 for Windows 7, 0 for Windows 10 and 11.
    pub minor: u32,
    /// Build number, for decorations that ask for one.
    pub build: u32,
    /// `VER_NT_*`: 1 workstation, 2 domain controller, 3 server.
    pub product_type: u32,
    /// `VER_SUITE_*` bits.
    pub suite_mask: u32,
    /// Language of the user, which chooses the `[Strings]` section.
    pub language: u16,
}

impl Target {
    /// A 64-bit English workstation of the given version.
    #[must_use]
    pub const fn workstation(major: u32, minor: u32, build: u32) -> Target {
        Target {
            architecture: Architecture::Amd64,
            major,
            minor,
            build,
            product_type: 1,
            suite_mask: 0x100,
            language: 0x0409,
        }
    }

    /// Windows 7 with service pack 1.
    #[must_use]
    pub const fn windows_7() -> Target {
        Target::workstation(6, 1, 7601)
    }

    /// Windows 10, version 22H2.
    #[must_use]
    pub const fn windows_10() -> Target {
        Target::workstation(10, 0, 19045)
    }

    /// Windows 11, version 24H2: still version 10.0, told apart by its build.
    #[must_use]
    pub const fn windows_11() -> Target {
        Target::workstation(10, 0, 26100)
    }

    /// Whether this Windows is version `major.minor` or later.
    #[must_use]
    pub fn at_least(&self, major: u32, minor: u32) -> bool {
        (self.major, self.minor) >= (major, minor)
    }

    /// The suffixes that an install section's name may carry, in the order in which they are tried.
    #[must_use]
    pub fn install_suffixes(&self) -> [String; 3] {
        [format!(".NT{}", self.architecture.name()), ".NT".into(), String::new()]
    }
}

impl Default for Target {
    fn default() -> Target {
        Target::windows_10()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Windows {}.{}.{} ({})", self.major, self.minor, self.build, self.architecture.name())
    }
}

/// A `TargetOSVersion`: `nt[arch][.[major][.[minor][.[product][.[suite][.[build]]]]]]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Decoration {
    architecture: Option<Architecture>,
    major: Option<u32>,
    minor: Option<u32>,
    product_type: Option<u32>,
    suite_mask: Option<u32>,
    build: Option<u32>,
}

impl Decoration {
    pub(super) fn parse(text: &str) -> Result<Decoration, String> {
        let lower = text.to_ascii_lowercase();
        let mut parts = lower.split('.');
        let platform = parts.next().unwrap_or_default();
        let Some(architecture) = platform.strip_prefix("nt") else {
            return Err(format!("{text} is not a target version: it must begin with NT"));
        };
        let architecture = match architecture {
            "" => None,
            name => match Architecture::ALL.iter().find(|(_, n)| *n == name) {
                Some((a, _)) => Some(*a),
                None => return Err(format!("{text}: {name} is not a processor architecture")),
            },
        };
        let mut number = |what: &str| match parts.next() {
            None | Some("") => Ok(None),
            Some(digits) => {
                let (digits, radix) = digits.strip_prefix("0x").map_or((digits, 10), |hex| (hex, 16));
                u32::from_str_radix(digits, radix)
                    .map(Some)
                    .map_err(|_| format!("{text}: {digits} is not a number ({what})"))
            }
        };
        let decoration = Decoration {
            architecture,
            major: number("major version")?,
            minor: number("minor version")?,
            product_type: number("product type")?,
            suite_mask: number("suite mask")?,
            build: number("build number")?,
        };
        if parts.next().is_some() {
            return Err(format!("{text} has more fields than a target version has"));
        }
        if decoration.major.is_none() && (decoration.minor.is_some() || decoration.build.is_some()) {
            return Err(format!("{text} names a minor version or build without a major version"));
        }
        Ok(decoration)
    }

    fn version(&self) -> (u32, u32) {
        (self.major.unwrap_or(0), self.minor.unwrap_or(0))
    }

    /// How closely this decoration fits `target`, larger being closer; `None` if it does not apply. A
    /// version counts for more than product and suite.
    pub(super) fn fit(&self, target: &Target) -> Option<impl Ord + use<>> {
        let architecture_fits = match self.architecture {
            Some(a) => a == target.architecture,
            // Since Windows Server 2003 SP1 anything but x86 has to be named.
            None => target.architecture == Architecture::X86,
        };
        let running = (target.major, target.minor);
        let build_fits = self.version() != running || self.build.is_none_or(|b| b <= target.build);
        let applies = architecture_fits
            && self.version() <= running
            && build_fits
            && self.product_type.is_none_or(|p| p == target.product_type)
            && self.suite_mask.is_none_or(|s| s & target.suite_mask == s);
        applies.then(|| {
            (
                self.version(),
                self.build.unwrap_or(0),
                self.product_type.is_some(),
                self.suite_mask.map_or(0, u32::count_ones),
                self.architecture.is_some(),
            )
        })
    }

    /// What an undecorated name stands for.
    pub(super) fn none() -> Decoration {
        Decoration::default()
    }
}
