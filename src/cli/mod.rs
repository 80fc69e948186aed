//! The command line: one flag for every setting of the table, and a subcommand for everything the
//! binary can do.
//!
//! It only reads. Settings are loaded here too, so that its caller gets both or one reason why not.
//! `grammar` has the subcommands and their flags, `calling` those that call a server that runs.

mod calling;
mod command;
mod grammar;
mod grammar_parts;
#[cfg(test)]
mod tests;

pub use command::Command;

use clap::ArgMatches;
use clap_complete::Shell;
use config::{self, SETTINGS, Settings};
use draws::verify;
use grammar::{JSON, NAME, SettingFlags, command_line};
use people::KeyDraft;
use ports::scopes::{Scope, Scopes};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// Why there is nothing to run: a wrong command line, a wrong setting, or `--help` and `--version`,
/// which are no failures.
#[derive(Debug)]
pub enum Stop {
    Usage(clap::Error),
    Setting(config::Error),
}

impl Stop {
    /// Says why and gives the code to leave with.
    pub fn report(&self) -> ExitCode {
        match self {
            Stop::Usage(usage) => {
                let _ = usage.print();
                ExitCode::from(usage.exit_code() as u8)
            }
            Stop::Setting(error) => {
                error.sentences().for_each(|sentence| eprintln!("stampede: {sentence}."));
                ExitCode::from(2)
            }
        }
    }
}

/// What a command line asks for.
#[derive(Debug)]
pub struct Invocation {
    pub command: Command,
    pub settings: Settings,
    /// What comes of it is for a script.
    pub json: bool,
}

/// The completions of that shell, for settings as well.
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut written = Vec::new();
    clap_complete::generate(shell, &mut command_line(SettingFlags::Shown), NAME, &mut written);
    written
}

pub fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Invocation, Stop> {
    let grammar = command_line(SettingFlags::Hidden);
    let matches = grammar.try_get_matches_from(arguments).map_err(Stop::Usage)?;
    let (command, json) = (command(&matches), asks_for_json(&matches));
    if matches!(
        command,
        Command::Config { toml: true }
            | Command::Completions(_)
            | Command::Openapi
            | Command::VerifyDraw(_)
    ) {
        // They need none, and must work where the settings are what is broken.
        return Ok(Invocation { command, settings: Settings::default(), json });
    }
    let flag = |setting: &'static config::Setting| {
        setting.flag()?;
        Some((setting.name, matches.get_one::<OsString>(setting.name)?.clone()))
    };
    let flags = SETTINGS.iter().filter_map(flag).collect();
    let variables: Vec<_> = variables.into_iter().collect();
    let settings = config::load(matches.get_one("config").cloned(), flags, &variables)
        .map_err(Stop::Setting)?;
    Ok(Invocation { command, settings, json })
}

/// Of the innermost subcommand, if it has that flag.
fn asks_for_json(matches: &ArgMatches) -> bool {
    match matches.subcommand() {
        Some((_, inner)) => asks_for_json(inner),
        None => matches.try_get_one::<bool>(JSON).ok().flatten().is_some_and(|json| *json),
    }
}

fn command(matches: &ArgMatches) -> Command {
    let file = |matches: &ArgMatches| {
        matches.get_one::<PathBuf>("file").cloned().expect("clap requires it")
    };
    let text = |matches: &ArgMatches, name: &str| {
        matches.get_one::<String>(name).cloned().expect("clap requires it")
    };
    match matches.subcommand() {
        None | Some(("serve", _)) => Command::Serve,
        Some(("demo", demo)) => calling::demo_command(demo),
        Some(("close", close)) => calling::close_command(close),
        Some(("config", config)) => Command::Config { toml: config.get_flag("toml") },
        Some(("openapi", _)) => Command::Openapi,
        Some(("completions", shell)) => {
            Command::Completions(shell.get_one("shell").copied().expect("clap requires it"))
        }
        Some(("verify", _)) => Command::Verify,
        Some(("verify-draw", draw)) => Command::VerifyDraw(verify::VerifyRequest {
            file: file(draw),
            commitment: draw.get_one("commitment").copied(),
            key: draw.get_one("key").copied(),
            receipts: draw.get_many("receipt").into_iter().flatten().cloned().collect(),
        }),
        Some(("migrate", _)) => Command::Migrate,
        Some(("copy", _)) => Command::Copy,
        Some(("backup", backup)) => Command::Backup { file: file(backup) },
        Some(("restore", restore)) => Command::Restore { file: file(restore) },
        Some(("archive", archive)) => {
            Command::Archive { older_than_days: archive.get_one("older-than-days").copied() }
        }
        Some(("accept-loss", _)) => Command::AcceptLoss,
        Some(("key", key)) => match key.subcommand() {
            Some(("create", create)) => Command::KeyCreate(key_draft(create)),
            Some(("revoke", revoke)) => Command::KeyRevoke { id: text(revoke, "id") },
            Some(("rotate", rotate)) => Command::KeyRotate { coupons: rotate.get_flag("coupons") },
            _ => Command::KeyList,
        },
        Some(("admin", _)) => Command::AdminPassword,
        Some((other, _)) => unreachable!("{other} has no command; a test holds that all have one"),
    }
}

fn key_draft(create: &ArgMatches) -> KeyDraft {
    let scopes: Vec<Scope> = create.get_many("scope").into_iter().flatten().copied().collect();
    let name: &String = create.get_one("name").expect("clap requires it");
    KeyDraft {
        purpose: create.get_one("purpose").cloned(),
        scopes: if scopes.is_empty() { Scopes::MEMBERS } else { Scopes::of(scopes) },
        expires_at: create.get_one("expires-at").copied(),
        ..KeyDraft::from(name.as_str())
    }
}
