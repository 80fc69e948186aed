//! Whether a row of a file has a code that can be imported: 1 to 64 visible characters, and not the
//! shape of a code of our own. Where its spelling is loose, it may have spaces. And what else a row
//! brings: whose the code is, and that it was used (`past`); and what it has otherwise than its
//! batch (`own`).
//!
//! An apostrophe that an export put before what a spreadsheet would run (`'-SALE`) is not part of
//! the code.

use crate::imports::columns::{BrokenRow, Columns};
use crate::imports::mark::Mark;
pub use crate::imports::own::BatchFrame;
use crate::imports::own::{OwnCells, read_own};
use crate::imports::rows::CsvRow;
use actors::Id;
use actors::domain::coupons::CodeTerms;
use actors::domain::coupons::code::is_of_our_shape;
use actors::domain::coupons::rack::Spelling;

pub const LONGEST: usize = 64;
const LONGEST_REFERENCE: usize = 64;

/// A code, and what it comes with.
#[derive(Debug, PartialEq, Eq)]
pub struct ForeignCode<'a> {
    pub code: &'a str,
    pub past: Option<CodePast>,
    pub own: CodeTerms,
}

/// What became of a code before it came here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodePast {
    pub owner: Id,
    pub used: Option<PastUse>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastUse {
    pub amount: Option<u64>,
    pub reference: Option<Box<str>>,
}

/// The code of a row of such columns, or what is wrong with it.
pub fn judge<'a>(
    columns: &Columns,
    row: CsvRow<'a>,
    frame: &BatchFrame,
    spelling: Spelling,
) -> Result<ForeignCode<'a>, Mark> {
    let cells = columns.cells(row).map_err(|broken| match broken {
        BrokenRow::Unreadable => Mark::Unreadable,
        BrokenRow::Fields => Mark::Fields,
        BrokenRow::NotText => Mark::NotText,
    })?;
    let [code, state, owner, amount, reference, expires_at, percent, discount, least, most] =
        cells[..]
    else {
        return Err(Mark::Fields);
    };
    let code = checked(code.unwrap_or_default(), spelling)?;
    let past = past(state, owner, amount, reference)?;
    let own = read_own(&OwnCells { expires_at, percent, discount, least, most }, frame)?;
    let used = past.as_ref().and_then(|past| past.used.as_ref());
    match used.map(|used| own.offer(frame.offer).cut(used.amount)) {
        Some(Err(_)) => Err(Mark::Amount),
        Some(Ok(_)) | None => Ok(ForeignCode { code, past, own }),
    }
}

fn past(
    state: Option<&str>,
    owner: Option<&str>,
    amount: Option<&str>,
    reference: Option<&str>,
) -> Result<Option<CodePast>, Mark> {
    let used = match (state, owner) {
        (None | Some("created"), None) => None,
        (None | Some("assigned"), Some(_)) => Some(false),
        (Some("used"), Some(_)) => Some(true),
        (Some("assigned" | "used"), None) => return Err(Mark::Owner),
        (Some(_), _) => return Err(Mark::State),
    };
    if used != Some(true) && (amount.is_some() || reference.is_some()) {
        return Err(Mark::NotUsed);
    }
    let (Some(used), Some(owner)) = (used, owner) else { return Ok(None) };
    let owner = owner.parse().map_err(|_| Mark::Owner)?;
    let used = used.then(|| past_use(amount, reference)).transpose()?;
    Ok(Some(CodePast { owner, used }))
}

fn past_use(amount: Option<&str>, reference: Option<&str>) -> Result<PastUse, Mark> {
    let amount = amount.map(str::parse).transpose().map_err(|_| Mark::Amount)?;
    let is_fine = |text: &str| {
        text.chars().count() <= LONGEST_REFERENCE && !text.chars().any(char::is_control)
    };
    match reference {
        Some(text) if !is_fine(text) => Err(Mark::Reference),
        _ => Ok(PastUse { amount, reference: reference.map(Into::into) }),
    }
}

fn checked(code: &str, spelling: Spelling) -> Result<&str, Mark> {
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

    use crate::imports::header::COLUMNS;
    use crate::imports::own::tests::FRAME;
    use crate::imports::rows::CsvRows;

    fn judge_bytes(row: CsvRow<'_>) -> Result<&str, Mark> {
        let columns = Columns::read(b"code", COLUMNS).unwrap();
        judge(&columns, row, &FRAME, Spelling::Exact).map(|found| found.code)
    }

    fn judged(code: &str) -> Result<&str, Mark> {
        judge_bytes(CsvRow::One(code.as_bytes()))
    }

    #[test]
    fn a_code_may_have_an_owner_and_may_have_been_used() {
        let columns = Columns::read(b"code,state,owner,amount,reference", COLUMNS).unwrap();
        let (id, mut dear) = (Id([7; 16]), FRAME);
        dear.offer.min_amount = Some(500);
        let read = |row: &str, frame: &BatchFrame| {
            let row = row.replace('@', &id.to_string());
            let mut rows = CsvRows::new(row.as_bytes());
            let row = rows.read_row().unwrap().unwrap();
            judge(&columns, row, frame, Spelling::Exact).map(|found| found.past)
        };
        let used = |amount, reference: Option<&str>| {
            let used = Some(PastUse { amount, reference: reference.map(Into::into) });
            Ok(Some(CodePast { owner: id, used }))
        };
        let assigned = Ok(Some(CodePast { owner: id, used: None }));
        let long = format!("A,used,@,,{}", "x".repeat(65));
        for (row, past) in [
            ("A,,,,", Ok(None)),
            ("A,created,,,", Ok(None)),
            ("A,,@,,", assigned.clone()),
            ("A,assigned,@,,", assigned),
            ("A,used,@,,", used(None, None)),
            ("A,used,@,4990,order-7", used(Some(4990), Some("order-7"))),
            ("A,used,,,", Err(Mark::Owner)),
            ("A,assigned,,,", Err(Mark::Owner)),
            ("A,assigned,somebody,,", Err(Mark::Owner)),
            ("A,created,@,,", Err(Mark::State)),
            ("A,given,@,,", Err(Mark::State)),
            ("A,expired,,,", Err(Mark::State)),
            ("A,assigned,@,,order-7", Err(Mark::NotUsed)),
            ("A,,,1,", Err(Mark::NotUsed)),
            ("A,used,@,-1,", Err(Mark::Amount)),
            ("A,used,@,1.5,", Err(Mark::Amount)),
            (&long, Err(Mark::Reference)),
            (",used,@,,", Err(Mark::Empty)),
        ] {
            assert_eq!(read(row, &FRAME), past, "{row}");
        }
        assert_eq!(read("A,used,@,,", &dear), Err(Mark::Amount));
        assert_eq!(read("A,used,@,499,", &dear), Err(Mark::Amount));
        assert_eq!(read("A,used,@,500,", &dear), used(Some(500), None));
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
        assert_eq!(judge_bytes(CsvRow::One(b"a\xff")), Err(Mark::NotText));
        assert_eq!(judge_bytes(CsvRow::Unreadable), Err(Mark::Unreadable));
    }

    #[test]
    fn a_loose_code_may_have_spaces_and_is_ours_whatever_its_spelling() {
        let columns = Columns::read(b"code", COLUMNS).unwrap();
        let loosely = |code: &'static str| {
            let row = CsvRow::One(code.as_bytes());
            judge(&columns, row, &FRAME, Spelling::Loose).map(|found| found.code)
        };
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
