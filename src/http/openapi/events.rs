//! What webhooks are sent: one operation and one type for each kind of event.

use super::super::endpoint::JSON;
use super::super::words::Triggers;
use super::examples::Examples;
use super::operations::with_example;
use super::schemas::{reference, say_format};
use products::telling::topics::{self, Topic};
use serde_json::{Map, Value, json};

/// Under which the webhooks are found, among the calls about them.
pub const TAG: &str = "webhooks";

/// What an event says: a name and a kind each.
type Says = &'static [(&'static str, Kind)];

#[derive(Clone, Copy)]
enum Kind {
    Text,
    TextOrNull,
    Whole,
    WholeOrNull,
    Flag,
    Texts,
    Trigger,
    Lots,
    Coupon,
    WhyFailed,
    /// Only where a service knows them by a name of its own.
    KnownAs,
    /// Only where it is about one.
    TextIfAny,
}

use Kind::*;

/// A pool with a name of its own is told by both words.
const LOTTERY: Says = &[("lottery", Text), ("pool", TextIfAny)];
const CAMPAIGN: Says = &[("campaign", Text)];
const JOB: Says = &[("job", Text)];
const OF_MEMBER: Says = &[("coupon", Coupon), ("known_as", KnownAs), ("member", Text)];
/// Also of one that nobody has had.
const OF_ANYBODY: Says = &[("coupon", Coupon), ("known_as", KnownAs), ("member", TextOrNull)];
const USED: Says = &[
    ("amount", WholeOrNull),
    ("by", Text),
    ("by_known_as", KnownAs),
    ("discount", WholeOrNull),
    ("payable", WholeOrNull),
    ("reference", TextOrNull),
];

/// What every type of event says.
const SAID: &[(&Topic, &[Says])] = &[
    (&topics::LOTTERY_CREATED, &[LOTTERY, &[("closes_at", Text)]]),
    (&topics::LOTTERY_WITHDRAWN, &[LOTTERY]),
    (&topics::LOTTERY_CLOSED, &[LOTTERY]),
    (&topics::LOTTERY_DRAWN, &[LOTTERY, &[("ballots", Texts), ("lots", Lots)]]),
    (
        &topics::TICKETS_CONFIRMED,
        &[LOTTERY, &[("hold", Text), ("member", Text), ("known_as", KnownAs), ("tickets", Texts)]],
    ),
    (
        &topics::TICKET_REFUNDED,
        &[LOTTERY, &[("hold", Text), ("member", Text), ("known_as", KnownAs), ("ticket", Text)]],
    ),
    (
        &topics::CAMPAIGN_CREATED,
        &[
            CAMPAIGN,
            &[("quota", Whole), ("starts_at", Text), ("ends_at", Text), ("trigger", Trigger)],
        ],
    ),
    (
        &topics::CAMPAIGN_CHANGED,
        &[
            CAMPAIGN,
            &[("quota", Whole), ("ends_at", Text), ("name", TextIfAny), ("starts_at", TextIfAny)],
        ],
    ),
    (&topics::CAMPAIGN_WITHDRAWN, &[CAMPAIGN]),
    (&topics::CAMPAIGN_PAUSED, &[CAMPAIGN]),
    (&topics::CAMPAIGN_RESUMED, &[CAMPAIGN]),
    (&topics::CAMPAIGN_ENDED, &[CAMPAIGN]),
    (&topics::CAMPAIGN_CLAIMED, &[CAMPAIGN, OF_MEMBER, &[("rank", Whole), ("expires_at", Text)]]),
    (&topics::BATCH_CREATED, &[&[("batch", Text), ("count", WholeOrNull), ("expires_at", Text)]]),
    (&topics::BATCH_PAUSED, &[&[("batch", Text)]]),
    (&topics::BATCH_RESUMED, &[&[("batch", Text)]]),
    (&topics::BATCH_EXTENDED, &[&[("batch", Text), ("expires_at", Text)]]),
    (&topics::BATCH_CHANGED, &[&[("batch", Text), ("expires_at", Text)]]),
    (&topics::BATCH_WITHDRAWN, &[&[("batch", Text)]]),
    (&topics::COUPONS_VOIDED, &[&[("batch", Text), ("free", Whole), ("assigned", Whole)]]),
    (&topics::COUPONS_IMPORTED, &[&[("batch", Text), ("count", Whole)]]),
    (&topics::IMPORT_CREATED, &[JOB, &[("bytes", Whole), ("dry_run", Flag)]]),
    (
        &topics::IMPORT_ADVANCED,
        &[JOB, &[("rows", Whole), ("imported", Whole), ("duplicate", Whole), ("invalid", Whole)]],
    ),
    (&topics::IMPORT_FINISHED, &[JOB]),
    (&topics::IMPORT_FAILED, &[JOB, &[("why", WhyFailed)]]),
    (&topics::IMPORT_CANCELLED, &[JOB]),
    (&topics::COUPON_ASSIGNED, &[OF_MEMBER]),
    (&topics::COUPON_HELD, &[OF_MEMBER, USED, &[("until", Text)]]),
    (&topics::COUPON_HOLD_LAPSED, &[OF_MEMBER]),
    (&topics::COUPON_USED, &[OF_MEMBER, USED]),
    (&topics::COUPON_USE_CANCELLED, &[OF_MEMBER, USED]),
    (&topics::COUPON_VOIDED, &[OF_ANYBODY]),
    (&topics::COUPON_EXPIRING, &[OF_MEMBER, &[("days", Whole), ("expires_at", Text)]]),
    (
        &topics::COUPONS_EXPIRED,
        &[&[("until", Text), ("batch", TextIfAny), ("campaign", TextIfAny)]],
    ),
    (
        &topics::AUDIT_BEGUN,
        &[&[
            ("act", Text),
            ("account", TextOrNull),
            ("service_key", TextOrNull),
            ("service", TextOrNull),
            ("what", Text),
            ("path", Text),
            ("dry_run", Flag),
            ("reason", TextOrNull),
            ("request_id", Text),
        ]],
    ),
    (&topics::AUDIT_ENDED, &[&[("act", Text), ("begun_at", Text), ("status", Whole)]]),
];

