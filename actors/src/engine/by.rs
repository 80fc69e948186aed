//! Who gives a command, under which key, and whether it is meant or only tried.

use super::keys::Key;
use super::request::Manner;
use crate::machine::Caller;

#[derive(Clone, Copy, Debug)]
pub struct By {
    pub caller: Caller,
    /// The caller's name for this very command: a repeat gets the first answer again.
    pub key: Option<Key>,
    pub how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    ForGood,
    /// Says what would happen, and changes nothing.
    DryRun,
}

impl By {
    /// The engine itself, for good.
    pub const SYSTEM: By = By::for_good(Caller::SYSTEM);

    pub const fn for_good(caller: Caller) -> By {
        By { caller, key: None, how: How::ForGood }
    }

    pub const fn dry_run(caller: Caller) -> By {
        By { caller, key: None, how: How::DryRun }
    }

    pub fn is_dry_run(&self) -> bool {
        self.how == How::DryRun
    }

    pub fn under(self, key: Option<Key>) -> By {
        By { key, ..self }
    }
}

impl How {
    pub fn dry_run_if(dry_run: bool) -> How {
        if dry_run { How::DryRun } else { How::ForGood }
    }
}

impl From<How> for Manner {
    fn from(how: How) -> Manner {
        match how {
            How::ForGood => Manner::ForGood,
            How::DryRun => Manner::DryRun,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_only_tried_is_not_for_good() {
        let (tried, meant) = (By::dry_run(Caller::SYSTEM), By::for_good(Caller::SYSTEM));
        assert!(tried.is_dry_run() && !meant.is_dry_run());
        assert_eq!([true, false].map(How::dry_run_if), [tried.how, meant.how]);
    }
}
