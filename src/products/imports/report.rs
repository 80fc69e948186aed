//! What became of each row of a file, read from the file and its marks together: page by page, or
//! as a CSV to download.

use crate::imports::columns::Columns;
use crate::imports::header::COLUMNS;
use crate::imports::mark::{Mark, RowFate};
use crate::imports::marks::Marks;
use crate::imports::rows::{CsvRow, CsvRows};
use crate::imports::spool::Spool;
use actors::Id;
use base::cells::Quoted;
use std::fs::File;
use std::io;

/// Characters of a code that are shown.
const SHOWN: usize = 100;
/// Rows that one page looks through for those it wants.
const LOOKED_THROUGH: u64 = 100_000;
pub const CSV_HEADER: &str = "row,code,state,why\r\n";

/// Between which rows something is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportPlace {
    /// Rows before it.
    pub rows: u64,
    /// Where in the file the next row begins. Zero is the beginning, where the header is.
    pub offset: u64,
}

pub struct ReportLine {
    pub row: u64,
    pub code: String,
    pub mark: Mark,
    /// Where to go on.
    pub after: ReportPlace,
}

pub struct Report {
    rows: CsvRows<File>,
    columns: Columns,
    /// None as long as no row was decided.
    marks: Option<Marks>,
    at: ReportPlace,
    /// Only so many rows have been decided.
    decided: u64,
}

impl Report {
    pub fn open(spool: &Spool, job: Id, from: ReportPlace, decided: u64) -> io::Result<Report> {
        let header =
            CsvRows::new(spool.file_of(job)?).read_row()?.map(|row| Columns::of(row, COLUMNS));
        let columns = header.and_then(Result::ok).ok_or(io::ErrorKind::NotFound)?;
        let mut rows = CsvRows::at(spool.file_of(job)?, from.offset)?;
        if from.offset == 0 {
            rows.read_row()?;
        }
        let marks =
            (decided > 0).then(|| Marks::open_to_read(&spool.folder_of(job))).transpose()?;
        Ok(Report { rows, columns, marks, at: from, decided })
    }

    /// The next `most` rows, fewer at the end.
    pub fn read(&mut self, most: u64) -> io::Result<Vec<ReportLine>> {
        let count = most.min(self.decided.saturating_sub(self.at.rows)) as usize;
        let mut lines = Vec::with_capacity(count);
        let Some(marks) = &mut self.marks else { return Ok(lines) };
        for mark in marks.read(self.at.rows, count)? {
            // Both files were complete up to here when the rows were counted; one that was cut
            // since ends here.
            let (Some(mark), Some(row)) = (mark, self.rows.read_row()?) else { break };
            let code = shown(self.columns.field(row, "code"));
            self.at = ReportPlace { rows: self.at.rows + 1, offset: self.rows.offset() };
            lines.push(ReportLine { row: self.at.rows, code, mark, after: self.at });
        }
        Ok(lines)
    }

    /// The next lines that `wanted` wants, and where to go on, if there is more.
    pub fn page(
        &mut self,
        wanted: impl Fn(RowFate) -> bool,
        limit: usize,
    ) -> io::Result<(Vec<ReportLine>, Option<ReportPlace>)> {
        let until = self.at.rows + LOOKED_THROUGH;
        let mut found = Vec::new();
        let mut at = self.at;
        while at.rows < until {
            let lines = self.read(1000)?;
            if lines.is_empty() {
                return Ok((found, None));
            }
            for line in lines {
                at = line.after;
                if wanted(line.mark.fate()) {
                    found.push(line);
                }
                if found.len() == limit {
                    return Ok((found, (at.rows < self.decided).then_some(at)));
                }
            }
        }
        Ok((found, (at.rows < self.decided).then_some(at)))
    }
}

impl ReportLine {
    /// `state`: what became of the row.
    pub fn write_csv(&self, state: &str, to: &mut String) {
        use std::fmt::Write;
        let why = self.mark.why().map(|why| Quoted(why).to_string()).unwrap_or_default();
        // A text takes whatever is written to it.
        let _ = write!(to, "{},{},{state},{why}\r\n", self.row, Quoted(&self.code));
    }
}

/// All of a row that has no such field.
fn shown(code: Result<&[u8], CsvRow>) -> String {
    let text =
        |bytes: &[u8]| -> String { String::from_utf8_lossy(bytes).chars().take(SHOWN).collect() };
    match code {
        Ok(code) | Err(CsvRow::One(code)) => text(code),
        Err(CsvRow::Many(fields)) => text(&fields.iter().collect::<Vec<_>>().join(&b',')),
        Err(CsvRow::Unreadable) => String::new(),
    }
}
