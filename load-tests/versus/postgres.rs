//! The same promises in PostgreSQL, each as one statement that is one transaction, flushed before
//! it is answered.
//!
//! A claim counts one row down, guarded, and is written beside it. A hold takes a free ticket that
//! ends in 7 and that nobody else is just taking (`SKIP LOCKED`). Its own `pgbench` is the crowd,
//! on the same machine, with as many clients and prepared statements. No HTTP and no token is in
//! its way, which is in its favour. Its settings are `postgresql.conf`.
//!
//! Then both as somebody would write them who has a crowd: a hundred members in one statement, so
//! that one row is locked and one commit flushed for all of them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const SECONDS: &str = "5";
const PORT: &str = "54329";

const TABLES: &str = "CREATE TABLE campaign (id int PRIMARY KEY, left_over bigint NOT NULL);
CREATE TABLE claim (campaign int NOT NULL, member bigint NOT NULL, rank bigint NOT NULL, PRIMARY \
KEY (campaign, member));
INSERT INTO campaign VALUES (1, 1000000000);
CREATE TABLE ticket (number int PRIMARY KEY, holder bigint, until timestamptz);
INSERT INTO ticket SELECT n FROM generate_series(0, 999999) AS n;
CREATE INDEX free_by_last_digit ON ticket ((number % 10), number) WHERE holder IS NULL;
ANALYZE;";

/// One member, one claim, one rank; nothing if none is left.
const CLAIM: &str = "\\set member random(1, 9000000000000000000)
WITH taken AS (UPDATE campaign SET left_over = left_over - 1 WHERE id = 1 AND left_over > 0 \
RETURNING left_over)
INSERT INTO claim SELECT 1, :member, 1000000000 - left_over FROM taken;";

/// A ticket that matches `*****7`, held for five minutes.
const HOLD: &str = "\\set member random(1, 9000000000000000000)
WITH free AS (SELECT number FROM ticket WHERE holder IS NULL AND number % 10 = 7 LIMIT 1 FOR \
UPDATE SKIP LOCKED)
UPDATE ticket SET holder = :member, until = now() + interval '5 minutes' FROM free WHERE \
ticket.number = free.number RETURNING ticket.number;";

const TOGETHER: f64 = 100.0;
const CLIENTS_TOGETHER: usize = 16;

/// As many of a hundred members as there is something left for, in the order of their ranks.
const CLAIMS: &str =
    "WITH was AS (SELECT left_over FROM campaign WHERE id = 1 FOR UPDATE), now AS \
(UPDATE campaign SET left_over = campaign.left_over - LEAST(100, was.left_over) FROM was WHERE id \
= 1), asked AS (SELECT n, (random() * 9e18)::bigint AS member FROM generate_series(1, 100) AS n)
INSERT INTO claim SELECT 1, member, 1000000000 - left_over + n FROM asked, was WHERE n <= \
left_over;";

/// A hundred tickets of one last digit. Of one alone there would not be enough.
const HOLDS: &str = "\\set digit random(0, 9)
WITH free AS (SELECT number FROM ticket WHERE holder IS NULL AND number % 10 = :digit LIMIT 100 \
FOR UPDATE SKIP LOCKED)
UPDATE ticket SET holder = (random() * 9e18)::bigint, until = now() + interval '5 minutes' FROM \
free WHERE ticket.number = free.number RETURNING ticket.number;";

/// What it makes of both in a second.
pub struct Rates {
    pub claims: f64,
    pub holds: f64,
    pub claims_together: f64,
    pub holds_together: f64,
}

