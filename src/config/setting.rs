//! A row of the table of settings: its name, its default and the reason why it exists.

use Base::{Cores, Fixed, Hidden, Nothing};

/// What a setting is when no source names it.
pub enum Base {
    Fixed(&'static str),
    /// Counted from the cores of this machine.
    Cores(fn(usize) -> usize),
    /// Empty; the example shows how it would be written in the file.
    Nothing(&'static str),
    /// Empty too, and its value is never shown and never taken from the command line, which other
    /// users of the machine can read.
    Hidden(&'static str),
}

pub struct Setting {
    pub name: &'static str,
    pub base: Base,
    pub doc: &'static str,
}

impl Setting {
    pub fn reason(&self) -> &'static str {
        self.doc.trim()
    }

    pub fn is_secret(&self) -> bool {
        matches!(self.base, Hidden(_))
    }

    /// The name of its flag without the dashes in front. A secret has none.
    pub fn flag(&self) -> Option<String> {
        (!self.is_secret()).then(|| self.name.replace('_', "-"))
    }

    pub fn variable(&self) -> String {
        format!("STAMPEDE_{}", self.name.to_uppercase())
    }

    pub fn default_text(&self) -> String {
        match self.base {
            Fixed(text) => text.to_owned(),
            Cores(share) => {
                share(std::thread::available_parallelism().map_or(1, usize::from)).to_string()
            }
            Nothing(_) | Hidden(_) => String::new(),
        }
    }
}
