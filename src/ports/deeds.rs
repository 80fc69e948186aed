//! What is done under idempotency keys and is no command of a partition: that it was begun, and
//! whether it is done. No answer is kept, so no secret and no name is.

use actors::{Id, Time};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deed {
    /// Of its caller and the text of the key.
    pub key: Id,
    /// Of what was asked for, without secrets.
    pub meaning: Id,
    pub at: Time,
    /// Tells this attempt from any other.
    pub mark: Id,
    pub done: bool,
}

/// A deed that is to begin, unless another stands in its way.
#[derive(Clone, Copy, Debug)]
pub struct DeedAttempt {
    pub deed: Deed,
    /// Keys from before this are forgotten.
    pub keys_since: Time,
    /// What was begun before this and is not done has been given up.
    pub given_up_before: Time,
}

impl DeedAttempt {
    /// The rule, for every directory alike.
    pub fn yields_to(&self, there: &Deed) -> bool {
        let goes_on = there.done || there.at >= self.given_up_before;
        there.at >= self.keys_since && (goes_on || there.meaning != self.deed.meaning)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deed(at: i64, meaning: u8, done: bool) -> Deed {
        let [key, mark] = [1, 9].map(|n| Id([n; 16]));
        Deed { key, meaning: Id([meaning; 16]), at: Time(at), mark, done }
    }

    #[test]
    fn a_deed_yields_to_what_is_done_to_what_goes_on_and_to_another_meaning() {
        let attempt = DeedAttempt {
            deed: deed(100, 1, false),
            keys_since: Time(10),
            given_up_before: Time(80),
        };
        for (at, meaning, done, expected) in [
            (10, 1, true, true),
            (9, 1, true, false),
            (80, 1, false, true),
            (79, 1, false, false),
            (79, 2, false, true),
            (9, 2, false, false),
        ] {
            let there = deed(at, meaning, done);
            assert_eq!(attempt.yields_to(&there), expected, "{there:?}");
        }
    }
}
