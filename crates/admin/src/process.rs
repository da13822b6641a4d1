//! The few `process_…` metrics that every Prometheus dashboard expects. From `/proc`; where there is none, they are not
//! there.

use std::time::{SystemTime, UNIX_EPOCH};

use metrics::gauge;

/// Once, at the start.
pub(crate) fn started() {
    if let Ok(now) = SystemTime::now().duration_since(UNIX_EPOCH) {
        gauge!("process_start_time_seconds").set(now.as_secs_f64());
    }
}

/// Before each rendering.
pub(crate) fn measure() {
    if let Some(bytes) = resident_bytes() {
        gauge!("process_resident_memory_bytes").set(bytes as f64);
    }
    if let Ok(descriptors) = std::fs::read_dir("/proc/self/fd") {
        gauge!("process_open_fds").set(descriptors.count() as f64);
    }
}

fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "linux")]
    #[test]
    fn this_test_needs_more_than_a_page_of_memory() {
        assert!(super::resident_bytes().is_some_and(|bytes| bytes > 4096));
    }
}
