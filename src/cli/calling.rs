//! The subcommands that call a server as its users do: `demo` and `close`.

use super::command::Command;
use super::grammar_parts::json;
use crate::demo::DemoWish;
use clap::{Arg, ArgAction, ArgMatches, value_parser};
use std::time::Duration;

/// Turns a second, so that a small machine has time for the console beside it.
const RATE: u32 = 40;

pub fn demo() -> clap::Command {
    let rate = Arg::new("rate").long("rate").value_name("TURNS");
    let lasts = Arg::new("for").long("for").value_name("SPAN").value_parser(read_span);
    let seed = Arg::new("seed-only").long("seed-only").value_name("URL");
    let open = Arg::new("open").long("open").action(ArgAction::SetTrue);
    clap::Command::new("demo")
        .about("Serves made-up things to a made-up crowd, in a folder that goes away at the end")
        .arg(
            rate.value_parser(value_parser!(u32).range(1..=5000))
                .help(format!("How many members have their turn in a second [default {RATE}]")),
        )
        .arg(lasts.help("Ends by itself after so long, like 60s or 5m"))
        .arg(open.help("Opens the console in a browser"))
        .arg(
            seed.conflicts_with_all(["rate", "for", "open"])
                .help("Instead fills the server at that URL, once")
                .long_help(
                    "Instead fills the server at that URL with members, lotteries, ballots and \
                     coupons, as the caller that STAMPEDE_SERVICE_KEY or STAMPEDE_ADMIN_PASSWORD \
                     says; a second time changes nothing",
                ),
        )
}

pub fn close() -> clap::Command {
    let pool = Arg::new("pool").value_name("DATE|NAME").required(true);
    let at = Arg::new("at").long("at").value_name("URL");
    clap::Command::new("close")
        .about("Closes a lottery on a running server, draws, and prints who has won")
        .arg(pool.help("Its closing day, or its name"))
        .arg(json())
        .arg(at.help("Where the server is; by default where the setting listen says"))
}

pub fn demo_command(matches: &ArgMatches) -> Command {
    match matches.get_one::<String>("seed-only") {
        Some(url) => Command::Seed { at: url.clone() },
        None => Command::Demo(DemoWish {
            rate: matches.get_one("rate").copied().unwrap_or(RATE),
            lasts: matches.get_one("for").copied(),
            open: matches.get_flag("open"),
        }),
    }
}

pub fn close_command(matches: &ArgMatches) -> Command {
    Command::Close {
        pool: matches.get_one("pool").cloned().expect("clap requires it"),
        at: matches.get_one("at").cloned(),
    }
}

fn read_span(text: &str) -> Result<Duration, &'static str> {
    let span: Option<jiff::SignedDuration> = text.parse().ok();
    let span = span.and_then(|span| Duration::try_from(span).ok());
    span.filter(|span| !span.is_zero()).ok_or("like 60s, 5m or 1h")
}
