//! Parts that several subcommands are made of.

use clap::{Arg, ArgAction, Command, value_parser};
use std::path::PathBuf;

pub const JSON: &str = "json";

pub fn sub(name: &'static str, about: &'static str) -> Command {
    Command::new(name).about(about)
}

/// Only with one of its own subcommands.
pub fn group(name: &'static str, about: &'static str) -> Command {
    sub(name, about).subcommand_required(true).arg_required_else_help(true)
}

pub fn word(name: &'static str, shown: &'static str, help: &'static str) -> Arg {
    Arg::new(name).value_name(shown).required(true).help(help)
}

pub fn file(help: &'static str) -> Arg {
    word("file", "FILE", help).value_parser(value_parser!(PathBuf))
}

pub fn switch(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

pub fn json() -> Arg {
    switch(JSON, "Prints what came of it as JSON, for scripts")
}
