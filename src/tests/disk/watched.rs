//! A data folder on the disk of the shim, and servers in it.

use crate::STAMPEDE;
use crate::control::Control;
use crate::recording::{self, Entry};
use harness::{Process, TestFolder, root};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output};
use std::sync::OnceLock;

pub struct Watched {
    root: TestFolder,
    beside: TestFolder,
    pub control: Control,
}

impl Watched {
    pub fn new() -> Watched {
        let (root, beside) = (TestFolder::new(), TestFolder::new());
        let control = Control::new(&beside.join("control"));
        std::fs::write(beside.join("recording"), "").unwrap();
        Watched { root, beside, control }
    }

    /// The folder whose changes are recorded. That of the data is made in it by the first start.
    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    fn command(&self) -> Command {
        let mut command = STAMPEDE.command(&self.data());
        command.env("LD_PRELOAD", shim()).env("DISK_ROOT", self.root());
        command
            .env("DISK_CONTROL", self.beside.join("control"))
            .env("DISK_RECORDING", self.beside.join("recording"));
        command
    }

    pub fn start(&self) -> Process {
        let log = || std::fs::read_to_string(self.beside.join("server.log")).unwrap_or_default();
        self.try_to_start()
            .unwrap_or_else(|ended| panic!("it ended before it listened: {ended}: {}", log()))
    }

    pub fn try_to_start(&self) -> Result<Process, ExitStatus> {
        // Its log is no part of the disk.
        Process::try_to_start(self.command(), &self.beside.join("server")).map(|(server, _)| server)
    }

    /// Runs a subcommand to its end.
    pub fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Output {
        self.command().args(arguments).output().unwrap()
    }

    pub fn recording(&self) -> Vec<Entry> {
        recording::read(&self.beside.join("recording"))
    }
}

/// Compiled once in each run of the tests.
fn shim() -> &'static Path {
    static SHIM: OnceLock<PathBuf> = OnceLock::new();
    SHIM.get_or_init(|| {
        let source = root().join("src/tests/disk/shim.c");
        let into = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("disk-shim-{}.so", std::process::id()));
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([&into, &source])
            .arg("-ldl")
            .output();
        let built = built.expect("a C compiler, as for SQLite");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        into
    })
}
