//! The settings of a process for whoever asks it: what `stampede config` prints, piece by piece.

use super::Settings;
use super::origin::Origin;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingLine {
    pub name: &'static str,
    /// None if nothing is said, and of a secret in any case.
    pub value: Option<String>,
    pub is_secret: bool,
    pub is_set: bool,
    pub origin: Origin,
    pub default: Option<String>,
    pub reason: &'static str,
}

impl Settings {
    pub fn lines(&self) -> Vec<SettingLine> {
        let said = |text: String| (!text.is_empty()).then_some(text);
        let line = |value: &super::SettingValue| {
            let setting = value.setting;
            let text = said(value.text.to_string_lossy().into_owned());
            SettingLine {
                name: setting.name,
                is_secret: setting.is_secret(),
                is_set: text.is_some(),
                value: text.filter(|_| !setting.is_secret()),
                origin: value.origin.clone(),
                default: said(setting.default_text()),
                reason: setting.reason(),
            }
        };
        self.values.0.iter().map(line).collect()
    }
}
