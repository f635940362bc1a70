//! Which Windows first has a name. What is not listed has been there since Windows 7 or before.

/// Major, minor, build.
type Version = (u32, u32, u32);

const WINDOWS_8: Version = (6, 2, 9200);
const WINDOWS_8_1: Version = (6, 3, 9600);
const WINDOWS_10: Version = (10, 0, 10240);
const WINDOWS_10_1607: Version = (10, 0, 14393);
const WINDOWS_10_1703: Version = (10, 0, 15063);
const WINDOWS_10_1709: Version = (10, 0, 16299);
const WINDOWS_10_2004: Version = (10, 0, 19041);
const WINDOWS_11: Version = (10, 0, 22000);

/// By name.
static SINCE: &[(&str, Version)] = &[
    ("DbgkLkmdRegisterCallback", WINDOWS_10),
    ("EtwSetInformation", WINDOWS_8),
    ("ExAllocatePool2", WINDOWS_10_2004),
    ("ExAllocatePool3", WINDOWS_10_2004),
    ("ExAllocateTimer", WINDOWS_8_1),
    ("ExCancelTimer", WINDOWS_8_1),
    ("ExDeleteTimer", WINDOWS_8_1),
    ("ExFreePool2", WINDOWS_10_2004),
    ("ExQueryTimerResolution", WINDOWS_8),
    ("ExSetTimer", WINDOWS_8_1),
    ("ExTryAcquireSpinLockExclusiveAtDpcLevel", WINDOWS_8_1),
    ("ExTryAcquireSpinLockSharedAtDpcLevel", WINDOWS_8_1),
    ("IoReportInterruptActive", WINDOWS_8),
    ("IoReportInterruptInactive", WINDOWS_8),
    ("IoTryQueueWorkItem", WINDOWS_8),
    ("KeQueryInterruptTimePrecise", WINDOWS_8_1),
    ("KeQueryNodeMaximumProcessorCount", WINDOWS_8),
    ("KeQuerySystemTimePrecise", WINDOWS_8),
    ("KeQueryUnbiasedInterruptTimePrecise", WINDOWS_11),
    ("KeRemoveQueueDpcEx", WINDOWS_10_1703),
    ("KeShouldYieldProcessor", WINDOWS_8),
    ("MmAllocateContiguousNodeMemory", WINDOWS_8),
    ("MmMapIoSpaceEx", WINDOWS_10),
    ("RtlFindExportedRoutineByName", WINDOWS_10_1607),
    ("RtlInitUTF8String", WINDOWS_10_2004),
    ("RtlQueryRegistryValueWithFallback", WINDOWS_10_1709),
];

/// Whether a Windows of this version has the name.
#[must_use]
pub fn has(version: Version, name: &str) -> bool {
    SINCE
        .binary_search_by(|row| row.0.cmp(name))
        .ok()
        .and_then(|at| SINCE.get(at))
        .is_none_or(|row| version >= row.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_decides_by_version() {
        assert!(SINCE.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(!has((6, 1, 7601), "ExAllocatePool2"));
        assert!(has((10, 0, 19045), "ExAllocatePool2"));
        assert!(has((6, 1, 7601), "KeSetEvent"));
    }
}
