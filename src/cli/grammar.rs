//! The subcommands, their arguments, and a flag for every setting, as `--help` shows them.

use super::calling;
use actors::Time;
use base::Hex;
use clap::{Arg, ArgAction, value_parser};
use config::{self, FILE_VARIABLE, SETTINGS};
use ports::scopes::Scope;
use std::ffi::OsString;
use std::path::PathBuf;

pub fn command_line() -> clap::Command {
    let file = |help: &'static str| {
        Arg::new("file")
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .required(true)
            .help(help)
    };
    let word = |name: &'static str, shown: &'static str, help: &'static str| {
        Arg::new(name).value_name(shown).required(true).help(help)
    };
    let group = |name: &'static str| {
        clap::Command::new(name).subcommand_required(true).arg_required_else_help(true)
    };
    let toml = Arg::new("toml")
        .long("toml")
        .action(ArgAction::SetTrue)
        .help("Prints a settings file with all defaults instead");
    let coupons = Arg::new("coupons").long("coupons").action(ArgAction::SetTrue);
    let coupons =
        coupons.help("Prints new coupon codes with a new key instead; those out stay good");
    let days = Arg::new("older-than-days")
        .long("older-than-days")
        .value_name("DAYS")
        .value_parser(value_parser!(u32).range(1..=36_500))
        .help("Those older than so many days; by default the setting archive_after_days");
    clap::Command::new("stampede")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Hands out limited things exactly once, durably, while a crowd is pushing.")
        .disable_help_subcommand(true)
        .args(settings())
        .subcommand(clap::Command::new("serve").about(
            "Serves the API; this is what happens \
            without a subcommand",
        ))
        .subcommand(calling::demo())
        .subcommand(calling::close())
        .subcommand(
            clap::Command::new("config")
                .about(
                    "Prints every setting with its default, \
            value, origin and reason",
                )
                .arg(toml),
        )
        .subcommand(clap::Command::new("openapi").about(
            "Prints the description of the API, \
            OpenAPI 3.1 as JSON",
        ))
        .subcommand(clap::Command::new("verify").about(
            "Replays every log and names the first \
            thing that is wrong",
        ))
        .subcommand(verify_draw().arg(file(
            "The proof of a draw or of one ballot; - reads what \
            comes in",
        )))
        .subcommand(clap::Command::new("migrate").about(
            "Brings the schema of a CQL database up to \
            date",
        ))
        .subcommand(clap::Command::new("copy").about(
            "Carries everything from the data folder into \
            a CQL database, and compares both",
        ))
        .subcommand(
            clap::Command::new("backup")
                .about(
                    "Copies the store to a new file, also while it \
                serves",
                )
                .arg(file("The file to write")),
        )
        .subcommand(
            clap::Command::new("restore")
                .about(
                    "Fills an empty data folder from a \
            backup",
                )
                .arg(file("The backup to read")),
        )
        .subcommand(
            clap::Command::new("archive")
                .about(
                    "Moves old facts out of the database into packed files, and gives the space \
                    back",
                )
                .arg(days),
        )
        .subcommand(clap::Command::new("accept-loss").about(
            "Gives up the commits that a damaged write-ahead log has lost, so that the \
                    folder can be opened",
        ))
        .subcommand(
            group("key")
                .about("Makes, lists and revokes the service keys of other back ends")
                .subcommand(
                    clap::Command::new("create")
                        .about(
                            "Prints a new key, \
                    once",
                        )
                        .arg(word("name", "NAME", "Whose key it is"))
                        .args(of_new_keys()),
                )
                .subcommand(
                    clap::Command::new("list").about(
                        "Lists the keys by id, name and scopes, and until when they are good",
                    ),
                )
                .subcommand(
                    clap::Command::new("rotate")
                        .about(
                            "Signs new access tokens with a new key; those out are good until \
                            they expire",
                        )
                        .arg(coupons),
                )
                .subcommand(clap::Command::new("revoke").about("Ends a key").arg(word(
                    "id",
                    "ID",
                    "The id that `list` shows",
                ))),
        )
        .subcommand(group("admin").about("Cares for the first administrator").subcommand(
            clap::Command::new("password").about(
                "Gives it a new password and \
                    prints it once",
            ),
        ))
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

fn verify_draw() -> clap::Command {
    let hex = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name("HEX").value_parser(str::parse::<Hex<32>>).help(help)
    };
    let receipt =
        Arg::new("receipt").long("receipt").value_name("FILE").value_parser(value_parser!(PathBuf));
    clap::Command::new("verify-draw")
        .about(
            "Repeats a draw from its proof, on any machine, and names the first thing that is \
            wrong",
        )
        .arg(hex("commitment", "The commitment that was published when the lottery was created"))
        .arg(receipt.action(ArgAction::Append).help(
            "A receipt that the proof must agree with, or the answer that it came in; may be given \
             more than once",
        ))
        .arg(hex("key", "The published key under which receipts are signed"))
}

/// A flag for every setting that may stand on a command line, wherever on it.
fn settings() -> Vec<Arg> {
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
    };
    std::iter::once(file).chain(SETTINGS.iter().filter_map(flag)).map(common).collect()
}

fn default_shown(setting: &config::Setting) -> String {
    let default = setting.default_text();
    if default.is_empty() { "none".to_owned() } else { default }
}
