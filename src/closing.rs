//! `stampede close`: ends a lottery on a running server, and says what came of it.

use crate::remote::{RemoteServer, in_a_path};
use config::Config;
use serde_json::{Value, json};

/// At the server with that URL, or at the one of these settings.
pub fn close(pool: &str, at: Option<&str>, config: &Config) -> anyhow::Result<String> {
    let server = at.map_or_else(|| RemoteServer::that_listens(config.listen), RemoteServer::at);
    let path = format!("/lotteries/{}/close", in_a_path(pool));
    let closed = server.as_staff(config)?.post(&path, &json!({}))?.done()?;
    Ok(told(pool, &closed))
}

fn told(pool: &str, closed: &Value) -> String {
    let mut lines = vec![format!("{pool} is {}", closed["state"].as_str().unwrap_or("closed"))];
    for (what, list) in [("winner", "winners"), ("reserve", "reserves")] {
        let lots = closed["draw"][list].as_array().into_iter().flatten().zip(1..);
        lines.extend(lots.map(|(lot, place): (&Value, u32)| {
            let [ballot, name] = ["ballot", "name"].map(|name| lot[name].as_str().unwrap_or("?"));
            format!("{what} {place}: {name}, ballot {ballot}")
        }));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn winners_and_reserves_are_told_in_their_order() {
        let lot = |name: &str| json!({"ballot": format!("b-{name}"), "name": name});
        let closed = json!({"state": "drawn",
            "draw": {"winners": [lot("a"), lot("b")], "reserves": [lot("c")]}});
        assert_eq!(
            told("2099-12-31", &closed),
            "2099-12-31 is drawn\nwinner 1: a, ballot b-a\nwinner 2: b, ballot b-b\n\
             reserve 1: c, ballot b-c"
        );
        assert_eq!(told("spring", &json!({"state": "closed", "draw": null})), "spring is closed");
    }
}
