//! The file that says what became of each row: one byte per row, in order. Written again at its
//! place after a crash, it comes to the same.

use crate::imports::mark::Mark;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

const NAME: &str = "rows";

pub struct Marks(File);

impl Marks {
    /// To write; made if it is not there, and its name is durable.
    pub fn open(folder: &Path) -> io::Result<Marks> {
        let mut options = OpenOptions::new();
        let file = super::spool::private(options.write(true).create(true).truncate(false))
            .open(folder.join(NAME))?;
        File::open(folder)?.sync_all()?;
        Ok(Marks(file))
    }

    pub fn open_to_read(folder: &Path) -> io::Result<Marks> {
        File::open(folder.join(NAME)).map(Marks)
    }

    /// How many rows it knows.
    pub fn rows(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    /// What is said of the rows after the first `after`; durable when it returns.
    pub fn write(&mut self, after: u64, marks: &[Mark]) -> io::Result<()> {
        let bytes: Vec<u8> = marks.iter().map(|mark| *mark as u8).collect();
        self.0.seek(SeekFrom::Start(after))?;
        self.0.write_all(&bytes)?;
        self.0.sync_data()
    }

    pub fn read(&mut self, after: u64, count: usize) -> io::Result<Vec<Option<Mark>>> {
        let mut bytes = Vec::with_capacity(count);
        self.0.seek(SeekFrom::Start(after))?;
        Read::by_ref(&mut self.0).take(count as u64).read_to_end(&mut bytes)?;
        bytes.resize(count, 0);
        Ok(bytes.into_iter().map(Mark::read).collect())
    }
}
