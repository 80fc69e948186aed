//! Whether a value is as a schema of the OpenAPI document has it: as much of JSON Schema as the
//! document uses, and no field that it does not name.

use serde_json::Value;
use std::collections::BTreeSet;

pub struct Schemas {
    /// Into which references lead.
    pub document: Value,
}

impl Schemas {
    /// What is wrong, each with where.
    pub fn flaws(&self, schema: &Value, value: &Value) -> Vec<String> {
        let mut wrong = Vec::new();
        self.check(schema, value, "", &mut wrong);
        wrong
    }

    fn check(&self, schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
        self.check_open(schema, value, at, wrong);
        if let (Some(known), Some(fields)) = (self.known_fields(schema), value.as_object()) {
            let unknown = fields.keys().filter(|name| !known.contains(*name));
            wrong.extend(unknown.map(|name| format!("{at}/{name} is not in the schema")));
        }
    }

    /// Takes fields that are not named.
    fn check_open(&self, schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
        let mut say = |what: &str| wrong.push(format!("{at}: {value} is not {what}"));
        let schema = self.followed(schema);
        if !has_type(&schema["type"], value) {
            return say(&schema["type"].to_string());
        }
        if schema["enum"].as_array().is_some_and(|all| !all.contains(value)) {
            say(&format!("one of {}", schema["enum"]));
        }
        for (bound, is_kept) in [
            ("minimum", value.as_f64() >= schema["minimum"].as_f64()),
            ("maximum", value.as_f64() <= schema["maximum"].as_f64()),
        ] {
            if value.is_number() && schema[bound].is_number() && !is_kept {
                say(&format!("within its {bound} {}", schema[bound]));
            }
        }
        if let (Some(format), Some(text)) = (schema["format"].as_str(), value.as_str())
            && !has_format(format, text)
        {
            say(&format!("a {format}"));
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.check_open(part, value, at, wrong);
        }
        if let Some(kinds) = schema["oneOf"].as_array() {
            let flaws: Vec<Vec<String>> = kinds
                .iter()
                .map(|kind| {
                    let mut wrong = Vec::new();
                    self.check(kind, value, at, &mut wrong);
                    wrong
                })
                .collect();
            match flaws.iter().filter(|flaws| flaws.is_empty()).count() {
                1 => {}
                0 => wrong.push(format!("{at}: {value} is none of these: {flaws:?}")),
                _ => wrong.push(format!("{at}: {value} is several of {}", schema["oneOf"])),
            }
        }
        let required = schema["required"].as_array().into_iter().flatten();
        for name in required.filter_map(Value::as_str) {
            if value.is_object() && value.get(name).is_none() {
                wrong.push(format!("{at}/{name} is missing"));
            }
        }
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            if let Some(value) = value.get(name) {
                self.check(field, value, &format!("{at}/{name}"), wrong);
            }
        }
        if let Some(items) = schema.get("items") {
            for (place, item) in value.as_array().into_iter().flatten().enumerate() {
                self.check(items, item, &format!("{at}/{place}"), wrong);
            }
        }
    }

    fn followed<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str().and_then(|to| to.strip_prefix('#')) {
            Some(to) => self.document.pointer(to).unwrap_or_else(|| panic!("{to} leads nowhere")),
            None => schema,
        }
    }

    /// None where any field may be.
    fn known_fields(&self, schema: &Value) -> Option<BTreeSet<String>> {
        let schema = self.followed(schema);
        let own = schema["properties"].as_object();
        let mut known: BTreeSet<String> =
            own.into_iter().flatten().map(|(k, _)| k.clone()).collect();
        let parts = schema["allOf"].as_array();
        for part in parts.into_iter().flatten() {
            known.extend(self.known_fields(part)?);
        }
        (own.is_some() || parts.is_some()).then_some(known)
    }
}

fn has_type(wanted: &Value, value: &Value) -> bool {
    let is = |kind: &Value| match kind.as_str() {
        Some("null") => value.is_null(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("string") => value.is_string(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => false,
    };
    match wanted {
        Value::Null => true,
        Value::Array(kinds) => kinds.iter().any(is),
        kind => is(kind),
    }
}

fn has_format(format: &str, text: &str) -> bool {
    // A digit stands for any digit.
    let looks_like = |text: &str, pattern: &str| {
        text.len() == pattern.len()
            && text
                .bytes()
                .zip(pattern.bytes())
                .all(|(byte, as_in)| byte == as_in || as_in == b'0' && byte.is_ascii_digit())
    };
    match format {
        "date" => looks_like(text, "0000-00-00"),
        "date-time" => {
            let zoned = |time: &str| {
                ["Z", "+00:00", "-00:00"].iter().any(|zone| {
                    ["", ".000", ".000000"]
                        .iter()
                        .any(|part| looks_like(time, &format!("00:00:00{part}{zone}")))
                })
            };
            // A year before 0 has six digits.
            let is_day =
                |day: &str| looks_like(day, "0000-00-00") || looks_like(day, "-000000-00-00");
            text.split_once('T').is_some_and(|(day, time)| is_day(day) && zoned(time))
        }
        "uri" => text.contains("://"),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn flaws(schema: Value, value: Value) -> usize {
        let document = json!({"day": {"type": "string", "format": "date"}});
        Schemas { document }.flaws(&schema, &value).len()
    }

    #[test]
    fn a_value_is_as_its_schema_has_it_or_not() {
        let object = json!({
            "type": "object",
            "required": ["on"],
            "properties": {
                "on": {"$ref": "#/day"},
                "count": {"type": ["integer", "null"], "minimum": 1},
            },
        });
        for (value, count) in [
            (json!({"on": "2026-12-01"}), 0),
            (json!({"on": "2026-12-01", "count": null}), 0),
            (json!({"on": "2026-12-01", "count": 0}), 1),
            (json!({"on": "tomorrow"}), 1),
            (json!({"count": 1}), 1),
            (json!({"on": "2026-12-01", "more": 1}), 1),
            (json!([]), 1),
        ] {
            assert_eq!(flaws(object.clone(), value.clone()), count, "{value}");
        }
    }

    #[test]
    fn of_several_kinds_a_value_is_one() {
        let kinds = json!({"oneOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]});
        assert_eq!(flaws(kinds.clone(), json!("a")) + flaws(kinds.clone(), json!(null)), 0);
        assert_eq!(flaws(kinds, json!("b")), 1);
        let whole = json!({"allOf": [
            {"type": "object", "properties": {"a": {"type": "string"}}},
            {"type": "object", "properties": {"b": {"type": "string"}}},
        ]});
        assert_eq!(flaws(whole.clone(), json!({"a": "", "b": ""})), 0);
        assert_eq!(flaws(whole, json!({"a": "", "c": ""})), 1);
    }
}
