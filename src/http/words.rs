//! Words that stand for one of a few things: one table, from which the document says what a field
//! or a parameter can be.

use products::telling::topics;
use std::borrow::Cow;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

macro_rules! words {
    ($( $id:ident = $name:literal $meaning:literal $( $word:literal )*; )*) => {
        $(
            pub struct $id;

            impl $id {
                pub const ALL: &'static [&'static str] = &[ $( $word, )* ];
            }

            impl PartialSchema for $id {
                fn schema() -> RefOr<Schema> {
                    one_of($meaning, $id::ALL.iter().copied())
                }
            }

            impl ToSchema for $id {
                fn name() -> Cow<'static, str> {
                    $name.into()
                }
            }
        )*
    };
}

words! {
    GuardedCalls = "GuardedCall" "A call that may ask for a proof of work."
        "register" "login" "claim" "ballot";
    CampaignStates = "CampaignState" "How a campaign stands."
        "scheduled" "open" "paused" "sold_out" "ended" "withdrawn";
    Triggers = "Trigger" "How a campaign's vouchers are claimed."
        "first_login" "claim" "code";
    BatchStates = "CouponBatchState" "How a batch stands."
        "open" "paused" "expired" "void" "withdrawn";
    CouponStates = "CouponState" "How a coupon stands."
        "created" "assigned" "held" "used" "expired" "void";
    VoidableStates = "VoidableState" "How a coupon stands that can be voided."
        "created" "assigned";
    VoidingStates = "CouponVoidingState" "How a voiding stands."
        "running" "cancelling" "finished" "cancelled";
    CouponSteps = "CouponStepKind" "What became of a coupon."
        "created" "assigned" "held" "used" "use_cancelled" "expired" "void";
    Cancellers = "CancelBy" "Who may take back a use: whoever is named, and those after them."
        "member" "service" "admin";
    LotteryStates = "LotteryState" "How a lottery stands."
        "open" "closing" "closed" "drawn" "withdrawing" "withdrawn";
    SaleStates = "SaleState" "How a sale stands."
        "waiting" "open" "gone" "over";
    HoldStates = "HoldState" "How a hold stands."
        "held" "confirmed" "released";
    TicketStates = "TicketState" "What became of a ticket."
        "refunded";
    JobKinds = "JobKind" "What a job does."
        "coupon_import";
    JobStates = "JobState" "How a job stands."
        "checking" "importing" "cancelling" "finished" "failed" "cancelled";
    Duplicates = "OnDuplicate" "What happens to a code that is known already."
        "skip" "fail";
    Spellings = "CodeSpelling" "How codes are compared; loosely: without case, dashes and spaces."
        "exact" "loose";
    RowStates = "JobRowState" "What became of a row."
        "imported" "not_imported" "duplicate" "invalid";
    MemberRowStates = "MemberRowState" "What became of a row with a member."
        "imported" "exists" "invalid";
    WebhookStates = "WebhookState" "How a webhook stands."
        "enabled" "retrying" "disabled";
    WebhookStops = "WebhookStop" "Why a webhook is disabled."
        "gone" "gave_up" "ordered";
    ActResults = "ActOutcome" "How an act of staff went."
        "done" "refused" "failed" "unknown";
    Outcomes = "DeliveryOutcome" "What became of an attempt to deliver."
        "delivered" "failed";
    Roles = "Role" "What an account may do."
        "member" "viewer" "operator" "admin";
    ServiceRoles = "ServiceRole" "What a service key may do."
        "service";
    KeyScopes = "KeyScope" "One thing that a service key may do."
        "members" "claim" "redeem" "assign" "tickets" "ballots" "view" "operate";
    TokenTypes = "TokenType" "How an access token is shown."
        "Bearer";
    KeyTypes = "KeyType" "Of what family a key is."
        "OKP";
    KeyCurves = "KeyCurve" "On what curve a key lies."
        "Ed25519";
    KeyAlgorithms = "KeyAlgorithm" "What is signed with a key."
        "EdDSA";
    KeyUses = "KeyUse" "What a key is for."
        "sig";
    HealthStates = "HealthState" "How a node stands."
        "live" "ready" "left";
    FigureReaders = "FiguresFor" "To whom figures are told: these, and whoever may see more."
        "public" "members" "staff";
    RedisStates = "RedisState" "How the node's Redis stands."
        "up" "down" "off";
    SettingSources = "SettingSource" "Where a setting was said."
        "default" "file" "variable" "flag";
}

/// Types of events.
pub struct EventTypes;

/// What a webhook can be told: a type of events, or all of them.
pub struct EventChoices;

impl PartialSchema for EventTypes {
    fn schema() -> RefOr<Schema> {
        one_of("A type of events.", topics::ALL.iter().map(|topic| topic.name))
    }
}

impl ToSchema for EventTypes {
    fn name() -> Cow<'static, str> {
        "EventType".into()
    }
}

impl PartialSchema for EventChoices {
    fn schema() -> RefOr<Schema> {
        let all = topics::ALL.iter().map(|topic| topic.name).chain(["*"]);
        one_of("A type of events, or `*` for all of them.", all)
    }
}

impl ToSchema for EventChoices {
    fn name() -> Cow<'static, str> {
        "EventChoice".into()
    }
}

fn one_of(meaning: &str, words: impl Iterator<Item = &'static str>) -> RefOr<Schema> {
    let text = ObjectBuilder::new().schema_type(Type::String);
    RefOr::T(text.description(Some(meaning)).enum_values(Some(words)).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ports::scopes::Scope;

    #[test]
    fn the_scopes_of_keys_are_those_that_there_are() {
        assert_eq!(KeyScopes::ALL, Scope::ALL.map(Scope::name));
    }
}
