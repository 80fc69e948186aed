//! The tickets of a lottery that were sold, for whoever runs it.

use crate::http::api::known_as::KnownAsBody;
use crate::http::api::pool::{PoolInPath, find_plan};
use crate::http::api::tickets::bodies::{BoughtBody, SoldBody};
use crate::http::api::whose::parse_whose;
use crate::http::caller::Viewer;
use crate::http::export::{self, ListForm};
use crate::http::fields::parse_between;
use crate::http::flags::Params;
use crate::http::mistakes::Mistakes;
use crate::http::page::{Items, Paging, cursor};
use crate::http::problem::{self, Problem};
use crate::shared::Shared;
use actix_web::{HttpRequest, HttpResponse, web};
use actors::Id;
use actors::domain::Between;
use actors::domain::lottery::ArrangedPlan;
use actors::domain::pool::PoolName;
use actors::domain::tickets::ticket_of_row;
use actors::store::ListedRow;
use products::tickets::sold::SoldTicket;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoldQuery {
    limit: Option<usize>,
    cursor: Option<String>,
    format: Option<String>,
    member: Option<String>,
    service: Option<String>,
    their_id: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

/// Which of them a list is to have.
struct Wanted {
    owner: Option<Id>,
    bought: Between,
}

impl SoldQuery {
    fn read(self) -> Result<(ListForm, Wanted), Problem> {
        let mut mistakes = Mistakes::default();
        let [member, service, theirs, format, from, to] =
            [&self.member, &self.service, &self.their_id, &self.format, &self.from, &self.to]
                .map(|text| text.as_deref());
        let owner = mistakes.check(parse_whose(member, service, theirs));
        let bought = mistakes.check(parse_between((from, "?from"), (to, "?to")));
        let form = mistakes.check(ListForm::of(format, self.limit, self.cursor));
        match (form, owner, bought) {
            (Some(form), Some(owner), Some(bought)) => Ok((form, Wanted { owner, bought })),
            _ => Err(mistakes.into()),
        }
    }
}

pub async fn list(
    shared: web::Data<Shared>,
    _: Viewer,
    request: HttpRequest,
    PoolInPath(pool): PoolInPath,
    Params(query): Params<SoldQuery>,
) -> Result<HttpResponse, Problem> {
    let plan = find_plan(&shared, pool).await?;
    if plan.tickets.is_none() {
        return Err(Problem::plain(&problem::NO_TICKETS));
    }
    let (form, wanted) = query.read()?;
    let list = shared.clone();
    let page = async move |paging| page_of_sold(&list, pool, &plan, &wanted, &paging).await;
    export::answer(&shared, &request, form, page).await
}

async fn page_of_sold(
    shared: &Shared,
    pool: PoolName,
    plan: &ArrangedPlan,
    wanted: &Wanted,
    paging: &Paging,
) -> Result<Items<SoldBody>, Problem> {
    let limit = paging.limit()?;
    let (sold, next_cursor) = match wanted.owner {
        Some(owner) => {
            let lines = shared.tickets.bought_by(owner, Some(pool), paging.after()?, limit + 1);
            let sold = |line: ListedRow| {
                let (id, bought) = ticket_of_row(&line.key, &line.body)?;
                wanted.bought.has(bought.at).then_some(SoldTicket { id, owner, bought })
            };
            let page = Items::page(lines.await?, limit, |line| line.key.clone(), sold);
            (page.items, page.next_cursor)
        }
        None => {
            let from = paging.after_value()?.unwrap_or_default();
            let (sold, next) = shared.tickets.sold(pool, plan, &wanted.bought, from, limit).await?;
            let next = next.map(|next| postcard::to_stdvec(&next).expect("plain data"));
            (sold, next.map(|next| cursor(&next)))
        }
    };
    let names = shared.people.outsiders.names(sold.iter().map(|sold| sold.owner)).await?;
    let body = |SoldTicket { id, owner, bought }: &SoldTicket| SoldBody {
        ticket: BoughtBody::of(id, bought),
        member: owner.to_string(),
        known_as: KnownAsBody::of(&names, *owner),
    };
    Ok(Items { items: sold.iter().map(body).collect(), next_cursor })
}
