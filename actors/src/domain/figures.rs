//! To whom figures are told: how many of something were given, and how many are left.

use serde::{Deserialize, Serialize};

/// Whoever is named, and all who come after them here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum FiguresFor {
    /// Anybody.
    #[default]
    Public,
    /// Members, and services.
    Members,
    /// Whoever may look at everything that is handed out.
    Staff,
}
