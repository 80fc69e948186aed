//! Ballots: submit one and get its receipt, list one's own, and show that one was counted.
//!
//! The endpoints and their calls. `bodies` has what is answered, `explain` what is said when a
//! ballot is refused.

pub mod bodies;
pub mod explain;

use crate::http::api::ballots::bodies::{BallotBody, BallotsQuery, LineBody, MineBody, MineQuery};
use crate::http::api::ballots::explain::no_ballot;
use crate::http::api::known_as::KnownAsBody;
use crate::http::api::pool::{
    PoolInPath, PoolPath, at, find_lottery, find_plan, own_name, parse_pool, terms,
};
use crate::http::api::whose::of_one_member;
use crate::http::body::Body;
use crate::http::caller::{AsMember, Perhaps, SignedIn, Viewer};
use crate::http::endpoint::{Described, Endpoint, Who};
use crate::http::export;
use crate::http::flags::{self, DryRun, IdempotencyKey, Params};
use crate::http::page::{Items, Paging};
use crate::http::problem::{self, Problem};
use crate::http::reply::{self, Success};
use crate::http::sheets::{LinesOf, Sheet, SheetLine, takes_a_sheet};
use crate::http::work::ShownWork;
use crate::shared::Shared;
use actix_web::{HttpRequest, HttpResponse, web};
use actors::domain::ballots::{BallotId, Witness, ballot_of_row};
use actors::domain::lottery::{ArrangedPlan, BallotSetup, LotteryView, Phase};
use actors::domain::pool::PoolName;
use actors::engine::How;
use actors::plain::text_of;
use actors::store::ListedRow;
use actors::{Caller, Id, Time};
use draws::{Anchor, Inclusion, Receipt};
use futures_util::future::try_join_all;
use ports::GuardedCall;
use ports::scopes::Scope;
use products::ballots::Submitted;
use std::collections::{BTreeMap, BTreeSet};

pub fn endpoints() -> Vec<Endpoint> {
    let mut all = PoolPath::both(of_pool);
    all.extend(of_ballots());
    all
}

fn of_pool(by: PoolPath) -> Vec<Endpoint> {
    vec![
        Endpoint::post(at!(by, "/ballots"), submit)
            .named(by.pick("submitBallot", "submitBallotInPool"))
            .summary("Submit a ballot")
            .notes(
                "As many as you like, until the lottery closes; administrators none. The answer \
                 comes when the ballot is durable, and carries a signed receipt. \
                 A repeat has the same ballot; its receipt may be signed over a later state of the \
                 box.",
            )
            .who(Who::Member)
            .scopes(&[Scope::Members, Scope::Ballots])
            .decides()
            .guarded()
            .answer::<BallotBody>(201, "The ballot and its receipt.")
            .problems(&[
                &problem::NOT_FOUND,
                &problem::FORBIDDEN,
                &problem::NO_BALLOTS,
                &problem::LOTTERY_CLOSED,
                &problem::BALLOTS_FULL,
                &problem::KEY_FORGOTTEN,
            ]),
        takes_a_sheet(
            Endpoint::post(at!(by, "/ballots:batch"), submit_sheet)
                .named(by.pick("submitBallotSheet", "submitBallotSheetInPool"))
                .summary("Submit ballots for many members")
                .notes("Each line is a ballot of its own, as `submitBallot` alone."),
            LinesOf {
                name: "BallotLine",
                named: None,
                body: None,
                answer: Described::of::<BallotBody>(),
            },
        )
        .scopes(&[Scope::Members, Scope::Ballots])
        .problems(&[&problem::NOT_FOUND]),
        of_one_member(
            Endpoint::get(at!(by, "/ballots"), of_lottery)
                .named(by.pick("listBallotsOfLottery", "listBallotsOfPool"))
                .summary("List the ballots of a lottery")
                .who(Who::Viewer)
                .lists::<LineBody>("Box by box, in the order in which they came.")
                .exported::<LineBody>(),
        )
        .problems(&[&problem::NOT_FOUND, &problem::NO_BALLOTS]),
    ]
}

