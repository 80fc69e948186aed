//! The settings of a process, read once at its start: defaults, then the file, then the
//! environment, then flags; the last one wins.
//!
//! `table` lists every setting; `sources` finds what was said and where; `parse` reads the text;
//! `show` prints it all, and `lines` has it piece by piece. What is wrong stops the start, with one
//! sentence for each setting that names it and where it was said.

mod error;
mod lines;
mod nearest;
mod origin;
mod parse;
mod setting;
mod show;
mod sources;
mod store;
mod table;
mod values;

pub use error::{Error, WrongSetting};
pub use lines::SettingLine;
pub use origin::Origin;
pub use setting::{Base, Setting};
pub use show::default_toml;
pub use sources::FILE_VARIABLE;
pub use store::Choice;
pub use table::{Config, SETTINGS};

use std::ffi::OsString;
use std::path::Path;
use values::{SettingValue, Values};

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
    let (mut values, mut wrong) = (Values::of(SETTINGS), Vec::new());
    let named =
        || variables.iter().find(|(name, _)| name == FILE_VARIABLE).map(|(_, path)| path.clone());
    if let Some(path) = file.or_else(named).filter(|path| !path.is_empty()) {
        match sources::read_file(Path::new(&path)) {
            Ok(file) => {
                values.replace(file.values);
                wrong.extend(file.wrong);
            }
            Err(why) => wrong.push(why),
        }
    }
    let (named, mut warnings) = sources::read_environment(variables);
    values.replace(named);
    values.replace(flags.into_iter().filter_map(|(name, text)| {
        let setting = SETTINGS.iter().find(|setting| setting.name == name)?;
        Some(SettingValue { setting, text, origin: Origin::Flag(setting.flag()?) })
    }));
    let Some(config) = Config::read(&values, &mut wrong) else { return Err(Error::of(wrong)) };
    let (from, until) = (config.notices_from, config.notices_until);
    let (has_cert, has_key) = (config.tls_cert.is_some(), config.tls_key.is_some());
    let nodes =
        (config.store == Choice::Cql).then_some("nodes call each other on listen, in plain HTTP");
    let together = [
        values.at_most("hold_ttl_s", config.hold_ttl_s, "hold_max_s", config.hold_max_s),
        values.at_most("token_s", config.token_s, "refresh_s", config.refresh_s),
        values.before("notices_from", from, "notices_until", until),
        values.both(("tls_cert", has_cert), ("tls_key", has_key)),
        values.not_beside("tls_cert", has_cert, "store", nodes),
    ];
    wrong.extend(together.into_iter().filter_map(Result::err));
    if !wrong.is_empty() {
        return Err(Error::of(wrong));
    }
    if config.bcrypt_cost < 10 {
        let origin = &values.get("bcrypt_cost").origin;
        warnings.push(format!(
            "bcrypt_cost is {} ({origin}): below 10, stolen password hashes are cheap to guess",
            config.bcrypt_cost
        ));
    }
    Ok(Settings { config, warnings, values })
}

impl Settings {
    /// Whether somebody said it, wherever.
    pub fn says(&self, name: &str) -> bool {
        !matches!(self.values.get(name).origin, Origin::Default)
    }

    /// What `stampede config` prints: a line of values for each setting, and its reason under it.
    pub fn table(&self) -> String {
        show::table(&self.values)
    }

    /// The same for scripts.
    pub fn as_json(&self) -> serde_json::Value {
        show::json(&self.values)
    }
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

#[cfg(test)]
mod tests;
