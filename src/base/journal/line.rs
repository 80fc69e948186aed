//! How a line looks: `plain` for people, `json` for machines.
//!
//! Whatever stands in a value, a line is one line: plain values that are not plain words are quoted
//! and escaped, JSON is JSON.

use super::entry::{AnsweredRequest, Field, Level, Style, Value};
use actors::Time;
use std::cell::Cell;
use std::io::Write;

/// A line of the usual length fits without growing.
const USUAL: usize = 224;

pub fn request(style: Style, now: Time, request: &AnsweredRequest) -> Vec<u8> {
    let mut line = Vec::with_capacity(USUAL);
    let AnsweredRequest { method, route, status, took, id } = *request;
    let (ms, rest) = (took.as_micros() / 1000, took.as_micros() % 1000);
    if style == Style::Json {
        line.extend_from_slice(b"{\"time\":\"");
        stamp(&mut line, now);
        line.extend_from_slice(b"\",\"method\":");
        json(&mut line, method);
        line.extend_from_slice(b",\"route\":");
        json(&mut line, route);
        put(&mut line, format_args!(",\"status\":{status},\"ms\":{ms}.{rest:03},\"request_id\":"));
        json(&mut line, id);
        line.extend_from_slice(b"}\n");
    } else {
        stamp(&mut line, now);
        line.push(b' ');
        word(&mut line, method);
        line.push(b' ');
        word(&mut line, route);
        put(&mut line, format_args!(" {status} {ms}.{rest:03}ms id="));
        word(&mut line, id);
        line.push(b'\n');
    }
    line
}

pub fn event(style: Style, now: Time, level: Level, what: &str, fields: &[Field]) -> Vec<u8> {
    let mut line = Vec::with_capacity(USUAL);
    if style == Style::Json {
        line.extend_from_slice(b"{\"time\":\"");
        stamp(&mut line, now);
        let level = ["info", "warn", "error"][level as usize];
        put(&mut line, format_args!("\",\"level\":\"{level}\",\"event\":"));
        json(&mut line, what);
        for (name, value) in fields {
            line.push(b',');
            json(&mut line, name);
            line.push(b':');
            match value {
                Value::Text(text) => json(&mut line, &text.to_string()),
                Value::Whole(number) => put(&mut line, format_args!("{number}")),
            }
        }
        line.extend_from_slice(b"}\n");
    } else {
        stamp(&mut line, now);
        let level = ["INFO", "WARN", "ERROR"][level as usize];
        put(&mut line, format_args!(" {level} {}", what.escape_debug()));
        for (name, value) in fields {
            put(&mut line, format_args!(" {}=", name.escape_debug()));
            match value {
                Value::Text(text) => word(&mut line, &text.to_string()),
                Value::Whole(number) => put(&mut line, format_args!("{number}")),
            }
        }
        line.push(b'\n');
    }
    line
}

fn put(line: &mut Vec<u8>, text: std::fmt::Arguments) {
    line.write_fmt(text).expect("memory takes every write");
}

fn json(line: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(line, text).expect("a text is always JSON, and memory takes every write");
}

/// Bare if it is one plain word, else quoted with every unprintable character escaped, so that no
/// value can fake a line.
fn word(line: &mut Vec<u8>, text: &str) {
    let plain = |c: u8| c.is_ascii_graphic() && !matches!(c, b'"' | b'\\' | b'=');
    if !text.is_empty() && text.bytes().all(plain) {
        line.extend_from_slice(text.as_bytes());
    } else {
        put(line, format_args!("{text:?}"));
    }
}

