//! The log on standard error: a line for every request and a line for every event worth telling.
//!
//! The caller formats its line into bytes and hands it to one thread, which writes many at once.
//! When that thread cannot keep up, request lines are dropped and counted; events never are.
//! Standard output is not touched: it says where the server listens.

mod drain;
mod entry;
mod line;

pub use entry::{AnsweredRequest, Field, Level, Style, Value};

use actors::time::{Clock, system_clock};
use crossbeam_channel::{Sender, TrySendError, bounded};
use drain::Item;
use std::io::Write;
use std::sync::OnceLock;

/// Lines that may wait to be written: about a third of a second of the busiest server.
const WAITING: usize = 10_000;

static LOG: OnceLock<Log> = OnceLock::new();

/// Starts the log of this process; only the first call counts. Comes after the metrics recorder, so
/// that dropped lines are counted.
pub fn start(style: Style) {
    LOG.get_or_init(|| Log::to(style, system_clock(), std::io::stderr()));
}

/// Nothing before the start.
pub fn request(request: &AnsweredRequest) {
    if let Some(log) = LOG.get() {
        log.request(request);
    }
}

pub fn info(what: &str, fields: &[Field]) {
    event(Level::Info, what, fields);
}

pub fn warn(what: &str, fields: &[Field]) {
    event(Level::Warn, what, fields);
}

pub fn error(what: &str, fields: &[Field]) {
    event(Level::Error, what, fields);
}

/// Before the start an event is written at once, so that nothing said by a subcommand or a failing
/// start is lost.
fn event(level: Level, what: &str, fields: &[Field]) {
    match LOG.get() {
        Some(log) => log.event(level, what, fields),
        None => {
            let line = line::event(Style::Plain, system_clock()(), level, what, fields);
            let _ = std::io::stderr().write_all(&line);
        }
    }
}

/// Waits until everything logged so far is written. A stop ends with it.
pub fn flush() {
    if let Some(log) = LOG.get() {
        log.flush();
    }
}

struct Log {
    style: Style,
    clock: Clock,
    lines: Sender<Item>,
}

impl Log {
    fn to(style: Style, clock: Clock, out: impl Write + Send + 'static) -> Log {
        let (lines, waiting) = bounded(WAITING);
        let drain = std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || drain::run(&waiting, out));
        drain.expect("a process that cannot start a thread cannot serve either");
        metrics::counter!("stampede_log_lines_dropped_total").increment(0);
        Log { style, clock, lines }
    }

    fn request(&self, request: &AnsweredRequest) {
        if self.style == Style::Off {
            return;
        }
        let line = Item::Line(line::request(self.style, (self.clock)(), request));
        if let Err(TrySendError::Full(_)) = self.lines.try_send(line) {
            metrics::counter!("stampede_log_lines_dropped_total").increment(1);
        }
    }

    fn event(&self, level: Level, what: &str, fields: &[Field]) {
        if self.style == Style::Off && level == Level::Info {
            return;
        }
        let line = line::event(self.style, (self.clock)(), level, what, fields);
        // The other end is gone only when its thread died, and then there is no log left.
        let _ = self.lines.send(Item::Line(line));
    }

    fn flush(&self) {
        let (done, written) = bounded(1);
        if self.lines.send(Item::Flush(done)).is_ok() {
            let _ = written.recv();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actors::Time;
    use std::sync::{Arc, Mutex, MutexGuard};
    use std::time::Duration;

    /// What was written, and a gate that holds the writer up while it is locked.
    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Paper {
        fn hold(&self) -> MutexGuard<'_, Vec<u8>> {
            self.0.lock().unwrap()
        }

        fn text(&self) -> String {
            String::from_utf8(self.hold().clone()).unwrap()
        }
    }

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.hold().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn log(style: Style) -> (Log, Paper) {
        let paper = Paper::default();
        (Log::to(style, Arc::new(|| Time(0)), paper.clone()), paper)
    }

    const LOOK: AnsweredRequest = AnsweredRequest {
        method: "GET",
        route: "/",
        status: 200,
        took: Duration::from_micros(1234),
        id: "r1",
    };

    #[test]
    fn what_was_logged_is_written_in_order_once_flush_returns() {
        let (log, paper) = log(Style::Plain);
        log.event(Level::Info, "started", &[("workers", Value::Whole(2))]);
        log.request(&LOOK);
        log.flush();
        assert_eq!(
            paper.text(),
            "1970-01-01T00:00:00.000Z INFO started workers=2\n1970-01-01T00:00:00.000Z GET / 200 \
             1.234ms id=r1\n"
        );
    }

    #[test]
    fn off_silences_requests_and_infos_but_no_warnings() {
        let (log, paper) = log(Style::Off);
        log.request(&LOOK);
        log.event(Level::Info, "quiet", &[]);
        log.event(Level::Warn, "heard", &[]);
        log.event(Level::Error, "heard too", &[]);
        log.flush();
        assert_eq!(
            paper.text(),
            "1970-01-01T00:00:00.000Z WARN heard\n1970-01-01T00:00:00.000Z ERROR heard too\n"
        );
    }

    #[test]
    fn when_the_writer_is_stuck_requests_are_dropped_without_waiting_and_events_are_not() {
        let (log, paper) = log(Style::Plain);
        let gate = paper.hold();
        for _ in 0..3 * WAITING {
            log.request(&LOOK);
        }
        std::thread::scope(|scope| {
            scope.spawn(|| log.event(Level::Warn, "still said", &[]));
            drop(gate);
        });
        log.flush();
        let text = paper.text();
        assert!(text.lines().filter(|line| line.contains(" GET ")).count() < 3 * WAITING);
        assert!(text.ends_with("WARN still said\n"));
    }

    #[test]
    fn lines_of_many_threads_are_written_whole() {
        let (log, paper) = log(Style::Json);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    (0..500)
                        .for_each(|n| log.event(Level::Info, "counted", &[("n", Value::Whole(n))]))
                });
            }
        });
        log.flush();
        let sum: i64 = paper
            .text()
            .lines()
            .map(|line| {
                serde_json::from_str::<serde_json::Value>(line).unwrap()["n"].as_i64().unwrap()
            })
            .sum();
        assert_eq!(sum, 4 * (0..500).sum::<i64>());
    }
}
