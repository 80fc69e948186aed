//! How far long work is, for somebody who waits at a terminal: one line on standard error, written
//! over and over, and gone at the end. Where nobody looks nothing is written.

use std::io::{self, IsTerminal, Stderr, Write};
use std::time::{Duration, Instant};

/// Between two lines.
const STEP: Duration = Duration::from_millis(100);
/// Of the bar itself.
const COLUMNS: u64 = 30;

pub struct ProgressBar<W: Write = Stderr> {
    what: &'static str,
    /// None: nobody looks.
    to: Option<W>,
    written_at: Option<Instant>,
}

impl ProgressBar {
    pub fn on_terminal(what: &'static str) -> ProgressBar {
        let to = io::stderr();
        ProgressBar { what, to: to.is_terminal().then_some(to), written_at: None }
    }
}

impl<W: Write> ProgressBar<W> {
    /// So much of so much is done; of 0, if nobody knows of how much.
    pub fn at(&mut self, done: u64, of: u64) {
        let Some(to) = &mut self.to else { return };
        if self.written_at.is_some_and(|at| at.elapsed() < STEP) {
            return;
        }
        self.written_at = Some(Instant::now());
        let _ = write!(to, "\r{}\x1b[K", line(self.what, done, of)).and_then(|()| to.flush());
    }
}

impl<W: Write> Drop for ProgressBar<W> {
    fn drop(&mut self) {
        if let (Some(to), Some(_)) = (&mut self.to, self.written_at) {
            let _ = write!(to, "\r\x1b[K").and_then(|()| to.flush());
        }
    }
}

fn line(what: &str, done: u64, of: u64) -> String {
    if of == 0 {
        return format!("{what}: {done}");
    }
    let done = done.min(of);
    let share = |whole: u64| (u128::from(done) * u128::from(whole) / u128::from(of)) as usize;
    let (filled, empty) = (share(COLUMNS), COLUMNS as usize - share(COLUMNS));
    format!(
        "{what}: {:3} % [{}{}] {done} of {of}",
        share(100),
        "#".repeat(filled),
        "-".repeat(empty)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_it_is() {
        let bar = format!("{}{}", "#".repeat(10), "-".repeat(20));
        assert_eq!(line("verify", 1, 3), format!("verify:  33 % [{bar}] 1 of 3"));
        assert_eq!(line("verify", 9, 3), format!("verify: 100 % [{}] 3 of 3", "#".repeat(30)));
        assert_eq!(line("segments", 7, 0), "segments: 7");
    }

    #[test]
    fn it_is_gone_at_the_end_and_never_there_if_nobody_looks() {
        let mut seen = Vec::new();
        let mut bar = ProgressBar { what: "x", to: Some(&mut seen), written_at: None };
        bar.at(1, 0);
        bar.at(2, 0);
        drop(bar);
        assert_eq!(seen, b"\rx: 1\x1b[K\r\x1b[K");
        let mut nobody = ProgressBar::<Vec<u8>> { what: "x", to: None, written_at: None };
        nobody.at(1, 0);
        assert!(nobody.written_at.is_none());
    }
}
