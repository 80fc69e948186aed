//! A file with members of another system, read some rows at a time.

use people::{Draft, ForeignMember};
use products::imports::columns::Columns;
use products::imports::rows::CsvRows;
use products::imports::seen::Seen;
use products::imports::spool::Arrived;
use std::fs::File;
use std::io;

const NAMES: [&str; 3] = ["username", "email", "phone"];

const COLUMNS: &[&str] = &[
    NAMES[0],
    NAMES[1],
    NAMES[2],
    "full_name",
    "birthday",
    "password_hash",
    "first_login_at",
    "reference",
];

/// A row: which it is, what its sender calls it, and whom it is about, or why nobody.
pub struct MemberLine {
    pub row: u64,
    pub reference: Option<String>,
    pub member: Result<ForeignMember, &'static str>,
}

pub struct MemberFile {
    rows: CsvRows<File>,
    columns: Columns,
    /// Rows that were read.
    read: u64,
    /// The file is gone with it.
    arrived: Arrived,
}

/// What is wrong with the first line of a file, if anything is.
pub fn check_header(beginning: &[u8]) -> Result<(), String> {
    let columns = Columns::read(beginning, COLUMNS)?;
    match NAMES.iter().any(|name| columns.has(name)) {
        true => Ok(()),
        false => Err("one of the columns username, email and phone must be there".into()),
    }
}

impl MemberFile {
    pub fn open(arrived: Arrived) -> io::Result<MemberFile> {
        let mut rows = CsvRows::new(arrived.open()?);
        let header = rows.read_row()?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let columns = Columns::of(header, COLUMNS).map_err(io::Error::other)?;
        Ok(MemberFile { rows, columns, read: 0, arrived })
    }

    /// For a look that takes nothing: which names earlier rows would have.
    pub fn seen(&self) -> io::Result<Seen> {
        self.arrived.seen().map_err(io::Error::other)
    }

    /// The next rows; none at the end of the file.
    pub fn read(&mut self, most: usize) -> io::Result<Vec<MemberLine>> {
        let mut lines = Vec::with_capacity(most);
        while lines.len() < most {
            let Some(row) = self.rows.read_row()? else { break };
            self.read += 1;
            let (reference, member) = match self.columns.cells(row) {
                Ok(cells) => {
                    let (member, reference) = member_of(cells);
                    (reference, Ok(member))
                }
                Err(broken) => (None, Err(broken.why())),
            };
            lines.push(MemberLine { row: self.read, reference, member });
        }
        Ok(lines)
    }
}

/// In the order of `COLUMNS`.
fn member_of(cells: Vec<Option<&str>>) -> (ForeignMember, Option<String>) {
    let mut cells = cells.into_iter().map(|cell| cell.map(str::to_owned));
    let mut next = || cells.next().flatten();
    let draft = Draft {
        username: next(),
        email: next(),
        phone: next(),
        full_name: next(),
        birthday: next(),
    };
    (ForeignMember { draft, password_hash: next(), first_login_at: next() }, next())
}
