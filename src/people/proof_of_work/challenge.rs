//! Challenges and their solutions, as ALTCHA writes them: which number, written behind the salt,
//! has this SHA-256?
//!
//! Nothing of a challenge is kept. What it is for and until when stands in its salt, and a keyed
//! hash of it proves that this installation has made it. The salt ends with `&`, so that no digit
//! can wander from the number into the salt. Nothing here reads a clock or rolls a die.

use super::refusal::WorkFlaw;
use crate::hs256::{self, HmacSha256};
use actors::{Id, Time};
use base::Hex;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac;
use ports::GuardedCall;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The longest text that is looked at. A true one has some 400 symbols.
const LONGEST: usize = 2048;

/// What a caller has to solve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkChallenge {
    pub challenge: String,
    /// The number is not larger.
    pub maxnumber: u64,
    pub salt: String,
    pub signature: String,
}

/// What a caller has found. Whatever else stands there is not looked at: other clients also say how
/// long it took.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct WorkSolution {
    algorithm: String,
    challenge: String,
    number: u64,
    salt: String,
    signature: String,
}

/// A solution that is right for its call, and still good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RightSolution {
    /// Of the challenge: whatever else is sent with it, it is spent once.
    pub id: Id,
    pub until: Time,
}

impl WorkChallenge {
    pub const ALGORITHM: &str = "SHA-256";

    /// The number, found as any client finds it: by trying.
    pub fn solve(&self) -> Option<u64> {
        let salted = Sha256::new_with_prefix(&self.salt);
        (0..=self.maxnumber).find(|number| digest(&salted, *number) == self.challenge)
    }

    /// The text of the header, for the number.
    pub fn answer(&self, number: u64) -> String {
        let WorkChallenge { challenge, salt, signature, .. } = self;
        let algorithm = WorkChallenge::ALGORITHM;
        let solution = serde_json::json!({"algorithm": algorithm, "challenge": challenge,
            "number": number, "salt": salt, "signature": signature});
        STANDARD.encode(solution.to_string())
    }
}

impl WorkSolution {
    pub fn read(text: &str) -> Result<WorkSolution, WorkFlaw> {
        let short = Some(text).filter(|text| text.len() <= LONGEST);
        let bytes = short.and_then(|text| STANDARD.decode(text).ok());
        bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or(WorkFlaw::Unreadable)
    }
}

/// Makes challenges, and knows its own again.
pub(super) struct ChallengeSeal {
    key: Arc<[u8]>,
}

impl ChallengeSeal {
    pub fn with_key(key: Arc<[u8]>) -> ChallengeSeal {
        ChallengeSeal { key }
    }

    /// `number` is the solution. A challenge is good until a whole second.
    pub fn issue(
        &self,
        call: GuardedCall,
        until: Time,
        salt: [u8; 12],
        (number, maxnumber): (u64, u64),
    ) -> WorkChallenge {
        let until_s = until.0.div_euclid(1000) + i64::from(until.0.rem_euclid(1000) > 0);
        let salt = format!("{}?expires={until_s}&for={}&", Hex(salt), call.name());
        let challenge = digest(&Sha256::new_with_prefix(&salt), number);
        let signature = self.mac(&challenge).finalize().into_bytes();
        let signature = Hex::<32>(signature.into()).to_string();
        WorkChallenge { challenge, maxnumber, salt, signature }
    }

    /// Whether it solves a challenge that was made here, for this call, and is still good.
    pub fn check(
        &self,
        solution: &WorkSolution,
        call: GuardedCall,
        now: Time,
    ) -> Result<RightSolution, WorkFlaw> {
        let WorkSolution { algorithm, challenge, number, salt, signature } = solution;
        if algorithm != WorkChallenge::ALGORITHM {
            return Err(WorkFlaw::Unreadable);
        }
        let Hex(signature) = signature.parse::<Hex<32>>().map_err(|_| WorkFlaw::Unreadable)?;
        // Compares in constant time.
        self.mac(challenge).verify_slice(&signature).map_err(|_| WorkFlaw::Foreign)?;
        if digest(&Sha256::new_with_prefix(salt), *number) != *challenge {
            return Err(WorkFlaw::Wrong);
        }
        // From here on it is a salt that was made here.
        let (until, made_for) = terms(salt).ok_or(WorkFlaw::Wrong)?;
        if made_for != call {
            return Err(WorkFlaw::OtherCall);
        }
        if now >= until {
            return Err(WorkFlaw::Expired);
        }
        Ok(RightSolution { id: Id::digest(&[b"proof of work", challenge.as_bytes()]), until })
    }

