//! Whether a row of a file has a code that can be imported: 1 to 64 visible characters, and not the
//! shape of a code of our own. Where its spelling is loose, it may have spaces.
//!
//! An apostrophe that an export put before what a spreadsheet would run (`'-SALE`) is not part of
//! the code.

use crate::imports::mark::Mark;
use crate::imports::rows::CsvRow;
use actors::domain::coupons::code::is_of_our_shape;
use actors::domain::coupons::rack::Spelling;
use base::cells::bare;

pub const LONGEST: usize = 64;

/// The code of a row, or what is wrong with it.
pub fn judge(row: CsvRow<'_>, spelling: Spelling) -> Result<&str, Mark> {
    let bytes = match row {
        CsvRow::One(bytes) => bytes,
        CsvRow::Many(_) => return Err(Mark::Fields),
        CsvRow::Unreadable => return Err(Mark::Unreadable),
    };
    let code = bare(std::str::from_utf8(bytes).map_err(|_| Mark::NotText)?);
    let key = spelling.key(code);
    let is_visible = |c| is_visible(c) || (c == ' ' && spelling == Spelling::Loose);
    if key.is_empty() {
        Err(Mark::Empty)
    } else if code.chars().count() > LONGEST {
        Err(Mark::TooLong)
    } else if !code.chars().all(is_visible) {
        Err(Mark::NotVisible)
    } else if is_of_our_shape(&key) {
        Err(Mark::Ours)
    } else {
        Ok(code)
    }
}

/// Two codes that look alike to people must not be two codes, so what leaves no trace on paper is
/// no part of one.
fn is_visible(c: char) -> bool {
    let leaves_no_trace = matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{e0000}'..='\u{e0fff}');
    !c.is_control() && !c.is_whitespace() && !leaves_no_trace
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(code: &str) -> Result<&str, Mark> {
        judge(CsvRow::One(code.as_bytes()), Spelling::Exact)
    }

    #[test]
    fn a_code_is_1_to_64_visible_characters() {
        let longest = "ü".repeat(64);
        for code in ["1", "SUMMER-2026", "sommer_ü", "日本", "a\"b,c", &longest] {
            assert_eq!(judged(code), Ok(code));
        }
        let too_long = "x".repeat(65);
        for (code, mark) in [("", Mark::Empty), (&*too_long, Mark::TooLong)] {
            assert_eq!(judged(code), Err(mark));
        }
        for code in ["a b", " a", "a\t", "a\0", "a\u{200b}", "\u{feff}a", "a\u{a0}b", "\u{7f}"] {
            assert_eq!(judged(code), Err(Mark::NotVisible), "{code:?}");
        }
        assert_eq!(judge(CsvRow::One(b"a\xff"), Spelling::Exact), Err(Mark::NotText));
        assert_eq!(judge(CsvRow::Unreadable, Spelling::Exact), Err(Mark::Unreadable));
    }

    #[test]
    fn a_loose_code_may_have_spaces_and_is_ours_whatever_its_spelling() {
        let loosely = |code: &'static str| judge(CsvRow::One(code.as_bytes()), Spelling::Loose);
        for code in ["a b", "AB-12 ü", " a"] {
            assert_eq!(loosely(code), Ok(code));
        }
        for (code, mark) in [
            ("- -", Mark::Empty),
            ("a\tb", Mark::NotVisible),
            ("0123 4567 89ab cdef ghjk", Mark::Ours),
        ] {
            assert_eq!(loosely(code), Err(mark), "{code:?}");
        }
    }

    #[test]
    fn an_apostrophe_before_a_formula_is_not_part_of_the_code() {
        for (written, code) in
            [("'-SALE", "-SALE"), ("'=1", "=1"), ("'A", "'A"), ("'", "'"), ("''=", "''=")]
        {
            assert_eq!(judged(written), Ok(code));
        }
    }

    #[test]
    fn the_shape_of_our_own_codes_is_refused_however_it_is_written() {
        for code in [
            "0123456789ABCDEFGHJK",
            "01234-56789-abcde-fghjk",
            "OIL34-56789-ABCDE-FGHJK",
            "--01234567890123456789--",
        ] {
            assert_eq!(judged(code), Err(Mark::Ours), "{code}");
        }
        for code in [
            "0123456789ABCDEFGHJ",
            "0123456789ABCDEFGHJKM",
            "0123456789ABCDEFGHJU",
            "01234.56789.ABCDE.FGHJK",
        ] {
            assert_eq!(judged(code), Ok(code));
        }
    }
}
