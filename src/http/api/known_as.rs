//! What a service calls its member, beside the id that the member has here.

use actors::Id;
use ports::OutsiderNames;
use serde::Serialize;
use utoipa::ToSchema;

/// A member of a service: for administrators, and for the very service.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = KnownAs)]
pub struct KnownAsBody {
    #[schema(example = "shop")]
    pub service: String,
    /// As `On-Behalf-Of` says it.
    #[schema(example = "m1")]
    pub id: String,
}

impl KnownAsBody {
    pub fn of(names: &OutsiderNames, id: Id) -> Option<KnownAsBody> {
        let outsider = names.of(id)?;
        Some(KnownAsBody { service: outsider.service.clone(), id: outsider.theirs.clone() })
    }
}
