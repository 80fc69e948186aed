//! Proofs of work as a client makes them that knows no more than what ALTCHA writes.

use crate::client::Client;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// A challenge as it was answered.
#[derive(Clone, Debug)]
pub struct WorkTask(pub Value);

impl WorkTask {
    /// The number, found by trying.
    pub fn solve(&self) -> u64 {
        let salt = self.text("salt");
        let most = self.0["maxnumber"].as_u64().expect("it has a maxnumber");
        let is_it = |number: &u64| hash(&format!("{salt}{number}")) == self.text("challenge");
        (0..=most).find(is_it).expect("every challenge has a solution")
    }

    /// What is sent for that number.
    pub fn shown(&self, number: u64) -> String {
        let solution = json!({"algorithm": self.0["algorithm"], "challenge": self.0["challenge"],
            "number": number, "salt": self.0["salt"], "signature": self.0["signature"]});
        STANDARD.encode(solution.to_string())
    }

    /// The same with another text in that place.
    pub fn with(&self, field: &str, text: &str) -> WorkTask {
        let mut other = self.clone();
        other.0[field] = text.into();
        other
    }

    pub fn text(&self, field: &str) -> &str {
        self.0[field].as_str().expect("it is a text")
    }
}

fn hash(text: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(text).into();
    digest.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a text takes it");
        hex
    })
}

/// Who work.
impl Client {
    /// A challenge for that call.
    #[track_caller]
    pub fn challenge(&self, call: &str) -> WorkTask {
        WorkTask(self.get(&format!("/proof-of-work/challenge?for={call}")).expect(200))
    }

    /// The same caller, who has solved a challenge for that call.
    #[track_caller]
    pub fn worked(&self, call: &str) -> Client {
        let task = self.challenge(call);
        self.showing(&task.shown(task.solve()))
    }

    /// The same caller, who shows that as their work.
    pub fn showing(&self, text: &str) -> Client {
        self.clone().with("Proof-Of-Work", text)
    }
}
