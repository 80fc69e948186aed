//! Coupons: make them in batches, assign, use, hold, cancel and void them; and what expires.
//!
//! The endpoints. Their calls are in a file for each idea: `batches`, `changing`, `assigning`,
//! `using`, `voiding`, `expired`. `bodies` has what is read and answered, `explain` what is said
//! when a coupon, a batch or the catalogue refuses.

mod assigning;
mod batches;
pub mod bodies;
mod changing;
mod expired;
pub mod explain;
mod finding;
mod using;
mod voiding;

use crate::http::api::coupon_bodies::{CouponBody, CouponLedgerBody};
use crate::http::api::coupon_filter::filters_coupons;
use crate::http::api::coupons::bodies::{
    Assign, BatchBody, ChangeBatch, CreateBatch, ExpiredBody, GiveCoupon, NoticeBody, RedeemedBody,
    UseCoupon, VoidedBatchBody, WithCodesBody,
};
use crate::http::endpoint::{Described, Endpoint, Who};
use crate::http::problem;
use crate::http::sheets::{LinesOf, takes_a_sheet};
use crate::http::words::CouponStates;
use ports::scopes::Scope;

pub fn endpoints() -> Vec<Endpoint> {
    let mut all = of_coupons();
    all.extend(voiding::endpoints());
    all
}

