//! How the text of a setting becomes its value.
//!
//! Flags, variables and the file all arrive here as text, so that a setting means the same wherever
//! it stands. A parser that refuses says what it wanted, as the end of the sentence "it must be …".

use super::store::Choice;
use base::journal::Style;
use base::{Network, Secret};
use jiff::civil::Time as TimeOfDay;
use jiff::tz::TimeZone;
use ports::profile::Identifier;
use ports::replication::{ConsensusReach, NotAReplication, Replication};
use ports::{GuardedCall, TokenAlgorithm};
use std::ffi::OsStr;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;

pub type Parsed<T> = Result<T, String>;

fn utf8(text: &OsStr) -> Parsed<&str> {
    text.to_str().ok_or_else(|| "valid UTF-8".to_owned())
}

/// A path is the one thing that need not be UTF-8.
pub fn path(text: &OsStr) -> Parsed<PathBuf> {
    if text.is_empty() { Err("the path of a folder".to_owned()) } else { Ok(text.into()) }
}

/// `localhost` is known without asking anybody. Other names could mean several addresses, or other
/// ones tomorrow.
pub fn address(text: &OsStr) -> Parsed<SocketAddr> {
    let text = utf8(text)?;
    let local = |port: &str| port.parse().ok().map(|port| (Ipv4Addr::LOCALHOST, port).into());
    let address = match text.strip_prefix("localhost:") {
        Some(port) => local(port),
        None => text.parse().ok(),
    };
    address.ok_or_else(|| {
        "an IP address and a port, like 127.0.0.1:8080, [::1]:8080 or localhost:8080".to_owned()
    })
}

/// A whole number in a range; underscores may stand between its digits.
pub fn whole<T: TryFrom<u64>>(range: RangeInclusive<u64>) -> impl Fn(&OsStr) -> Parsed<T> {
    move |text| {
        let number =
            utf8(text)?.replace('_', "").parse().ok().filter(|number| range.contains(number));
        let expected = || format!("a whole number from {} to {}", range.start(), range.end());
        number.and_then(|number| T::try_from(number).ok()).ok_or_else(expected)
    }
}

pub fn yes_or_no(text: &OsStr) -> Parsed<bool> {
    utf8(text)?.parse().map_err(|_| "true or false".to_owned())
}

pub fn style(text: &OsStr) -> Parsed<Style> {
    match utf8(text)? {
        "plain" => Ok(Style::Plain),
        "json" => Ok(Style::Json),
        "off" => Ok(Style::Off),
        _ => Err("plain, json or off".to_owned()),
    }
}

pub fn time_zone(text: &OsStr) -> Parsed<TimeZone> {
    TimeZone::get(utf8(text)?)
        .map_err(|_| "the IANA name of a time zone, like UTC or Europe/Zurich".to_owned())
}

/// To the minute.
pub fn time_of_day(text: &OsStr) -> Parsed<TimeOfDay> {
    TimeOfDay::strptime("%H:%M", utf8(text)?)
        .map_err(|_| "a time of day, like 09:00 or 23:59".to_owned())
}

/// The bounds of every password here: bcrypt reads no more than 71 bytes of it.
pub fn username(text: &OsStr) -> Parsed<String> {
    let name = utf8(text)?;
    Identifier::username(name).map(|_| name.to_owned()).map_err(|flaw| flaw.says.to_owned())
}

pub fn email(text: &OsStr) -> Parsed<String> {
    let address = utf8(text)?;
    Identifier::email(address).map(|_| address.to_owned()).map_err(|flaw| flaw.says.to_owned())
}

pub fn password(text: &OsStr) -> Parsed<Secret> {
    let text = utf8(text)?;
    if text.chars().count() < 8 || text.len() > 71 {
        return Err("8 characters at least and 71 bytes at most".to_owned());
    }
    Ok(Secret::new(text))
}

/// A password in it would show wherever settings are printed, so it has a setting of its own.
pub fn redis_url(text: &OsStr) -> Parsed<String> {
    use redis::{ConnectionAddr, IntoConnectionInfo};
    let expected = || {
        "a URL without a password or TLS, like redis://127.0.0.1:6379/0; a password goes into \
         redis_password"
            .to_owned()
    };
    let info = utf8(text)?.into_connection_info().map_err(|_| expected())?;
    match info.addr() {
        ConnectionAddr::Tcp(..) if info.redis_settings().password().is_none() => {
            Ok(utf8(text)?.to_owned())
        }
        _ => Err(expected()),
    }
}

pub fn redis_password(text: &OsStr) -> Parsed<Secret> {
    utf8(text).map(Secret::new)
}

