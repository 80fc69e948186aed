//! Cuts what came into its lines, without reading them: so one that cannot be read takes no other
//! with it.

use crate::http::problem::{self, Problem};

/// Lines of one sheet.
pub const MOST_LINES: usize = 1000;

/// The lines of NDJSON, but for empty ones, or the elements of a JSON array.
pub fn cut(bytes: &[u8], is_ndjson: bool) -> Result<Vec<&[u8]>, Problem> {
    let lines = if is_ndjson { cut_ndjson(bytes) } else { cut_array(bytes)? };
    match lines.len() {
        1..=MOST_LINES => Ok(lines),
        _ => Err(Problem::invalid("", format!("1 to {MOST_LINES} lines"))),
    }
}

fn cut_ndjson(bytes: &[u8]) -> Vec<&[u8]> {
    let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines.filter(|line| !line.is_empty()).take(MOST_LINES + 1).collect()
}

fn cut_array(bytes: &[u8]) -> Result<Vec<&[u8]>, Problem> {
    let within = match bytes.trim_ascii() {
        [b'[', within @ .., b']'] => within,
        [b'[', ..] => return Err(broken_off()),
        _ => return Err(Problem::invalid("", "an array of lines")),
    };
    let (mut lines, mut from, mut depth) = (Vec::new(), 0, 0_usize);
    let (mut in_text, mut is_escaped) = (false, false);
    for (at, byte) in within.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1).ok_or_else(broken_off)?,
            b',' if depth == 0 => {
                lines.push(within[from..at].trim_ascii());
                from = at + 1;
                if lines.len() > MOST_LINES {
                    return Ok(lines);
                }
            }
            _ => {}
        }
    }
    if in_text || depth > 0 {
        return Err(broken_off());
    }
    let last = within[from..].trim_ascii();
    if !(last.is_empty() && lines.is_empty()) {
        lines.push(last);
    }
    Ok(lines)
}

fn broken_off() -> Problem {
    let why = "the body is not JSON: brackets or quotes of the array do not match";
    Problem::new(&problem::NOT_READABLE, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut_as(text: &str, is_ndjson: bool) -> Result<Vec<String>, u16> {
        let lines = cut(text.as_bytes(), is_ndjson).map_err(|problem| problem.kind.status)?;
        Ok(lines.into_iter().map(|line| String::from_utf8(line.to_vec()).unwrap()).collect())
    }

    #[test]
    fn lines_end_at_a_newline_and_empty_ones_are_none() {
        assert_eq!(cut_as("{\"a\":1}\r\n\n nonsense \n", true).unwrap(), ["{\"a\":1}", "nonsense"]);
        assert_eq!(cut_as("", true), Err(422));
    }

    #[test]
    fn elements_of_an_array_are_cut_at_commas_of_its_own() {
        let text = r#" [ {"a":[1,2],"b":"x,]\",["} , nonsense,, {"c":{}}] "#;
        let lines = [r#"{"a":[1,2],"b":"x,]\",["}"#, "nonsense", "", r#"{"c":{}}"#];
        assert_eq!(cut_as(text, false).unwrap(), lines);
        for (text, status) in [
            ("[]", 422),
            ("[ ]", 422),
            ("", 422),
            ("{}", 422),
            ("[{]", 400),
            ("[{}", 400),
            ("[\"]", 400),
            ("[}]", 400),
        ] {
            assert_eq!(cut_as(text, false), Err(status), "{text}");
        }
    }

    #[test]
    fn a_sheet_has_so_many_lines_and_no_more() {
        let of = |lines: usize| (vec!["{}"; lines].join("\n"), vec!["{}"; lines].join(","));
        let (ndjson, array) = of(MOST_LINES);
        assert_eq!(cut_as(&ndjson, true).unwrap().len(), MOST_LINES);
        assert_eq!(cut_as(&format!("[{array}]"), false).unwrap().len(), MOST_LINES);
        let (ndjson, array) = of(MOST_LINES + 1);
        assert_eq!(cut_as(&ndjson, true), Err(422));
        assert_eq!(cut_as(&format!("[{array}]"), false), Err(422));
    }
}
