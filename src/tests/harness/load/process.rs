//! What a process takes, as the system tells it.

/// User and system time so far.
pub fn cpu_s(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process runs");
    let fields: Vec<&str> =
        stat.rsplit(") ").next().expect("a name stands in brackets").split(' ').collect();
    let ticks: f64 =
        [fields[11], fields[12]].iter().map(|ticks| ticks.parse::<f64>().expect("a number")).sum();
    ticks / 100.0
}

/// How often its threads went to sleep so far, of those that live.
pub fn sleeps(pid: u32) -> f64 {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).expect("the process runs");
    let of = |thread: std::io::Result<std::fs::DirEntry>| {
        // One that has just ended has no more to tell.
        let status = std::fs::read_to_string(thread.ok()?.path().join("status")).ok()?;
        status.lines().find_map(|line| {
            line.strip_prefix("voluntary_ctxt_switches:")?.trim().parse::<f64>().ok()
        })
    };
    threads.filter_map(of).sum()
}

/// What its threads of that name had of the cores so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct ThreadTimes {
    pub ran_s: f64,
    /// They could have run, and others did.
    pub waited_s: f64,
}

impl ThreadTimes {
    /// Of all threads whose name begins so.
    pub fn of(pid: u32, name: &str) -> ThreadTimes {
        let threads = std::fs::read_dir(format!("/proc/{pid}/task")).expect("the process runs");
        let mut all = ThreadTimes::default();
        for path in threads.filter_map(|thread| Some(thread.ok()?.path())) {
            let read = |file: &str| std::fs::read_to_string(path.join(file)).unwrap_or_default();
            if read("comm").starts_with(name) {
                let nanos: Vec<f64> =
                    read("schedstat").split(' ').filter_map(|number| number.parse().ok()).collect();
                all.ran_s += nanos.first().unwrap_or(&0.0) / 1e9;
                all.waited_s += nanos.get(1).unwrap_or(&0.0) / 1e9;
            }
        }
        all
    }

    pub fn since(self, earlier: ThreadTimes) -> ThreadTimes {
        ThreadTimes {
            ran_s: self.ran_s - earlier.ran_s,
            waited_s: self.waited_s - earlier.waited_s,
        }
    }
}

pub fn resident_mib(pid: u32) -> f64 {
    memory_mib(pid, "VmRSS:")
}

/// The most it ever had.
pub fn highest_mib(pid: u32) -> f64 {
    memory_mib(pid, "VmHWM:")
}

fn memory_mib(pid: u32, line: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let line =
        status.lines().find_map(|found| found.strip_prefix(line)).expect("it tells its memory");
    line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1024.0
}