fn of_ballots() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/ballots", mine)
            .named("listMyBallots")
            .summary("List my ballots")
            .notes("Once a lottery is drawn, they say whether they have won.")
            .who(Who::Member)
            .scopes(&[Scope::Members, Scope::Ballots])
            .query("lottery", "Only those of this lottery or pool: its day, or its name.")
            .lists::<MineBody>("By lottery, box and place."),
        Endpoint::get("/ballots/{id}", show)
            .named("getBallot")
            .summary("Look at a ballot")
            .notes(
                "With a receipt, made anew. Somebody else's is answered like one that never \
                was.",
            )
            .who(Who::Member)
            .scopes(&[Scope::Members, Scope::Ballots])
            .answer::<BallotBody>(200, "The ballot.")
            .problems(&[&problem::NOT_FOUND]),
        Endpoint::get("/ballots/{id}/proof", proof)
            .named("getBallotProof")
            .summary("Show that a ballot was counted")
            .notes(
                "The path from the ballot to the root over all ballots, from which the winners \
                were drawn.",
            )
            .who(Who::Optional)
            .answer::<Inclusion>(200, "The path.")
            .problems(&[&problem::NOT_FOUND, &problem::NOT_SEALED_YET]),
    ]
}

async fn submit(
    shared: web::Data<Shared>,
    signer: SignedIn,
    key: IdempotencyKey,
    work: ShownWork,
    PoolInPath(pool): PoolInPath,
    Params(flags): Params<DryRun>,
    Body(flags::Nothing {}): Body<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let signed = signer.member()?;
    let caller = signed.caller;
    work.spend_as(&shared, &signed, GuardedCall::Ballot, &key, &[&pool.row_key()]).await?;
    submit_as(&shared, caller, &key, pool, flags.how()).await.map(Success::alone)
}

async fn submit_sheet(
    shared: web::Data<Shared>,
    sheet: Sheet,
    PoolInPath(pool): PoolInPath,
    Params(flags): Params<DryRun>,
) -> Result<HttpResponse, Problem> {
    let submit = async |line: SheetLine<flags::Nothing>| {
        let (caller, flags::Nothing {}) = (line.member()?, line.body.checked(Ok)?);
        submit_as(&shared, caller, &line.key, pool, flags.how()).await
    };
    sheet.answer(&shared, None, submit).await
}

async fn submit_as(
    shared: &Shared,
    caller: Caller,
    key: &IdempotencyKey,
    pool: PoolName,
    how: How,
) -> Result<Success<BallotBody>, Problem> {
    let plan = find_plan(shared, pool).await?;
    let terms = terms(&plan)?;
    let by = key.by(caller, how, || vec![b"ballot".to_vec(), pool.row_key()]);
    let Submitted { shown, replayed } = shared.ballots.submit(pool, &plan, by).await?;
    if !replayed && shown.is_some() {
        shared.ballots.taken.increment(1);
    }
    let receipt = shown.as_ref().map(|(id, witness)| sign_receipt(shared, *id, witness, terms));
    let id = shown.map(|(id, _)| text_of(&id));
    let body = BallotBody { id, lottery: text_of(&pool), pool: own_name(pool), receipt };
    Ok(Success::created(body, replayed))
}

async fn of_lottery(
    shared: web::Data<Shared>,
    _: Viewer,
    request: HttpRequest,
    PoolInPath(pool): PoolInPath,
    Params(query): Params<BallotsQuery>,
) -> Result<HttpResponse, Problem> {
    let (form, owner) = query.read()?;
    let plan = find_plan(&shared, pool).await?;
    terms(&plan)?;
    let list = shared.clone();
    let page = async move |paging| page_of_ballots(&list, pool, &plan, owner, &paging).await;
    export::answer(&shared, &request, form, page).await
}

