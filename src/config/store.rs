//! Which store the settings name.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// A file of this machine.
    Sqlite,
    /// A database that several nodes share.
    Cql,
}

impl Choice {
    pub fn name(self) -> &'static str {
        match self {
            Choice::Sqlite => "sqlite",
            Choice::Cql => "cql",
        }
    }
}
