//! Where a webhook sends to: an address of the web that can be reached without a name and a
//! password in it.

use ureq::http::Uri;

const LONGEST: usize = 2048;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub url: String,
    /// Without brackets around an IPv6 address.
    pub host: String,
    pub port: u16,
}

impl Target {
    /// `https` only, unless plain `http` is allowed. What is wrong is said as the end of the
    /// sentence "it must be …".
    pub fn parse(url: &str, plain: bool) -> Result<Target, &'static str> {
        let wrong = if plain { "an http or https URL" } else { "an https URL" };
        let uri: Uri = url.parse().map_err(|_| wrong)?;
        let default_port = match uri.scheme_str() {
            Some("https") => 443,
            Some("http") if plain => 80,
            _ => return Err(wrong),
        };
        let authority = uri.authority().ok_or(wrong)?;
        if url.len() > LONGEST {
            return Err("2048 characters at most");
        }
        if authority.as_str().contains('@') {
            return Err("a URL without a user or password; the signature says who sends");
        }
        if url.contains('#') {
            return Err("a URL without a fragment");
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let port = match authority.as_str().strip_prefix(authority.host()) {
            Some("") => default_port,
            _ => authority.port_u16().ok_or("a URL whose port is a number")?,
        };
        if host.is_empty() || port == 0 {
            return Err(wrong);
        }
        Ok(Target { url: url.to_owned(), host: host.to_owned(), port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_has_a_host_and_a_port() {
        for (url, host, port) in [
            ("https://hooks.example", "hooks.example", 443),
            ("https://hooks.example/a/b?c=d", "hooks.example", 443),
            ("https://hooks.example:8443/", "hooks.example", 8443),
            ("https://[2606:4700::1]/", "2606:4700::1", 443),
            ("https://[2606:4700::1]:444/", "2606:4700::1", 444),
            ("https://2130706433/", "2130706433", 443),
        ] {
            let target = Target::parse(url, false).unwrap();
            assert_eq!((target.host.as_str(), target.port), (host, port), "{url}");
        }
        assert_eq!(Target::parse("http://hooks.example", true).unwrap().port, 80);
    }

    #[test]
    fn what_is_no_target_is_refused() {
        for url in [
            "",
            "hooks.example",
            "/hook",
            "http://hooks.example",
            "ftp://hooks.example",
            "file:///etc/passwd",
            "https://",
            "https:///path",
            "https://user:secret@hooks.example/",
            "https://hooks.example@127.0.0.1/",
            "https://hooks.example/#fragment",
            "https://hooks.example:0/",
            "https://hooks.example:99999/",
            "https://hooks example/",
            "https://hooks.example/\r\nx: y",
        ] {
            assert!(Target::parse(url, false).is_err(), "{url}");
        }
        assert!(
            Target::parse(&format!("https://hooks.example/{}", "x".repeat(2048)), false).is_err()
        );
    }
}
