//! What Linux tells of a process: its CPU time, its memory, and the sizes of its files.

use std::{fs, io, path::Path, time::Duration};

/// The unit of `utime` and `stime`, which the kernel has never changed.
const TICKS_PER_SECOND: f64 = 100.0;

/// The CPU time of a process, all threads, user and system.
pub fn cpu(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name may contain anything; field 3 begins after its closing bracket.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    Duration::from_secs_f64((ticks(11) + ticks(12)) / TICKS_PER_SECOND)
}

/// The resident memory in bytes: now, and the peak since [`forget_peak`].
pub fn memory(pid: u32) -> (u64, u64) {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    let kib = |name| field(name).unwrap_or(0) * 1024;
    (kib("VmRSS:"), kib("VmHWM:"))
}

pub fn forget_peak(pid: u32) -> io::Result<()> {
    fs::write(format!("/proc/{pid}/clear_refs"), "5")
}

/// Path and size of every file under a folder.
pub fn files(folder: &Path) -> Vec<(String, u64)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.metadata() {
            Ok(about) if about.is_dir() => found.extend(files(&entry.path())),
            Ok(about) => found.push((entry.path().to_string_lossy().into_owned(), about.len())),
            Err(_) => {}
        }
    }
    found
}