async fn page_of_ballots(
    shared: &Shared,
    pool: PoolName,
    plan: &ArrangedPlan,
    owner: Option<Id>,
    paging: &Paging,
) -> Result<Items<LineBody>, Problem> {
    let (limit, after) = (paging.limit()?, paging.after_name::<BallotId>()?);
    let found = match owner {
        Some(owner) => shared.ballots.of_member_in(owner, pool, after, limit + 1).await?,
        None => shared.ballots.in_lottery(pool, plan, after, limit + 1).await?,
    };
    let names = shared.people.outsiders.names(found.iter().map(|(_, member)| *member)).await?;
    let item = |(id, member): (BallotId, Id)| {
        let known_as = KnownAsBody::of(&names, member);
        Some(LineBody { id: id.to_string(), member: member.to_string(), known_as })
    };
    Ok(Items::page(found, limit, |(id, _)| id.to_string().into_bytes(), item))
}

async fn mine(
    shared: web::Data<Shared>,
    AsMember(caller): AsMember,
    Params(MineQuery { lottery, limit, cursor }): Params<MineQuery>,
) -> Result<HttpResponse, Problem> {
    let paging = Paging::of(limit, cursor);
    let (limit, after) = (paging.limit()?, paging.after()?);
    let lottery = lottery.as_deref().map(|text| parse_pool(text, "?lottery")).transpose()?;
    let found = shared.ballots.of(caller.id, lottery, after, limit + 1).await?;
    let key = |line: &ListedRow| line.key.clone();
    let page = Items::page(found, limit, key, |line| ballot_of_row(&line.key, &line.body));
    let pools: BTreeSet<PoolName> = page.items.iter().map(|(id, _)| id.name.pool).collect();
    let views = try_join_all(pools.iter().map(|pool| shared.lotteries.view(*pool))).await?;
    let views: BTreeMap<PoolName, Option<LotteryView>> = pools.into_iter().zip(views).collect();
    let body = |(id, at): &(BallotId, Time)| {
        MineBody::of(id, *at, views.get(&id.name.pool).and_then(Option::as_ref))
    };
    Ok(reply::ok(&Items::<MineBody> {
        items: page.items.iter().map(body).collect(),
        next_cursor: page.next_cursor,
    }))
}

async fn show(
    shared: web::Data<Shared>,
    AsMember(caller): AsMember,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let id = parse_ballot_id(&id)?;
    let plan = find_plan(&shared, id.name.pool).await?;
    let terms = *in_a_box(&plan, &id)?;
    let (owner, witness) = shared.ballots.shown(&id).await?.ok_or_else(no_ballot)?;
    if !caller.may_act_for(owner) {
        return Err(no_ballot());
    }
    let receipt = Some(sign_receipt(&shared, id, &witness, &terms));
    Ok(reply::ok(&BallotBody {
        id: Some(id.to_string()),
        lottery: id.name.pool.to_string(),
        pool: own_name(id.name.pool),
        receipt,
    }))
}

async fn proof(
    shared: web::Data<Shared>,
    _: Perhaps,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let id = parse_ballot_id(&id)?;
    let view = find_lottery(&shared, id.name.pool).await?;
    in_a_box(&view.plan, &id)?;
    if matches!(view.phase, Phase::Open | Phase::Closing) {
        // Whether there is such a ballot is told first; else a wrong id would be worth waiting
        // with.
        shared.ballots.shown(&id).await?.ok_or_else(no_ballot)?;
        return Err(Problem::plain(&problem::NOT_SEALED_YET));
    }
    let path = shared.ballots.path(&id).await?.ok_or_else(no_ballot)?;
    Ok(reply::ok(&Inclusion::of(id, path, &view.boxes)))
}

fn sign_receipt(shared: &Shared, id: BallotId, witness: &Witness, terms: &BallotSetup) -> Receipt {
    Receipt::of(id, witness, &Anchor::from(terms), &shared.receipt_key.signer)
}

/// What is drawn in the lottery of a ballot, if it has the ballot's box.
fn in_a_box<'a>(plan: &'a ArrangedPlan, id: &BallotId) -> Result<&'a BallotSetup, Problem> {
    plan.ballots.as_ref().filter(|ballots| id.name.number < ballots.boxes).ok_or_else(no_ballot)
}

fn parse_ballot_id(text: &str) -> Result<BallotId, Problem> {
    text.parse().map_err(|_| no_ballot())
}
