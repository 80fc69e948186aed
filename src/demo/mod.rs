//! `stampede demo`: a server of its own with made-up things and people, and a crowd that keeps
//! pushing through the real API. All of it goes away at the end.
//!
//! `stage` is what is handed out, `seed` who has what from the start, `turns` what the crowd does,
//! `crowd` and `pace` how many of them and how fast.

mod crowd;
mod pace;
mod seed;
mod stage;
mod temporary;
mod turns;

use crate::app::{self, App};
use crate::remote::{RemoteServer, text};
use crate::{descriptors, stores};
use actix_web::{rt, web};
use anyhow::Context;
use base::journal::Style;
use base::{clocks, meters};
use config::{Choice, Config, Settings};
use crowd::DemoCrowd;
use products::verify;
use seed::MembersOf;
use serde_json::json;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::process::{Command, Stdio};
use std::time::Duration;
use temporary::TemporaryData;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemoWish {
    /// Turns a second.
    pub rate: u32,
    /// It ends by itself after so long.
    pub lasts: Option<Duration>,
    /// Whether a browser is opened.
    pub open: bool,
}

/// Says a line to whoever started it.
type Say = fn(&str) -> anyhow::Result<()>;

/// In a box for the reason of `app::Opening`.
pub type DemoRun = Pin<Box<dyn Future<Output = anyhow::Result<()>>>>;

/// Runs until it is told to stop, or its time is over.
pub fn run(wish: DemoWish, settings: Settings, say: Say) -> DemoRun {
    Box::pin(play(wish, settings, say))
}

async fn play(wish: DemoWish, settings: Settings, say: Say) -> anyhow::Result<()> {
    meters::install();
    descriptors::raise();
    let data = TemporaryData::new().context("the folder for the demo cannot be made")?;
    let config = config_of(&settings, &data);
    let app = App::open_by(config.clone(), clocks::of_this_machine()).await?;
    let password = app.admin_password.clone().context("there is an administrator already")?;
    let running = app.serve(|_| {})?;
    let told = app::told_to_stop()?;
    say("a demo: everything in it is made up, and goes away at its end")?;
    say(&format!("sign in as {} with the password {password}", config.admin_username))?;
    let url = format!("http://{}", running.address);
    say(&format!("listening on {url}"))?;
    if wish.open {
        open_browser(&url, say)?;
    }
    let (anybody, username) = (RemoteServer::at(&url), config.admin_username.clone());
    let gathering = web::block(move || gather(&anybody, &username, &password, wish.rate));
    let mut told = std::pin::pin!(told);
    tokio::select! {
        () = &mut told => {}
        crowd = gathering => {
            let crowd = crowd??;
            say(&format!("{} turns a second; Ctrl-C ends it", wish.rate))?;
            match wish.lasts {
                Some(lasts) => drop(rt::time::timeout(lasts, told).await),
                None => told.await,
            }
            web::block(|| crowd.disperse()).await?;
        }
    }
    running.stop().await;
    let verified = verify::verify(&*stores::history(&config).await?)?;
    say(&format!("the log of the demo is {}", verified.summary()))
}

/// Fills the server at `url`, as whoever the settings name. Says what it did.
pub fn seed_only(url: &str, config: &Config) -> anyhow::Result<String> {
    let anybody = RemoteServer::at(url);
    let staff = anybody.as_staff(config)?;
    let whose = match config.service_key {
        Some(_) => MembersOf::TheService,
        None => MembersOf::TheServer,
    };
    let seeded = seed::seed(&anybody, &staff, whose)?;
    let accounts = match whose {
        MembersOf::TheService => String::new(),
        MembersOf::TheServer => {
            format!(
                "; the members, like {}, have the password: {}",
                seed::account(0),
                seed::PASSWORD
            )
        }
    };
    Ok(format!("made {}, found {}{accounts}", seeded.made, seeded.found))
}

/// What the settings say, on a folder and a port of its own, with no one else involved.
fn config_of(settings: &Settings, data: &TemporaryData) -> Config {
    let said = settings.config.clone();
    let free_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Config {
        data: data.path().to_owned(),
        listen: if settings.says("listen") { said.listen } else { free_port },
        log: if settings.says("log") { said.log } else { Style::Off },
        store: Choice::Sqlite,
        redis: None,
        admin_password: None,
        // Its crowd calls it on this machine.
        tls_cert: None,
        tls_key: None,
        ..said
    }
}

/// Sets the stage through the API, and lets the crowd in.
fn gather(
    anybody: &RemoteServer,
    username: &str,
    password: &str,
    rate: u32,
) -> anyhow::Result<DemoCrowd> {
    let admin = anybody.log_in(username, password)?;
    let seeded = seed::seed(anybody, &admin, MembersOf::TheServer)?;
    let wanted = json!({"name": "demo-shop", "scopes": ["members", "operate"],
        "purpose": "the customers of the demo"});
    let key = admin.post("/service-keys", &wanted)?.done()?;
    let shop = anybody.bearer(text(&key, "key")?);
    Ok(DemoCrowd::gather(anybody.clone(), shop, seeded.stage, rate)?)
}

fn open_browser(url: &str, say: Say) -> anyhow::Result<()> {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let quiet = || Stdio::null();
    let mut command = Command::new(opener);
    let opened = command.arg(url).stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn();
    match opened {
        Ok(_) => Ok(()),
        Err(why) => say(&format!("no browser was opened ({opener}: {why})")),
    }
}