pub fn webhooks(examples: &Examples) -> Value {
    let hook = |topic: &&Topic| {
        let name = format!("on{}", camel(topic));
        let example = examples.body(&name, JSON);
        let operation = json!({
            "tags": [TAG],
            "summary": topic.name,
            "description": topic.meaning,
            "operationId": name,
            "security": [],
            "parameters": [
                signed("webhook-id", "The id of the event: a repeat has the same."),
                signed("webhook-timestamp", "When it is sent, in seconds since 1970."),
                signed("webhook-signature", "By Standard Webhooks, with the webhook's secret."),
            ],
            "requestBody": {
                "required": true,
                "content": {JSON: with_example(reference(&type_name(topic)), example)},
            },
            "responses": {
                "2XX": {"description": "It is delivered."},
                "410": {"description": "The webhook is disabled at once."},
                "default": {"description": "It is tried again, later and later."},
            },
        });
        (topic.name.to_owned(), json!({"post": operation}))
    };
    Value::Object(topics::ALL.iter().map(hook).collect())
}

fn signed(name: &str, meaning: &str) -> Value {
    json!({
        "name": name,
        "in": "header",
        "required": true,
        "description": meaning,
        "schema": {"type": "string"},
    })
}

/// One type for each kind of event, and those that they are made of.
pub fn schemas() -> Map<String, Value> {
    let mut all: Map<String, Value> =
        topics::ALL.iter().map(|topic| (type_name(topic), event(topic))).collect();
    all.insert("EventCoupon".into(), coupon());
    all.insert("EventLot".into(), lot());
    all
}

fn event(topic: &Topic) -> Value {
    let mut schema =
        object(&[("id", Text), ("partition", Text), ("sequence", Whole), ("timestamp", Text)]);
    schema["title"] = type_name(topic).into();
    schema["description"] = topic.meaning.into();
    let fields = &mut schema["properties"];
    fields["id"]["description"] = "The same whenever and to whomever it is told.".into();
    fields["partition"]["description"] = "Of one partition, events come in their order.".into();
    fields["sequence"]["description"] = "The place of its record in its partition.".into();
    fields["type"] = json!({"type": "string", "enum": [topic.name]});
    let said = SAID.iter().find(|(other, _)| other.name == topic.name);
    let said: Vec<(&str, Kind)> = said.map_or(Vec::new(), |(_, says)| says.concat());
    fields["data"] = object(&said);
    schema["required"] = json!(["data", "id", "partition", "sequence", "timestamp", "type"]);
    schema
}

fn object(fields: &[(&str, Kind)]) -> Value {
    let is_there = |kind: &Kind| !matches!(kind, Kind::KnownAs | Kind::TextIfAny);
    let there: Vec<&str> =
        fields.iter().filter(|(_, kind)| is_there(kind)).map(|(name, _)| *name).collect();
    let field = |(name, kind): &(&str, Kind)| {
        let mut schema = kind.schema();
        say_format(name, &mut schema);
        ((*name).to_owned(), schema)
    };
    let properties: Map<String, Value> = fields.iter().map(field).collect();
    json!({"type": "object", "required": there, "properties": properties})
}

impl Kind {
    fn schema(self) -> Value {
        match self {
            Text | TextIfAny => json!({"type": "string"}),
            TextOrNull => json!({"type": ["string", "null"]}),
            Whole => json!({"type": "integer", "format": "int64", "minimum": 0}),
            WholeOrNull => {
                json!({"type": ["integer", "null"], "format": "int64", "minimum": 0})
            }
            Flag => json!({"type": "boolean"}),
            Texts => json!({"type": "array", "items": {"type": "string"}}),
            Trigger => json!({"type": "string", "enum": Triggers::ALL}),
            Lots => json!({"type": "array", "items": reference("EventLot")}),
            Coupon => reference("EventCoupon"),
            WhyFailed => {
                json!({"type": "string", "enum": ["duplicate", "file_missing", "file_changed"]})
            }
            KnownAs => reference("KnownAs"),
        }
    }
}

fn coupon() -> Value {
    let mut schema = object(&[("code", Text), ("batch", TextIfAny), ("campaign", TextIfAny)]);
    schema["description"] =
        "A coupon: of a batch, with its index unless it was imported; or of a campaign, with its \
         rank."
            .into();
    schema["properties"]["index"] = Whole.schema();
    schema["properties"]["rank"] = Whole.schema();
    schema
}

fn lot() -> Value {
    let mut schema = object(&[("ballot", Text), ("member", Text), ("known_as", KnownAs)]);
    schema["description"] = "A ballot that was drawn.".into();
    schema["properties"]["drawn_as"] = json!({"type": "string", "enum": ["winner", "reserve"]});
    schema
}

/// `campaign.claimed` is `CampaignClaimed`.
fn camel(topic: &Topic) -> String {
    let words = topic.name.split(['.', '_']).map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    words.collect()
}

fn type_name(topic: &Topic) -> String {
    format!("{}Event", camel(topic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_event_is_said_once() {
        for topic in topics::ALL {
            let said = SAID.iter().filter(|(other, _)| other.name == topic.name);
            assert_eq!(said.count(), 1, "{}", topic.name);
        }
    }
}
