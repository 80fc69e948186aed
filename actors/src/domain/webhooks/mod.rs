//! Webhooks: receivers that want to hear what happens.

mod rows;
mod rules;
mod words;

pub use rules::{WAITS_S, Webhook};
pub use words::{
    Answer, Command, Event, Question, Refusal, Telling, Trouble, WebhookPlan, WebhookReplay,
    WebhookView, WhyDisabled,
};
