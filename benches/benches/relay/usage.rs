//! What a process has used, by the kernel's account.

use anyhow::{Context, Result};

/// Clock ticks in a second (`USER_HZ`), which is 100 on every Linux there is.
const TICKS: f64 = 100.0;

/// User and system time of a process and all its threads, in seconds.
pub(crate) fn cpu_seconds(process: i32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name in brackets may hold blanks; fields are counted behind it: state is the third.
    let fields: Vec<&str> = stat.rsplit_once(')').context("no name")?.1.split_whitespace().collect();
    let ticks = |field: usize| -> Result<f64> { Ok(fields.get(field).context("too few fields")?.parse::<f64>()?) };
    Ok((ticks(11)? + ticks(12)?) / TICKS)
}
