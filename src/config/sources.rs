//! Where a setting can be said: in the settings file, in the environment, on the command line.
//!
//! Each source only finds out which settings it names and with what text. It neither reads the
//! text nor decides which source wins. An unknown key in the file is an error, because the file is
//! ours alone. An unknown variable is a warning, because others may set variables.

use super::error::WrongSetting;
use super::nearest::nearest;
use super::origin::Origin;
use super::setting::Setting;
use super::table::SETTINGS;
use super::values::SettingValue;
use std::ffi::OsString;
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// The variable that names the settings file. It is no setting, because it could not stand in the
/// file.
pub const FILE_VARIABLE: &str = "STAMPEDE_CONFIG";

/// What a settings file says, and what in it is wrong.
#[derive(Default)]
pub struct FileSettings {
    pub values: Vec<SettingValue>,
    pub wrong: Vec<WrongSetting>,
}

pub fn read_file(path: &Path) -> Result<FileSettings, WrongSetting> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| WrongSetting::Unreadable { path: path.into(), error })?;
    read_toml(path, &text)
}

pub fn read_toml(path: &Path, text: &str) -> Result<FileSettings, WrongSetting> {
    let at = |place: usize| Origin::File { path: path.into(), line: line_of(text, place) };
    let table = DeTable::parse(text).map_err(|error| WrongSetting::NotToml {
        origin: at(error.span().map_or(0, |span| span.start)),
        message: error.message().lines().collect::<Vec<_>>().join(", "),
    })?;
    let mut file = FileSettings::default();
    for (key, value) in table.get_ref() {
        let origin = at(key.span().start);
        let Some(setting) = SETTINGS.iter().find(|setting| setting.name == *key.get_ref()) else {
            file.wrong.push(WrongSetting::Unknown {
                origin,
                key: key.get_ref().to_string(),
                nearest: did_you_mean(key.get_ref(), |s| s.name.to_owned()),
            });
            continue;
        };
        match text_of(value.get_ref()) {
            Some(value) => file.values.push(SettingValue { setting, text: value.into(), origin }),
            None => file.wrong.push(WrongSetting::Shape { name: setting.name, origin }),
        }
    }
    Ok(file)
}

/// The line, counted from 1, that a byte of the text stands on.
fn line_of(text: &str, place: usize) -> usize {
    1 + text.bytes().take(place).filter(|byte| *byte == b'\n').count()
}

/// The value as it would be written in a variable; None for shapes that no setting has.
fn text_of(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => {
            Some(i128::from_str_radix(number.as_str(), number.radix()).ok()?.to_string())
        }
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(yes) => Some(yes.to_string()),
        DeValue::Array(items) => {
            let items: Option<Vec<String>> =
                items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect();
            items.map(|items| items.join(","))
        }
        DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}

/// What the environment says, and a warning for every variable that looks like a setting and is
/// none.
pub fn read_environment(variables: &[(OsString, OsString)]) -> (Vec<SettingValue>, Vec<String>) {
    let mut values = Vec::new();
    let mut warnings = Vec::new();
    for (name, value) in variables {
        let name = name.to_string_lossy();
        if !name.starts_with("STAMPEDE_") || name == FILE_VARIABLE {
            continue;
        }
        match SETTINGS.iter().find(|setting| setting.variable() == name) {
            Some(setting) => {
                let origin = Origin::Variable(name.into_owned());
                values.push(SettingValue { setting, text: value.clone(), origin });
            }
            None => {
                let nearest = did_you_mean(&name, Setting::variable);
                warnings.push(format!(
                    "the variable {} is not a setting and is not used{nearest}",
                    name.escape_debug()
                ));
            }
        }
    }
    (values, warnings)
}

fn did_you_mean(name: &str, called: impl Fn(&Setting) -> String) -> String {
    let known: Vec<String> = SETTINGS.iter().map(called).collect();
    match nearest(name, known.iter().map(String::as_str)) {
        Some(known) => format!("; did you mean {known}?"),
        None => "; `stampede config` lists all there are".to_owned(),
    }
}
