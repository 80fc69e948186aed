//! The text of every setting and its source, before the text is read.

use crate::error::WrongSetting;
use crate::origin::Origin;
use crate::parse::Parsed;
use crate::setting::Setting;
use jiff::civil::Time as TimeOfDay;
use std::ffi::{OsStr, OsString};
use std::fmt;

/// The text of every setting, in the order of the table.
#[derive(Clone, Debug)]
pub struct Values(pub Vec<SettingValue>);

#[derive(Clone)]
pub struct SettingValue {
    pub setting: &'static Setting,
    pub text: OsString,
    pub origin: Origin,
}

impl Values {
    /// Every setting at its default.
    pub fn of(settings: &'static [Setting]) -> Values {
        let default = |setting: &'static Setting| SettingValue {
            setting,
            text: setting.default_text().into(),
            origin: Origin::Default,
        };
        Values(settings.iter().map(default).collect())
    }

    /// Takes the place of what was there for these settings.
    pub fn replace(&mut self, values: impl IntoIterator<Item = SettingValue>) {
        for new in values {
            if let Some(old) = self.0.iter_mut().find(|old| old.setting.name == new.setting.name) {
                *old = new;
            }
        }
    }

    pub fn get(&self, name: &str) -> &SettingValue {
        self.0
            .iter()
            .find(|value| value.setting.name == name)
            .expect("every row of the table has its value")
    }

    pub fn read<T>(
        &self,
        name: &str,
        parse: impl Fn(&OsStr) -> Parsed<T>,
    ) -> Result<T, WrongSetting> {
        let value = self.get(name);
        parse(&value.text).map_err(|expected| value.wrong(expected))
    }

    /// Two settings that must agree. The one that is not at its default is to blame.
    pub fn at_most(
        &self,
        name: &'static str,
        n: u32,
        bound: &'static str,
        most: u32,
    ) -> Result<(), WrongSetting> {
        if n <= most {
            return Ok(());
        }
        let (value, limit) = (self.get(name), self.get(bound));
        Err(match value.origin {
            Origin::Default => {
                limit.wrong(format!("{n} at least, which is {name} ({})", value.origin))
            }
            _ => value.wrong(format!("{most} at most, which is {bound} ({})", limit.origin)),
        })
    }

    /// Two settings that mean nothing without each other. The one that is missing is to blame.
    pub fn both(
        &self,
        one: (&'static str, bool),
        other: (&'static str, bool),
    ) -> Result<(), WrongSetting> {
        let (said, missing) = match (one.1, other.1) {
            (true, false) => (one.0, other.0),
            (false, true) => (other.0, one.0),
            _ => return Ok(()),
        };
        let origin = &self.get(said).origin;
        Err(self.get(missing).wrong(format!("said, too, because {said} is ({origin})")))
    }

    /// A setting that cannot be said beside what another one is.
    pub fn not_beside(
        &self,
        name: &'static str,
        is_said: bool,
        other: &'static str,
        why: Option<&'static str>,
    ) -> Result<(), WrongSetting> {
        let Some(why) = why.filter(|_| is_said) else { return Ok(()) };
        let other = self.get(other);
        let (of, text) = (other.setting.name, other.text.to_string_lossy());
        Err(self.get(name).wrong(format!("empty while {of} is {text} ({}): {why}", other.origin)))
    }

    /// Two times of a day between which there is some time. Blames like `at_most`.
    pub fn before(
        &self,
        name: &'static str,
        at: TimeOfDay,
        bound: &'static str,
        end: TimeOfDay,
    ) -> Result<(), WrongSetting> {
        if at < end {
            return Ok(());
        }
        let (value, limit) = (self.get(name), self.get(bound));
        Err(match value.origin {
            Origin::Default => limit.wrong(format!("after {name} ({})", value.origin)),
            _ => value.wrong(format!("before {bound} ({})", limit.origin)),
        })
    }
}

impl SettingValue {
    fn wrong(&self, expected: String) -> WrongSetting {
        WrongSetting::Wrong {
            name: self.setting.name,
            value: self.shown(),
            origin: self.origin.clone(),
            expected,
        }
    }

    /// Quoted, on one line, and never a secret.
    pub fn shown(&self) -> String {
        match self.setting.is_secret() && !self.text.is_empty() {
            true => "(set)".to_owned(),
            false => format!("{:?}", self.text.to_string_lossy()),
        }
    }
}

impl fmt::Debug for SettingValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {} ({})", self.setting.name, self.shown(), self.origin)
    }
}
