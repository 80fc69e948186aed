//! What this process takes: time, memory, disk, CPU; and folders that end with it.

use harness::load::process;
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
    process::resident_mib(std::process::id())
}

pub fn cpu_s() -> f64 {
    process::cpu_s(std::process::id())
}
