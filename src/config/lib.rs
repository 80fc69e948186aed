//! The settings of a process, read once at its start: defaults, then the file, then the
//! environment, then flags; the last one wins.
//!
//! `table` lists every setting; `sources` finds what was said and where; `parse` reads the text;
//! `show` prints it all. The first thing wrong stops the start with one sentence that names the
//! setting and where it was said.

mod nearest;
mod parse;
mod show;
mod sources;
mod store;
mod table;

pub use show::default_toml;
pub use sources::{FILE_VARIABLE, Origin};
pub use store::Choice;
pub use table::{Base, Config, SETTINGS, Setting};

use sources::Said;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

/// What was read: the values, what deserves a warning, and where each came from.
#[derive(Clone, Debug)]
pub struct Settings {
    pub config: Config,
    pub warnings: Vec<String>,
    values: Values,
}

/// `flags` are pairs of a setting's name and its text. The file is the one named by `--config`, or
/// by `STAMPEDE_CONFIG`.
pub fn load(
    file: Option<OsString>,
    flags: Vec<(&'static str, OsString)>,
    variables: &[(OsString, OsString)],
) -> Result<Settings, Error> {
    let mut values = Values::default();
    let named =
        || variables.iter().find(|(name, _)| name == FILE_VARIABLE).map(|(_, path)| path.clone());
    if let Some(path) = file.or_else(named).filter(|path| !path.is_empty()) {
        values.hear(sources::file(Path::new(&path))?);
    }
    let (said, mut warnings) = sources::environment(variables);
    values.hear(said);
    values.hear(flags.into_iter().filter_map(|(name, text)| {
        let setting = SETTINGS.iter().find(|setting| setting.name == name)?;
        Some((setting, text, Origin::Flag(setting.flag()?)))
    }));
    let config = Config::read(&values)?;
    values.at_most("hold_ttl_s", config.hold_ttl_s, "hold_max_s", config.hold_max_s)?;
    values.at_most("token_s", config.token_s, "refresh_s", config.refresh_s)?;
    if config.bcrypt_cost < 10 {
        let origin = &values.of("bcrypt_cost").origin;
        warnings.push(format!(
            "bcrypt_cost is {} ({origin}): below 10, stolen password hashes are cheap to guess",
            config.bcrypt_cost
        ));
    }
    Ok(Settings { config, warnings, values })
}

impl Default for Settings {
    fn default() -> Settings {
        load(None, Vec::new(), &[])
            .expect("the defaults of the table are valid, which a test holds")
    }
}

impl Default for Config {
    fn default() -> Config {
        Settings::default().config
    }
}

/// The text of every setting, in the order of the table.
#[derive(Clone, Debug)]
struct Values(Vec<Value>);

#[derive(Clone)]
struct Value {
    setting: &'static Setting,
    text: OsString,
    origin: Origin,
}

impl Default for Values {
    fn default() -> Values {
        let default = |setting: &'static Setting| Value {
            setting,
            text: setting.default_text().into(),
            origin: Origin::Default,
        };
        Values(SETTINGS.iter().map(default).collect())
    }
}

impl Values {
    fn hear(&mut self, said: impl IntoIterator<Item = Said>) {
        for (setting, text, origin) in said {
            if let Some(value) = self.0.iter_mut().find(|value| value.setting.name == setting.name)
            {
                *value = Value { setting, text, origin };
            }
        }
    }

    fn of(&self, name: &str) -> &Value {
        self.0
            .iter()
            .find(|value| value.setting.name == name)
            .expect("every row of the table has its value")
    }

    fn read<T>(&self, name: &str, parse: impl Fn(&OsStr) -> parse::Parsed<T>) -> Result<T, Error> {
        let value = self.of(name);
        parse(&value.text).map_err(|expected| value.wrong(expected))
    }

    /// Two settings that must agree. The one somebody said is to blame.
    fn at_most(
        &self,
        name: &'static str,
        n: u32,
        bound: &'static str,
        most: u32,
    ) -> Result<(), Error> {
        if n <= most {
            return Ok(());
        }
        let (value, limit) = (self.of(name), self.of(bound));
        Err(match value.origin {
            Origin::Default => {
                limit.wrong(format!("{n} at least, which is {name} ({})", value.origin))
            }
            _ => value.wrong(format!("{most} at most, which is {bound} ({})", limit.origin)),
        })
    }
}

impl Value {
    fn wrong(&self, expected: String) -> Error {
        Error::Wrong {
            name: self.setting.name,
            value: self.shown(),
            origin: self.origin.clone(),
            expected,
        }
    }

    /// Quoted, on one line, and never a secret.
    fn shown(&self) -> String {
        match self.setting.is_secret() && !self.text.is_empty() {
            true => "(set)".to_owned(),
            false => format!("{:?}", self.text.to_string_lossy()),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {} ({})", self.setting.name, self.shown(), self.origin)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{name} is {value} (from {origin}), but it must be {expected}")]
    Wrong { name: &'static str, value: String, origin: Origin, expected: String },
    #[error("{name} (from {origin}) must be a text, a number or a list of texts")]
    Shape { name: &'static str, origin: Origin },
    #[error("{key:?} (from {origin}) is not a setting{nearest}")]
    Unknown { key: String, origin: Origin, nearest: String },
    #[error("the settings file is not TOML at {origin}: {message}")]
    NotToml { origin: Origin, message: String },
    #[error("the settings file {} cannot be read: {error}", path.display())]
    Unreadable { path: PathBuf, error: std::io::Error },
}

#[cfg(test)]
mod tests;
