//! The queue before the hashing threads: a lane for each origin, and the lanes are served in turn.
//!
//! So an origin that sends much waits behind its own jobs, and no other origin waits for all of
//! them. In a full queue a newcomer takes the place of the youngest job of the origin, or of the
//! account, that has the most waiting. That is done only if it has more than the newcomer's own
//! would have. An origin that is alone may fill the queue. There is no clock here: the caller says
//! what has waited for too long.

use actors::Id;
use hashbrown::HashMap;
use std::collections::VecDeque;

/// For whom a password is hashed.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    /// The address, or what else may not crowd others out.
    pub origin: Id,
    /// The account that a password is checked for, so that many addresses do not crowd others out
    /// with one.
    pub account: Option<Id>,
}

pub struct Queue<T> {
    lanes: HashMap<Id, VecDeque<Waiting<T>>>,
    /// The origins of all lanes, in the order of their turns.
    turns: VecDeque<Id>,
    per_account: HashMap<Id, usize>,
    waiting: usize,
    arrived: u64,
}

struct Waiting<T> {
    /// How many have come before.
    number: u64,
    asker: Asker,
    job: T,
}

/// Whose jobs are counted.
#[derive(Clone, Copy)]
enum Party {
    Origin(Id),
    Account(Id),
}

impl<T> Default for Queue<T> {
    fn default() -> Queue<T> {
        Queue {
            lanes: HashMap::new(),
            turns: VecDeque::new(),
            per_account: HashMap::new(),
            waiting: 0,
            arrived: 0,
        }
    }
}

impl<T> Queue<T> {
    pub fn len(&self) -> usize {
        self.waiting
    }

    /// Lets a job in where at most `most` may wait. Answers the one that has no place: this one, or
    /// another.
    pub fn push(&mut self, asker: Asker, job: T, most: usize) -> Option<T> {
        if self.waiting < most {
            self.enter(asker, job);
            return None;
        }
        let (heaviest, jobs) = self.heaviest()?;
        if jobs <= self.waiting_of(asker) + 1 {
            return Some(job);
        }
        let displaced = self.remove_youngest(heaviest);
        self.enter(asker, job);
        displaced
    }

    /// The oldest job of the origin whose turn it is.
    pub fn pop(&mut self) -> Option<T> {
        let origin = self.turns.pop_front()?;
        let first = self.lanes.get_mut(&origin)?.pop_front()?;
        self.turns.push_back(origin);
        self.left(first.asker);
        Some(first.job)
    }

    /// Takes out the oldest jobs of each origin as long as they are late.
    pub fn remove_late(&mut self, is_late: impl Fn(&T) -> bool) -> Vec<T> {
        let mut late = Vec::new();
        for lane in self.lanes.values_mut() {
            while lane.front().is_some_and(|first| is_late(&first.job)) {
                late.extend(lane.pop_front());
            }
        }
        late.iter().for_each(|one| self.left(one.asker));
        late.into_iter().map(|one| one.job).collect()
    }

    fn enter(&mut self, asker: Asker, job: T) {
        let lane = self.lanes.entry(asker.origin).or_insert_with(|| {
            self.turns.push_back(asker.origin);
            VecDeque::new()
        });
        lane.push_back(Waiting { number: self.arrived, asker, job });
        if let Some(account) = asker.account {
            *self.per_account.entry(account).or_default() += 1;
        }
        self.arrived += 1;
        self.waiting += 1;
    }

    /// Counts out a job that was taken from its lane. A lane ends with its last job.
    fn left(&mut self, asker: Asker) {
        self.waiting -= 1;
        if self.lanes.get(&asker.origin).is_some_and(VecDeque::is_empty) {
            self.lanes.remove(&asker.origin);
            self.turns.retain(|origin| *origin != asker.origin);
        }
        let Some(account) = asker.account else { return };
        let Some(jobs) = self.per_account.get_mut(&account) else { return };
        *jobs -= 1;
        if *jobs == 0 {
            self.per_account.remove(&account);
        }
    }

    /// How many wait for the same origin, or for the same account if they are more.
    fn waiting_of(&self, asker: Asker) -> usize {
        let of_origin = self.lanes.get(&asker.origin).map_or(0, VecDeque::len);
        let of_account = asker.account.and_then(|account| self.per_account.get(&account));
        of_origin.max(of_account.copied().unwrap_or(0))
    }

    fn heaviest(&self) -> Option<(Party, usize)> {
        let origins = self.lanes.iter().map(|(origin, lane)| (Party::Origin(*origin), lane.len()));
        let accounts = self.per_account.iter().map(|(id, jobs)| (Party::Account(*id), *jobs));
        origins.chain(accounts).max_by_key(|(_, jobs)| *jobs)
    }

