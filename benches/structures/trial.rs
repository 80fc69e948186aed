//! Cards in SQLite and in a log-structured tree, side by side. In this folder:
//! `cargo run --release`.
//!
//! The same cards, in the same order, go into the table that the product has for them and into the
//! crate `fjall`: owners at random, gathered and sorted as the product does it, flushed batch by
//! batch. Each structure has a process of its own and the same cache. It says, as it grows, the CPU
//! and the time of a card, bytes on disk and memory; then what a read of a card costs that is
//! there, and of one that is not. Last, each is killed while it writes and opened again: all that
//! was flushed must be there. `--cards N` (10,000,000), `--cache-mib N` (128), `--in-order`
//! (owners one after the other) and `--dir FOLDER` change the run.
//!
//! It is a workspace of its own, so that nobody builds another database who does not ask.

mod cards;
mod lsm;
mod measure;
mod sqlite;

use cards::{BATCH, Card, Cards};
use measure::{cpu_s, disk_bytes, highest_mib, percentiles};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

/// What both can do.
trait Structure {
    /// Writes cards in the order of their keys and flushes them.
    fn write(&mut self, sorted: &[Card]);
    fn read(&mut self, card: &Card) -> Option<Vec<u8>>;
    /// Nothing is left to do in the background.
    fn settle(&mut self);
}

struct Arguments(Vec<String>);

impl Arguments {
    fn after(&self, name: &str) -> Option<&str> {
        let place = self.0.iter().position(|argument| argument == name)?;
        self.0.get(place + 1).map(String::as_str)
    }

    fn number(&self, name: &str, usual: u64) -> u64 {
        self.after(name).map_or(usual, |text| text.parse().expect("a number follows"))
    }
}

fn main() {
    let arguments = Arguments(std::env::args().collect());
    let run = Run {
        cards: arguments.number("--cards", 10_000_000),
        cache_mib: arguments.number("--cache-mib", 128),
        in_order: arguments.0.iter().any(|argument| argument == "--in-order"),
        folder: PathBuf::from(arguments.after("--dir").unwrap_or("target/structures")),
    };
    match (arguments.after("--fill"), arguments.after("--endless")) {
        (Some(what), _) => fill(&mut *run.open(what), &run),
        (_, Some(what)) => write_endlessly(&mut *run.open(what), &run),
        _ => ["sqlite", "lsm"].iter().for_each(|what| try_one(what, &run)),
    }
}

struct Run {
    cards: u64,
    cache_mib: u64,
    in_order: bool,
    folder: PathBuf,
}

impl Run {
    fn open(&self, what: &str) -> Box<dyn Structure> {
        match what {
            "sqlite" => Box::new(sqlite::Sqlite::open(&self.folder, self.cache_mib)),
            "lsm" => Box::new(lsm::Lsm::open(&self.folder, self.cache_mib)),
            _ => panic!("there are sqlite and lsm"),
        }
    }

    fn empty_the_folder(&self) {
        let _ = std::fs::remove_dir_all(&self.folder);
        std::fs::create_dir_all(&self.folder).expect("a folder can be made");
    }

    fn child(&self, how: &str, what: &str) -> Command {
        let mut command = Command::new(std::env::current_exe().expect("there is one"));
        command.args([how, what, "--cards", &self.cards.to_string()]);
        command.args(["--cache-mib", &self.cache_mib.to_string()]);
        command.args(self.in_order.then_some("--in-order"));
        command.arg("--dir").arg(&self.folder);
        command
    }
}

fn try_one(what: &str, run: &Run) {
    run.empty_the_folder();
    println!("{what}");
    println!("      cards  CPU µs/card  µs/card  longest ms  bytes/card    MiB");
    assert!(run.child("--fill", what).status().expect("it starts").success());
    run.empty_the_folder();
    kill_it_while_it_writes(what, run);
    run.empty_the_folder();
}

fn kill_it_while_it_writes(what: &str, run: &Run) {
    let mut writing =
        run.child("--endless", what).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut said = BufReader::new(writing.stdout.take().expect("it is piped")).lines();
    let enough = (&mut said).map_while(Result::ok).nth(40).expect("it goes on");
    writing.kill().expect("it runs");
    let _ = writing.wait();
    let last = said.map_while(Result::ok).last().unwrap_or(enough);
    let flushed: u64 = last.parse().expect("a number");
    let began = Instant::now();
    let mut again = run.open(what);
    let opened = began.elapsed().as_secs_f64() * 1000.0;
    let cards = Cards::new(run.in_order).take(flushed as usize);
    let lost = cards.filter(|card| again.read(card).is_none()).count();
    println!("killed after {flushed} cards: opened in {opened:.0} ms, {lost} of them lost\n");
}

fn fill(structure: &mut dyn Structure, run: &Run) {
    let (cards, folder) = (run.cards, &run.folder);
    let mut source = Cards::new(run.in_order);
    let lines = 10;
    for line in 0..lines {
        let (from, to) = (cards * line / lines, cards * (line + 1) / lines);
        let (began, cpu, mut longest) = (Instant::now(), cpu_s(), 0.0f64);
        let mut left = to - from;
        while left > 0 {
            let batch = source.sorted(left.min(BATCH));
            let asked = Instant::now();
            structure.write(&batch);
            longest = longest.max(asked.elapsed().as_secs_f64() * 1000.0);
            left -= batch.len() as u64;
        }
        let per_card = 1e6 / (to - from) as f64;
        println!(
            "{to:>11} {:>12.2} {:>8.2} {longest:>11.0} {:>11.0} {:>6.0}",
            (cpu_s() - cpu) * per_card,
            began.elapsed().as_secs_f64() * per_card,
            disk_bytes(folder) as f64 / to as f64,
            highest_mib(),
        );
    }
    let (began, cpu) = (Instant::now(), cpu_s());
    structure.settle();
    println!(
        "settled in {:.1} s, {:.1} s of CPU: {:.0} bytes a card",
        began.elapsed().as_secs_f64(),
        cpu_s() - cpu,
        disk_bytes(folder) as f64 / cards as f64
    );
    look(
        structure,
        "there",
        Cards::new(run.in_order).step_by((cards / 50_000).max(1) as usize).take(50_000),
    );
    look(structure, "not there", Cards::others().take(50_000));
}

fn look(structure: &mut dyn Structure, what: &str, cards: impl Iterator<Item = Card>) {
    let mut wanted: Vec<Card> = cards.collect();
    wanted.sort_by_key(|card| card.shuffled());
    let (cpu, mut took, mut found) = (cpu_s(), Vec::new(), 0);
    for card in &wanted {
        let began = Instant::now();
        found += usize::from(structure.read(card).is_some());
        took.push(began.elapsed().as_secs_f64() * 1e6);
    }
    let cpu = (cpu_s() - cpu) * 1e6 / wanted.len() as f64;
    let (p50, p99, longest) = percentiles(&mut took);
    println!(
        "a card that is {what}: p50 {p50:.1}, p99 {p99:.1}, longest {longest:.0} µs, CPU {cpu:.1}; \
         {found} of {} found",
        wanted.len()
    );
}

/// Says after each flush how many cards are safe.
fn write_endlessly(structure: &mut dyn Structure, run: &Run) {
    let mut source = Cards::new(run.in_order);
    let mut flushed = 0;
    loop {
        let batch = source.sorted(BATCH);
        structure.write(&batch);
        flushed += batch.len();
        println!("{flushed}");
        std::io::stdout().flush().expect("it is read");
    }
}
