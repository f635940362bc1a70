//! Directory identifiers: the numbers that stand for a directory of the target machine.
//!
//! Windows is at `C:\Windows` here; services see that directory as `\SystemRoot`.

/// `%12%`: the drivers' directory, where a driver's binary is copied to on every Windows.
pub const DRIVERS: i64 = 12;
/// `%13%`: the package's own directory in the driver store, from Windows 8.1 on.
pub const DRIVER_STORE: i64 = 13;

const WINDOWS: &str = r"C:\Windows";

/// The directory that `id` names, for the package whose INF file is called `inf`; `None` for identifiers
/// that drivers do not use (printers, shell folders, those an installer defines at run time).
#[must_use]
pub fn path(id: i64, inf: &str) -> Option<String> {
    let tail = match id {
        -1 => return Some(String::new()),
        1 => return Some(".".into()),
        10 => "",
        11 | 25 => r"\System32",
        12 => r"\System32\drivers",
        13 => {
            let stem = inf.rsplit(['/', '\\']).next().unwrap_or(inf);
            return Some(format!(
                r"{WINDOWS}\System32\DriverStore\FileRepository\{}_amd64_0000000000000000",
                stem.to_lowercase()
            ));
        }
        17 => r"\INF",
        18 => r"\Help",
        20 => r"\Fonts",
        21 => r"\System32\viewers",
        23 => r"\System32\spool\drivers\color",
        24 | 30 | 54 => return Some(r"C:\".into()),
        50 => r"\System",
        51 => r"\System32\spool",
        52 => r"\System32\spool\drivers\x64",
        53 => return Some(r"C:\Users\Default".into()),
        55 => r"\System32\spool\prtprocs\x64",
        _ => return None,
    };
    Some(format!("{WINDOWS}{tail}"))
}

/// `path` as the service control manager stores it in `ImagePath`; `None` if it lies outside Windows.
#[must_use]
pub fn image_path(path: &str) -> Option<String> {
    let head = path.get(..WINDOWS.len())?;
    let tail = path.get(WINDOWS.len()..)?;
    (head.eq_ignore_ascii_case(WINDOWS) && tail.starts_with('\\')).then(|| format!(r"\SystemRoot{tail}"))
}
