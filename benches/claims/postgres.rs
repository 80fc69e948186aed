//! The same promise in PostgreSQL: one row is counted down, guarded, and the claim is written beside it, in one transaction, flushed.
//!
//! Its own `pgbench` is the crowd, on the same machine, with as many clients and prepared statements. No HTTP is in its way, which is in its favour.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const SECONDS: &str = "5";
const PORT: &str = "54329";

const TABLES: &str = "CREATE TABLE campaign (id int PRIMARY KEY, left_over bigint NOT NULL);
CREATE TABLE claim (campaign int NOT NULL, member bigint NOT NULL, rank bigint NOT NULL, PRIMARY KEY (campaign, member));
INSERT INTO campaign VALUES (1, 1000000000);";

/// One member, one claim, one rank; nothing if none is left.
const CLAIM: &str = "\\set member random(1, 9000000000000000000)
WITH taken AS (UPDATE campaign SET left_over = left_over - 1 WHERE id = 1 AND left_over > 0 RETURNING left_over)
INSERT INTO claim SELECT 1, :member, 1000000000 - left_over FROM taken;";

pub fn report(claims_per_second: f64, clients: usize) {
    let Some(programs) = programs() else {
        println!("\n!! PostgreSQL was NOT compared: it is not installed (Debian: apt-get install postgresql).");
        return;
    };
    match measured(&programs, clients) {
        Ok(per_second) => {
            println!("\nPostgreSQL, {clients} clients, fsync on, one row: {per_second:.0} claims a second");
            println!("claims over HTTP here ÷ claims there: {:.1}", claims_per_second / per_second);
        }
        Err(why) => println!("\n!! PostgreSQL was NOT compared: {why}"),
    }
}

fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    versions.filter_map(|version| Some(version.ok()?.path().join("bin"))).filter(|bin| bin.join("pgbench").exists()).max()
}

fn measured(programs: &Path, clients: usize) -> Result<f64, String> {
    let folder = std::env::temp_dir().join(format!("stampede-bench-postgres-{}", std::process::id()));
    let database = Database { programs: programs.to_owned(), folder };
    database.make(clients)?;
    let claim = database.folder.join("claim.sql");
    std::fs::write(&claim, CLAIM).map_err(|error| error.to_string())?;
    database.run("psql", &["-q", "-c", TABLES])?;
    let clients = clients.to_string();
    let file = claim.to_string_lossy().into_owned();
    let said = database.run("pgbench", &["-n", "-M", "prepared", "-c", &clients, "-j", "1", "-T", SECONDS, "-f", &file])?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let line = said.lines().find_map(|line| line.strip_prefix("tps = ")).ok_or_else(|| said.clone())?;
    line.split(' ').next().and_then(|tps| tps.parse().ok()).ok_or(said)
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
        let options = format!("-p {PORT} -k {} -c listen_addresses='' -c max_connections={}", self.folder.display(), clients + 10);
        let log = self.folder.join("log");
        let start = ["-w", "-D", &data, "-l", &log.to_string_lossy(), "-o", &options, "start"].map(str::to_owned);
        let started = self.command("pg_ctl").args(start).stdout(Stdio::null()).stderr(Stdio::null()).status();
        started.map_err(|error| error.to_string())?.success().then_some(()).ok_or_else(|| "pg_ctl cannot start it".into())
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
        done(self.command(program).args(["-h", &host, "-p", PORT, "-U", "postgres"]).args(arguments).arg("postgres").output())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let data = self.data();
        let _ = self.command("pg_ctl").args(["-m", "immediate", "-w", "-D", &data, "stop"]).output();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| std::os::unix::fs::MetadataExt::uid(&process) == 0)
}

fn done(output: std::io::Result<Output>) -> Result<Output, String> {
    let output = output.map_err(|error| error.to_string())?;
    match output.status.success() {
        true => Ok(output),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}
