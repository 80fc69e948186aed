//! Which nodes live and which serve, as one node sees it. There is no clock in here: both times are
//! given.
//!
//! A node lives as long as its beat is seen to change, by the reader's own clock that never jumps.
//! So no two clocks need to agree for that. Each node says itself from when on and until when it
//! serves. It says so ahead, as an instant of the wall clock, so that all change their minds at
//! once. A node of a wrong clock is believed for a short while only. A node that did not get its
//! own beat written in time counts itself out earlier than the others do.

use super::shares::{mark, score};
use actors::Time;
use actors::engine::neighbours::Peer;
use ports::register::Beat;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::{Duration, Instant};

/// Beats without a change after which a node is dead to the others, and after which it is out for
/// itself.
const DEAD_AFTER: u32 = 5;
const OUT_AFTER: u32 = 3;
/// Beats ahead that a node names the instant from which on, or until when, it serves.
pub const AHEAD: u32 = 2;

pub struct ClusterView {
    me: Peer,
    beat: Duration,
    own: Option<Own>,
    others: Vec<OtherNode>,
    /// When the register was read last. A node is not judged by what was not looked at: a reader
    /// that was asleep would take all others for dead.
    looked: Option<Instant>,
}

struct Own {
    beat: Beat,
    mark: u64,
    /// When the writing of the latest beat began that is known to be written.
    written: Instant,
}

struct OtherNode {
    address: String,
    beat: Beat,
    socket: Option<SocketAddr>,
    mark: u64,
    met: Instant,
    changed: Instant,
    leaves: Option<Instant>,
    /// Its address did not answer, and it has not beaten since.
    suspected: bool,
}

impl ClusterView {
    pub fn new(me: Peer, beat: Duration) -> ClusterView {
        ClusterView { me, beat, own: None, others: Vec::new(), looked: None }
    }

    pub fn note_written(&mut self, beat: Beat, began: Instant) {
        self.own = Some(Own { mark: mark(&beat.address), beat, written: began });
    }

    /// What the register says now.
    pub fn read(&mut self, beats: Vec<Beat>, now: Instant) {
        self.looked = Some(now);
        let mut others = Vec::with_capacity(beats.len());
        for beat in beats.into_iter().filter(|beat| beat.id != self.me) {
            let known = self
                .others
                .iter()
                .position(|node| node.beat.id == beat.id)
                .map(|place| self.others.swap_remove(place));
            others.push(OtherNode::seen(known, beat, now));
        }
        // One that is in the register no more was struck off, or has not beaten for very long.
        self.others = others;
        let youngest = |node: &OtherNode, others: &[OtherNode]| {
            others.iter().all(|other| {
                other.address != node.address
                    || (other.beat.started, other.beat.id) <= (node.beat.started, node.beat.id)
            })
        };
        let keep: Vec<bool> = self
            .others
            .iter()
            .map(|node| youngest(node, &self.others) && !self.has_my_address(node))
            .collect();
        let mut keep = keep.into_iter();
        self.others.retain(|_| keep.next().unwrap_or(false));
    }

    fn has_my_address(&self, node: &OtherNode) -> bool {
        self.own.as_ref().is_some_and(|own| {
            own.beat.address == node.address && own.beat.started >= node.beat.started
        })
    }

    pub fn is_alone(&self, now: Instant) -> bool {
        !self.others.iter().any(|node| self.node_lives(node, now))
    }

    /// Whether this node may take partitions.
    pub fn serves(&self, now: Instant, at: Time) -> bool {
        self.own.as_ref().is_some_and(|own| {
            now.saturating_duration_since(own.written) < self.beat * OUT_AFTER
                && own.beat.from <= at
                && own.beat.until.is_none_or(|until| at < until)
        })
    }

    /// All others that partitions are shared out to.
    fn others_serving(&self, now: Instant, at: Time) -> impl Iterator<Item = &OtherNode> {
        self.others
            .iter()
            .filter(move |node| self.node_lives(node, now) && self.node_serves(node, now, at))
    }

    /// The addresses of all nodes that partitions are shared out to.
    pub fn serving(&self, now: Instant, at: Time) -> impl Iterator<Item = &str> {
        let own =
            self.own.as_ref().filter(|_| self.serves(now, at)).map(|own| own.beat.address.as_str());
        own.into_iter().chain(self.others_serving(now, at).map(|node| node.address.as_str()))
    }

