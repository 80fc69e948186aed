//! Answers that go on for long: events, bulletins, live figures, codes, reports, proofs, exports.
//!
//! Of each kind so many are under way at once. One ends when its caller would no longer be let in,
//! and from then on it takes no place, whether it is read or not. Few are worked on at the same
//! time, one after the other in turn, so that those who ask for little do not wait for those who
//! ask for much.

use super::pieces::piece;
use super::problem::{self, Problem};
use actix_web::web::Bytes;
use config::Config;
use futures_util::stream::{self, Stream, StreamExt};
use metrics::gauge;
use people::{Reason, Stay};
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, Weak};
use tokio::sync::Semaphore;

/// Chunks that are made at the same time: half of the cores, because requests need the others.
static TURNS: LazyLock<Semaphore> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Semaphore::new(cores.div_ceil(2))
});

pub struct Streams {
    pub events: Seats,
    pub bulletins: Seats,
    pub live: Seats,
    pub availability: Seats,
    pub codes: Seats,
    pub reports: Seats,
    pub proofs: Seats,
    pub exports: Seats,
}

/// The places for streams of one kind.
pub struct Seats {
    kind: &'static str,
    most: usize,
    taken: Mutex<Vec<Weak<Seat>>>,
}

/// A place that is taken as long as this lives and its caller may stay.
pub struct Seat {
    stay: Option<Stay>,
    from: Option<IpAddr>,
}

impl Streams {
    pub fn of(config: &Config) -> Streams {
        let seats = |kind| Seats { kind, most: config.streams, taken: Mutex::default() };
        Streams {
            events: seats("events"),
            bulletins: seats("bulletins"),
            live: seats("live"),
            availability: seats("availability"),
            codes: seats("codes"),
            reports: seats("reports"),
            proofs: seats("proofs"),
            exports: seats("exports"),
        }
    }

    /// Says how many are under way.
    pub fn measure(&self) {
        let all = [
            &self.events,
            &self.bulletins,
            &self.live,
            &self.availability,
            &self.codes,
            &self.reports,
            &self.proofs,
            &self.exports,
        ];
        for seats in all {
            gauge!("stampede_streams", "kind" => seats.kind).set(seats.count() as f64);
        }
    }
}

impl Seats {
    /// For a caller who was let in.
    pub fn take(&self, stay: Stay) -> Result<Arc<Seat>, Problem> {
        self.seat(Seat { stay: Some(stay), from: None }, |taken| taken.len() < self.most)
    }

    /// For anybody. One address never takes more than a quarter of them from the others.
    pub fn take_from(&self, address: Option<IpAddr>) -> Result<Arc<Seat>, Problem> {
        let share = self.most.div_ceil(4);
        let is_free = |taken: &[Arc<Seat>]| {
            let own = taken.iter().filter(|seat| seat.from == address).count();
            taken.len() < self.most && own < share
        };
        self.seat(Seat { stay: None, from: address }, is_free)
    }

    fn seat(
        &self,
        seat: Seat,
        is_free: impl Fn(&[Arc<Seat>]) -> bool,
    ) -> Result<Arc<Seat>, Problem> {
        let mut taken = self.taken();
        if !is_free(&living(&mut taken)) {
            let why = format!("as many {} are under way as may be", self.kind);
            return Err(Problem::new(&problem::BUSY, why));
        }
        let seat = Arc::new(seat);
        taken.push(Arc::downgrade(&seat));
        Ok(seat)
    }

    fn count(&self) -> usize {
        living(&mut self.taken()).len()
    }

    fn taken(&self) -> MutexGuard<'_, Vec<Weak<Seat>>> {
        self.taken.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Those whose callers may stay; the others are forgotten, even if their answers are still there.
fn living(taken: &mut Vec<Weak<Seat>>) -> Vec<Arc<Seat>> {
    let living = taken.iter().filter_map(Weak::upgrade).filter(|seat| seat.over().is_none());
    let living: Vec<Arc<Seat>> = living.collect();
    *taken = living.iter().map(Arc::downgrade).collect();
    living
}

impl Seat {
    fn over(&self) -> Option<Reason> {
        self.stay.as_ref()?.over()
    }

    /// Why it is over, as all nodes know it.
    pub async fn over_anywhere(&self) -> Option<Reason> {
        self.stay.as_ref()?.over_anywhere().await
    }
}

/// Hands out chunks in pieces for as long as the caller may stay. Broken off, it has no end, so
/// that nobody takes what came for all there is.
pub fn download(
    seat: Arc<Seat>,
    chunks: impl Stream<Item = io::Result<Bytes>> + 'static,
) -> impl Stream<Item = io::Result<Bytes>> + 'static {
    let download = Download { seat, chunks: Box::pin(chunks), rest: Bytes::new() };
    Box::pin(stream::try_unfold(download, Download::next))
}

struct Download<S> {
    seat: Arc<Seat>,
    chunks: std::pin::Pin<Box<S>>,
    rest: Bytes,
}

impl<S: Stream<Item = io::Result<Bytes>>> Download<S> {
    async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        while self.rest.is_empty() {
            let turn = TURNS.acquire().await;
            let chunk = self.chunks.next().await;
            drop(turn);
            let Some(chunk) = chunk else { return Ok(None) };
            self.rest = chunk?;
        }
        // Asked last, so that nothing is told after the end.
        if let Some(reason) = self.seat.over_anywhere().await {
            return Err(io::Error::other(format!("the caller may not stay: {}", reason.name())));
        }
        Ok(piece(&mut self.rest).map(|piece| (piece, self)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::pieces::PIECE;
    use super::*;

    fn seats(most: usize) -> Seats {
        Seats { kind: "proofs", most, taken: Mutex::default() }
    }

    fn from(n: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, n]))
    }

    #[test]
    fn one_address_leaves_places_to_the_others() {
        let seats = seats(8);
        let own = [seats.take_from(from(1)).unwrap(), seats.take_from(from(1)).unwrap()];
        assert!(seats.take_from(from(1)).is_err());
        let others: Vec<_> = (2..8).map(|n| seats.take_from(from(n)).unwrap()).collect();
        assert!(seats.take_from(from(9)).is_err(), "all are taken");
        assert_eq!(seats.count(), 8);
        drop(own);
        assert!(seats.take_from(from(9)).is_ok());
        drop(others);
        assert_eq!(seats.count(), 0);
    }

    #[actix_rt::test]
    async fn a_chunk_is_handed_out_in_pieces_and_an_empty_one_not_at_all() {
        let chunks = [Bytes::new(), Bytes::from(vec![7; 2 * PIECE + 5]), Bytes::new()];
        let chunks = stream::iter(chunks.map(Ok));
        let seat = seats(1).take_from(None).unwrap();
        let pieces: Vec<usize> =
            download(seat, chunks).map(|piece| piece.unwrap().len()).collect().await;
        assert_eq!(pieces, [PIECE, PIECE, 5]);
    }
}
