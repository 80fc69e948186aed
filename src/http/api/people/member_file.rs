//! A file with members of another system, a table or lines of JSON, read some rows at a time.

use crate::http::api::people::member_lines::{MemberObjects, ObjectRead, are_objects};
use people::{Draft, ForeignMember};
use products::imports::columns::Columns;
use products::imports::rows::CsvRows;
use products::imports::seen::Seen;
use products::imports::spool::Arrived;
use std::fs::File;
use std::io::{self, Read};

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

/// Bytes at the beginning of a file that say which of the two it is.
const LOOKED_AT: u64 = 4096;

/// A row: which it is, what its sender calls it, and whom it is about, or why nobody.
pub struct MemberLine {
    pub row: u64,
    pub reference: Option<String>,
    pub member: Result<ForeignMember, &'static str>,
}

enum MemberRows {
    Table(Box<CsvRows<File>>, Columns),
    Objects(MemberObjects),
}

pub struct MemberFile {
    rows: MemberRows,
    /// Rows that were read.
    read: u64,
    /// The file is gone with it.
    arrived: Arrived,
}

/// What is wrong with the first line of a file, if anything is.
pub fn check_header(beginning: &[u8]) -> Result<(), String> {
    if are_objects(beginning) {
        return Ok(());
    }
    let columns = Columns::read(beginning, COLUMNS)?;
    match NAMES.iter().any(|name| columns.has(name)) {
        true => Ok(()),
        false => Err("one of the columns username, email and phone must be there".into()),
    }
}

impl MemberFile {
    pub fn open(arrived: Arrived) -> io::Result<MemberFile> {
        let mut beginning = Vec::new();
        arrived.open()?.take(LOOKED_AT).read_to_end(&mut beginning)?;
        let rows = match are_objects(&beginning) {
            true => MemberRows::Objects(MemberObjects::new(arrived.open()?)),
            false => {
                let mut rows = Box::new(CsvRows::new(arrived.open()?));
                let header = rows.read_row()?.ok_or(io::ErrorKind::UnexpectedEof)?;
                let columns = Columns::of(header, COLUMNS).map_err(io::Error::other)?;
                MemberRows::Table(rows, columns)
            }
        };
        Ok(MemberFile { rows, read: 0, arrived })
    }

    /// For a look that takes nothing: which names earlier rows would have.
    pub fn seen(&self) -> io::Result<Seen> {
        self.arrived.seen().map_err(io::Error::other)
    }

    /// The next rows; none at the end of the file.
    pub fn read(&mut self, most: usize) -> io::Result<Vec<MemberLine>> {
        let mut lines = Vec::with_capacity(most);
        while lines.len() < most {
            let Some(row) = self.rows.next()? else { break };
            self.read += 1;
            let (reference, member) = match row {
                Ok((member, reference)) => (reference, Ok(member)),
                Err(why) => (None, Err(why)),
            };
            lines.push(MemberLine { row: self.read, reference, member });
        }
        Ok(lines)
    }
}

impl MemberRows {
    fn next(&mut self) -> io::Result<Option<ObjectRead>> {
        match self {
            MemberRows::Table(rows, columns) => {
                let cells = |row| columns.cells(row).map(member_of).map_err(|broken| broken.why());
                Ok(rows.read_row()?.map(cells))
            }
            MemberRows::Objects(objects) => objects.read(),
        }
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