fn of_coupons() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/coupons", batches::create_with_codes)
            .named("createCoupons")
            .summary("Create some coupons, and see their codes")
            .who(Who::Operator)
            .body::<CreateBatch>()
            .decides()
            .answer::<WithCodesBody>(201, "The batch and its codes. A dry run has none."),
        Endpoint::post("/coupon-batches", batches::create)
            .named("createCouponBatch")
            .summary("Create a batch of coupons")
            .notes(
                "Costs the same for one and for ten billion: an untouched coupon takes neither \
                memory nor disk.",
            )
            .who(Who::Operator)
            .body::<CreateBatch>()
            .decides()
            .answer::<BatchBody>(201, "The batch."),
        Endpoint::get("/coupon-batches", batches::list)
            .named("listCouponBatches")
            .summary("List the batches")
            .who(Who::Viewer)
            .lists::<BatchBody>("In the order of their creation, but for those withdrawn.")
            .exported::<BatchBody>(),
        Endpoint::get("/coupon-batches/{id}", batches::show)
            .named("getCouponBatch")
            .summary("Look at a batch")
            .notes("For whoever is told its figures: staff, unless its creation said otherwise.")
            .who(Who::Optional)
            .answer::<BatchBody>(200, "The batch.")
            .problems(&[&problem::NOT_FOUND]),
        Endpoint::patch("/coupon-batches/{id}", changing::change)
            .named("changeCouponBatch")
            .summary("Change a batch")
            .notes(
                "It may expire later, with all of its coupons, also those that are assigned; what \
                 has expired stays so. Until the first assignment its discount, its minimum, its \
                 cap and who may take back a use may change, too, and it may expire earlier. Its \
                 count stays: its codes may be printed.",
            )
            .who(Who::Operator)
            .body::<ChangeBatch>()
            .decides()
            .answer::<BatchBody>(200, "The batch.")
            .problems(&[&problem::ONLY_MORE, &problem::IN_USE, &problem::PAUSED])
            .problems(ONE_BATCH),
        Endpoint::delete("/coupon-batches/{id}", changing::withdraw)
            .named("withdrawCouponBatch")
            .summary("Withdraw a batch of which nothing was assigned")
            .notes(
                "Its codes are void, those of an import can be imported again, and no list has it. \
                 An assignment in the same instant is either first, and this is refused, or is \
                 refused itself.",
            )
            .who(Who::Operator)
            .decides()
            .answer::<BatchBody>(200, "The batch, as it was.")
            .problems(&[&problem::NOT_FOUND, &problem::IN_USE, &problem::PAUSED]),
        Endpoint::post("/coupon-batches/{id}/pause", changing::pause)
            .named("pauseCouponBatch")
            .summary("Pause a batch")
            .notes("Nothing is assigned until it goes on. What was assigned can be used.")
            .who(Who::Operator)
            .decides()
            .answer::<BatchBody>(200, "The batch.")
            .problems(ONE_BATCH),
        Endpoint::post("/coupon-batches/{id}/resume", changing::resume)
            .named("resumeCouponBatch")
            .summary("Let a paused batch go on")
            .who(Who::Operator)
            .decides()
            .answer::<BatchBody>(200, "The batch.")
            .problems(ONE_BATCH),
        Endpoint::post("/coupon-batches/{id}/void", changing::void)
            .named("voidCouponBatch")
            .summary("Take a whole batch out of circulation")
            .notes(
                "For good, and at once however large it is. What is held or used stays so; if it \
                 is given back later, it is void. A dry run counts what would be voided.",
            )
            .who(Who::Operator)
            .decides()
            .answer::<VoidedBatchBody>(200, "How many were voided; the same when it is repeated.")
            .problems(&[&problem::NOT_FOUND, &problem::COUPON_EXPIRED]),
        Endpoint::get("/coupon-batches/{id}/ledger", batches::ledger)
            .named("getCouponBatchLedger")
            .summary("Count a batch's coupons")
            .notes("For whoever is told its figures: staff, unless its creation said otherwise.")
            .who(Who::Optional)
            .answer::<CouponLedgerBody>(200, "The books, which balance.")
            .exported::<CouponLedgerBody>()
            .problems(&[&problem::NOT_FOUND]),
        filters_coupons(
            Endpoint::get("/coupon-batches/{id}/coupons", batches::coupons)
                .named("listCouponsOfBatch")
                .summary("List the coupons of a batch that were given")
                .notes(FILTERED)
                .who(Who::Viewer)
                .lists::<CouponBody>(
                    "Those that were given or voided, in the order of the batch; with \
                    `state=created` those that were not.",
                )
                .exported::<CouponBody>(),
        )
        .problems(&[&problem::NOT_FOUND]),
        Endpoint::get("/coupon-batches/{id}/codes", batches::stream)
            .named("streamCodes")
            .summary("Stream the codes of a batch")
            .notes(
                "As NDJSON (`{\"index\":0,\"code\":\"…\"}`), or as CSV with `format=csv`. Begins \
                 at `from`, ends after `limit`. It breaks off, \
                 without the end of a whole answer, when the token expires or its session ends; go \
                 on with `from` and a new token. \
                 In CSV a code that a spreadsheet would run (it begins with `=`, `+`, `-` or `@`) \
                 has an apostrophe in front, \
                 which an import takes away again; NDJSON has codes as they are.",
            )
            .who(Who::Operator)
            .choice("format", &["ndjson", "csv"], "`ndjson`, if absent.")
            .number("from", 0.., "The index of the first code.")
            .number("limit", 0.., "How many; all, if absent.")
            .answer_text(
                200,
                "application/x-ndjson",
                "The codes, one a line, for as long as \
                somebody reads.",
            )
            .or_text("text/csv")
            .problems(&[&problem::NOT_FOUND, &problem::INVALID, &problem::BUSY]),
        Endpoint::post("/coupon-batches/{id}/assign", assigning::assign)
            .named("assignNextCoupon")
            .summary("Assign the next free coupon")
            .notes("An administrator names the member; a service acts for its own.")
            .who(Who::Member)
            .scopes(&[Scope::Members, Scope::Assign])
            .body::<Assign>()
            .decides()
            .answer::<CouponBody>(201, "The coupon.")
            .answer::<CouponBody>(
                200,
                "The coupon that this source, or this member, had got \
                before.",
            )
            .problems(&[
                &problem::NOT_FOUND,
                &problem::FORBIDDEN,
                &problem::SOLD_OUT,
                &problem::COUPON_EXPIRED,
                &problem::COUPON_VOID,
                &problem::PAUSED,
                &problem::SOURCE_REUSED,
                &problem::KEY_FORGOTTEN,
            ]),
        takes_a_sheet(
            Endpoint::post("/coupon-batches/{id}/assign:batch", assigning::assign_sheet)
                .named("assignNextCouponSheet")
                .summary("Assign free coupons to many members")
                .notes("Each line is an assignment of its own, as `assignNextCoupon` alone."),
            LinesOf {
                name: "AssignLine",
                named: None,
                body: Some(Described::of::<Assign>()),
                answer: Described::of::<CouponBody>(),
            },
        )
        .scopes(&[Scope::Members, Scope::Assign]),
        filters_coupons(
            Endpoint::get("/coupons", using::list)
                .named("listMyCoupons")
                .summary("List my coupons and vouchers")
                .notes(
                    "For the support desk: a viewer names the member with `member`, or with \
                    `service` and `their_id`; with `reference` and no member they search \
                    everybody's, campaign by campaign and batch by batch. A page may have few \
                    lines, or none, and still have a next one.",
                )
                .who(Who::Member)
                .scopes(&[Scope::Members, Scope::Claim, Scope::Redeem, Scope::Assign])
                .query("batch", "Only those of this batch or campaign.")
                .lists::<CouponBody>("In the order in which they were assigned, as they are now.")
                .exported::<CouponBody>(),
        ),
        Endpoint::get("/coupons/{code}", using::show)
            .named("getCoupon")
            .summary("Look at a coupon")
            .notes(
                "Its owner sees it, and administrators, with its history. To all others it does \
                not exist.",
            )
            .who(Who::Member)
            .scopes(&[Scope::Members, Scope::Claim, Scope::Redeem, Scope::Assign])
            .answer::<CouponBody>(200, "The coupon.")
            .problems(GUESSED),
        Endpoint::post("/coupons/{code}/use", using::redeem)
            .named("useCoupon")
            .summary("Use a coupon")
            .notes(
                "With `hold_s` it is only held: take the payment, then confirm. If nobody \
                confirms, it comes back by itself.",
            )
            .who(Who::Member)
            .scopes(&[Scope::Members, Scope::Redeem])
            .body::<UseCoupon>()
            .decides()
            .answer::<RedeemedBody>(200, "What it was worth.")
            .problems(GUESSED)
            .problems(&[
                &problem::COUPON_VOID,
                &problem::COUPON_EXPIRED,
                &problem::COUPON_HELD,
                &problem::COUPON_USED,
                &problem::BELOW_MINIMUM,
            ]),
        Endpoint::post("/coupons/{code}/use/confirm", using::confirm)
            .named("confirmUse")
            .summary("Confirm a use that was held")
            .notes("Once it is used, a repeat is answered alike, also without a key.")
            .who(Who::Member)
            .scopes(&[Scope::Members, Scope::Redeem])
            .decides()
            .answer::<RedeemedBody>(200, "What it was worth.")
            .problems(GUESSED)
            .problems(&[
                &problem::COUPON_VOID,
                &problem::COUPON_EXPIRED,
                &problem::COUPON_NOT_HELD,
            ]),
        takes_a_sheet(
            Endpoint::post("/coupons/use:batch", using::redeem_sheet)
                .named("useCouponSheet")
                .summary("Use many coupons")
                .notes("Each line is a use of its own, as `useCoupon` alone."),
            LinesOf {
                name: "UseLine",
                named: CODE,
                body: Some(Described::of::<UseCoupon>()),
                answer: Described::of::<RedeemedBody>(),
            },
        )
        .scopes(&[Scope::Members, Scope::Redeem]),
        takes_a_sheet(
            Endpoint::post("/coupons/use/confirm:batch", using::confirm_sheet)
                .named("confirmUseSheet")
                .summary("Confirm many uses that were held")
                .notes("Each line confirms a use of its own, as `confirmUse` alone."),
            LinesOf {
                name: "ConfirmUseLine",
                named: CODE,
                body: None,
                answer: Described::of::<RedeemedBody>(),
            },
        )
        .scopes(&[Scope::Members, Scope::Redeem]),
        takes_a_sheet(
            Endpoint::post("/coupons/void:batch", using::void_sheet)
                .named("voidCouponSheet")
                .summary("Take many coupons out of circulation")
                .notes("Each line voids a coupon of its own, as `voidCoupon` alone."),
            LinesOf {
                name: "VoidLine",
                named: CODE,
                body: None,
                answer: Described::of::<RedeemedBody>(),
            },
        )
        .scopes(&[Scope::Operate]),
        Endpoint::delete("/coupons/{code}/use", using::cancel)
            .named("cancelUse")
            .summary("Cancel a use, or the hold for one")
            .notes(
                "Gives back what that use took. What has expired stays expired. A use that was not \
                 only held is taken back by those whom `cancel_by` of the batch or campaign names.",
            )
            .who(Who::Member)
            .scopes(&[Scope::Members, Scope::Redeem])
            .decides()
            .answer::<RedeemedBody>(200, "What was given back.")
            .problems(GUESSED)
            .problems(&[
                &problem::COUPON_VOID,
                &problem::COUPON_EXPIRED,
                &problem::COUPON_NOT_USED,
                &problem::FORBIDDEN,
            ]),
        Endpoint::post("/coupons/{code}/void", using::void)
            .named("voidCoupon")
            .summary("Take a coupon out of circulation")
            .who(Who::Operator)
            .decides()
            .answer::<RedeemedBody>(200, "It is void.")
            .problems(&[
                &problem::UNKNOWN_COUPON,
                &problem::COUPON_EXPIRED,
                &problem::COUPON_HELD,
                &problem::COUPON_USED,
            ]),
        Endpoint::put("/coupons/{code}/assign", assigning::give)
            .named("assignCoupon")
            .summary("Assign this coupon")
            .notes(
                "An administrator names the member; a service acts for its own. Repeating it \
                for the same member changes nothing.",
            )
            .who(Who::Member)
            .scopes(&[Scope::Members, Scope::Assign])
            .body::<GiveCoupon>()
            .decides()
            .answer::<CouponBody>(200, "The coupon.")
            .problems(GUESSED)
            .problems(&[
                &problem::FORBIDDEN,
                &problem::COUPON_VOID,
                &problem::COUPON_EXPIRED,
                &problem::COUPON_ASSIGNED,
                &problem::PAUSED,
                &problem::ONE_PER_MEMBER,
            ]),
        Endpoint::get("/coupons/expired", expired::expired)
            .named("listExpiredCoupons")
            .summary("List what expires on a day")
            .notes(
                "Coupons and vouchers, touched or not, those that expire later that day, too: \
                complete, by cursor. A page may have few lines, or none, and still have a next \
                one: each looks at so many coupons and no more.",
            )
            .who(Who::Viewer)
            .day("on", "The day, like 2026-12-31; today in the configured zone, if absent.")
            .choice("state", CouponStates::ALL, "Only those in this state.")
            .flag(
                "assigned",
                "`true`: only those that were somebody's. `false`: only those that never were; of \
                these, void ones only with `state=void`.",
            )
            .paged()
            .answer::<ExpiredBody>(200, "The window and what expires in it.")
            .problems(&[&problem::INVALID]),
        Endpoint::get("/notices", expired::list_notices)
            .named("listNotices")
            .summary("List the notices that were given")
            .notes(
                "Each day at 09:00 in the configured zone (the setting `notices_from`), to the \
                 owners of coupons that nobody has used, so many days before they expire. What is \
                 given after the morning of its notice is told the next one; nobody is told after \
                 20:00 (`notices_until`).",
            )
            .who(Who::Viewer)
            .instant("from", "Only those that were given then or later.")
            .instant("to", "Only those that were given before.")
            .lists::<NoticeBody>("Oldest first.")
            .exported::<NoticeBody>(),
    ]
}

const FILTERED: &str = "What a member has is found at once. Other filters look at so many coupons \
    a page; a page may have few lines, or none, and still have a next one.";

/// What a change of a batch as a whole comes to.
const ONE_BATCH: &[&problem::ProblemKind] =
    &[&problem::NOT_FOUND, &problem::COUPON_EXPIRED, &problem::COUPON_VOID];

/// What a line of a sheet has instead of the path.
const CODE: Option<(&str, &str)> = Some(("code", "The code of the coupon or voucher."));

/// What a guess at a code comes to.
const GUESSED: &[&problem::ProblemKind] = &[&problem::UNKNOWN_COUPON, &problem::TOO_MANY];
