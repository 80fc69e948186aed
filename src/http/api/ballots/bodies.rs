//! What the calls about ballots answer.

use crate::http::api::known_as::KnownAsBody;
use draws::Receipt;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = Ballot)]
pub struct BallotBody {
    /// Null for a dry run.
    pub id: Option<String>,
    pub lottery: String,
    /// Keep it: with it anybody can see whether this ballot and those before it were left as they
    /// were. Null for a dry run.
    pub receipt: Option<Receipt>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MyBallot)]
pub struct MineBody {
    pub id: String,
    pub lottery: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SubmittedBallot)]
pub struct LineBody {
    pub id: String,
    pub member: String,
    /// What a service calls them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_as: Option<KnownAsBody>,
}