    fn remove_youngest(&mut self, party: Party) -> Option<T> {
        let (origin, place) = match party {
            Party::Origin(origin) => (origin, self.lanes.get(&origin)?.len() - 1),
            Party::Account(account) => self.youngest_of(account)?,
        };
        let removed = self.lanes.get_mut(&origin)?.remove(place)?;
        self.left(removed.asker);
        Some(removed.job)
    }

    /// In which lane, and where in it.
    fn youngest_of(&self, account: Id) -> Option<(Id, usize)> {
        let places = self.lanes.iter().flat_map(|(origin, lane)| {
            lane.iter().enumerate().map(move |(place, waiting)| (waiting, *origin, place))
        });
        let of_account = places.filter(|(waiting, ..)| waiting.asker.account == Some(account));
        let youngest = of_account.max_by_key(|(waiting, ..)| waiting.number);
        youngest.map(|(_, origin, place)| (origin, place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(origin: u8, account: u8) -> Asker {
        Asker { origin: Id([origin; 16]), account: Some(Id([account; 16])) }
    }

    /// Everything that waits, in the order in which it is served.
    fn served(mut queue: Queue<u32>) -> Vec<u32> {
        let served: Vec<u32> = std::iter::from_fn(|| queue.pop()).collect();
        assert!(
            queue.len() == 0
                && queue.lanes.is_empty()
                && queue.per_account.is_empty()
                && queue.turns.is_empty()
        );
        served
    }

    #[test]
    fn origins_are_served_in_turn_and_each_in_the_order_it_came() {
        let mut queue = Queue::default();
        for (job, origin) in [(0, 1), (1, 1), (2, 1), (3, 2), (4, 3), (5, 2)] {
            assert_eq!(queue.push(of(origin, job as u8), job, 10), None);
        }
        assert_eq!(served(queue), [0, 3, 4, 1, 5, 2]);
    }

    #[test]
    fn an_origin_that_is_alone_may_fill_the_queue_and_gets_no_more() {
        let mut queue = Queue::default();
        assert!((0..10).all(|job| queue.push(of(1, job as u8), job, 10).is_none()));
        assert_eq!(queue.push(of(1, 77), 99, 10), Some(99));
        assert_eq!(served(queue), (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn a_newcomer_takes_the_place_of_the_youngest_of_the_party_with_the_most() {
        let mut queue = Queue::default();
        (0..7).for_each(|job| assert_eq!(queue.push(of(1, job as u8), job, 10), None));
        (7..10).for_each(|job| assert_eq!(queue.push(of(2, job as u8), job, 10), None));
        assert_eq!(queue.push(of(3, 50), 50, 10), Some(6));
        assert_eq!(queue.push(of(4, 51), 51, 10), Some(5));
        assert_eq!(queue.push(of(1, 52), 52, 10), Some(52));
        // As soon as no party has more than the newcomer would have, the newcomer goes.
        assert_eq!(queue.push(of(3, 53), 53, 10), Some(4));
        assert_eq!(queue.push(of(3, 54), 54, 10), Some(3));
        assert_eq!(queue.push(of(3, 55), 55, 10), Some(55));
        assert_eq!(served(queue), [0, 7, 50, 51, 1, 8, 53, 2, 9, 54]);
    }

    #[test]
    fn many_origins_do_not_crowd_others_out_with_one_account() {
        let mut queue = Queue::default();
        (0..10).for_each(|job| assert_eq!(queue.push(of(job as u8, 1), job, 10), None));
        assert_eq!(queue.push(of(50, 2), 50, 10), Some(9));
        assert_eq!(queue.push(of(51, 1), 51, 10), Some(51));
        assert_eq!(queue.push(of(52, 2), 52, 10), Some(8));
        assert_eq!(served(queue), [0, 1, 2, 3, 4, 5, 6, 7, 50, 52]);
    }

    #[test]
    fn what_is_late_goes_from_every_lane() {
        let mut queue = Queue::default();
        for (job, origin) in [(0, 1), (1, 2), (2, 1), (3, 2), (4, 1)] {
            assert_eq!(queue.push(of(origin, 9), job, 10), None);
        }
        let mut late = queue.remove_late(|job| *job < 2);
        late.sort_unstable();
        assert_eq!((late, queue.len()), (vec![0, 1], 3));
        assert_eq!(queue.remove_late(|job| *job == 3), [3]);
        assert_eq!(served(queue), [2, 4]);
    }
}
