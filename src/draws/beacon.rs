//! The public beacon: every three seconds drand's network "quicknet" announces a number that was
//! unknown before and that every reader can verify.
//!
//! Its key is part of this program, so no answer is believed for where it came from. A round's
//! number says when it is due; a round is never exchanged for another.

use actors::Time;
use actors::domain::draw::Hash;
use actors::domain::lottery::Beacon;
use base::Hex;
use drand_verify::{G2PubkeyRfc, Pubkey};
use serde::Deserialize;

/// A network whose rounds follow each other at equal distances, each signed under one key.
#[derive(Debug)]
pub struct Chain {
    pub hash: Hex<32>,
    pub key: Hex<96>,
    /// When round 1 is due, in seconds since 1970.
    pub genesis_s: i64,
    pub period_s: i64,
}

pub static QUICKNET: Chain = Chain {
    hash: Hex::constant("52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"),
    key: Hex::constant(
        "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c\
         8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb\
         5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a",
    ),
    genesis_s: 1_692_803_367,
    period_s: 3,
};

#[derive(Debug, thiserror::Error)]
pub enum NotTheRound {
    #[error("this is no round as drand answers it: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error("its signature is not that of the network")]
    Forged,
    #[error("its randomness is not the SHA-256 of its signature")]
    OtherRandomness,
}

/// What drand answers to `/{chain}/public/{round}`. What else it may say is of no use here.
#[derive(Deserialize)]
struct Announced {
    round: u64,
    randomness: Option<Hex<32>>,
    signature: Hex<48>,
}

impl Chain {
    /// The first round that is due at that instant or later.
    pub fn round_at(&self, at: Time) -> u64 {
        let since_ms = at.0.saturating_sub(self.genesis_s * 1000).max(0);
        (since_ms as u64).div_ceil(self.period_s as u64 * 1000) + 1
    }

    /// When the round is due. Rounds are numbered from 1.
    pub fn time_of(&self, round: u64) -> Time {
        let rounds = i64::try_from(round.saturating_sub(1)).unwrap_or(i64::MAX);
        Time(rounds.saturating_mul(self.period_s * 1000).saturating_add(self.genesis_s * 1000))
    }

    /// Whether the network signed the round so.
    pub fn is_signed(&self, round: u64, signature: &[u8]) -> bool {
        G2PubkeyRfc::from_fixed(self.key.0)
            .is_ok_and(|key| key.verify(round, &[], signature).unwrap_or(false))
    }

    /// A round from drand's own answer, if it is one.
    pub fn read(&self, json: &[u8]) -> Result<Beacon, NotTheRound> {
        let Announced { round, randomness, signature } = serde_json::from_slice(json)?;
        if !self.is_signed(round, &signature.0) {
            return Err(NotTheRound::Forged);
        }
        let beacon = Beacon { round, signature: signature.0.to_vec() };
        let said: Option<Hash> = randomness.map(|Hex(said)| said);
        if said.is_some_and(|said| said != beacon.randomness()) {
            Err(NotTheRound::OtherRandomness)
        } else {
            Ok(beacon)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Announced by the network itself.
    const ROUNDS: [(u64, &str); 2] = [
        (
            123,
            "b75c69d0b72a5d906e854e808ba7e2accb1542ac355ae486d591aa9d43765482e26cd02df835d3546d23c4\
             b13e0dfc92",
        ),
        (
            1000,
            "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b\
             6b63ed5e39",
        ),
    ];

    fn answer(round: u64, signature: &str) -> String {
        format!(r#"{{"round":{round},"signature":"{signature}"}}"#)
    }

    #[test]
    fn rounds_of_the_network_are_known_as_such_and_for_no_others() {
        for (round, signature) in ROUNDS {
            let beacon = QUICKNET.read(answer(round, signature).as_bytes()).unwrap();
            assert_eq!((beacon.round, beacon.signature.len()), (round, 48));
            assert!(matches!(
                QUICKNET.read(answer(round + 1, signature).as_bytes()),
                Err(NotTheRound::Forged)
            ));
        }
        assert!(!QUICKNET.is_signed(123, b"no point at all"));
    }

    #[test]
    fn the_randomness_that_is_said_must_be_that_of_the_signature() {
        let (round, signature) = ROUNDS[1];
        let with = |randomness: &str| {
            format!(r#"{{"round":{round},"randomness":"{randomness}","signature":"{signature}"}}"#)
        };
        let said = "fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd";
        assert_eq!(
            Hex(QUICKNET.read(with(said).as_bytes()).unwrap().randomness()).to_string(),
            said
        );
        assert!(matches!(
            QUICKNET.read(with(&said.replace('f', "e")).as_bytes()),
            Err(NotTheRound::OtherRandomness)
        ));
        assert!(matches!(QUICKNET.read(b"<html>"), Err(NotTheRound::Unreadable(_))));
    }

    #[test]
    fn a_round_is_named_by_the_instant_it_is_due() {
        let genesis = QUICKNET.time_of(1);
        assert_eq!(genesis, Time(1_692_803_367_000));
        let due = |after_ms: i64| QUICKNET.round_at(Time(genesis.0 + after_ms));
        assert_eq!(
            [due(-9_000_000), due(0), due(1), due(3000), due(3001), due(6000)],
            [1, 1, 2, 2, 3, 3]
        );
        assert!((1..500).all(|round| QUICKNET.round_at(QUICKNET.time_of(round)) == round));
        assert!(QUICKNET.time_of(u64::MAX) > genesis, "far away, and no overflow");
    }
}
