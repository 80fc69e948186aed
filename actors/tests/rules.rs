//! The rule books, sentence by sentence: given what happened, when somebody commands, then an event or a refusal.

#[path = "rules/given.rs"]
mod given;
#[path = "rules/import.rs"]
mod import;
#[path = "rules/lists.rs"]
mod lists;
#[path = "rules/lottery.rs"]
mod lottery;
#[path = "rules/random.rs"]
mod random;
#[path = "rules/sealing.rs"]
mod sealing;
#[path = "rules/slice.rs"]
mod slice;
#[path = "rules/terms.rs"]
mod terms;
#[path = "rules/webhook.rs"]
mod webhook;
