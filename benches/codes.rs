//! How fast coupon codes are printed and read: `cargo bench --bench codes`.
//!
//! Codes per second on one thread and on two at once, from a place to text and back; and the same
//! permutation by the crate `fpe`, in turns within the run. `fpe` is not asked to write a text, so
//! the ratio flatters it. What counts is the ratio; seconds say little on a shared machine.
//! `--seconds N` changes how long each part takes.

use actors::domain::coupons::Serial;
use actors::domain::coupons::code::{BITS, Code, Keys};
use aes::Aes256;
use fpe::ff1::{FF1, FlexibleNumeralString};
use std::hint::black_box;
use std::ops::Range;
use std::time::{Duration, Instant};

const KEY: [u8; 32] = [0x2b; 32];
const BATCH: Serial = Serial(18);
const ROUNDS: u32 = 5;

/// So many between two looks at the clock.
const CHUNK: u64 = 500;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let seconds = arguments.iter().skip_while(|argument| *argument != "--seconds").nth(1);
    let seconds: f64 = seconds.map_or(5.0, |text| text.parse().expect("--seconds takes a number"));
    measure(Duration::from_secs_f64(seconds / f64::from(ROUNDS)));
}

fn measure(span: Duration) {
    let keys = Keys::new(KEY);
    let fpe = FF1::<Aes256>::new(&KEY, 2).expect("two is a radix");
    let printed: Vec<Code> = keys.current().print_all(BATCH, 0..CHUNK).collect();
    let print =
        |indexes| keys.current().print_all(BATCH, indexes).for_each(|code| _ = black_box(code));
    let read =
        |_| printed.iter().for_each(|code| _ = black_box(keys.read(black_box(code.as_str()))));
    let by_fpe =
        |indexes: Range<u64>| indexes.for_each(|index| drop(black_box(permuted(&fpe, index))));
    let parts: [(&str, &(dyn Fn(Range<u64>) + Sync), usize); 5] = [
        ("printed, one thread", &print, 1),
        ("printed, two threads", &print, 2),
        ("read, one thread", &read, 1),
        ("read, two threads", &read, 2),
        ("permuted by fpe, one thread", &by_fpe, 1),
    ];
    let mut rates = [const { Vec::new() }; 5];
    for _ in 0..ROUNDS {
        for ((_, work, threads), rates) in parts.iter().zip(&mut rates) {
            rates.push(a_second(span, *threads, work));
        }
    }
    let medians = rates.map(median);
    for ((part, ..), rate) in parts.iter().zip(medians) {
        println!(
            "{part}: {rate:.0} codes a second, {:.1} times as many as fpe on one thread",
            rate / medians[4]
        );
    }
}

fn permuted(fpe: &FF1<Aes256>, index: u64) -> Vec<u16> {
    let place = (u128::from(BATCH.0) << 34 | u128::from(index)) << 31;
    let bits: Vec<u16> = (0..BITS).rev().map(|bit| (place >> bit & 1) as u16).collect();
    fpe.encrypt(&[], &FlexibleNumeralString::from(bits)).expect("bits are below two").into()
}

/// How often all threads together do it a second; each has indexes of its own.
fn a_second(span: Duration, threads: usize, work: &(dyn Fn(Range<u64>) + Sync)) -> f64 {
    let began = Instant::now();
    let busy = |thread: usize| {
        let first = thread as u64 * 1_000_000_000;
        let mut next = first;
        while began.elapsed() < span {
            work(next..next + CHUNK);
            next += CHUNK;
        }
        next - first
    };
    let done: u64 = std::thread::scope(|scope| {
        let running: Vec<_> =
            (0..threads).map(|thread| scope.spawn(move || busy(thread))).collect();
        running.into_iter().map(|thread| thread.join().expect("a thread that only counts")).sum()
    });
    done as f64 / began.elapsed().as_secs_f64()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