impl Rates {
    /// Each with what it is called.
    pub fn named(&self) -> [(&'static str, f64); 4] {
        [
            ("PostgreSQL: claim of one campaign", self.claims),
            ("PostgreSQL: hold of a ticket", self.holds),
            ("PostgreSQL: claims, 100 a statement", self.claims_together),
            ("PostgreSQL: holds, 100 a statement", self.holds_together),
        ]
    }
}

/// Why it was not measured is said in words.
pub fn measure(clients: usize) -> Result<Rates, String> {
    let programs = programs().ok_or("it is not installed (Debian: apt-get install postgresql)")?;
    let folder =
        std::env::temp_dir().join(format!("stampede-versus-postgres-{}", std::process::id()));
    let database = Database { programs, folder };
    database.make(clients)?;
    database.run("psql", &["-q", "-c", TABLES])?;
    Ok(Rates {
        claims: database.pgbench("claim", CLAIM, clients)?,
        holds: database.pgbench("hold", HOLD, clients)?,
        claims_together: database.pgbench("claims", CLAIMS, CLIENTS_TOGETHER)? * TOGETHER,
        holds_together: database.pgbench("holds", HOLDS, CLIENTS_TOGETHER)? * TOGETHER,
    })
}

fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    versions
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .filter(|bin| bin.join("pgbench").exists())
        .max()
}

/// A server of its own, in a folder of its own, which are gone when this is.
struct Database {
    programs: PathBuf,
    folder: PathBuf,
}

impl Database {
    fn make(&self, clients: usize) -> Result<(), String> {
        std::fs::create_dir_all(&self.folder).map_err(|error| error.to_string())?;
        if is_root() {
            // It refuses to run as root.
            done(Command::new("chown").arg("postgres").arg(&self.folder).output())?;
        }
        let data = self.data();
        done(self.command("initdb").args(["-A", "trust", "-U", "postgres", "-D", &data]).output())?;
        let ours = Path::new(&data).join("postgresql.conf");
        std::fs::write(ours, include_str!("postgresql.conf")).map_err(|error| error.to_string())?;
        let options =
            format!("-p {PORT} -k {} -c max_connections={}", self.folder.display(), clients + 10);
        let log = self.folder.join("log");
        let start = ["-w", "-D", &data, "-l", &log.to_string_lossy(), "-o", &options, "start"]
            .map(str::to_owned);
        let started =
            self.command("pg_ctl").args(start).stdout(Stdio::null()).stderr(Stdio::null()).status();
        started
            .map_err(|error| error.to_string())?
            .success()
            .then_some(())
            .ok_or_else(|| "pg_ctl cannot start it".into())
    }

    /// Transactions a second.
    fn pgbench(&self, name: &str, script: &str, clients: usize) -> Result<f64, String> {
        let file = self.folder.join(name);
        std::fs::write(&file, script).map_err(|error| error.to_string())?;
        let (clients, file) = (clients.to_string(), file.to_string_lossy().into_owned());
        let said = self.run(
            "pgbench",
            &["-n", "-M", "prepared", "-c", &clients, "-j", "1", "-T", SECONDS, "-f", &file],
        )?;
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        let line = said
            .lines()
            .find_map(|line| line.strip_prefix("tps = "))
            .ok_or_else(|| said.clone())?;
        line.split(' ').next().and_then(|tps| tps.parse().ok()).ok_or(said)
    }

    fn data(&self) -> String {
        self.folder.join("data").to_string_lossy().into_owned()
    }

    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        if !is_root() {
            return Command::new(program);
        }
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<Output, String> {
        let host = self.folder.to_string_lossy().into_owned();
        done(
            self.command(program)
                .args(["-h", &host, "-p", PORT, "-U", "postgres"])
                .args(arguments)
                .arg("postgres")
                .output(),
        )
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let data = self.data();
        let _ =
            self.command("pg_ctl").args(["-m", "immediate", "-w", "-D", &data, "stop"]).output();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self")
        .is_ok_and(|process| std::os::unix::fs::MetadataExt::uid(&process) == 0)
}

fn done(output: std::io::Result<Output>) -> Result<Output, String> {
    let output = output.map_err(|error| error.to_string())?;
    match output.status.success() {
        true => Ok(output),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}