    fn mac(&self, challenge: &str) -> HmacSha256 {
        hs256::mac(&self.key).chain_update(challenge)
    }
}

fn digest(salted: &Sha256, number: u64) -> String {
    Hex::<32>(salted.clone().chain_update(number.to_string()).finalize().into()).to_string()
}

/// Until when the challenge is good, and what for.
fn terms(salt: &str) -> Option<(Time, GuardedCall)> {
    let (_, terms) = salt.strip_suffix('&')?.split_once('?')?;
    let said = |name: &str| {
        let values = terms.split('&').filter_map(|term| term.split_once('='));
        values.filter(|(own, _)| *own == name).map(|(_, value)| value).next()
    };
    let until_s: i64 = said("expires")?.parse().ok()?;
    Some((Time(until_s.checked_mul(1000)?), GuardedCall::of_name(said("for")?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNTIL: Time = Time(300_000);
    const NOW: Time = Time(299_999);

    fn seal(key: u8) -> ChallengeSeal {
        ChallengeSeal::with_key(Arc::from([key; 32]))
    }

    fn login(key: u8) -> WorkChallenge {
        seal(key).issue(GuardedCall::Login, UNTIL, [7; 12], (42, 100))
    }

    fn solution(challenge: &WorkChallenge, number: u64) -> WorkSolution {
        WorkSolution::read(&challenge.answer(number)).unwrap()
    }

    fn checked(challenge: &WorkChallenge, number: u64, now: Time) -> Result<(), WorkFlaw> {
        seal(1).check(&solution(challenge, number), GuardedCall::Login, now).map(drop)
    }

    #[test]
    fn a_challenge_is_solved_by_trying_and_good_until_it_expires() {
        let challenge = login(1);
        assert_eq!(challenge.solve(), Some(42));
        assert_eq!(challenge.salt, "070707070707070707070707?expires=300&for=login&");
        assert_eq!(checked(&challenge, 42, NOW), Ok(()));
        assert_eq!(checked(&challenge, 42, UNTIL), Err(WorkFlaw::Expired));
        assert_eq!(WorkChallenge { maxnumber: 41, ..challenge }.solve(), None);
    }

    #[test]
    fn a_challenge_that_would_end_within_a_second_ends_with_it() {
        let made = |until| seal(1).issue(GuardedCall::Login, Time(until), [7; 12], (1, 1)).salt;
        assert!(made(300_001).contains("expires=301&") && made(301_000).contains("expires=301&"));
    }

    #[test]
    fn another_number_another_key_and_another_call_are_refused() {
        assert_eq!(checked(&login(1), 41, NOW), Err(WorkFlaw::Wrong));
        assert_eq!(checked(&login(2), 42, NOW), Err(WorkFlaw::Foreign));
        let right = solution(&login(1), 42);
        for call in GuardedCall::ALL.into_iter().filter(|call| *call != GuardedCall::Login) {
            assert_eq!(seal(1).check(&right, call, NOW), Err(WorkFlaw::OtherCall), "{call:?}");
        }
    }

    #[test]
    fn nothing_can_be_moved_between_salt_and_number_or_changed_in_the_salt() {
        let challenge = login(1);
        let with_salt = |salt: &str| WorkChallenge { salt: salt.to_owned(), ..challenge.clone() };
        let other = challenge.salt.replace("expires=300", "expires=900");
        assert_eq!(checked(&with_salt(&other), 42, NOW), Err(WorkFlaw::Wrong));
        let other = challenge.salt.replace("for=login", "for=claim");
        assert_eq!(checked(&with_salt(&other), 42, NOW), Err(WorkFlaw::Wrong));
        // The hash is the same, but the salt does not end as ours do.
        let spliced = format!("{}4", challenge.salt);
        assert_eq!(checked(&with_salt(&spliced), 2, NOW), Err(WorkFlaw::Wrong));
    }

    #[test]
    fn what_is_no_solution_is_unreadable() {
        for text in ["", "x", "e30=", "bnVsbA==", &"A".repeat(LONGEST + 4)] {
            assert_eq!(WorkSolution::read(text).unwrap_err(), WorkFlaw::Unreadable, "{text}");
        }
        let mut other = solution(&login(1), 42);
        other.algorithm = "SHA-1".to_owned();
        let refused = seal(1).check(&other, GuardedCall::Login, NOW);
        assert_eq!(refused, Err(WorkFlaw::Unreadable));
    }
}
