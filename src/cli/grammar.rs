//! The subcommands and their arguments, as `--help` shows them, and a flag for every setting, which
//! only `stampede config` shows: they are many, and the same everywhere.

use super::calling;
pub use super::grammar_parts::JSON;
use super::grammar_parts::{file, group, json, sub, switch, word};
use actors::Time;
use base::Hex;
use clap::{Arg, ArgAction, Command, value_parser};
use clap_complete::Shell;
use config::{self, FILE_VARIABLE, SETTINGS};
use ports::scopes::Scope;
use std::ffi::OsString;
use std::path::PathBuf;

pub const NAME: &str = "stampede";

const ON_SETTINGS: &str = "Every setting is a flag here, too, like --token-s 600; `stampede \
                           config` lists them all.";

const ON_CODES: &str = "\
A command ends with 0; with 1 if it failed; with 2 if it was called wrongly or a setting is wrong.
`stampede verify-draw` has codes of its own: 10 and above name what is wrong with the draw.

Begin with `stampede demo --open`, or with `stampede` alone, which serves what is in ./data.";

/// Whether help shows the flags of settings.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum SettingFlags {
    Shown,
    Hidden,
}

pub fn command_line(flags: SettingFlags) -> Command {
    let command =
        sub(NAME, "Hands out limited things exactly once, durably, while a crowd is pushing.");
    let command = command
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_subcommand(true)
        .args(settings(flags))
        .subcommands(serving())
        .subcommands(checking())
        .subcommands(keeping())
        .subcommands(letting_in());
    with_line_on_settings(command).after_long_help(format!("{ON_SETTINGS}\n\n{ON_CODES}"))
}

/// On each page of help.
fn with_line_on_settings(command: Command) -> Command {
    let names: Vec<String> =
        command.get_subcommands().map(|inner| inner.get_name().to_owned()).collect();
    names.into_iter().fold(command.after_help(ON_SETTINGS), |command, name| {
        command.mut_subcommand(name, with_line_on_settings)
    })
}

fn serving() -> [Command; 6] {
    let config = sub("config", "Prints every setting with its default, value, origin and reason");
    let toml = switch("toml", "Prints a settings file with all defaults instead");
    let shell = word("shell", "SHELL", "Whose").value_parser(value_parser!(Shell));
    [
        sub("serve", "Serves the API; this is what happens without a subcommand"),
        calling::demo(),
        calling::close(),
        config.arg(toml.conflicts_with(JSON)).arg(json()),
        sub("openapi", "Prints the description of the API, OpenAPI 3.1 as JSON"),
        sub("completions", "Prints what a shell needs to complete these commands").arg(shell),
    ]
}

fn checking() -> [Command; 2] {
    [
        sub("verify", "Replays every log and names the first thing that is wrong").arg(json()),
        verify_draw()
            .arg(file("The proof of a draw or of one ballot; - reads what comes in"))
            .arg(json()),
    ]
}

/// The store.
fn keeping() -> [Command; 6] {
    let copy = "Carries everything from the data folder into a CQL database, and compares both";
    let archive = "Moves old facts out of the database into packed files, and gives the space back";
    let accept_loss = "Gives up the commits that a damaged write-ahead log has lost, so that the \
        folder can be opened";
    let days = Arg::new("older-than-days")
        .long("older-than-days")
        .value_name("DAYS")
        .value_parser(value_parser!(u32).range(1..=36_500))
        .help("Those older than so many days; by default the setting archive_after_days");
    [
        sub("backup", "Copies the store to a new file, also while it serves")
            .arg(file("The file to write")),
        sub("restore", "Fills an empty data folder from a backup").arg(file("The backup to read")),
        sub("archive", archive).arg(days).arg(json()),
        sub("migrate", "Brings the schema of a CQL database up to date"),
        sub("copy", copy).arg(json()),
        sub("accept-loss", accept_loss),
    ]
}

/// Who may call.
fn letting_in() -> [Command; 2] {
    let coupons = "Prints new coupon codes with a new key instead; those out stay good";
    let list = "Lists the keys by id, name and scopes, and until when they are good";
    let rotate = "Signs new access tokens with a new key; those out are good until they expire";
    let name = word("name", "NAME", "Whose key it is");
    let id = word("id", "ID", "The id that `list` shows");
    [
        group("key", "Makes, lists and revokes the service keys of other back ends")
            .subcommand(
                sub("create", "Prints a new key, once").arg(name).args(of_new_keys()).arg(json()),
            )
            .subcommand(sub("list", list).arg(json()))
            .subcommand(sub("rotate", rotate).arg(switch("coupons", coupons)))
            .subcommand(sub("revoke", "Ends a key").arg(id)),
        group("admin", "Cares for the first administrator")
            .subcommand(sub("password", "Gives it a new password and prints it once")),
    ]
}

fn of_new_keys() -> [Arg; 3] {
    let purpose = Arg::new("purpose").long("purpose").value_name("TEXT");
    let scope = Arg::new("scope").long("scope").value_name("SCOPE").action(ArgAction::Append);
    let scopes = Scope::ALL.map(Scope::name).join(", ");
    let read_scope = |text: &str| Scope::of_name(text).ok_or("there is no such scope");
    let expires_at = Arg::new("expires-at").long("expires-at").value_name("INSTANT");
    let read_instant = |text: &str| {
        let instant: Result<jiff::Timestamp, _> = text.parse();
        instant.map(|at| Time(at.as_millisecond())).map_err(|_| "like 2027-12-31T23:59:59Z")
    };
    [
        purpose.help("What it is for"),
        scope.value_parser(read_scope).help(format!(
            "What it may do, of {scopes}; may be given more than once, by default members"
        )),
        expires_at.value_parser(read_instant).help("From then on it lets nobody in"),
    ]
}

fn verify_draw() -> Command {
    let hex = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name("HEX").value_parser(str::parse::<Hex<32>>).help(help)
    };
    let receipt =
        Arg::new("receipt").long("receipt").value_name("FILE").value_parser(value_parser!(PathBuf));
    let about =
        "Repeats a draw from its proof, on any machine, and names the first thing that is wrong";
    sub("verify-draw", about)
        .arg(hex("commitment", "The commitment that was published when the lottery was created"))
        .arg(receipt.action(ArgAction::Append).help(
            "A receipt that the proof must agree with, or the answer that it came in; may be given \
             more than once",
        ))
        .arg(hex("key", "The published key under which receipts are signed"))
}

/// A flag for every setting that may stand on a command line, wherever on it.
fn settings(flags: SettingFlags) -> Vec<Arg> {
    let file = Arg::new("config")
        .long("config")
        .value_name("FILE")
        .help(format!("Reads settings from this TOML file [{FILE_VARIABLE}]"));
    let flag = |setting: &config::Setting| {
        let help = format!(
            "{} [{}, default {}]",
            setting.reason(),
            setting.variable(),
            default_shown(setting)
        );
        // clap keeps names for ever, and a process reads its command line once.
        let long: &'static str = setting.flag()?.leak();
        Some(Arg::new(setting.name).long(long).value_name("VALUE").help(help))
    };
    let common = |arg: Arg| {
        arg.global(true)
            .value_parser(value_parser!(OsString))
            .allow_hyphen_values(true)
            .help_heading("Settings")
            .hide(flags == SettingFlags::Hidden)
    };
    std::iter::once(file).chain(SETTINGS.iter().filter_map(flag)).map(common).collect()
}

fn default_shown(setting: &config::Setting) -> String {
    let default = setting.default_text();
    if default.is_empty() { "none".to_owned() } else { default }
}
