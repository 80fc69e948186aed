//! The command line: one flag for every setting of the table, and a subcommand for everything the
//! binary can do.
//!
//! It only reads. Settings are loaded here too, so that its caller gets both or one reason why not.

use base::Hex;
use clap::{Arg, ArgAction, ArgMatches, value_parser};
use config::{self, FILE_VARIABLE, SETTINGS, Settings};
use draws::verify;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    Serve,
    Config { toml: bool },
    Openapi,
    Verify,
    VerifyDraw(verify::Request),
    Migrate,
    Copy,
    Backup { file: PathBuf },
    Restore { file: PathBuf },
    AcceptLoss,
    KeyCreate { name: String },
    KeyList,
    KeyRevoke { id: String },
    KeyRotate { coupons: bool },
    AdminPassword,
}

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
                eprintln!("stampede: {error}.");
                ExitCode::from(2)
            }
        }
    }
}

pub fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(Command, Settings), Stop> {
    let matches = command_line().try_get_matches_from(arguments).map_err(Stop::Usage)?;
    let command = command(&matches);
    if matches!(command, Command::Config { toml: true } | Command::VerifyDraw(_)) {
        // One prints the defaults, the other needs none; both must work where the settings are what
        // is broken.
        return Ok((command, Settings::default()));
    }
    let flag = |setting: &'static config::Setting| {
        setting.flag()?;
        Some((setting.name, matches.get_one::<OsString>(setting.name)?.clone()))
    };
    let flags = SETTINGS.iter().filter_map(flag).collect();
    let variables: Vec<_> = variables.into_iter().collect();
    let settings = config::load(matches.get_one("config").cloned(), flags, &variables)
        .map_err(Stop::Setting)?;
    Ok((command, settings))
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
        Some(("config", config)) => Command::Config { toml: config.get_flag("toml") },
        Some(("openapi", _)) => Command::Openapi,
        Some(("verify", _)) => Command::Verify,
        Some(("verify-draw", draw)) => Command::VerifyDraw(verify::Request {
            file: file(draw),
            commitment: draw.get_one("commitment").copied(),
            key: draw.get_one("key").copied(),
            receipts: draw.get_many("receipt").into_iter().flatten().cloned().collect(),
        }),
        Some(("migrate", _)) => Command::Migrate,
        Some(("copy", _)) => Command::Copy,
        Some(("backup", backup)) => Command::Backup { file: file(backup) },
        Some(("restore", restore)) => Command::Restore { file: file(restore) },
        Some(("accept-loss", _)) => Command::AcceptLoss,
        Some(("key", key)) => match key.subcommand() {
            Some(("create", create)) => Command::KeyCreate { name: text(create, "name") },
            Some(("revoke", revoke)) => Command::KeyRevoke { id: text(revoke, "id") },
            Some(("rotate", rotate)) => Command::KeyRotate { coupons: rotate.get_flag("coupons") },
            _ => Command::KeyList,
        },
        Some(("admin", _)) => Command::AdminPassword,
        Some((other, _)) => unreachable!("{other} has no command; a test holds that all have one"),
    }
}

