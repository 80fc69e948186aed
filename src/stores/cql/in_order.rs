//! Answers to the appends of one partition, in their order, while list rows are written beside.
//!
//! When a frame is in the log, its rows are written beside the next append. Each answer waits for
//! its own rows and for the answer before it. If rows could not be written, their append and all
//! behind it are answered as unknown: to open the partition again is to write them.

use actors::store::{AppendOutcome, Callback, StoreError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::oneshot;

#[derive(Default)]
pub struct AnswersInOrder {
    /// Closed when the last answer so far was given.
    last: Option<oneshot::Receiver<()>>,
    rows_are_missing: Arc<AtomicBool>,
}

/// The place of one answer.
pub struct PlaceInOrder {
    before: Option<oneshot::Receiver<()>>,
    rows_are_missing: Arc<AtomicBool>,
    /// Dropped when the answer was given.
    given: oneshot::Sender<()>,
}

impl AnswersInOrder {
    /// The place behind all others.
    pub fn next(&mut self) -> PlaceInOrder {
        let (given, is_given) = oneshot::channel();
        let before = self.last.replace(is_given);
        PlaceInOrder { before, rows_are_missing: self.rows_are_missing.clone(), given }
    }

    /// Whether rows of an append could not be written since the partition was opened.
    pub fn lack_rows(&self) -> bool {
        self.rows_are_missing.load(Ordering::SeqCst)
    }

    /// The partition was opened again, and all rows were written.
    pub fn have_all_rows(&mut self) {
        self.rows_are_missing = Arc::default();
    }
}

impl PlaceInOrder {
    /// Waits for its turn, and answers. `rows` says whether they were written.
    pub async fn answer(
        self,
        outcome: AppendOutcome,
        rows: Result<(), StoreError>,
        done: Callback<AppendOutcome>,
    ) {
        if let Some(before) = self.before {
            // An error is the end of the one before, too.
            let _ = before.await;
        }
        let missing = match rows {
            Ok(()) if !self.rows_are_missing.load(Ordering::SeqCst) => None,
            Ok(()) => Some("the rows of an earlier append could not be written".to_owned()),
            Err(error) => {
                self.rows_are_missing.store(true, Ordering::SeqCst);
                Some(error.to_string())
            }
        };
        let outcome = match (outcome, missing) {
            (AppendOutcome::Durable, Some(why)) => AppendOutcome::Unknown(why),
            (outcome, _) => outcome,
        };
        // An answer may run a machine's own code. If it panics, only that answer is lost.
        let _ = catch_unwind(AssertUnwindSafe(|| done(outcome)));
        drop(self.given);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    type Told = Arc<Mutex<Vec<(u32, AppendOutcome)>>>;

    fn tell(told: &Told, number: u32) -> Callback<AppendOutcome> {
        let told = told.clone();
        Box::new(move |outcome| told.lock().unwrap().push((number, outcome)))
    }

    fn run<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
    }

    #[test]
    fn answers_keep_their_order_whichever_rows_are_written_first() {
        run(async {
            let (mut answers, told) = (AnswersInOrder::default(), Told::default());
            let [first, second, third] = std::array::from_fn(|_| answers.next());
            let durable = AppendOutcome::Durable;
            let late = tokio::spawn(third.answer(AppendOutcome::Fenced, Ok(()), tell(&told, 3)));
            let later = tokio::spawn(second.answer(durable.clone(), Ok(()), tell(&told, 2)));
            tokio::task::yield_now().await;
            assert!(told.lock().unwrap().is_empty());
            first.answer(durable.clone(), Ok(()), tell(&told, 1)).await;
            later.await.unwrap();
            late.await.unwrap();
            let expected = [(1, durable.clone()), (2, durable), (3, AppendOutcome::Fenced)];
            assert_eq!(*told.lock().unwrap(), expected);
        });
    }

    #[test]
    fn whatever_comes_behind_missing_rows_is_unknown_until_the_partition_is_opened_again() {
        run(async {
            let (mut answers, told) = (AnswersInOrder::default(), Told::default());
            let (first, second) = (answers.next(), answers.next());
            let lost = Err(StoreError::Unavailable("nobody is there".into()));
            first.answer(AppendOutcome::Durable, lost, tell(&told, 1)).await;
            assert!(answers.lack_rows());
            second.answer(AppendOutcome::Durable, Ok(()), tell(&told, 2)).await;
            answers.have_all_rows();
            assert!(!answers.lack_rows());
            answers.next().answer(AppendOutcome::Durable, Ok(()), tell(&told, 3)).await;
            let told = told.lock().unwrap();
            assert!(matches!(told[0], (1, AppendOutcome::Unknown(_))));
            assert!(matches!(told[1], (2, AppendOutcome::Unknown(_))));
            assert_eq!(told[2], (3, AppendOutcome::Durable));
        });
    }

    #[test]
    fn an_answer_that_panics_holds_nobody_up() {
        run(async {
            let (mut answers, told) = (AnswersInOrder::default(), Told::default());
            let (first, second) = (answers.next(), answers.next());
            let panics: Callback<AppendOutcome> = Box::new(|_| panic!("it was told to"));
            first.answer(AppendOutcome::Durable, Ok(()), panics).await;
            second.answer(AppendOutcome::Durable, Ok(()), tell(&told, 2)).await;
            assert_eq!(*told.lock().unwrap(), [(2, AppendOutcome::Durable)]);
        });
    }
}