    /// Whose the partition should be; None if it should be here.
    pub fn owner_of(&self, partition: &str, now: Instant, at: Time) -> Option<Peer> {
        if self.others.is_empty() {
            return None;
        }
        let partition = mark(partition);
        let mine = self
            .own
            .as_ref()
            .filter(|_| self.serves(now, at))
            .map(|own| (score(own.mark, partition), None));
        let theirs = self
            .others_serving(now, at)
            .map(|node| (score(node.mark, partition), Some(node.beat.id)));
        mine.into_iter().chain(theirs).max_by_key(|(score, _)| *score).and_then(|(_, owner)| owner)
    }

    pub fn lives(&self, peer: Peer, now: Instant) -> bool {
        self.others.iter().any(|node| node.beat.id == peer && self.node_lives(node, now))
    }

    pub fn socket_of(&self, peer: Peer) -> Option<SocketAddr> {
        self.others.iter().find(|node| node.beat.id == peer)?.socket
    }

    pub fn suspect(&mut self, peer: Peer) {
        self.others
            .iter_mut()
            .filter(|node| node.beat.id == peer)
            .for_each(|node| node.suspected = true);
    }

    fn node_lives(&self, node: &OtherNode, now: Instant) -> bool {
        let judged = self.looked.map_or(now, |looked| now.min(looked + self.beat));
        !node.suspected && judged.saturating_duration_since(node.changed) < self.beat * DEAD_AFTER
    }

    fn node_serves(&self, node: &OtherNode, now: Instant, at: Time) -> bool {
        let long_ago =
            |instant: Instant| now.saturating_duration_since(instant) >= self.beat * (AHEAD + 1);
        let has_begun = node.beat.from <= at || long_ago(node.met);
        let has_left =
            node.beat.until.is_some_and(|until| until <= at) || node.leaves.is_some_and(long_ago);
        has_begun && !has_left
    }
}