fn command_line() -> clap::Command {
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
    clap::Command::new("stampede")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Hands out limited things exactly once, durably, while a crowd is pushing.")
        .disable_help_subcommand(true)
        .args(settings())
        .subcommand(clap::Command::new("serve").about(
            "Serves the API; this is what happens \
            without a subcommand",
        ))
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
                        .arg(word("name", "NAME", "Whose key it is")),
                )
                .subcommand(clap::Command::new("list").about("Lists the keys by id and name"))
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
        .subcommand(group("admin").about("Cares for the account `admin`").subcommand(
            clap::Command::new("password").about(
                "Gives it a new password and \
                    prints it once",
            ),
        ))
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
            "A receipt that the proof must agree with; may \
            be given more than once",
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<(Command, Settings), Stop> {
        parse(std::iter::once("stampede").chain(line.split_whitespace()).map(OsString::from), [])
    }

    fn usage(line: &str) -> clap::Error {
        match parsed(line) {
            Err(Stop::Usage(usage)) => usage,
            other => panic!("{line} is {other:?}"),
        }
    }

    #[test]
    fn the_command_line_is_well_formed() {
        command_line().debug_assert();
    }

    #[test]
    fn every_subcommand_is_understood() {
        for (line, command) in [
            ("", Command::Serve),
            ("serve", Command::Serve),
            ("config", Command::Config { toml: false }),
            ("config --toml", Command::Config { toml: true }),
            ("openapi", Command::Openapi),
            ("verify", Command::Verify),
            (
                "verify-draw -",
                Command::VerifyDraw(verify::Request {
                    file: "-".into(),
                    commitment: None,
                    key: None,
                    receipts: vec![],
                }),
            ),
            ("migrate", Command::Migrate),
            ("copy", Command::Copy),
            ("backup b.db", Command::Backup { file: "b.db".into() }),
            ("restore b.db", Command::Restore { file: "b.db".into() }),
            ("accept-loss", Command::AcceptLoss),
            ("key create shop", Command::KeyCreate { name: "shop".into() }),
            ("key list", Command::KeyList),
            ("key revoke k1", Command::KeyRevoke { id: "k1".into() }),
            ("key rotate", Command::KeyRotate { coupons: false }),
            ("key rotate --coupons", Command::KeyRotate { coupons: true }),
            ("admin password", Command::AdminPassword),
        ] {
            assert_eq!(parsed(line).unwrap().0, command, "{line}");
        }
    }

    #[test]
    fn no_subcommand_is_forgotten() {
        let mut forms = Vec::new();
        for sub in command_line().get_subcommands() {
            match sub.get_subcommands().count() {
                0 => forms.push(sub.get_name().to_owned()),
                _ => forms.extend(
                    sub.get_subcommands()
                        .map(|inner| format!("{} {}", sub.get_name(), inner.get_name())),
                ),
            }
        }
        for form in forms {
            let line = if parsed(&form).is_ok() { form } else { format!("{form} x") };
            assert!(parsed(&line).is_ok(), "{line}");
        }
    }

    #[test]
    fn a_flag_may_stand_before_or_after_the_subcommand() {
        for line in [
            "--token-s 60",
            "--token-s=60 serve",
            "serve --token-s 60",
            "key create shop --token-s 60",
            "key --token-s 60 list",
        ] {
            assert_eq!(parsed(line).unwrap().1.config.token_s, 60, "{line}");
        }
    }

    #[test]
    fn a_wrong_setting_stops_with_its_flag() {
        let Err(Stop::Setting(error)) = parsed("--workers -1") else { panic!("it was accepted") };
        assert!(error.to_string().starts_with("workers is \"-1\" (from --workers)"), "{error}");
    }

    #[test]
    fn the_default_file_is_printed_even_where_the_settings_are_broken() {
        assert!(parsed("config --toml --workers none").is_ok());
        assert!(parsed("config --workers none").is_err());
    }

    #[test]
    fn help_and_version_are_no_failures_and_help_has_every_flag() {
        assert_eq!(
            usage("--version").to_string(),
            format!("stampede {}\n", env!("CARGO_PKG_VERSION"))
        );
        let help = usage("--help");
        assert_eq!(help.exit_code(), 0);
        let page = help.to_string();
        assert!(
            SETTINGS
                .iter()
                .filter_map(config::Setting::flag)
                .all(|flag| page.contains(&format!("--{flag} "))),
            "{page}"
        );
    }

    #[test]
    fn what_is_not_understood_is_a_failure_that_shows_the_way() {
        assert_eq!(usage("serv").exit_code(), 2);
        assert!(usage("--listn 1").to_string().contains("--listen"));
        assert_eq!(usage("backup").exit_code(), 2);
        assert_eq!(usage("key").exit_code(), 2);
        assert_eq!(usage("--admin-password secret").exit_code(), 2);
    }

    #[test]
    fn a_draw_is_verified_wherever_settings_are_broken_and_against_all_that_is_given() {
        let (one, two) = ("01".repeat(32), "02".repeat(32));
        let line = format!(
            "verify-draw p.json --receipt a --receipt b --commitment {one} --key {two} --workers \
             none"
        );
        let (command, _) = parsed(&line).unwrap();
        let receipts = vec!["a".into(), "b".into()];
        let known = (Some(Hex([1; 32])), Some(Hex([2; 32])));
        assert_eq!(
            command,
            Command::VerifyDraw(verify::Request {
                file: "p.json".into(),
                commitment: known.0,
                key: known.1,
                receipts
            })
        );
        assert_eq!(usage("verify-draw p.json --commitment 12").exit_code(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn paths_need_not_be_utf8() {
        use std::os::unix::ffi::OsStringExt;
        let odd = OsString::from_vec(b"b\xff".to_vec());
        let line = ["stampede".into(), "backup".into(), odd.clone(), "--data".into(), odd.clone()];
        let (command, settings) = parse(line, []).unwrap();
        assert_eq!(command, Command::Backup { file: odd.clone().into() });
        assert_eq!(settings.config.data, PathBuf::from(odd));
    }
}
