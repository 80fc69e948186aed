//! A running server, called from outside through its API: what `stampede close` and `stampede demo`
//! do their work with.

use anyhow::{Context, anyhow, bail};
use config::Config;
use people::WorkChallenge;
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// A call that is not answered by then has failed.
const PATIENCE: Duration = Duration::from_secs(30);
/// Lines of a page of a list, the most there may be.
const PAGE: u32 = 100;

/// A server, and who calls it. Its clones share their connections.
#[derive(Clone)]
pub struct RemoteServer {
    agent: ureq::Agent,
    url: String,
    headers: Vec<(&'static str, String)>,
}

#[derive(Debug)]
pub struct RemoteAnswer {
    pub status: u16,
    /// Null if it is no JSON.
    pub body: Value,
}

impl RemoteServer {
    /// Nobody in particular calls. `http://` may be left out.
    pub fn at(url: &str) -> RemoteServer {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .max_idle_connections_per_host(64)
            .build()
            .into();
        let url = url.trim_end_matches('/');
        let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        RemoteServer { agent, url, headers: Vec::new() }
    }

    /// The server of these settings, as somebody on its machine reaches it.
    pub fn that_listens(listen: SocketAddr) -> RemoteServer {
        let ip = match listen.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        RemoteServer::at(&SocketAddr::new(ip, listen.port()).to_string())
    }

    /// Its host and port, where the URL has both.
    pub fn address(&self) -> &str {
        self.url.split_once("://").map_or(self.url.as_str(), |(_, address)| address)
    }

    fn with(&self, name: &'static str, value: String) -> RemoteServer {
        let mut headers = self.headers.clone();
        headers.retain(|(own, _)| *own != name);
        headers.push((name, value));
        RemoteServer { headers, ..self.clone() }
    }

    /// Whoever that token or service key stands for calls.
    pub fn bearer(&self, token: &str) -> RemoteServer {
        self.with("authorization", format!("Bearer {token}"))
    }

    /// The service calls for a member of its own.
    pub fn on_behalf_of(&self, member: &str) -> RemoteServer {
        self.with("on-behalf-of", member.to_owned())
    }

    /// The call may be repeated.
    pub fn keyed(&self, key: &str) -> RemoteServer {
        self.with("idempotency-key", key.to_owned())
    }

    /// Somebody with an account calls.
    pub fn log_in(&self, account: &str, password: &str) -> anyhow::Result<RemoteServer> {
        let who = json!({"account": account, "password": password});
        let tokens = self.post("/auth/login", &who)?.done()?;
        Ok(self.bearer(text(&tokens, "access_token")?))
    }

    /// Whoever the settings name calls: a service by its key, else the administrator.
    pub fn as_staff(&self, config: &Config) -> anyhow::Result<RemoteServer> {
        if let Some(key) = &config.service_key {
            return Ok(self.bearer(key.reveal()));
        }
        let Some(password) = &config.admin_password else {
            bail!(
                "who calls? set STAMPEDE_SERVICE_KEY to a service key with the scope operate, or \
                 STAMPEDE_ADMIN_PASSWORD to the password of {}",
                config.admin_username
            )
        };
        self.log_in(&config.admin_username, password.reveal())
    }

    pub fn get(&self, path: &str) -> anyhow::Result<RemoteAnswer> {
        self.send("GET", path, None)
    }

    /// If the server asks for a proof of work, it gets one.
    pub fn post(&self, path: &str, body: &Value) -> anyhow::Result<RemoteAnswer> {
        let answer = self.send("POST", path, Some(body))?;
        match answer.challenge() {
            Some(address) => self.worked(address)?.send("POST", path, Some(body)),
            None => Ok(answer),
        }
    }

