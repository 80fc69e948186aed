//! What should come of a command by a model, and what was right since somebody asked.

use super::kind::{Kind, Told};

/// What should come of a command: something new, the same as before, or a refusal.
pub type Right<R> = Result<Answered, R>;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answered {
    New,
    Already,
}

/// Whatever would have been right at some moment since it was asked.
#[derive(Debug)]
pub struct Seen<R>(Vec<Right<R>>);

impl<R> Default for Seen<R> {
    fn default() -> Seen<R> {
        Seen(Vec::new())
    }
}

impl<R: PartialEq> Seen<R> {
    pub fn note(&mut self, right: Right<R>) {
        if !self.0.contains(&right) {
            self.0.push(right);
        }
    }

    fn refused(&self, refusal: &R) -> bool {
        self.0.iter().any(|right| right.as_ref().err() == Some(refusal))
    }

    pub fn repeated(&self) -> bool {
        self.0.contains(&Ok(Answered::Already))
    }
}

/// A refusal must have been right where it comes from; one that another place might not share must
/// have been right everywhere.
pub fn refused_rightly<K: Kind<Seen = Seen<<K as actors::Machine>::Refusal>>>(
    told: &Told<K>,
    refusal: &K::Refusal,
) where
    K::Refusal: actors::Refused,
{
    let lacking = |refusal: &K::Refusal| actors::Refused::may_be_had_elsewhere(refusal);
    let somewhere = told.call.places.iter().any(|place| told.seen_in(*place).refused(refusal));
    // A call may be told that nothing is left although its twin under the same key has just got the
    // last one: the next repeat finds that one.
    let could_give_nothing =
        |seen: &Seen<K::Refusal>| seen.0.iter().any(|right| *right != Ok(Answered::New));
    let everywhere = told.call.places.iter().all(|place| could_give_nothing(told.seen_in(*place)));
    assert!(
        somewhere,
        "{:?} was refused with {refusal:?}; right was one of {:?}",
        told.call.command, told.seen
    );
    assert!(
        everywhere || !lacking(refusal),
        "{:?} was refused with {refusal:?}, but there was one all the time",
        told.call.command
    );
}
