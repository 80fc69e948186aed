//! A lottery is withdrawn while a member submits, and the store fails, or the process dies, at
//! every single write. Either the ballot was first, and the lottery goes on with it, or the lottery
//! is gone, and the next one of its name has nothing of it.

use super::*;
use testing::write_trap::{ANY, WriteSnare, WriteTrap};

struct Stage {
    store: MemoryStore,
    snare: WriteSnare,
    process: Rc<Process>,
}

/// How a withdrawal ended, as whoever asks for it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Withdrawn,
    InUse,
}

impl Stage {
    async fn set() -> Stage {
        let (store, snare) = (MemoryStore::default(), WriteSnare::default());
        let process = Stage::process(&store, &snare);
        process.create(true).await;
        Stage { store, snare, process }
    }

    fn process(store: &MemoryStore, snare: &WriteSnare) -> Rc<Process> {
        let trap = WriteTrap { memory: store.another_node(), snare: snare.clone(), of: ANY };
        Process::with(testing::around::as_store(Arc::new(trap)))
    }

    /// As after a start.
    fn restart(&mut self) {
        self.store.forget_snapshots();
        self.process = Stage::process(&self.store, &self.snare);
    }

    /// What was told fits to what is there, also for whoever reads the log anew; and to what the
    /// member was told.
    async fn fits(&mut self, told: Told, accepted: Option<BallotId>) {
        for _ in 0..2 {
            let view = self.process.lotteries.view(POOL).await.unwrap();
            match (told, accepted, view) {
                (Told::Withdrawn, None, None) => {}
                (Told::InUse, Some(id), Some(view)) => {
                    assert_eq!(view.phase, Phase::Open);
                    let there = self.process.ballots.in_lottery(POOL, &view.plan, None, 99).await;
                    let there: Vec<BallotId> =
                        there.unwrap().into_iter().map(|(id, _)| id).collect();
                    assert_eq!(there, [id]);
                }
                other => panic!("{other:?}"),
            }
            self.restart();
        }
        if told == Told::Withdrawn {
            self.process.create(true).await;
        }
        // Whatever became of it, the one that is there now takes what comes.
        let member = Member { id: 40, asked: 0, accepted: Vec::new() };
        let plan = self.process.lotteries.plan(POOL).await.unwrap().expect("there is one");
        assert_eq!(plan.edition > 0, told == Told::Withdrawn || plan.edition > 0);
        self.process.ballots.submit(POOL, &plan, member.by()).await.unwrap();
        let count = 1 + usize::from(accepted.is_some());
        let all = self.process.ballots.in_lottery(POOL, &plan, None, 99).await.unwrap();
        assert_eq!(all.len(), count);
    }
}

/// Asks until it is told what it came to, each time under the same key.
async fn withdraw(process: Rc<Process>) -> Told {
    let key = Key::new(Id([9; 16]), b"withdraw", &[b"withdraw"]);
    let by = By::SYSTEM.under(Some(key));
    for _ in 0..TURNS {
        match process.closing.withdraw(POOL, by).await {
            Ok(_) => return Told::Withdrawn,
            Err(Error(Failure::Refused(Refusal::Lottery(lottery::Refusal::Touched)))) => {
                return Told::InUse;
            }
            Err(Error(Failure::Unknown | Failure::Moved | Failure::Unavailable(_))) => {}
            Err(other) => panic!("{other:?}"),
        }
        turn().await;
    }
    panic!("it never comes to its end");
}

