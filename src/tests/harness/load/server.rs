//! The server that is measured: this very program, started once more as a process of its own, or
//! some build of `stampede`.

use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, Responder};
use base::Secret;
use config::Config;
use stampede::app::App;
use stampede::http::edge::Edge;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

pub const ADMIN_PASSWORD: &str = "a bench needs an administrator";

pub struct Server {
    child: Child,
    folder: PathBuf,
    pub address: String,
    /// What it prints later has to go somewhere.
    out: BufReader<ChildStdout>,
}

impl Server {
    /// In a folder of its own, which is gone when the server is.
    pub fn start(name: &str) -> Server {
        Server::start_with(name, &[])
    }

    /// With something more on its command line, after the folder.
    pub fn start_with(name: &str, more: &[&str]) -> Server {
        let folder = folder(name);
        let program = std::env::current_exe().expect("this program has a path");
        let mut command = Command::new(program);
        command.arg("--serve").arg(&folder).args(more);
        Server::started(command, folder)
    }

    /// The `stampede` at that path, with the settings that `serve` has.
    pub fn start_build(program: &Path, name: &str) -> Server {
        let folder = folder(name);
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("STAMPEDE_DATA", &folder)
            .env("STAMPEDE_LISTEN", "127.0.0.1:0")
            .env("STAMPEDE_ADMIN_PASSWORD", ADMIN_PASSWORD)
            .env("STAMPEDE_BCRYPT_COST", "4")
            .env("STAMPEDE_HOLDS_PER_MEMBER", "60000");
        Server::started(command, folder)
    }

    fn started(mut command: Command, folder: PathBuf) -> Server {
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the server starts");
        let out = BufReader::new(child.stdout.take().expect("stdout is piped"));
        // From here on it is stopped whatever happens.
        let mut server = Server { child, folder, address: String::new(), out };
        while server.address.is_empty() {
            let mut line = String::new();
            let read = server.out.read_line(&mut line).expect("the server says where it listens");
            assert!(read > 0, "the server ended before it said where it listens");
            let address = line.trim().trim_start_matches("listening on http://");
            if address.parse::<SocketAddr>().is_ok() {
                address.clone_into(&mut server.address);
            }
        }
        server
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

fn folder(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("stampede-bench-{}-{name}", std::process::id()))
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.pid().to_string()).status();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A route of the bench's own, with all that stands around the server's own: its line in the log,
/// its metrics, its request's id.
pub fn route<F, Args>(routes: &mut ServiceConfig, path: &'static str, handler: F)
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    routes.service(web::resource(path).route(web::post().to(handler)).wrap(Edge::around(path)));
}

/// What `--serve` does: the server as it is, with settings and routes of the bench's own.
pub fn serve(folder: &str, change: impl FnOnce(&mut Config), routes: fn(&mut ServiceConfig)) {
    base::meters::install();
    let mut config = Config {
        data: Path::new(folder).to_owned(),
        listen: "127.0.0.1:0".parse().expect("an address"),
        admin_password: Some(Secret::new(ADMIN_PASSWORD)),
        holds_per_member: 60_000,
        // Longer than any bench takes.
        token_s: 86_400,
        ..Config::default()
    };
    change(&mut config);
    actix_web::rt::System::new().block_on(async {
        base::journal::start(config.log);
        let app = App::open(config, actors::time::system_clock()).await.expect("the folder is new");
        let running = app.serve(routes).expect("port 0 is free");
        println!("{}", running.address);
        running.until_told_to_stop().await.expect("it stops");
    });
}
