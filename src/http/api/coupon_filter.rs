//! Which coupons a list is to have, as a query says it: for the claims of a campaign, the coupons
//! of a batch, and those of a member.

use crate::http::api::whose::{of_one_member, parse_whose};
use crate::http::endpoint::Endpoint;
use crate::http::export::ListForm;
use crate::http::fields::{parse_between, parse_reference};
use crate::http::mistakes::Mistakes;
use crate::http::problem::Problem;
use crate::http::words::CouponStates;
use actors::domain::coupons::{CouponFilter, CouponState, Serial};
use products::coupons::wanted::WantedCoupons;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CouponQuery {
    limit: Option<usize>,
    cursor: Option<String>,
    format: Option<String>,
    batch: Option<String>,
    state: Option<String>,
    member: Option<String>,
    service: Option<String>,
    their_id: Option<String>,
    reference: Option<String>,
    from: Option<String>,
    to: Option<String>,
    used_from: Option<String>,
    used_to: Option<String>,
}

/// Takes what a `CouponQuery` has beside `limit`, `cursor`, `format` and `batch`.
pub fn filters_coupons(endpoint: Endpoint) -> Endpoint {
    of_one_member(endpoint)
        .choice("state", CouponStates::ALL, "Only those in this state.")
        .query("reference", "Only those with a use of this reference, also one that was cancelled.")
        .instant("from", "Only those that were given then or later.")
        .instant("to", "Only those that were given before.")
        .instant("used_from", "Only those that were used then or later, and still are.")
        .instant("used_to", "Only those that were used before.")
}

impl CouponQuery {
    /// For a list of one campaign or batch.
    pub fn read_within(self) -> Result<(ListForm, WantedCoupons), Problem> {
        match self.batch {
            Some(_) => Err(Problem::invalid("?batch", "is not known here: the path says which")),
            None => self.read(),
        }
    }

    /// The form of the list, and what is to be in it.
    pub fn read(self) -> Result<(ListForm, WantedCoupons), Problem> {
        let mut mistakes = Mistakes::default();
        let form = ListForm::of(self.format.as_deref(), self.limit, self.cursor);
        let form = mistakes.check(form);
        let not_a_batch = |_| Problem::invalid("?batch", "an id of a batch or a campaign");
        let batch = self.batch.map(|text| text.parse().map_err(not_a_batch)).transpose();
        let batch: Option<Option<Serial>> = mistakes.check(batch);
        let state = mistakes.check(self.state.as_deref().map(parse_state).transpose());
        let owner =
            parse_whose(self.member.as_deref(), self.service.as_deref(), self.their_id.as_deref());
        let owner = mistakes.check(owner);
        let reference = self.reference.as_deref();
        let reference = reference.map(|text| parse_reference(text, "?reference")).transpose();
        let reference = mistakes.check(reference);
        let given = ((self.from.as_deref(), "?from"), (self.to.as_deref(), "?to"));
        let given = mistakes.check(parse_between(given.0, given.1));
        let used =
            ((self.used_from.as_deref(), "?used_from"), (self.used_to.as_deref(), "?used_to"));
        let used = mistakes.check(parse_between(used.0, used.1));
        let (Some(form), Some(batch), Some(state), Some(owner), Some(reference)) =
            (form, batch, state, owner, reference)
        else {
            return Err(mistakes.into());
        };
        let (Some(given), Some(used)) = (given, used) else { return Err(mistakes.into()) };
        let filter = CouponFilter { state, owner, reference, given, used };
        Ok((form, WantedCoupons { batch, filter }))
    }
}

pub fn parse_state(text: &str) -> Result<CouponState, Problem> {
    let named = CouponState::ALL.into_iter().find(|state| state.name() == text);
    named.ok_or_else(|| {
        Problem::invalid("?state", "`created`, `assigned`, `held`, `used`, `expired` or `void`")
    })
}
