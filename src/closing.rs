//! `stampede close`: ends a lottery or pool on a running server, and says what came of it.

use crate::remote::{RemoteServer, in_a_path};
use config::Config;
use serde_json::{Value, json};
use std::fmt;

/// At the server with that URL, or at the one of these settings.
pub fn close(pool: &str, at: Option<&str>, config: &Config) -> anyhow::Result<ClosingResult> {
    let server = match at {
        Some(url) => RemoteServer::at(url),
        // Its certificate is for a name, which the settings do not have.
        None if config.tls_cert.is_some() => {
            anyhow::bail!("the server speaks TLS: say where it is, as --at https://NAME")
        }
        None => RemoteServer::that_listens(config.listen),
    };
    let path = format!("/pools/{}/close", in_a_path(pool));
    let answer = server.as_staff(config)?.post(&path, &json!({}))?.done()?;
    Ok(ClosingResult { pool: pool.to_owned(), answer })
}

/// What the server answered.
pub struct ClosingResult {
    pool: String,
    pub answer: Value,
}

/// The state, and a line for each winner and reserve.
impl fmt::Display for ClosingResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}", self.pool, self.answer["state"].as_str().unwrap_or("closed"))?;
        for (what, list) in [("winner", "winners"), ("reserve", "reserves")] {
            let lots = self.answer["draw"][list].as_array().into_iter().flatten();
            for (lot, place) in lots.zip(1..) {
                let part = |name: &str| lot[name].as_str().unwrap_or("?");
                write!(f, "\n{what} {place}: {}, ballot {}", part("name"), part("ballot"))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn winners_and_reserves_are_told_in_their_order() {
        let lot = |name: &str| json!({"ballot": format!("b-{name}"), "name": name});
        let told =
            |pool: &str, answer: Value| ClosingResult { pool: pool.to_owned(), answer }.to_string();
        let closed = json!({"state": "drawn",
            "draw": {"winners": [lot("a"), lot("b")], "reserves": [lot("c")]}});
        assert_eq!(
            told("2099-12-31", closed),
            "2099-12-31 is drawn\nwinner 1: a, ballot b-a\nwinner 2: b, ballot b-b\n\
             reserve 1: c, ballot b-c"
        );
        assert_eq!(told("spring", json!({"state": "closed", "draw": null})), "spring is closed");
    }
}
