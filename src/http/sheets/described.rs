//! What the OpenAPI document says of a sheet: its lines, and the answer to each.

use super::answers::NDJSON;
use super::lines::MOST_LINES;
use crate::http::endpoint::{Described, Endpoint, Who};
use crate::http::flags::LONGEST_KEY;
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::{Ref, RefOr};

/// The lines of a sheet, by the call that each of them is.
pub struct LinesOf {
    /// What the type of a line is called.
    pub name: &'static str,
    /// What each line has instead of the path, and what that is.
    pub named: Option<(&'static str, &'static str)>,
    /// What the call alone takes.
    pub body: Option<Described>,
    /// What it answers.
    pub answer: Described,
}

/// Says of a call that it takes a sheet.
pub fn takes_a_sheet(endpoint: Endpoint, of: LinesOf) -> Endpoint {
    let LinesOf { name, named, body, answer } = of;
    let answer_name = format!("{name}Answer");
    let lines = array(name, line(named, body.as_ref()), body);
    let answers = array(&answer_name, line_answer(&answer), Some(answer));
    endpoint
        .who(Who::BackEnd)
        .described_body(lines)
        .or_text_body(NDJSON)
        .decides()
        .described_answer(200, "An answer for each line, in the order of the lines.", answers)
        .or_text(NDJSON)
}

fn array(name: &str, item: Schema, with: Option<Described>) -> Described {
    let mut schemas = with.map_or(Vec::new(), |described| described.schemas);
    schemas.push((name.to_owned(), RefOr::T(item)));
    let items = Ref::from_schema_name(name);
    let array = ArrayBuilder::new().items(items).min_items(Some(1)).max_items(Some(MOST_LINES));
    Described { media: "application/json", reference: RefOr::T(array.into()), schemas }
}

fn line(named: Option<(&'static str, &'static str)>, body: Option<&Described>) -> Schema {
    let member = "For whom: the id that your own member has at your place, as `On-Behalf-Of` says \
        it of a call alone.";
    let key = "The idempotency key of this line.";
    let mut line = ObjectBuilder::new()
        .additional_properties(Some(AdditionalProperties::FreeForm(false)))
        .property("member", text(member, 128).examples(["m1"]))
        .property("key", text(key, LONGEST_KEY).examples(["order-1"]));
    if let Some((name, meaning)) = named {
        line = line.property(name, text(meaning, LONGEST_KEY)).required(name);
    }
    line = match body {
        Some(body) => line.property("body", body.reference.clone()),
        None => line.property("body", nothing()),
    };
    line.into()
}

fn line_answer(answer: &Described) -> Schema {
    let number = |meaning: &str, example: u16| {
        let number = ObjectBuilder::new().schema_type(Type::Integer);
        number.description(Some(meaning)).examples([example])
    };
    let replayed =
        ObjectBuilder::new().schema_type(Type::Boolean).description(Some("It was done before."));
    ObjectBuilder::new()
        .property("line", number("Which line, from 1 on.", 1))
        .property("status", number("As of a call alone.", 200))
        .property("replayed", replayed)
        .property("retry_after_s", number("After how many seconds a repeat makes sense.", 5))
        .property("body", answer.reference.clone())
        .property("problem", Ref::from_schema_name("Problem"))
        .required("line")
        .required("status")
        .into()
}

fn text(meaning: &str, most: usize) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(meaning))
        .min_length(Some(1))
        .max_length(Some(most))
}

fn nothing() -> ObjectBuilder {
    ObjectBuilder::new()
        .description(Some("Nothing."))
        .additional_properties(Some(AdditionalProperties::FreeForm(false)))
}