    /// The same caller, with a solution of the challenge that is there.
    fn worked(&self, address: &str) -> anyhow::Result<RemoteServer> {
        let made = self.get(address)?.done()?;
        let said = |name| text(&made, name).map(str::to_owned);
        let challenge = WorkChallenge {
            challenge: said("challenge")?,
            maxnumber: made["maxnumber"].as_u64().context("the challenge has no maxnumber")?,
            salt: said("salt")?,
            signature: said("signature")?,
        };
        let number = challenge.solve().context("the server's challenge has no solution")?;
        Ok(self.with("proof-of-work", challenge.answer(number)))
    }

    /// All lines of a list, page by page.
    pub fn all(&self, path: &str) -> anyhow::Result<Vec<Value>> {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        let with = if path.contains('?') { '&' } else { '?' };
        loop {
            let mut page = self.get(&format!("{path}{with}limit={PAGE}{cursor}"))?.done()?;
            if let Some(items) = page["items"].as_array_mut() {
                found.append(items);
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(found),
            }
        }
    }

    fn send(&self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<RemoteAnswer> {
        let uri = format!("{}/api/v1{path}", self.url);
        let mut request = ureq::http::Request::builder().method(method).uri(uri);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let sent = match body {
            Some(body) => {
                let request = request.header("content-type", "application/json");
                self.agent.run(request.body(body.to_string().as_bytes())?)
            }
            None => self.agent.run(request.body(())?),
        };
        let mut answer = sent.with_context(|| format!("{} does not answer", self.url))?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().read_to_string()?;
        Ok(RemoteAnswer { status, body: serde_json::from_str(&text).unwrap_or_default() })
    }
}

impl RemoteAnswer {
    /// The last word of the problem's address, if it is one.
    pub fn problem(&self) -> Option<&str> {
        self.body["type"].as_str()?.strip_prefix("/problems/")
    }

    /// Where a challenge is, below the root of the API, if a proof of work is needed.
    fn challenge(&self) -> Option<&str> {
        self.body["challenge"].as_str()?.strip_prefix("/api/v1")
    }

    /// What is in it, if it was done; else what the server says instead.
    pub fn done(self) -> anyhow::Result<Value> {
        if (200..300).contains(&self.status) {
            return Ok(self.body);
        }
        let said = |name: &str| self.body[name].as_str().unwrap_or_default().to_owned();
        match self.problem() {
            Some(name) => bail!("{}: {} ({name})", said("title"), said("detail")),
            None => bail!("the server answers {}, as no stampede does", self.status),
        }
    }
}

/// A text that every such answer has.
pub fn text<'a>(answer: &'a Value, name: &str) -> anyhow::Result<&'a str> {
    answer[name].as_str().ok_or_else(|| anyhow!("the server's answer has no {name}"))
}

/// As it stands in a path.
pub fn in_a_path(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encoded = word.bytes().map(|byte| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    encoded.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_found_where_its_own_machine_reaches_it() {
        let url = |listen: &str| RemoteServer::that_listens(listen.parse().unwrap()).url;
        assert_eq!(url("0.0.0.0:80"), "http://127.0.0.1:80");
        assert_eq!(url("[::]:80"), "http://[::1]:80");
        assert_eq!(url("10.0.0.1:80"), "http://10.0.0.1:80");
        assert_eq!(RemoteServer::at("https://shop.example/").url, "https://shop.example");
    }

    #[test]
    fn a_word_cannot_leave_its_place_in_a_path() {
        assert_eq!(in_a_path("2026-12-31"), "2026-12-31");
        assert_eq!(in_a_path("a/../b?c"), "a%2F..%2Fb%3Fc");
    }

    #[test]
    fn what_was_not_done_is_told_in_the_servers_words() {
        let refused = json!({"type": "/problems/ended", "title": "It has ended", "detail": "Then"});
        let answer = RemoteAnswer { status: 409, body: refused };
        assert_eq!(answer.problem(), Some("ended"));
        assert_eq!(answer.done().unwrap_err().to_string(), "It has ended: Then (ended)");
        let other = RemoteAnswer { status: 404, body: Value::Null };
        assert!(other.done().unwrap_err().to_string().contains("404"));
    }
}