impl OtherNode {
    fn seen(known: Option<OtherNode>, beat: Beat, now: Instant) -> OtherNode {
        match known {
            Some(node) if node.beat.count == beat.count => node,
            Some(node) => {
                // A change of the instant from which it serves is a new beginning: it had been out.
                let met = if node.beat.from == beat.from { node.met } else { now };
                let leaves = beat.until.map(|_| node.leaves.unwrap_or(now));
                OtherNode { met, leaves, changed: now, suspected: false, beat, ..node }
            }
            None => OtherNode {
                socket: beat.address.to_socket_addrs().ok().and_then(|mut found| found.next()),
                mark: mark(&beat.address),
                address: beat.address.clone(),
                met: now,
                changed: now,
                leaves: beat.until.map(|_| now),
                suspected: false,
                beat,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEAT: Duration = Duration::from_secs(1);
    const AT: Time = Time(1_000_000);

    fn beat(id: Peer, count: u64) -> Beat {
        Beat {
            id,
            address: format!("10.0.0.{id}:80"),
            started: Time(0),
            count,
            from: Time(0),
            until: None,
        }
    }

    fn own(view: &mut ClusterView, now: Instant) {
        view.note_written(beat(1, 0), now);
    }

    /// A node that sees two others.
    fn three(now: Instant) -> ClusterView {
        let mut view = ClusterView::new(1, BEAT);
        own(&mut view, now);
        view.read(vec![beat(1, 0), beat(2, 0), beat(3, 0)], now);
        view
    }

    fn serving(view: &ClusterView, now: Instant, at: Time) -> Vec<String> {
        let mut serving: Vec<String> = view.serving(now, at).map(str::to_owned).collect();
        serving.sort();
        serving
    }

    fn one_of(view: &ClusterView, owner: Option<Peer>, now: Instant) -> String {
        (0..)
            .map(|n| format!("p/{n}"))
            .find(|partition| view.owner_of(partition, now, AT) == owner)
            .unwrap()
    }

    #[test]
    fn alone_everything_is_ones_own_also_while_the_database_is_away() {
        let now = Instant::now();
        let mut view = ClusterView::new(1, BEAT);
        assert_eq!(view.owner_of("a/1", now, AT), None);
        own(&mut view, now);
        assert_eq!(view.owner_of("a/1", now + BEAT * 100, AT), None);
    }

    #[test]
    fn a_node_that_stops_beating_is_dead_by_the_readers_own_clock() {
        let now = Instant::now();
        let mut view = three(now);
        let of_two = one_of(&view, Some(2), now);
        let later = now + BEAT * 4;
        own(&mut view, later);
        view.read(vec![beat(2, 0), beat(3, 4)], later);
        assert_eq!(view.owner_of(&of_two, later, AT), Some(2));
        let later = now + BEAT * 5;
        own(&mut view, later);
        view.read(vec![beat(2, 0), beat(3, 5)], later);
        assert_ne!(view.owner_of(&of_two, later, AT), Some(2));
        assert_eq!(serving(&view, later, AT), ["10.0.0.1:80", "10.0.0.3:80"]);
        assert!(!view.lives(2, later) && view.lives(3, later));
    }

    #[test]
    fn a_node_that_cannot_write_its_beat_counts_itself_out_before_the_others_do() {
        let now = Instant::now();
        let mut view = three(now);
        let mine = one_of(&view, None, now);
        let later = now + BEAT * OUT_AFTER;
        view.read(vec![beat(2, 3), beat(3, 3)], later);
        assert!(OUT_AFTER < DEAD_AFTER && !view.serves(later, AT));
        assert!(view.owner_of(&mine, later, AT).is_some(), "it passes on what was its own");
    }

    #[test]
    fn a_node_that_was_asleep_takes_no_other_for_dead() {
        let now = Instant::now();
        let view = three(now);
        let mine = one_of(&view, None, now);
        let later = now + BEAT * 100;
        assert!(!view.serves(later, AT));
        assert!(view.owner_of(&mine, later, AT).is_some() && view.lives(2, later));
    }

    #[test]
    fn a_node_serves_from_the_instant_that_it_has_named() {
        let now = Instant::now();
        let mut view = three(now);
        let newcomer = Beat { from: Time(AT.0 + 2000), ..beat(4, 0) };
        view.read(vec![beat(2, 1), beat(3, 1), newcomer], now);
        assert_eq!(serving(&view, now, AT).len(), 3);
        assert_eq!(serving(&view, now, Time(AT.0 + 2000)).len(), 4);
    }

    #[test]
    fn a_node_serves_until_the_instant_that_it_has_named() {
        let now = Instant::now();
        let mut view = three(now);
        view.read(vec![Beat { until: Some(Time(AT.0 + 2000)), ..beat(2, 1) }, beat(3, 1)], now);
        assert_eq!(serving(&view, now, Time(AT.0 + 1999)).len(), 3);
        assert_eq!(serving(&view, now, Time(AT.0 + 2000)).len(), 2);
        assert!(view.lives(2, now), "it still answers what it was asked");
    }

    #[test]
    fn a_wrong_clock_is_believed_for_a_short_while_only() {
        let now = Instant::now();
        let mut view = three(now);
        let years = Time(i64::MAX);
        let wrong = |count| {
            vec![
                Beat { until: Some(years), ..beat(2, count) },
                beat(3, count),
                Beat { from: years, ..beat(4, count) },
            ]
        };
        view.read(wrong(1), now);
        assert_eq!(serving(&view, now, AT), ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"]);
        let later = now + BEAT * (AHEAD + 1);
        own(&mut view, later);
        view.read(wrong(2), later);
        assert_eq!(serving(&view, later, AT), ["10.0.0.1:80", "10.0.0.3:80", "10.0.0.4:80"]);
    }

    #[test]
    fn of_two_processes_with_one_address_the_younger_is_the_living_one() {
        let now = Instant::now();
        let mut view = three(now);
        let of_two = one_of(&view, Some(2), now);
        let reborn = Beat { id: 9, started: Time(5), address: beat(2, 0).address, ..beat(9, 0) };
        view.read(vec![beat(2, 0), beat(3, 1), reborn], now);
        assert_eq!(view.owner_of(&of_two, now, AT), Some(9), "the same address has the same share");
        assert!(!view.lives(2, now));
    }

    #[test]
    fn an_earlier_life_of_ones_own_is_over() {
        let now = Instant::now();
        let mut view = ClusterView::new(1, BEAT);
        own(&mut view, now);
        view.read(
            vec![Beat { id: 8, started: Time(-1), address: beat(1, 0).address, ..beat(8, 7) }],
            now,
        );
        assert!(view.is_alone(now));
    }

    #[test]
    fn a_node_that_does_not_answer_is_gone_until_it_beats_again() {
        let now = Instant::now();
        let mut view = three(now);
        let of_two = one_of(&view, Some(2), now);
        view.suspect(2);
        assert_ne!(view.owner_of(&of_two, now, AT), Some(2));
        view.read(vec![beat(2, 0), beat(3, 1)], now);
        assert_ne!(view.owner_of(&of_two, now, AT), Some(2));
        view.read(vec![beat(2, 1), beat(3, 2)], now);
        assert_eq!(view.owner_of(&of_two, now, AT), Some(2));
    }
}
