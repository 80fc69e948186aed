//! A queue between threads whose reader sleeps when nothing waits, and takes all that waits when
//! something does.
//!
//! A channel that spins before it sleeps yields its processor meanwhile. On a machine with
//! something else to do, Linux lets it wait a whole slice for that, or several: the writer was seen
//! to be away for 2 to 15 ms at a third of what the machine can do, with all answers of the next
//! commit waiting for it.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

pub struct Sender<T>(Arc<Shared<T>>);

pub struct Receiver<T>(Arc<Shared<T>>);

/// Why nothing was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NothingTaken {
    /// Nothing came for as long as the receiver wanted to wait.
    Yet,
    /// No sender is left.
    Ever,
}

/// What was not sent, and why.
#[derive(Debug, PartialEq, Eq)]
pub enum Unsent<T> {
    /// As many wait as may.
    Full(T),
    /// No receiver is left.
    Gone(T),
}

struct Shared<T> {
    state: Mutex<State<T>>,
    filled: Condvar,
}

struct State<T> {
    waiting: VecDeque<T>,
    asleep: usize,
    senders: usize,
    receivers: usize,
}

pub fn queue<T>() -> (Sender<T>, Receiver<T>) {
    let state = State { waiting: VecDeque::new(), asleep: 0, senders: 1, receivers: 1 };
    let shared = Arc::new(Shared { state: Mutex::new(state), filled: Condvar::new() });
    (Sender(shared.clone()), Receiver(shared))
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn sleep<'s>(
        &'s self,
        state: MutexGuard<'s, State<T>>,
        patience: Option<Duration>,
    ) -> MutexGuard<'s, State<T>> {
        let is_idle = |state: &mut State<T>| state.is_idle();
        match patience {
            Some(patience) => match self.filled.wait_timeout_while(state, patience, is_idle) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            },
            None => self
                .filled
                .wait_while(state, is_idle)
                .unwrap_or_else(|poisoned| poisoned.into_inner()),
        }
    }
}

impl<T> Sender<T> {
    /// Gives it back when no receiver is left.
    pub fn send(&self, item: T) -> Result<(), T> {
        self.send_within(usize::MAX, item).map_err(|(Unsent::Full(item) | Unsent::Gone(item))| item)
    }

    /// Gives it back, too, when so many wait already.
    pub fn send_within(&self, most: usize, item: T) -> Result<(), Unsent<T>> {
        let mut state = self.0.lock();
        if state.receivers == 0 {
            return Err(Unsent::Gone(item));
        }
        if state.waiting.len() >= most {
            return Err(Unsent::Full(item));
        }
        state.waiting.push_back(item);
        let one_sleeps = state.asleep > 0;
        drop(state);
        if one_sleeps {
            self.0.filled.notify_one();
        }
        Ok(())
    }
}

impl<T> Receiver<T> {
    /// Takes up to so many of what waits, as soon as something does. Waits for that no longer than
    /// it is told to.
    pub fn take(
        &self,
        most: usize,
        patience: Option<Duration>,
        into: &mut Vec<T>,
    ) -> Result<(), NothingTaken> {
        let mut state = self.0.lock();
        if state.is_idle() && patience != Some(Duration::ZERO) {
            state.asleep += 1;
            state = self.0.sleep(state, patience);
            state.asleep -= 1;
        }
        if state.waiting.is_empty() {
            return Err(if state.senders == 0 { NothingTaken::Ever } else { NothingTaken::Yet });
        }
        let some = most.min(state.waiting.len());
        into.extend(state.waiting.drain(..some));
        Ok(())
    }

    /// None when no sender is left.
    pub fn take_one(&self) -> Option<T> {
        let mut one = Vec::with_capacity(1);
        self.take(1, None, &mut one).ok()?;
        one.pop()
    }

    pub fn len(&self) -> usize {
        self.0.lock().waiting.len()
    }
}