/// Submits once, after so many turns of the others, until it is told what it came to.
async fn submit_once(process: Rc<Process>, after: usize) -> Option<BallotId> {
    let member = Member { id: 1, asked: 0, accepted: Vec::new() };
    // As another node would know it, that has not heard of a withdrawal.
    let plan = process.lotteries.plan(POOL).await.unwrap()?;
    for _ in 0..after {
        turn().await;
    }
    for _ in 0..TURNS {
        match process.ballots.submit(POOL, &plan, member.by()).await {
            Ok(submitted) => return submitted.shown.map(|(id, _)| id),
            Err(Error(Failure::Refused(Refusal::Ballots(ballots::Refusal::Withdrawn)))) => {
                return None;
            }
            Err(Error(Failure::Unknown | Failure::Moved | Failure::Unavailable(_))) => {}
            Err(other) => panic!("{other:?}"),
        }
        turn().await;
    }
    panic!("it is never told");
}

#[actix_rt::test]
async fn a_ballot_or_the_withdrawal_is_first_whenever_it_comes() {
    let mut ends = BTreeSet::new();
    let at_once = (0..60).map(|after| (after, 0)).chain([(5_000, 0)]);
    for (after, wait) in at_once.chain((0..60).map(|after| (after, 50))) {
        let mut stage = Stage::set().await;
        let member = rt::spawn(submit_once(stage.process.clone(), after));
        for _ in 0..wait {
            turn().await;
        }
        let told = withdraw(stage.process.clone()).await;
        let accepted = member.await.unwrap();
        ends.insert(told == Told::Withdrawn);
        match (told, accepted) {
            (Told::InUse, None) => panic!("who was in the way?"),
            _ => stage.fits(told, accepted).await,
        }
    }
    assert_eq!(ends.len(), 2, "both were first at some time");
}

#[actix_rt::test]
async fn a_store_that_fails_at_any_write_of_a_withdrawal_changes_no_result() {
    for fate in [Fate::LoseUnknown, Fate::KeepButUnknown, Fate::Tear, Fate::Fence] {
        for place in 0.. {
            let mut stage = Stage::set().await;
            *stage.snare.lock().unwrap() = Some((place, fate));
            let told = withdraw(stage.process.clone()).await;
            let was_met = stage.snare.lock().unwrap().take().is_none();
            stage.fits(told, None).await;
            if !was_met {
                assert!(place > 15, "there are so many slices, boxes, tills and steps: {place}");
                break;
            }
        }
    }
}

#[actix_rt::test]
async fn a_process_that_dies_at_any_write_of_a_withdrawal_is_gone_on_with() {
    for keeps in [false, true] {
        for place in 0..17 {
            let mut stage = Stage::set().await;
            *stage.snare.lock().unwrap() = Some((place, Fate::Stall));
            let process = stage.process.clone();
            let withdrawing = rt::spawn(async move { withdraw(process).await });
            for _ in 0..200 {
                turn().await;
            }
            assert!(!stage.store.pending().is_empty(), "it dies in the middle of something");
            withdrawing.abort();
            stage.store.crash(|_| keeps);
            stage.restart();
            // The job comes first, and then whoever has asked.
            stage.process.closing.go_on(POOL).await.unwrap();
            if stage.process.lotteries.view(POOL).await.unwrap().is_some() {
                assert_eq!(place, 0, "all that was begun was gone on with");
                assert_eq!(withdraw(stage.process.clone()).await, Told::Withdrawn);
            }
            stage.fits(Told::Withdrawn, None).await;
        }
    }
}

#[actix_rt::test]
async fn a_lottery_in_use_is_not_disturbed_by_whoever_would_withdraw_it() {
    let stage = Stage::set().await;
    submit_once(stage.process.clone(), 0).await.expect("nobody withdraws it");
    let frames = || stage.store.partitions().iter().map(|of| stage.store.frames(of).len()).sum();
    let before: usize = frames();
    assert_eq!(withdraw(stage.process.clone()).await, Told::InUse);
    assert_eq!(frames(), before, "nothing was written");
    let tickets = stage
        .process
        .tickets
        .ledger(POOL, &stage.process.lotteries.plan(POOL).await.unwrap().unwrap())
        .await
        .unwrap();
    assert_eq!((tickets.free, tickets.stock), (10_000, 10_000));
}
