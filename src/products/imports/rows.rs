//! The rows of a CSV file, read one by one from any row on, with a memory that does not grow.
//!
//! What the crate `csv` reads is read alike: quoted fields, either line break, a byte order mark;
//! blank lines are no rows. A row of more than `LONGEST_ROW` bytes, or one whose quote is never
//! closed, is unreadable; reading goes on in the line after the one it begins in.

use std::io::{self, Read, Seek, SeekFrom};

/// Bytes. Sixty-four characters have 256 at most.
pub const LONGEST_ROW: usize = 4096;
const BUFFER: usize = 256 * 1024;
const MOST_FIELDS: usize = 32;

pub struct CsvRows<R> {
    from: R,
    parser: csv_core::Reader,
    buffer: Box<[u8]>,
    /// What has been read of the file and not yet been taken.
    start: usize,
    end: usize,
    at_end: bool,
    /// Where in the file the next row begins, or a blank line before it.
    offset: u64,
    fields: Box<[u8]>,
    ends: [usize; MOST_FIELDS],
}

/// A row of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CsvRow<'a> {
    One(&'a [u8]),
    Many(Fields<'a>),
    Unreadable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields<'a> {
    bytes: &'a [u8],
    ends: &'a [usize],
}

impl<'a> Fields<'a> {
    pub fn iter(self) -> impl Iterator<Item = &'a [u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(self.ends).map(move |(start, end)| &self.bytes[start..*end])
    }
}

impl<R: Read + Seek> CsvRows<R> {
    /// From the row that begins at that offset.
    pub fn at(mut from: R, offset: u64) -> io::Result<CsvRows<R>> {
        from.seek(SeekFrom::Start(offset))?;
        Ok(CsvRows { offset, ..CsvRows::new(from) })
    }
}