impl<T> State<T> {
    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.senders > 0
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.0.lock().senders += 1;
        Sender(self.0.clone())
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        self.0.lock().receivers += 1;
        Receiver(self.0.clone())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.senders -= 1;
        if state.senders == 0 {
            drop(state);
            self.0.filled.notify_all();
        }
    }
}

impl<T> Drop for Receiver<T> {
    /// What no receiver will take is dropped here, so that its caller hears of it.
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.receivers -= 1;
        let left =
            if state.receivers == 0 { std::mem::take(&mut state.waiting) } else { VecDeque::new() };
        drop(state);
        drop(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn everything_sent_is_taken_once_and_in_the_order_of_its_sender() {
        let (sender, receiver) = queue();
        let senders: Vec<_> = (0..4u32)
            .map(|who| {
                let sender = sender.clone();
                thread::spawn(move || {
                    (0..10_000u32).for_each(|number| sender.send((who, number)).unwrap())
                })
            })
            .collect();
        drop(sender);
        let (mut taken, mut batch) = (vec![Vec::new(); 4], Vec::new());
        while receiver.take(100, None, &mut batch).is_ok() {
            assert!((1..=100).contains(&batch.len()));
            batch.drain(..).for_each(|(who, number): (u32, u32)| taken[who as usize].push(number));
        }
        senders.into_iter().for_each(|sender| sender.join().unwrap());
        assert!(taken.iter().all(|numbers| *numbers == (0..10_000).collect::<Vec<_>>()));
    }

    #[test]
    fn several_receivers_share_and_all_end() {
        let (sender, receiver) = queue();
        let receivers: Vec<_> = (0..3)
            .map(|_| {
                let receiver = receiver.clone();
                thread::spawn(move || std::iter::from_fn(|| receiver.take_one()).sum::<u64>())
            })
            .collect();
        drop(receiver);
        (1..=1_000).for_each(|number| sender.send(number).unwrap());
        drop(sender);
        let sums = receivers.into_iter().map(|receiver| receiver.join().unwrap());
        assert_eq!(sums.sum::<u64>(), 500_500);
    }

    #[test]
    fn what_does_not_fit_comes_back_and_leaves_the_rest_as_it_was() {
        let (sender, receiver) = queue();
        assert_eq!(sender.send_within(2, 1), Ok(()));
        assert_eq!(sender.send_within(2, 2), Ok(()));
        assert_eq!(sender.send_within(2, 3), Err(Unsent::Full(3)));
        // What has no bound goes behind them all the same.
        assert_eq!(sender.send(4), Ok(()));
        assert_eq!((receiver.take_one(), receiver.take_one()), (Some(1), Some(2)));
        assert_eq!(sender.send_within(2, 5), Ok(()));
        drop(receiver);
        assert_eq!(sender.send_within(2, 6), Err(Unsent::Gone(6)));
    }

    #[test]
    fn nothing_yet_is_not_nothing_ever() {
        let (sender, receiver) = queue();
        let mut batch = Vec::new();
        assert_eq!(receiver.take(1, Some(Duration::ZERO), &mut batch), Err(NothingTaken::Yet));
        assert_eq!(
            receiver.take(1, Some(Duration::from_millis(1)), &mut batch),
            Err(NothingTaken::Yet)
        );
        sender.send(1).unwrap();
        drop(sender);
        assert_eq!((receiver.take(9, None, &mut batch), &*batch), (Ok(()), &[1][..]));
        assert_eq!(receiver.take(9, None, &mut batch), Err(NothingTaken::Ever));
    }

    #[test]
    fn what_nobody_takes_comes_back_or_is_dropped() {
        let (sender, receiver) = queue();
        let item = Arc::new(());
        sender.send(item.clone()).unwrap();
        assert_eq!(Arc::strong_count(&item), 2);
        drop(receiver);
        assert_eq!(Arc::strong_count(&item), 1);
        assert!(sender.send(item).is_err());
    }
}
