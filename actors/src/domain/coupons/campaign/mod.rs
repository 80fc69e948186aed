//! Campaigns: vouchers for those who come first.

mod rules;
mod words;

pub use rules::Campaign;
pub use words::{
    Answer, CampaignChanges, CampaignPlan, Command, Event, Overview, Question, Rank, Refusal,
    Trigger,
};
