//! Some rows of a file on their way: read, decided, marked, counted.

use crate::imports::code::{self, BatchFrame, CodePast};
use crate::imports::columns::Columns;
use crate::imports::header::COLUMNS;
use crate::imports::mark::{Mark, RowFate};
use crate::imports::marks::Marks;
use crate::imports::racks::TermsOfRows;
use crate::imports::rows::CsvRows;
use crate::imports::seen::Seen;
use crate::imports::spool::Spool;
use actors::Id;
use actors::domain::coupons::rack::{CodeLine, Spelling};
use actors::domain::imports::{ImportPass, ImportView, Progress};
use std::fs::File;
use std::io;

/// A job's files, open at the row where its progress ends.
pub struct JobFiles {
    rows: CsvRows<File>,
    columns: Columns,
    frame: BatchFrame,
    marks: Marks,
    /// A pass that only checks remembers for itself which codes it has seen.
    seen: Option<Seen>,
    pass: ImportPass,
    spelling: Spelling,
    at: Progress,
    /// Whether the batch is listed as one whose codes have ends of their own.
    listed_ends: bool,
}

/// Rows after the first `before`: what is wrong with them is known already, what has a code waits
/// for its decision.
pub struct Chunk {
    before: u64,
    /// What is said of each row, and where in the file it ends.
    rows: Vec<(Option<Mark>, u64)>,
    pub lines: Vec<CodeLine>,
    /// What became of each of the lines before it came here.
    pasts: Vec<Option<CodePast>>,
    /// What some of them have otherwise than their batch.
    pub own: TermsOfRows,
    /// Where the next chunk begins.
    offset: u64,
}

/// Why a job's files are not as they were left.
#[derive(Debug, thiserror::Error)]
pub enum BrokenJob {
    #[error("a file of the job is missing")]
    Missing,
    #[error("a file of the job has changed")]
    Changed,
    #[error("a file of the job cannot be read: {0}")]
    Io(io::Error),
    #[error("the codes seen so far cannot be read: {0}")]
    Seen(rusqlite::Error),
}

impl From<io::Error> for BrokenJob {
    fn from(error: io::Error) -> BrokenJob {
        match error.kind() {
            io::ErrorKind::NotFound => BrokenJob::Missing,
            _ => BrokenJob::Io(error),
        }
    }
}

impl JobFiles {
    pub fn open(spool: &Spool, job: Id, view: &ImportView) -> Result<JobFiles, BrokenJob> {
        let file = spool.file_of(job)?;
        if file.metadata()?.len() != view.plan.bytes {
            return Err(BrokenJob::Changed);
        }
        let header = CsvRows::new(&file).read_row()?.map(|row| Columns::of(row, COLUMNS));
        let columns = header.and_then(Result::ok).ok_or(BrokenJob::Changed)?;
        let folder = spool.folder_of(job);
        let marks = Marks::open(&folder)?;
        if marks.rows()? < view.progress.rows {
            return Err(BrokenJob::Missing);
        }
        let seen = match view.pass {
            ImportPass::Checking => Some(Seen::open(&folder).map_err(BrokenJob::Seen)?),
            ImportPass::Importing => None,
        };
        Ok(JobFiles {
            rows: CsvRows::at(file, view.progress.offset)?,
            columns,
            frame: BatchFrame::of(view),
            marks,
            seen,
            pass: view.pass,
            spelling: view.plan.spelling,
            at: view.progress,
            listed_ends: false,
        })
    }

    pub fn ends_must_be_listed(&self) -> bool {
        !self.listed_ends && self.columns.has("expires_at")
    }

    pub fn ends_are_listed(&mut self) {
        self.listed_ends = true;
    }

    /// Whether it stands where the job does.
    pub fn is_at(&self, view: &ImportView) -> bool {
        (self.pass, self.at) == (view.pass, view.progress)
    }

    pub fn read(&mut self, most: usize) -> io::Result<Chunk> {
        if self.rows.offset() == 0 {
            // The header, which was judged before the file was kept.
            self.rows.read_row()?;
        }
        let before = self.at.rows;
        let mut chunk = Chunk {
            before,
            rows: Vec::with_capacity(most),
            lines: Vec::with_capacity(most),
            pasts: Vec::with_capacity(most),
            own: TermsOfRows::new(),
            offset: 0,
        };
        while chunk.rows.len() < most {
            let Some(row) = self.rows.read_row()? else { break };
            let mark = match code::judge(&self.columns, row, &self.frame, self.spelling) {
                Ok(found) => {
                    let row = before + chunk.rows.len() as u64 + 1;
                    chunk.lines.push((row, found.code.into()));
                    chunk.pasts.push(found.past);
                    chunk.own.extend(found.own.is_any().then_some((row, found.own)));
                    None
                }
                Err(mark) => Some(mark),
            };
            chunk.rows.push((mark, self.rows.offset()));
        }
        chunk.offset = self.rows.offset();
        Ok(chunk)
    }

    /// Which of the lines are the first of this file with their code. None if it is not for this
    /// pass to know.
    pub fn first(&mut self, lines: &[CodeLine]) -> rusqlite::Result<Option<Vec<bool>>> {
        self.seen.as_mut().map(|seen| seen.first(self.spelling, lines)).transpose()
    }

    /// Writes down what became of the rows, and says where the job is when they are counted.
    pub fn mark(&mut self, chunk: &Chunk) -> io::Result<Progress> {
        let marks: Vec<Mark> = chunk.rows.iter().filter_map(|(mark, _)| *mark).collect();
        self.marks.write(chunk.before, &marks)?;
        let mut to =
            Progress { rows: self.at.rows + marks.len() as u64, offset: chunk.offset, ..self.at };
        for (row, mark) in (chunk.before + 1..).zip(marks) {
            match mark.fate() {
                RowFate::Imported => to.imported += 1,
                RowFate::Duplicate => {
                    to.duplicate += 1;
                    to.first_duplicate = to.first_duplicate.or(Some(row));
                }
                RowFate::Invalid => to.invalid += 1,
            }
        }
        Ok(to)
    }

    /// What was marked is counted by the job, too. Returns what was added.
    pub fn arrive(&mut self, at: Progress) -> [(RowFate, u64); 3] {
        let from = std::mem::replace(&mut self.at, at);
        [
            (RowFate::Imported, at.imported - from.imported),
            (RowFate::Duplicate, at.duplicate - from.duplicate),
            (RowFate::Invalid, at.invalid - from.invalid),
        ]
    }
}

impl Chunk {
    /// What became of the lines: taken in, or duplicates.
    pub fn decided(&mut self, taken: &[bool]) {
        let marks = taken.iter().map(|taken| if *taken { Mark::Imported } else { Mark::Duplicate });
        for ((row, _), mark) in self.lines.iter().zip(marks) {
            self.rows[(row - self.before) as usize - 1].0 = Some(mark);
        }
    }

    /// The codes that were taken and have a past.
    pub fn pasts<'a>(&'a self, taken: &'a [bool]) -> impl Iterator<Item = (&'a str, &'a CodePast)> {
        let lines = self.lines.iter().zip(&self.pasts).zip(taken);
        lines
            .filter_map(|((line, past), taken)| Some((&*line.1, past.as_ref().filter(|_| *taken)?)))
    }

    /// Leaves out what comes after the first duplicate.
    pub fn end_at_duplicate(&mut self) {
        if let Some(at) = self.rows.iter().position(|(mark, _)| *mark == Some(Mark::Duplicate)) {
            self.rows.truncate(at + 1);
            self.offset = self.rows[at].1;
        }
    }
}
