//! What this process takes: time, memory, disk, CPU; and folders that end with it.

use std::path::{Path, PathBuf};
use std::time::Instant;

pub fn folder(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("stampede-bench-{name}-{}", std::process::id()))
}

pub fn ms(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1000.0
}

pub fn disk_kb(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).expect("the folder is there").flatten();
    files.filter_map(|file| Some(file.metadata().ok()?.len())).sum::<u64>() / 1024
}

pub fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("this process has a status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it tells its memory");
    line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1024.0
}

pub fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("this process has a status");
    let fields: Vec<&str> = stat.rsplit(") ").next().expect("a name stands in brackets").split(' ').collect();
    let ticks: f64 = [fields[11], fields[12]].iter().map(|ticks| ticks.parse::<f64>().expect("a number")).sum();
    ticks / 100.0
}
