//! The first line of a file, which names its columns in any order, and the cells of the rows below
//! it.

use crate::imports::rows::{CsvRow, CsvRows, LONGEST_ROW};
use base::cells::bare;

/// What has to be here of a file before its header can be judged.
pub const NEEDED: usize = LONGEST_ROW;

/// The columns of a file, out of those that a file of its kind may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    known: &'static [&'static str],
    /// Which of those that are known each is.
    kinds: Vec<usize>,
}

/// Why a row has no cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokenRow {
    Unreadable,
    /// It has more or fewer fields than there are columns.
    Fields,
    NotText,
}

impl Columns {
    /// Why a file cannot be imported, as a sentence.
    pub fn read(beginning: &[u8], known: &'static [&'static str]) -> Result<Columns, String> {
        match CsvRows::new(beginning).read_row() {
            Ok(None) | Err(_) => Err("the file is empty; its first line names its columns".into()),
            Ok(Some(row)) => Columns::of(row, known),
        }
    }

    /// Of a file that begins with that row.
    pub fn of(row: CsvRow<'_>, known: &'static [&'static str]) -> Result<Columns, String> {
        let names: Vec<&[u8]> = match row {
            CsvRow::Unreadable => return Err("the first line cannot be read as CSV".into()),
            CsvRow::One(name) => vec![name],
            CsvRow::Many(fields) => fields.iter().collect(),
        };
        let mut columns = Columns { known, kinds: Vec::with_capacity(names.len()) };
        for name in names {
            let is_it = |known: &&str| name.trim_ascii().eq_ignore_ascii_case(known.as_bytes());
            match known.iter().position(is_it) {
                None => {
                    let all = known.join(", ");
                    return Err(format!("{} is no column; there are {all}", shown(name)));
                }
                Some(kind) if columns.kinds.contains(&kind) => {
                    return Err(format!("the column {} may be there once", known[kind]));
                }
                Some(kind) => columns.kinds.push(kind),
            }
        }
        Ok(columns)
    }

    pub fn has(&self, name: &str) -> bool {
        self.place_of(name).is_some()
    }

    /// That field of a row, or the row, if it has not as many as there are columns.
    pub fn field<'a>(&self, row: CsvRow<'a>, name: &str) -> Result<&'a [u8], CsvRow<'a>> {
        let fields: Vec<&[u8]> = match row {
            CsvRow::Unreadable => Vec::new(),
            CsvRow::One(field) => vec![field],
            CsvRow::Many(fields) => fields.iter().collect(),
        };
        let place = self.place_of(name).filter(|_| fields.len() == self.kinds.len());
        place.map(|place| fields[place]).ok_or(row)
    }

    fn place_of(&self, name: &str) -> Option<usize> {
        self.kinds.iter().position(|kind| self.known[*kind] == name)
    }

    /// The cells of a row in the order of the columns that are known. None where the file has no
    /// such column, or the cell is empty.
    pub fn cells<'a>(&self, row: CsvRow<'a>) -> Result<Vec<Option<&'a str>>, BrokenRow> {
        let mut cells = vec![None; self.known.len()];
        let mut fields = 0;
        let mut put = |field: &'a [u8]| {
            let kind = *self.kinds.get(fields).ok_or(BrokenRow::Fields)?;
            let text = std::str::from_utf8(field).map_err(|_| BrokenRow::NotText)?;
            cells[kind] = Some(bare(text)).filter(|text| !text.is_empty());
            fields += 1;
            Ok(())
        };
        match row {
            CsvRow::Unreadable => return Err(BrokenRow::Unreadable),
            CsvRow::One(field) => put(field)?,
            CsvRow::Many(all) => all.iter().try_for_each(put)?,
        }
        if fields == self.kinds.len() { Ok(cells) } else { Err(BrokenRow::Fields) }
    }
}

impl BrokenRow {
    pub fn why(self) -> &'static str {
        match self {
            BrokenRow::Unreadable => {
                "unreadable: more than 4096 bytes, or a quote that is never closed"
            }
            BrokenRow::Fields => "the row has more or fewer fields than there are columns",
            BrokenRow::NotText => "the row is not UTF-8",
        }
    }
}

/// A name that may be anything, short and in quotes.
fn shown(name: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(name).chars().take(40).collect();
    format!("{text:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&str] = &["username", "email", "phone"];

    fn read(header: &str) -> Result<Columns, String> {
        Columns::read(header.as_bytes(), KNOWN)
    }

    #[test]
    fn columns_stand_in_any_order_and_some_may_be_absent() {
        let columns = read("\u{feff}Phone,\"username\"\r\n").unwrap();
        assert!(columns.has("phone") && columns.has("username") && !columns.has("email"));
        let mut rows = CsvRows::new(&b"'+49,ada\n,bob\nx\n1,2,3\n1,\xff\n\"\n"[..]);
        let mut next = || {
            rows.read_row().unwrap().map(|row| {
                columns.cells(row).map(|cells| {
                    cells.iter().map(|cell| cell.map(str::to_owned)).collect::<Vec<_>>()
                })
            })
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(next(), Some(Ok(vec![some("ada"), None, some("+49")])));
        assert_eq!(next(), Some(Ok(vec![some("bob"), None, None])));
        for why in [BrokenRow::Fields, BrokenRow::Fields, BrokenRow::NotText, BrokenRow::Unreadable]
        {
            assert_eq!(next(), Some(Err(why)));
        }
        assert_eq!(next(), None);
    }

    #[test]
    fn a_header_that_names_something_else_is_refused() {
        for (header, said) in [
            ("", "the file is empty"),
            ("ada,ada@example.org\n", "\"ada\" is no column; there are username, email, phone"),
            ("username,Username\n", "username may be there once"),
            ("username;email\n", "\"username;email\""),
            ("\"username\n", "cannot be read"),
        ] {
            let why = read(header).unwrap_err();
            assert!(why.contains(said), "{header:?}: {why}");
        }
    }
}
