//! Why the settings cannot be read: one sentence that names the setting and its source.

use crate::origin::Origin;
use std::path::PathBuf;

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
