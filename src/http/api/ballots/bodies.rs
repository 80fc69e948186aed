//! What the calls about ballots answer.

use crate::http::api::known_as::KnownAsBody;
use crate::http::api::pool::own_name;
use crate::http::api::whose::parse_whose;
use crate::http::export::{ListForm, TableLine};
use crate::http::mistakes::Mistakes;
use crate::http::problem::Problem;
use actors::domain::ballots::BallotId;
use actors::domain::lottery::LotteryView;
use actors::plain::text_of;
use actors::{Id, Time};
use base::calendar::wire_time;
use draws::Receipt;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = Ballot)]
pub struct BallotBody {
    /// Null for a dry run.
    pub id: Option<String>,
    /// The pool: the day of a lottery, or a name.
    pub lottery: String,
    /// The pool, if it has a name of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pool: Option<String>,
    /// Keep it: with it anybody can see whether this ballot and those before it were left as they
    /// were. Null for a dry run.
    pub receipt: Option<Receipt>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MyBallot)]
pub struct MineBody {
    pub id: String,
    /// The pool: the day of a lottery, or a name.
    pub lottery: String,
    /// The pool, if it has a name of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pool: Option<String>,
    /// When it was submitted.
    pub at: String,
    /// Whether it has won. Null until the lottery is drawn.
    pub won: Option<bool>,
    /// Whether it takes the place of a winner who cannot be found. Null until the lottery is drawn.
    pub reserve: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MineQuery {
    pub lottery: Option<String>,
    pub limit: Option<usize>,
    pub cursor: Option<String>,
}

/// What the list of a lottery's ballots takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BallotsQuery {
    limit: Option<usize>,
    cursor: Option<String>,
    format: Option<String>,
    member: Option<String>,
    service: Option<String>,
    their_id: Option<String>,
}

impl BallotsQuery {
    /// The form of the list, and whose ballots are to be in it.
    pub fn read(self) -> Result<(ListForm, Option<Id>), Problem> {
        let mut mistakes = Mistakes::default();
        let [member, service, theirs, format] =
            [&self.member, &self.service, &self.their_id, &self.format].map(|text| text.as_deref());
        let owner = mistakes.check(parse_whose(member, service, theirs));
        let form = mistakes.check(ListForm::of(format, self.limit, self.cursor));
        form.zip(owner).ok_or_else(|| mistakes.into())
    }
}

impl MineBody {
    /// `lottery`: as it is now.
    pub fn of(id: &BallotId, at: Time, lottery: Option<&LotteryView>) -> MineBody {
        let pool = id.name.pool;
        // In the order of the draw: first the winners, then the reserves.
        let place = lottery.and_then(|view| {
            let lots = &view.drawn.as_ref()?.lots;
            Some(lots.iter().position(|lot| lot.ballot(pool) == *id))
        });
        let winners = lottery.and_then(|view| view.plan.ballots).map_or(0, |plan| plan.winners);
        let won = |place: Option<usize>| place.is_some_and(|place| place < usize::from(winners));
        MineBody {
            id: text_of(id),
            lottery: text_of(&pool),
            pool: own_name(pool),
            at: wire_time(at),
            won: place.map(won),
            reserve: place.map(|place| place.is_some() && !won(place)),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = SubmittedBallot)]
pub struct LineBody {
    pub id: String,
    pub member: String,
    /// What a service calls them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub known_as: Option<KnownAsBody>,
}

impl TableLine for LineBody {
    const COLUMNS: &'static [(&'static str, &'static str)] = &[
        ("id", "/id"),
        ("member", "/member"),
        ("service", "/known_as/service"),
        ("their_id", "/known_as/id"),
    ];
}
