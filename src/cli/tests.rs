//! Command lines, and what each of them is read as.

use super::*;
use crate::demo::DemoWish;
use actors::Time;
use base::Hex;
use std::time::Duration;

fn parsed(line: &str) -> Result<(Command, Settings), Stop> {
    let words = std::iter::once("stampede").chain(line.split_whitespace()).map(OsString::from);
    parse(words, []).map(|asked| (asked.command, asked.settings))
}

fn usage(line: &str) -> clap::Error {
    match parsed(line) {
        Err(Stop::Usage(usage)) => usage,
        other => panic!("{line} is {other:?}"),
    }
}

#[test]
fn the_command_line_is_well_formed() {
    command_line(SettingFlags::Hidden).debug_assert();
}

#[test]
fn every_subcommand_is_understood() {
    for (line, command) in [
        ("", Command::Serve),
        ("serve", Command::Serve),
        ("demo", Command::Demo(DemoWish { rate: 40, lasts: None, open: false })),
        (
            "demo --rate 7 --for 1m --open",
            Command::Demo(DemoWish { rate: 7, lasts: Some(Duration::from_secs(60)), open: true }),
        ),
        ("demo --seed-only http://h:1", Command::Seed { at: "http://h:1".into() }),
        ("close 2099-12-31", Command::Close { pool: "2099-12-31".into(), at: None }),
        ("close spring --at h:1", Command::Close { pool: "spring".into(), at: Some("h:1".into()) }),
        ("config", Command::Config { toml: false }),
        ("config --toml", Command::Config { toml: true }),
        ("openapi", Command::Openapi),
        ("completions fish", Command::Completions(Shell::Fish)),
        ("verify", Command::Verify),
        (
            "verify-draw -",
            Command::VerifyDraw(verify::VerifyRequest {
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
        ("archive", Command::Archive { older_than_days: None }),
        ("archive --older-than-days 30", Command::Archive { older_than_days: Some(30) }),
        ("accept-loss", Command::AcceptLoss),
        ("key create shop", Command::KeyCreate("shop".into())),
        (
            "key create shop --purpose checkout --scope redeem --scope view --expires-at \
             2027-01-01T00:00:00Z",
            Command::KeyCreate(KeyDraft {
                purpose: Some("checkout".into()),
                scopes: Scopes::of([Scope::View, Scope::Redeem]),
                expires_at: Some(Time(1_798_761_600_000)),
                ..KeyDraft::from("shop")
            }),
        ),
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
    for sub in command_line(SettingFlags::Hidden).get_subcommands() {
        match sub.get_subcommands().count() {
            0 => forms.push(sub.get_name().to_owned()),
            _ => forms.extend(
                sub.get_subcommands()
                    .map(|inner| format!("{} {}", sub.get_name(), inner.get_name())),
            ),
        }
    }
    for form in forms {
        let line = ["", " x", " zsh"].map(|more| format!("{form}{more}"));
        let line = line.into_iter().find(|line| parsed(line).is_ok()).unwrap_or(form);
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
fn help_and_version_are_no_failures() {
    assert_eq!(usage("--version").to_string(), format!("stampede {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(usage("--help").exit_code(), 0);
}

#[test]
fn help_shows_what_a_command_takes_and_one_line_on_settings() {
    let lines = |line: &str| usage(line).to_string().lines().count();
    for (line, most) in [("-h", 35), ("--help", 40), ("archive --help", 14), ("key -h", 16)] {
        let page = usage(line).to_string();
        assert!(lines(line) <= most, "{} lines: {page}", lines(line));
        assert_eq!(page.matches("`stampede config`").count(), 1, "{page}");
        assert!(!page.contains("--hold-ttl-s"), "{page}");
    }
    assert!(usage("archive -h").to_string().contains("--older-than-days <DAYS>"));
    assert!(lines("-h") < lines("--help"));
    assert!(usage("--help").to_string().contains("with 2 if it was called wrongly"));
}

#[test]
fn shells_complete_commands_and_settings() {
    for shell in ["bash", "zsh", "fish"] {
        let (command, _) = parsed(&format!("completions {shell} --workers none")).unwrap();
        let Command::Completions(shell) = command else { panic!("it is {command:?}") };
        let script = String::from_utf8(completions(shell)).unwrap();
        for word in ["older-than-days", "hold-ttl-s", "verify-draw"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(usage("completions tcsh").exit_code(), 2);
}

#[test]
fn what_is_for_scripts_is_asked_of_the_command_itself() {
    let json = |line: &str| {
        let words = std::iter::once("stampede").chain(line.split(' ')).map(OsString::from);
        parse(words, []).unwrap().json
    };
    for line in [
        "verify",
        "verify-draw -",
        "key list",
        "key create shop",
        "copy",
        "archive",
        "config",
        "close x",
    ] {
        assert!(json(&format!("{line} --json")) && !json(line), "{line}");
    }
    assert_eq!(usage("serve --json").exit_code(), 2);
}

#[test]
fn what_is_not_understood_is_a_failure_that_shows_the_way() {
    assert_eq!(usage("serv").exit_code(), 2);
    assert!(usage("--listn 1").to_string().contains("--listen"));
    assert_eq!(usage("backup").exit_code(), 2);
    assert_eq!(usage("key").exit_code(), 2);
    for wrong in ["--rate 0", "--for 0s", "--for soon", "--seed-only h --rate 5"] {
        assert_eq!(usage(&format!("demo {wrong}")).exit_code(), 2, "{wrong}");
    }
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
        Command::VerifyDraw(verify::VerifyRequest {
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
    let Invocation { command, settings, .. } = parse(line, []).unwrap();
    assert_eq!(command, Command::Backup { file: odd.clone().into() });
    assert_eq!(settings.config.data, PathBuf::from(odd));
}