/// An origin exactly as a browser sends it, because that is what it is compared with.
pub fn origin(text: &OsStr) -> Parsed<String> {
    let origin = utf8(text)?;
    let host = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"))
        .unwrap_or_default();
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b".-:[]".contains(&c);
    if host.is_empty() || !host.bytes().all(plain) {
        return Err("origins in lower case without a path, like https://shop.example".to_owned());
    }
    Ok(origin.to_owned())
}

/// The beginning of addresses, to which a path is added.
pub fn web_address(text: &OsStr) -> Parsed<String> {
    let address = utf8(text)?.trim_end_matches('/');
    let rest = address
        .strip_prefix("https://")
        .or_else(|| address.strip_prefix("http://"))
        .unwrap_or_default();
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/[]%".contains(&b);
    if rest.is_empty() || rest.starts_with('/') || !rest.bytes().all(plain) {
        return Err("the address of a web server, like https://api.drand.sh".to_owned());
    }
    Ok(address.to_owned())
}

pub fn network(text: &OsStr) -> Parsed<Network> {
    utf8(text)?
        .parse()
        .map_err(|()| "IP addresses or networks, like 127.0.0.1 or 10.0.0.0/8".to_owned())
}

pub fn choice(text: &OsStr) -> Parsed<Choice> {
    let known = [Choice::Sqlite, Choice::Cql].into_iter().find(|choice| text == choice.name());
    known.ok_or_else(|| "sqlite or cql".to_owned())
}

pub fn token_algorithm(text: &OsStr) -> Parsed<TokenAlgorithm> {
    TokenAlgorithm::of_name(utf8(text)?).ok_or_else(|| "HS256 or EdDSA".to_owned())
}

pub fn guarded_call(text: &OsStr) -> Parsed<GuardedCall> {
    let expected = || {
        let names: Vec<&str> = GuardedCall::ALL.iter().map(|call| call.name()).collect();
        format!("calls out of {}", names.join(", "))
    };
    GuardedCall::of_name(utf8(text)?).ok_or_else(expected)
}

pub fn serial(text: &OsStr) -> Parsed<ConsensusReach> {
    match utf8(text)? {
        "everywhere" => Ok(ConsensusReach::Everywhere),
        "one-data-centre" => Ok(ConsensusReach::OneDataCentre),
        _ => Err("everywhere or one-data-centre".to_owned()),
    }
}

/// A host by name or address, and its port.
pub fn host(text: &OsStr) -> Parsed<String> {
    let host = utf8(text)?;
    let fits = host.rsplit_once(':').is_some_and(|(name, port)| {
        !name.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    if fits {
        Ok(host.to_owned())
    } else {
        Err("hosts with their ports, like 10.0.0.1:9042".to_owned())
    }
}

/// Unquoted, so that it is the same in every tool.
pub fn keyspace(text: &OsStr) -> Parsed<String> {
    let name = utf8(text)?;
    let fits = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_');
    if fits && name.len() <= 48 {
        Ok(name.to_owned())
    } else {
        Err("1 to 48 lower-case letters, digits or underscores, a letter first".to_owned())
    }
}

pub fn replication(text: &OsStr) -> Parsed<Replication> {
    utf8(text)?.parse().map_err(|NotAReplication| {
        "a number of copies, like 3, or one for each data centre, like east=3,west=2".to_owned()
    })
}

/// Long enough that it cannot be found by trying.
pub fn cluster_key(text: &OsStr) -> Parsed<Secret> {
    let text = utf8(text)?;
    if text.len() < 32 {
        Err("32 characters at least, from a source of randomness".to_owned())
    } else {
        Ok(Secret::new(text))
    }
}

pub fn any_text(text: &OsStr) -> Parsed<String> {
    utf8(text).map(str::to_owned)
}

pub fn secret(text: &OsStr) -> Parsed<Secret> {
    utf8(text).map(Secret::new)
}

/// Items with commas between them; empty is none.
pub fn list<T>(item: impl Fn(&OsStr) -> Parsed<T>) -> impl Fn(&OsStr) -> Parsed<Vec<T>> {
    move |text| match utf8(text)?.trim() {
        "" => Ok(Vec::new()),
        items => items.split(',').map(|one| item(one.trim().as_ref())).collect(),
    }
}

/// Empty is none.
pub fn optional<T>(some: impl Fn(&OsStr) -> Parsed<T>) -> impl Fn(&OsStr) -> Parsed<Option<T>> {
    move |text| if text.is_empty() { Ok(None) } else { some(text).map(Some) }
}
