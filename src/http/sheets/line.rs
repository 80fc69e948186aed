//! Reads one line: who is meant, under which key, about what, and the body of the call alone.
//!
//! A line that is right is read once, straight into its type. Only what is wrong is read so
//! thoroughly that all of it can be told: in the line by pointers into the line, and in its body by
//! those that the call alone would have.

use crate::http::mistakes::{self, Mistakes, Readable};
use crate::http::problem::{self, Problem};
use crate::http::unchecked::Unchecked;
use crate::http::unparsed::Unparsed;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, de::DeserializeOwned};
use std::fmt;
use std::marker::PhantomData;

/// A line that could be read, as far as it is not about its body.
pub struct ReadLine<B> {
    pub member: Option<String>,
    pub key: Option<String>,
    pub named: String,
    pub body: Unchecked<B>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "B: Deserialize<'de>"))]
struct Line<B> {
    member: Option<String>,
    key: Option<String>,
    id: Option<String>,
    code: Option<String>,
    body: Option<B>,
}

/// An object, and never an array of its fields.
struct Object<B>(B);

impl<'de, B: Deserialize<'de>> Deserialize<'de> for Object<B> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object<B>, D::Error> {
        deserializer.deserialize_map(Fields(PhantomData))
    }
}

struct Fields<B>(PhantomData<B>);

impl<'de, B: Deserialize<'de>> Visitor<'de> for Fields<B> {
    type Value = Object<B>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Object<B>, A::Error> {
        B::deserialize(MapAccessDeserializer::new(fields)).map(Object)
    }
}

/// `named` is the field that stands for what the path of the call alone has.
pub fn read<B: DeserializeOwned>(
    line: &[u8],
    named: Option<&'static str>,
) -> Result<ReadLine<B>, Problem> {
    match serde_json::from_slice::<Object<Line<Object<B>>>>(line) {
        Ok(Object(Line { member, key, id, code, body })) => {
            let body = match body {
                Some(Object(body)) => Readable { value: Some(body), wrong: Vec::new() },
                None => mistakes::explain(Unparsed::Object(Vec::new()), '/'),
            };
            finish(Line { member, key, id, code, body: Some(body) }, named)
        }
        Err(_) => read_wrong(line, named),
    }
}

fn read_wrong<B: DeserializeOwned>(
    line: &[u8],
    named: Option<&'static str>,
) -> Result<ReadLine<B>, Problem> {
    let said = serde_json::from_slice(line).map_err(|error| {
        let why = format!("the line is not JSON: {}", place(&error));
        Problem::new(&problem::NOT_READABLE, why)
    })?;
    let Unparsed::Object(mut fields) = said else {
        return Err(Problem::invalid("", "an object"));
    };
    let said_of_body = fields.iter().position(|(name, _)| name == "body");
    let body = said_of_body.map_or(Unparsed::Object(Vec::new()), |at| fields.remove(at).1);
    let body = mistakes::explain::<B>(body, '/');
    let read = mistakes::explain::<Line<IgnoredAny>>(Unparsed::Object(fields), '/');
    match read {
        Readable { value: Some(line), wrong } if wrong.is_empty() => {
            let Line { member, key, id, code, .. } = line;
            finish(Line { member, key, id, code, body: Some(body) }, named)
        }
        Readable { wrong, .. } => Err(Problem::all_invalid(wrong)),
    }
}

fn place(error: &serde_json::Error) -> String {
    let what = if error.is_eof() { "ends too early" } else { "cannot be read" };
    format!("it {what}, at column {}", error.column())
}

fn finish<B>(line: Line<Readable<B>>, named: Option<&'static str>) -> Result<ReadLine<B>, Problem> {
    let Line { member, key, id, code, body } = line;
    let mut mistakes = Mistakes::default();
    let mut name = None;
    for (field, pointer, said) in [("id", "/id", id), ("code", "/code", code)] {
        match (said, named == Some(field)) {
            (Some(said), true) => name = Some(said),
            (None, true) => mistakes.expect(false, pointer, "is required"),
            (Some(_), false) => mistakes.expect(false, pointer, "is not known here"),
            (None, false) => {}
        }
    }
    mistakes.end()?;
    let body = body.unwrap_or(Readable { value: None, wrong: Vec::new() });
    Ok(ReadLine { member, key, named: name.unwrap_or_default(), body: Unchecked::of(body) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        count: u8,
    }

    fn read_order(text: &str) -> Result<(Option<String>, Option<String>, String, Order), Problem> {
        let line = read::<Order>(text.as_bytes(), Some("code"))?;
        let order = line.body.checked(Ok)?;
        Ok((line.member, line.key, line.named, order))
    }

    #[test]
    fn a_line_has_a_member_a_key_a_name_and_a_body() {
        let text = r#"{"member":"m1","key":"k","code":"C","body":{"count":3}}"#;
        let read = read_order(text).unwrap();
        let said = |text: &str| Some(text.to_owned());
        assert_eq!(read, (said("m1"), said("k"), "C".to_owned(), Order { count: 3 }));
    }

    #[test]
    fn what_is_wrong_is_pointed_at_in_the_line_or_in_the_body() {
        for (text, status, pointers) in [
            ("nonsense", 400, &[][..]),
            ("", 400, &[]),
            ("7", 422, &[""]),
            (r#"["m1"]"#, 422, &[""]),
            (r#"{"code":"C"}"#, 422, &["/count"]),
            (r#"{"code":"C","body":{"count":999,"x":1}}"#, 422, &["/count", "/x"]),
            (r#"{"code":"C","body":[3]}"#, 422, &[""]),
            (r#"{"code":7,"memper":"m1","body":{"count":3}}"#, 422, &["/code", "/memper"]),
            (r#"{"body":{"count":3}}"#, 422, &["/code"]),
            (r#"{"id":"i","code":"C","body":{"count":3}}"#, 422, &["/id"]),
        ] {
            let problem = read_order(text).unwrap_err();
            let told: Vec<&str> = problem.errors.iter().map(|one| one.pointer.as_str()).collect();
            assert_eq!((problem.kind.status, told.as_slice()), (status, pointers), "{text}");
        }
    }
}
