//! What a process used, and what a folder holds.

use std::fs;
use std::path::Path;

/// User and system time of this process, all threads.
pub fn cpu_s() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux says so");
    let after = stat.rsplit(") ").next().expect("a name in brackets");
    let ticks: u64 = after.split(' ').skip(11).take(2).map(|t| t.parse::<u64>().unwrap_or(0)).sum();
    ticks as f64 / 100.0
}

pub fn highest_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux says so");
    let line = status.lines().find(|line| line.starts_with("VmHWM")).expect("it is there");
    let kib: f64 = line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number");
    kib / 1024.0
}

pub fn disk_bytes(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let entries = fs::read_dir(folder).expect("it can be listed").filter_map(Result::ok);
    entries
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => disk_bytes(&entry.path()),
            Ok(meta) => meta.blocks() * 512,
            Err(_) => 0,
        })
        .sum()
}

/// The middle, the slowest hundredth, the slowest.
pub fn percentiles(took: &mut [f64]) -> (f64, f64, f64) {
    took.sort_by(f64::total_cmp);
    let at = |share: usize| took[(took.len() * share / 100).min(took.len() - 1)];
    (at(50), at(99), took[took.len() - 1])
}
