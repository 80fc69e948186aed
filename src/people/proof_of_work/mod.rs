//! Proofs of work: a call that a crowd of machines could make costs each of them some time.
//!
//! `challenge` makes challenges and knows its own again, `difficulty` says how hard they are. A
//! solution is spent once, on whatever node and through whatever crash: it is a deed of the
//! directory, which is written before the call is done. Under an idempotency key a solution stands
//! for that one request, so that a lost answer can be asked for again.

mod challenge;
mod difficulty;
pub(crate) mod refusal;

pub use challenge::WorkChallenge;
pub use refusal::{WorkFlaw, WorkRefusal};

use super::error::Error;
use super::rates::Rates;
use super::sharing::Sharing;
use actors::Id;
use actors::store::StoreError;
use actors::time::{Clock, Time};
use base::fresh;
use challenge::{ChallengeSeal, RightSolution, WorkSolution};
use difficulty::Difficulty;
use ports::deeds::{Deed, DeedAttempt};
use ports::{Directory, GuardedCall};
use std::sync::{Arc, Mutex, MutexGuard};

/// The secret that challenges are signed with.
const SECRET: &str = "proof-of-work-key";
/// How often in a minute the same request may come with the same solution.
const REPEATS_PER_MINUTE: u32 = 10;

#[derive(Clone, Debug)]
pub struct WorkSettings {
    /// Those that take a proof of work; none: nothing is asked of anybody.
    pub calls: Vec<GuardedCall>,
    /// How many numbers a challenge has while it is quiet.
    pub numbers: u32,
    /// How long it is good for.
    pub life_s: u32,
    /// Beyond so many a second they get harder.
    pub per_second: u32,
}

/// A solution that was spent for a call; None where none is asked for.
#[derive(Debug)]
pub struct SpentWork(Option<DeedAttempt>);

impl SpentWork {
    /// For a call that asks for none, or for a caller of whom none is asked.
    pub fn none() -> SpentWork {
        SpentWork(None)
    }
}

pub struct WorkProofs {
    settings: WorkSettings,
    seal: ChallengeSeal,
    difficulty: Mutex<Difficulty>,
    repeats: Rates,
    directory: Arc<dyn Directory>,
    sharing: Sharing,
    clock: Clock,
    idempotency_s: u32,
}

impl WorkProofs {
    pub(crate) async fn open(
        settings: WorkSettings,
        directory: Arc<dyn Directory>,
        sharing: Sharing,
        clock: Clock,
        idempotency_s: u32,
    ) -> Result<WorkProofs, StoreError> {
        let mut key = fresh::bytes::<32>().to_vec();
        if !settings.calls.is_empty() {
            key = directory.secret(SECRET, key).await?;
        }
        let difficulty = Mutex::new(Difficulty::above(settings.per_second));
        let (seal, repeats) = (ChallengeSeal::with_key(key.into()), Rates::new(REPEATS_PER_MINUTE));
        let proofs = WorkProofs {
            settings,
            seal,
            difficulty,
            repeats,
            directory,
            sharing,
            clock,
            idempotency_s,
        };
        Ok(proofs)
    }

    pub fn guards(&self, call: GuardedCall) -> bool {
        self.settings.calls.contains(&call)
    }

    /// None for a call that asks for none.
    pub fn issue(&self, call: GuardedCall) -> Option<WorkChallenge> {
        if !self.guards(call) {
            return None;
        }
        let maxnumber = self.numbers()?;
        let number = u64::from_le_bytes(fresh::bytes()) % (maxnumber + 1);
        let until = (self.clock)().plus_s(self.settings.life_s);
        metrics::counter!("stampede_work_challenges_total").increment(1);
        Some(self.seal.issue(call, until, fresh::bytes(), (number, maxnumber)))
    }

    /// How many numbers a challenge has now. None if none is ever asked for.
    pub fn numbers(&self) -> Option<u64> {
        let step = self.difficulty().step((self.clock)());
        (!self.settings.calls.is_empty()).then(|| u64::from(self.settings.numbers) << step)
    }

    /// Spends what the caller shows. The same request under the same key may come again: `said` is
    /// all that it says, but for passwords. A call with a password may only when `note_outcome` has
    /// said so, or one solution would try many.
    pub async fn spend(
        &self,
        call: GuardedCall,
        shown: Option<&str>,
        key: Option<&str>,
        said: &[&[u8]],
    ) -> Result<SpentWork, Error> {
        if !self.guards(call) {
            return Ok(SpentWork::none());
        }
        let refused = |flaw| Error::Work(WorkRefusal { call, flaw });
        let solution = WorkSolution::read(shown.ok_or_else(|| refused(WorkFlaw::Missing))?);
        let now = (self.clock)();
        let right = solution.and_then(|solution| self.seal.check(&solution, call, now));
        let right = right.map_err(refused)?;
        let attempt = self.attempt(right, now, meaning(call, key, said));
        match self.directory.begin_deed(attempt).await? {
            None => {
                self.difficulty().count(now);
                count("spent");
            }
            Some(before) if self.is_repeat(call, &before, &attempt.deed) => {
                self.admit_repeat(right.id, now).await?
            }
            Some(_) => return Err(refused(WorkFlaw::Used)),
        }
        Ok(SpentWork(Some(attempt)))
    }

    /// What the call has come to: unless it was refused for what it says, it may be asked for again
    /// with the same work and key.
    pub async fn note_outcome<T>(
        &self,
        call: GuardedCall,
        spent: SpentWork,
        outcome: &Result<T, Error>,
    ) {
        if let SpentWork(Some(attempt)) = spent
            && call.says_a_password()
            && tells_nothing_of_the_password(outcome)
        {
            // If this cannot be written, who asks again needs another challenge, and no more.
            let _ = self.directory.end_deed(attempt, true).await;
        }
    }

    fn is_repeat(&self, call: GuardedCall, before: &Deed, now: &Deed) -> bool {
        before.meaning == now.meaning && (before.done || !call.says_a_password())
    }

    async fn admit_repeat(&self, solution: Id, now: Time) -> Result<(), Error> {
        let spent = self.repeats.spend(self.sharing.memory(), solution, now).await;
        count("repeated");
        spent.map_err(|retry_after_s| Error::TooMany { retry_after_s })
    }

    /// It stands until its challenge has expired, and then for as long as keys are remembered.
    fn attempt(&self, right: RightSolution, now: Time, meaning: Option<Id>) -> DeedAttempt {
        let mark = fresh::id(now);
        // Without a key no request is the same.
        let meaning = meaning.unwrap_or(mark);
        DeedAttempt {
            deed: Deed { key: right.id, meaning, at: right.until, mark, done: false },
            keys_since: now.minus_s(self.idempotency_s),
            given_up_before: Time(i64::MIN),
        }
    }

    fn difficulty(&self) -> MutexGuard<'_, Difficulty> {
        self.difficulty.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn meaning(call: GuardedCall, key: Option<&str>, said: &[&[u8]]) -> Option<Id> {
    let parts = [call.name().as_bytes(), key?.as_bytes()];
    Some(Id::digest(&[&parts[..], said].concat()))
}

/// It was right, or was not looked at.
fn tells_nothing_of_the_password<T>(outcome: &Result<T, Error>) -> bool {
    match outcome {
        Ok(_) => true,
        Err(error) => matches!(
            error,
            Error::Busy(_) | Error::TooMany { .. } | Error::OverRate { .. } | Error::Store(_)
        ),
    }
}

fn count(outcome: &'static str) {
    metrics::counter!("stampede_proofs_of_work_total", "outcome" => outcome).increment(1);
}