/// RFC 3339 in UTC with milliseconds. The seconds part is kept, because thousands of lines share
/// it.
fn stamp(line: &mut Vec<u8>, now: Time) {
    thread_local!(static SECOND: Cell<(i64, [u8; 19])> = const { Cell::new((0,
        *b"1970-01-01T00:00:00")) });
    let (second, ms) = (now.0.div_euclid(1000), now.0.rem_euclid(1000));
    let (kept, mut text) = SECOND.get();
    if kept != second {
        let time = jiff::Timestamp::from_second(second).unwrap_or_default();
        let written = time.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        if let Ok(fresh) = <[u8; 19]>::try_from(written.as_bytes()) {
            text = fresh;
            SECOND.set((second, text));
        }
    }
    line.extend_from_slice(&text);
    put(line, format_args!(".{ms:03}Z"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const NOON: Time = Time(1_782_907_200_007);

    fn request_line(style: Style, id: &str) -> String {
        let seen = AnsweredRequest {
            method: "POST",
            route: "/lotteries/{date}/holds",
            status: 201,
            took: Duration::from_micros(1042),
            id,
        };
        String::from_utf8(request(style, NOON, &seen)).unwrap()
    }

    fn event_line(style: Style, what: &str, fields: &[Field]) -> String {
        String::from_utf8(event(style, NOON, Level::Warn, what, fields)).unwrap()
    }

    #[test]
    fn a_request_is_one_plain_line_or_one_json_object() {
        assert_eq!(
            request_line(Style::Plain, "abc"),
            "2026-07-01T12:00:00.007Z POST /lotteries/{date}/holds 201 1.042ms id=abc\n"
        );
        assert_eq!(
            request_line(Style::Json, "abc"),
            "{\"time\":\"2026-07-01T12:00:00.007Z\",\"method\":\"POST\",\
             \"route\":\"/lotteries/{date}/holds\",\"status\":201,\"ms\":1.042,\
             \"request_id\":\"abc\"}\n"
        );
    }

    #[test]
    fn an_event_has_its_level_and_fields_and_numbers_stay_numbers() {
        let fields = [
            ("partition", Value::Text(&"slice/1")),
            ("members", Value::Whole(-3)),
            ("reason", Value::Text(&"disk full")),
        ];
        assert_eq!(
            event_line(Style::Plain, "forgot itself", &fields),
            "2026-07-01T12:00:00.007Z WARN forgot itself partition=slice/1 members=-3 \
             reason=\"disk full\"\n"
        );
        assert_eq!(
            event_line(Style::Json, "forgot itself", &fields),
            "{\"time\":\"2026-07-01T12:00:00.007Z\",\"level\":\"warn\",\"event\":\"forgot itself\",\
             \"partition\":\"slice/1\",\"members\":-3,\"reason\":\"disk full\"}\n"
        );
    }

    #[test]
    fn nothing_in_a_value_can_start_a_new_line_or_steer_a_terminal() {
        for evil in [
            "a\nb",
            "a\r\nb",
            "\u{85}",
            "\u{2028}",
            "\u{1b}[31m",
            "\u{202e}",
            "\0",
            "x status=200",
            "",
        ] {
            for line in [
                request_line(Style::Plain, evil),
                event_line(Style::Plain, evil, &[(evil, Value::Text(&evil))]),
            ] {
                let inside = line.strip_suffix('\n').unwrap();
                assert!(inside.chars().all(|c| c == ' ' || c.is_ascii_graphic()), "{inside:?}");
            }
        }
        assert!(request_line(Style::Plain, "x status=500").ends_with("id=\"x status=500\"\n"));
    }

    #[test]
    fn json_brings_every_text_back_as_it_was() {
        let odd: String =
            (0..=0x2ff).chain(0x2020..0x2030).chain([0x1f600]).filter_map(char::from_u32).collect();
        let line = event_line(Style::Json, &odd, &[(&odd, Value::Text(&odd))]);
        assert_eq!(line.lines().count(), 1);
        assert_eq!(line.bytes().filter(|c| *c == b'\n').count(), 1);
        let back: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(back["event"], odd.as_str());
        assert_eq!(back[&odd], odd.as_str());
    }

    #[test]
    fn the_stamp_follows_the_time_forwards_and_backwards() {
        for (time, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (NOON.0, "2026-07-01T12:00:00.007Z"),
            (999, "1970-01-01T00:00:00.999Z"),
        ] {
            let mut line = Vec::new();
            stamp(&mut line, Time(time));
            assert_eq!(String::from_utf8(line).unwrap(), text);
        }
    }
}
