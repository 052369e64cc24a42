//! How much memory a volume may take, so that a file is refused before the machine starts to swap.

use super::Problem;

/// Refuses a volume that needs more than the limit: the caller's, or else what the system has left.
pub(super) fn check(size: [usize; 3], needed: u64, limit_bytes: Option<u64>) -> Result<(), Problem> {
    match limit_bytes.or_else(available_bytes) {
        Some(limit) if needed > limit => Err(Problem::TooLarge { size, needed, limit }),
        _ => Ok(()),
    }
}

/// Memory that can be used without swapping, where the system tells (Linux). Elsewhere the
/// allocation itself is the test.
fn available_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}
