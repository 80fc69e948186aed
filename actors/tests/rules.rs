//! The rule books, sentence by sentence: given what happened, when somebody commands, then an event
//! or a refusal.

#[path = "rules/ballots.rs"]
mod ballots;
#[path = "rules/campaign.rs"]
mod campaign;
#[path = "rules/catalogue.rs"]
mod catalogue;
#[path = "rules/coupons.rs"]
mod coupons;
#[path = "rules/draw.rs"]
mod draw;
#[path = "rules/given.rs"]
mod given;
#[path = "rules/homes.rs"]
mod homes;
#[path = "rules/import.rs"]
mod import;
#[path = "rules/life.rs"]
mod life;
#[path = "rules/lists.rs"]
mod lists;
#[path = "rules/lottery.rs"]
mod lottery;
#[path = "rules/notices.rs"]
mod notices;
#[path = "rules/rack.rs"]
mod rack;
#[path = "rules/random.rs"]
mod random;
#[path = "rules/range.rs"]
mod range;
#[path = "rules/redeem.rs"]
mod redeem;
#[path = "rules/sealing.rs"]
mod sealing;
#[path = "rules/slice.rs"]
mod slice;
#[path = "rules/terms.rs"]
mod terms;
#[path = "rules/walks.rs"]
mod walks;
#[path = "rules/webhook.rs"]
mod webhook;
