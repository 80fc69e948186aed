//! Why the settings cannot be read: for each thing wrong a sentence that names the setting and its
//! source.

use crate::origin::Origin;
use std::fmt;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum WrongSetting {
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

/// Everything that is wrong, so that one start shows all of it.
#[derive(Debug)]
pub struct Error(Vec<WrongSetting>);

impl Error {
    pub fn of(wrong: Vec<WrongSetting>) -> Error {
        Error(wrong)
    }

    /// Without the full stop.
    pub fn sentences(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(WrongSetting::to_string)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentences().collect::<Vec<_>>().join("\n"))
    }
}

impl std::error::Error for Error {}