impl<R: Read> CsvRows<R> {
    pub fn new(from: R) -> CsvRows<R> {
        CsvRows {
            from,
            parser: csv_core::Reader::new(),
            buffer: vec![0; BUFFER].into(),
            start: 0,
            end: 0,
            at_end: false,
            offset: 0,
            // Unquoted, a row is never longer than in the file.
            fields: vec![0; LONGEST_ROW + 1].into(),
            ends: [0; MOST_FIELDS],
        }
    }

    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next row, None at the end of the file.
    pub fn read_row(&mut self) -> io::Result<Option<CsvRow<'_>>> {
        if !self.skip_blank_lines()? {
            return Ok(None);
        }
        self.fill()?;
        let window = self.start..self.end.min(self.start + LONGEST_ROW);
        let is_rest = self.at_end && window.end == self.end;
        let input = &self.buffer[window];
        let (mut result, mut taken, written, mut fields) =
            self.parser.read_record(input, &mut self.fields, &mut self.ends);
        if matches!(result, csv_core::ReadRecordResult::InputEmpty) && is_rest {
            // The last line may lack its break. A break that does not end the row is inside quotes.
            let rest = self.parser.read_record(
                b"\n",
                &mut self.fields[written..],
                &mut self.ends[fields..],
            );
            (result, taken, fields) = (rest.0, input.len(), fields + rest.3);
        }
        if !matches!(result, csv_core::ReadRecordResult::Record) {
            self.parser.reset();
            self.skip_line()?;
            return Ok(Some(CsvRow::Unreadable));
        }
        self.take(taken);
        let ends = &self.ends[..fields];
        Ok(Some(match ends {
            [end] => CsvRow::One(&self.fields[..*end]),
            _ => CsvRow::Many(Fields { bytes: &self.fields, ends }),
        }))
    }

    /// False at the end of the file.
    fn skip_blank_lines(&mut self) -> io::Result<bool> {
        loop {
            let blank = self.buffer[self.start..self.end]
                .iter()
                .take_while(|byte| matches!(byte, b'\r' | b'\n'))
                .count();
            self.take(blank);
            if self.start < self.end {
                return Ok(true);
            }
            if self.at_end {
                return Ok(false);
            }
            self.fill()?;
        }
    }

    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let here = &self.buffer[self.start..self.end];
            if let Some(end) = here.iter().position(|byte| *byte == b'\n') {
                self.take(end + 1);
                return Ok(());
            }
            self.take(here.len());
            if self.at_end {
                return Ok(());
            }
            self.fill()?;
        }
    }

    fn take(&mut self, bytes: usize) {
        self.start += bytes;
        self.offset += bytes as u64;
    }

    /// Reads on until a whole row is here, or the end of the file.
    fn fill(&mut self) -> io::Result<()> {
        if self.end - self.start >= LONGEST_ROW || self.at_end {
            return Ok(());
        }
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        while self.end < LONGEST_ROW && !self.at_end {
            match self.from.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.at_end = true,
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actors::dice::Dice;

    /// Every row as text, its fields joined by a bar, and where the next begins.
    fn read(bytes: &[u8]) -> Vec<(String, u64)> {
        let mut rows = CsvRows::new(bytes);
        let mut found = Vec::new();
        while let Some(row) = rows.read_row().unwrap() {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let row = match row {
                CsvRow::One(field) => text(field),
                CsvRow::Many(fields) => fields.iter().map(text).collect::<Vec<_>>().join("|"),
                CsvRow::Unreadable => "unreadable".into(),
            };
            found.push((row, rows.offset()));
        }
        found
    }

    fn texts(bytes: &[u8]) -> Vec<String> {
        read(bytes).into_iter().map(|(text, _)| text).collect()
    }

    #[test]
    fn a_row_is_a_line_with_either_break_or_none_at_the_end() {
        assert_eq!(texts(b"a\nb\r\n\r\n\nc"), ["a", "b", "c"]);
        assert_eq!(texts(b"\xef\xbb\xbfcode\n1\n"), ["code", "1"]);
        assert_eq!(texts(b"\"a\"\"b\"\n\"c,\nd\"\ne,f\n\"\"\n"), ["a\"b", "c,\nd", "e|f", ""]);
        assert!(texts(b"").is_empty() && texts(b"\r\n\n").is_empty());
    }

    #[test]
    fn a_quote_that_is_never_closed_costs_one_line() {
        assert_eq!(texts(b"a\n\"b\nc\nd\n"), ["a", "unreadable", "c", "d"]);
        assert_eq!(texts(b"a\n\"b"), ["a", "unreadable"]);
    }

    #[test]
    fn a_row_that_is_too_long_costs_that_row() {
        let mut bytes = b"a\n".to_vec();
        bytes.extend(std::iter::repeat_n(b'x', 3 * BUFFER));
        bytes.extend(b"\nb\n");
        assert_eq!(texts(&bytes), ["a", "unreadable", "b"]);
        let longest = [vec![b'x'; LONGEST_ROW - 1], b"\nb\n".to_vec()].concat();
        assert_eq!(texts(&longest)[1], "b");
        assert_eq!(texts(&[b"x,".repeat(100), b"\nb".to_vec()].concat()), ["unreadable", "b"]);
    }

    #[test]
    fn from_any_row_on_the_rest_is_read_alike() {
        let mut dice = Dice::new(7);
        for _ in 0..300 {
            let bytes: Vec<u8> =
                (0..dice.below(60)).map(|_| b"ab,\"\n\r \xff\0"[dice.below(9) as usize]).collect();
            let whole = read(&bytes);
            for (at, (_, offset)) in whole.iter().enumerate() {
                let mut rest = CsvRows::at(io::Cursor::new(&bytes), *offset).unwrap();
                let mut count = 0;
                while rest.read_row().unwrap().is_some() {
                    count += 1;
                    assert_eq!(rest.offset(), whole[at + count].1, "{bytes:?}");
                }
                assert_eq!(at + 1 + count, whole.len(), "{bytes:?}");
            }
        }
    }

    #[test]
    fn whatever_is_sent_as_a_file_is_read_to_its_end() {
        let seeds = [
            b"code,owner\r\n\"a\"\"b\",c\nd,\"e\nf\"\n".to_vec(),
            b"\xef\xbb\xbfcode\n1\n\n2".to_vec(),
            [vec![b'x'; LONGEST_ROW - 2], b"\n\"y".to_vec()].concat(),
        ];
        testing::fuzz::fuzz("files of codes", 5_000, &seeds, |bytes| {
            let rows = read(bytes);
            let ends: Vec<u64> = rows.iter().map(|(_, offset)| *offset).collect();
            assert!(ends.is_sorted() && ends.iter().all(|end| *end <= bytes.len() as u64));
            let breaks = bytes.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count();
            assert!(rows.len() <= breaks + 1, "{} rows in {} lines", rows.len(), breaks + 1);
        });
    }

    #[test]
    fn what_the_crate_csv_reads_is_read_alike() {
        let mut dice = Dice::new(3);
        for _ in 0..2000 {
            let mut bytes = Vec::new();
            for _ in 0..dice.below(8) {
                let row = [
                    &b"plain"[..],
                    b"\"quo\"\"ted\"",
                    b"\"two\nlines\"",
                    b"",
                    b"a,b",
                    b"\"x\",\"y\"",
                    b"mid\"dle",
                ][dice.below(7) as usize];
                bytes.extend(row);
                bytes.extend([&b"\n"[..], b"\r\n"][dice.below(2) as usize]);
            }
            let mut theirs =
                csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(&bytes[..]);
            let theirs: Vec<String> = theirs
                .records()
                .map(|row| row.unwrap().iter().collect::<Vec<_>>().join("|"))
                .collect();
            assert_eq!(texts(&bytes), theirs, "{:?}", String::from_utf8_lossy(&bytes));
        }
    }
}
