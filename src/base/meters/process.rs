//! What the operating system says about this process, under the names that dashboards for
//! Prometheus know.
//!
//! It is read from `/proc`; where there is none (not Linux), these metrics are absent and nothing
//! else is.

use metrics::gauge;
use std::fs;

/// What Linux counts a process's time in, whatever its clock: `USER_HZ` on every architecture that
/// Rust runs on.
const TICKS_PER_S: f64 = 100.0;

/// A look at what the process uses at this moment.
pub fn measure() {
    gauge!("stampede_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    let _ = measure_time().and(measure_memory()).and(measure_descriptors());
}

fn measure_time() -> Option<()> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let time = Time::of(&stat)?;
    gauge!("process_cpu_seconds_total").set(time.cpu_s);
    let booted = fs::read_to_string("/proc/stat").ok()?;
    let booted: f64 = number_after(&booted, "btime")?;
    gauge!("process_start_time_seconds").set(booted + time.began_s);
    Some(())
}

fn measure_memory() -> Option<()> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    gauge!("process_resident_memory_bytes").set(number_after(&status, "VmRSS:")? * 1024.0);
    gauge!("process_threads").set(number_after(&status, "Threads:")?);
    Some(())
}

fn measure_descriptors() -> Option<()> {
    // The list itself is read through one.
    let open = fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1);
    gauge!("process_open_fds").set(open as f64);
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    gauge!("process_max_fds").set(number_after(&limits, "Max open files")?);
    Some(())
}

/// The number behind a word at the beginning of a line.
fn number_after(text: &str, word: &str) -> Option<f64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(word))?;
    rest.split_whitespace().next()?.parse().ok()
}

#[derive(Debug, PartialEq)]
struct Time {
    /// In user and system mode, of all threads.
    cpu_s: f64,
    /// Since the machine's start.
    began_s: f64,
}

impl Time {
    /// As `/proc/self/stat` has it. The name of the program stands in parentheses and may contain
    /// anything, even those.
    fn of(stat: &str) -> Option<Time> {
        let (_, behind_the_name) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = behind_the_name.split_whitespace().collect();
        let ticks = |place: usize| fields.get(place)?.parse::<f64>().ok();
        Some(Time {
            cpu_s: (ticks(11)? + ticks(12)?) / TICKS_PER_S,
            began_s: ticks(19)? / TICKS_PER_S,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_may_be_called_anything() {
        let stat =
            "77 (a) R 1 2 (b) S 1 77 77 0 -1 4194304 1 2 3 4 150 250 7 8 20 0 5 0 123400 1000 99";
        assert_eq!(Time::of(stat), Some(Time { cpu_s: 4.0, began_s: 1234.0 }));
        assert_eq!(Time::of("77 (a) S 1 77"), None);
    }

    #[test]
    fn a_number_stands_behind_its_word() {
        let status = "Name:\tVmRSS\nVmRSS:\t  2048 kB\n";
        assert_eq!(number_after(status, "VmRSS:"), Some(2048.0));
        assert_eq!(
            number_after(
                "Max open files            unlimited            unlimited",
                "Max open files"
            ),
            None
        );
        assert_eq!(number_after(status, "Threads:"), None);
    }
}
