//! Cells of CSV files that people open in a spreadsheet.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@`, a tab or a line break for a
//! formula, quoted or not, and runs it. So a text that does gets an apostrophe in front, which
//! makes it a text there (OWASP, CSV injection). An import takes that apostrophe away again.
//! Numbers are written as numbers.

use std::fmt::{self, Display, Formatter};

/// A text as a cell. It is quoted only where it must be.
pub struct Cell<'a>(pub &'a str);

/// The same in quotes, whatever it is.
pub struct Quoted<'a>(pub &'a str);

impl Display for Cell<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0.contains(['"', ',', ';', '\t', '\r', '\n']) {
            true => Quoted(self.0).fmt(f),
            false => write!(f, "{}{}", apostrophe(self.0), self.0),
        }
    }
}

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}{}\"", apostrophe(self.0), self.0.replace('"', "\"\""))
    }
}

fn apostrophe(text: &str) -> &'static str {
    if is_formula(text) { "'" } else { "" }
}

/// The text of a cell that `Cell` may have written.
pub fn bare(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|text| is_formula(text)).unwrap_or(cell)
}

/// Whether a spreadsheet would take it for one. Some take the wide forms of Chinese and Japanese
/// keyboards, too.
fn is_formula(text: &str) -> bool {
    text.starts_with([
        '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_a_text() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""),
            ("+1", "'+1"),
            ("-SALE", "'-SALE"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "\"'\t=1\""),
            ("\r=1", "\"'\r=1\""),
            ("\u{ff1d}1", "'\u{ff1d}1"),
        ] {
            assert_eq!(Cell(text).to_string(), cell);
        }
    }

    #[test]
    fn everything_else_stays_what_it_is() {
        for (text, cell) in
            [("A-1=2", "A-1=2"), ("", ""), ("'x", "'x"), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\"")]
        {
            assert_eq!(Cell(text).to_string(), cell);
            assert_eq!(bare(text), text);
        }
    }

    #[test]
    fn what_was_written_is_read_back() {
        for text in ["=1", "-SALE", "@x", "plain", "'x", "''=", "\u{ff0b}1"] {
            let mut cells = csv::ReaderBuilder::new()
                .has_headers(false)
                .from_reader(std::io::Cursor::new(format!("{}\n", Cell(text))));
            let cell = cells.records().next().unwrap().unwrap();
            assert_eq!(bare(&cell[0]), text);
        }
    }
}
