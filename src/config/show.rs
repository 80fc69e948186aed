//! Prints the settings: what they are now and why they exist, and a settings file that says the
//! defaults.
//!
//! Both are made from the table, so that neither can forget a setting. A secret is shown as `(set)`
//! or not at all.

use super::setting::{Base, Setting};
use super::table::SETTINGS;
use super::values::{SettingValue, Values};
use serde_json::{Value, json};
use std::fmt::Write;

/// A line of values for each setting, and its reason under it.
pub fn table(values: &Values) -> String {
    let mut page =
        "Flags win over variables, variables over the file, the file over defaults.\n".to_owned();
    for value in &values.0 {
        let setting = value.setting;
        let default = or_none(quoted(setting, &setting.default_text()));
        let (now, origin) = (or_none(now(value)), &value.origin);
        let _ = write!(
            page,
            "\n{} = {now} (from {origin})\n    default {default}; {}\n    {}\n",
            setting.name,
            says(setting),
            setting.reason()
        );
    }
    page
}

/// A member for each setting. What has no value, and what may not be shown, is null.
pub fn json(values: &Values) -> Value {
    let some = |text: String| (!text.is_empty()).then_some(text);
    let one = |value: &SettingValue| {
        let setting = value.setting;
        let text = some(value.text.to_string_lossy().into_owned());
        let body = json!({
            "value": text.filter(|_| !setting.is_secret()),
            "is_set": !value.text.is_empty(),
            "from": value.origin.to_string(),
            "default": some(setting.default_text()),
            "flag": setting.flag().map(|flag| format!("--{flag}")),
            "variable": setting.variable(),
            "reason": setting.reason(),
        });
        (setting.name.to_owned(), body)
    };
    values.0.iter().map(one).collect()
}

/// A settings file in which every setting stands with its reason. Those without a fixed default are
/// commented out.
pub fn default_toml() -> String {
    let mut page =
        "# The settings of stampede at their defaults. Any line may be left out; variables and \
         flags win over this file.\n"
            .to_owned();
    for setting in SETTINGS {
        let name = setting.name;
        let line = match setting.base {
            Base::Fixed(text) => format!("{name} = {}", quoted(setting, text)),
            Base::Cores(_) => format!(
                "# {name} = {} # counted from the cores of this machine",
                setting.default_text()
            ),
            Base::Nothing(example) | Base::Hidden(example) => {
                format!("# {name} = {example} # not set by default")
            }
        };
        let _ = write!(page, "\n# {}\n# {}\n{line}\n", setting.reason(), says(setting));
    }
    page
}

/// How it is said outside the file.
fn says(setting: &Setting) -> String {
    match setting.flag() {
        Some(flag) => format!("--{flag} or {}", setting.variable()),
        None => setting.variable(),
    }
}

fn now(value: &SettingValue) -> String {
    match value.setting.is_secret() {
        true if value.text.is_empty() => String::new(),
        true => value.shown(),
        false => quoted(value.setting, &value.text.to_string_lossy()),
    }
}

/// As it stands in the file: numbers, true and false bare, texts in quotes.
fn quoted(setting: &Setting, text: &str) -> String {
    let number =
        |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit() || c == b'_');
    let yes_or_no = |text: &str| ["true", "false"].contains(&text);
    let is_bare = match setting.base {
        Base::Fixed(default) => {
            (number(default) && number(text)) || (yes_or_no(default) && yes_or_no(text))
        }
        Base::Cores(_) => number(text),
        Base::Nothing(_) | Base::Hidden(_) => false,
    };
    if text.is_empty() || is_bare { text.to_owned() } else { format!("{text:?}") }
}

fn or_none(text: String) -> String {
    if text.is_empty() { "none".to_owned() } else { text }
}
