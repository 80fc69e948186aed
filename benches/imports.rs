//! How fast a file of codes is taken in, and with how much memory: `cargo bench --bench imports`.
//!
//! One row in a hundred is bad and one in a hundred is a duplicate. What counts is the ratio to
//! reading the same file with the crate `csv` alone, in the same run; and that the counts are right
//! to the row, also when the server is killed three times on the way. Imported codes live in
//! memory, so the memory of the import itself is that of a dry run, which must not grow with the
//! file. `--rows N` and `--rounds N` change the run.

use harness::load::connection::{block_on, text, token};
use harness::load::server::{ADMIN_PASSWORD, serve};
use harness::load::{median, said};
use serde_json::Value;
use std::fmt::Write;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const TERMS: &str = "discount_percent=10&expires_at=2199-01-01T00:00:00Z";

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let Some("--serve") = arguments.first().map(String::as_str) {
        return serve(&arguments[1], |config| config.bcrypt_cost = 4, |_| {});
    }
    let rows = said(&arguments, "--rows").last().copied().unwrap_or(1_000_000);
    let rounds = said(&arguments, "--rounds").last().copied().unwrap_or(3);
    measure(rows, rounds);
    kill_three_times(rows);
}

fn file(rows: u64) -> String {
    (1..=rows).fold("code\n".to_owned(), |mut file, n| {
        let written = match n % 100 {
            50 => writeln!(file, "bad code {n}"),
            75 => writeln!(file, "CODE-{:010}", n - 1),
            _ => writeln!(file, "CODE-{n:010}"),
        };
        written.expect("a text takes whatever is written to it");
        file
    })
}

fn measure(rows: u64, rounds: u64) {
    let (small, large) = (file(rows / 10), file(rows));
    println!("{rows} rows, {} bytes", large.len());
    println!("{:<26} {:>12} {:>10} {:>12}", "", "rows/s", "ratio", "peak MiB");
    let (mut alone, mut imported, mut checked) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        alone.push(rows as f64 / read_alone(&large));
        let server = Server::new(&format!("import-{round}")).started();
        let (idle, import) = (server.peak_mib(), server.run("", &large));
        right_to_the_row(&import.job, rows);
        imported.push((rows as f64 / import.seconds, server.peak_mib(), server.peak_mib() - idle));
        drop(server);
        let server = Server::new(&format!("dry-{round}")).started();
        server.run("&dry_run=true", &small);
        let after_small = server.peak_mib();
        let dry = server.run("&dry_run=true", &large);
        right_to_the_row(&dry.job, rows);
        checked.push((rows as f64 / dry.seconds, after_small, server.peak_mib()));
    }
    let own = median(alone.iter().copied());
    let of = |figures: &[(f64, f64, f64)], pick: fn(&(f64, f64, f64)) -> f64| {
        median(figures.iter().map(pick))
    };
    println!("{:<26} {own:>12.0} {:>10.3}", "the crate csv alone", 1.0);
    for (name, figures) in [("import", &imported), ("dry run", &checked)] {
        // The ratio of each pair of one turn, and the median of these.
        let ratio = median(figures.iter().zip(&alone).map(|((rate, ..), alone)| rate / alone));
        let peak = if name == "import" { of(figures, |f| f.1) } else { of(figures, |f| f.2) };
        println!("{name:<26} {:>12.0} {ratio:>10.3} {peak:>12.1}", of(figures, |f| f.0));
    }
    println!("{:<26} {:>36.1}", "dry run of a tenth", of(&checked, |f| f.1));
    let bytes = of(&imported, |f| f.2) * 1024.0 * 1024.0 / (rows as f64 * 0.98);
    println!("each imported code costs {bytes:.0} bytes of memory at the peak");
}

/// Seconds to read the file and look at every field.
fn read_alone(file: &str) -> f64 {
    let path = std::env::temp_dir().join(format!("stampede-bench-{}.csv", std::process::id()));
    std::fs::write(&path, file).expect("there is room for the file");
    let began = Instant::now();
    let mut reader = csv::Reader::from_path(&path).expect("it was just written");
    let mut record = csv::ByteRecord::new();
    let mut bytes = 0;
    while reader.read_byte_record(&mut record).expect("it is CSV") {
        bytes += std::hint::black_box(&record[0]).len();
    }
    let seconds = began.elapsed().as_secs_f64();
    assert!(bytes > 0);
    let _ = std::fs::remove_file(path);
    seconds
}

fn right_to_the_row(job: &Value, rows: u64) {
    let bad = rows / 100;
    assert_eq!(job["state"], "finished", "{job}");
    assert_eq!(
        job["rows"],
        serde_json::json!({"imported": rows - 2 * bad, "duplicate": bad, "invalid": bad})
    );
}

fn kill_three_times(rows: u64) {
    let mut server = Server::new("killed").started();
    let id = server.send("", &file(rows))["id"].as_str().expect("a job has an id").to_owned();
    for quarter in 1..=3 {
        let job = server.wait(&id, rows * quarter / 4);
        assert_eq!(job["state"], "importing", "it was over before it was killed");
        server = server.killed().started();
    }
    right_to_the_row(&server.wait(&id, u64::MAX), rows);
    println!(
        "killed three times on its way, and right to the row; peak after the last start {:.1} MiB",
        server.peak_mib()
    );
}

struct Imported {
    job: Value,
    seconds: f64,
}

/// This program, started once more, with a folder that outlives its kills.
struct Server {
    folder: PathBuf,
    child: Option<Child>,
    address: String,
    token: String,
}

impl Server {
    fn new(name: &str) -> Server {
        let folder =
            std::env::temp_dir().join(format!("stampede-bench-{}-{name}", std::process::id()));
        Server { folder, child: None, address: String::new(), token: String::new() }
    }

    fn started(mut self) -> Server {
        let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
        command.arg("--serve").arg(&self.folder).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("this program starts itself");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("stdout is piped"))
            .read_line(&mut line)
            .expect("the server says where it listens");
        self.address = line.trim().to_owned();
        self.token = block_on(token(&self.address, "admin", ADMIN_PASSWORD));
        self.child = Some(child);
        self
    }

    /// As `kill -9` does it.
    fn killed(mut self) -> Server {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("it runs");
            child.wait().expect("it was killed");
        }
        self
    }

    fn send(&self, query: &str, file: &str) -> Value {
        let path = format!("/api/v1/coupon-imports?{TERMS}{query}");
        read(&block_on(text(&self.address, "POST", &path, &self.token, file)))
    }

    /// Until that many rows are decided, or the job has ended.
    fn wait(&self, id: &str, rows: u64) -> Value {
        block_on(async {
            loop {
                let job = read(
                    &text(&self.address, "GET", &format!("/api/v1/jobs/{id}"), &self.token, "")
                        .await,
                );
                if job["ended_at"].is_string() || job["progress"]["rows"].as_u64() >= Some(rows) {
                    return job;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
    }

    fn run(&self, query: &str, file: &str) -> Imported {
        let began = Instant::now();
        let accepted = self.send(query, file);
        let job = self.wait(accepted["id"].as_str().expect("a job has an id"), u64::MAX);
        Imported { job, seconds: began.elapsed().as_secs_f64() }
    }

    /// The most memory that the server has had at once.
    fn peak_mib(&self) -> f64 {
        let pid = self.child.as_ref().expect("it is started").id();
        let status =
            std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("status"))
                .expect("the server runs");
        let line =
            status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux says so");
        line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1024.0
    }
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| panic!("no JSON: {text}"))
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}
