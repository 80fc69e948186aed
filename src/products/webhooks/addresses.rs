//! Which addresses a webhook may reach: public ones. Whoever may make webhooks must not reach,
//! through this server, what only this server can.
//!
//! What is checked is the address that the connection is made to, each time a name is resolved: a
//! name that meant a public address when it was registered and means a private one now is refused,
//! and so is every spelling of a private address.

use base::Network;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Special purposes, by IANA's registries: this host, private, shared by carriers (CGNAT),
/// loopback, link-local, protocols, documentation, relays, benchmarks, multicast, reserved and
/// broadcast.
const NOT_PUBLIC_V4: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
];

/// All that is public in IPv6 begins like this. Loopback, unique-local, link-local, multicast,
/// mapped and translated addresses do not.
const PUBLIC_V6: &str = "2000::/3";

/// Inside it: protocols and tunnels (Teredo), and documentation. 6to4 (`2002::/16`) is judged by
/// the IPv4 address inside.
const NOT_PUBLIC_V6: &[&str] = &["2001::/23", "2001:db8::/32", "3fff::/20"];

static V4: LazyLock<Vec<Network>> = LazyLock::new(|| networks(NOT_PUBLIC_V4));
static V6: LazyLock<Vec<Network>> = LazyLock::new(|| networks(NOT_PUBLIC_V6));
static V6_PUBLIC: LazyLock<Vec<Network>> = LazyLock::new(|| networks(&[PUBLIC_V6]));

fn networks(texts: &[&str]) -> Vec<Network> {
    texts
        .iter()
        .map(|text| text.parse().expect("a network of the table, which a test reads"))
        .collect()
}

pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        v4 @ IpAddr::V4(_) => !V4.iter().any(|network| network.contains(v4)),
        IpAddr::V6(v6) => match v6.segments() {
            [0x2002, high, low, ..] => {
                is_public(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)).into())
            }
            _ => {
                V6_PUBLIC[0].contains(v6.into())
                    && !V6.iter().any(|network| network.contains(v6.into()))
            }
        },
    }
}

#[derive(Debug, thiserror::Error)]
#[error("its address is not public")]
pub struct NotPublic;

/// A resolver that lets nobody through to a private address. One such address among others is
/// enough to refuse all: an honest name has none.
#[derive(Debug)]
pub struct Guard<R> {
    pub names: R,
    pub private_addresses: bool,
}

impl<R: Resolver> Resolver for Guard<R> {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let addresses = self.names.resolve(uri, config, timeout)?;
        match self.private_addresses || addresses.iter().all(|address| is_public(address.ip())) {
            true => Ok(addresses),
            false => Err(ureq::Error::Other(Box::new(NotPublic))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn addresses_of_one_s_own_house_are_not_public() {
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "239.255.255.250",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::10.0.0.1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::",
            "2002:0a00:0001::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }

    #[test]
    fn addresses_of_the_world_are_public() {
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.32.0.1",
            "::ffff:8.8.8.8",
            "2606:4700::1",
            "2002:0808:0808::1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    /// Answers the same name with another address each time, as an attacker's name server does.
    #[derive(Debug)]
    struct Rebinding(Mutex<Vec<&'static str>>);

    impl Resolver for Rebinding {
        fn resolve(
            &self,
            _: &Uri,
            _: &Config,
            _: NextTimeout,
        ) -> Result<ResolvedSocketAddrs, ureq::Error> {
            let mut addresses = self.empty();
            for address in self.0.lock().unwrap().remove(0).split(' ') {
                addresses.push(address.parse().unwrap());
            }
            Ok(addresses)
        }
    }

    #[test]
    fn every_resolution_is_judged_anew_and_one_private_address_spoils_all() {
        let answers = ["8.8.8.8:443", "127.0.0.1:443", "8.8.8.8:443 10.0.0.1:443"];
        let resolve = |guard: &Guard<Rebinding>| {
            let timeout = NextTimeout {
                after: ureq::unversioned::transport::time::Duration::NotHappening,
                reason: ureq::Timeout::Global,
                per_read: None,
                per_write: None,
            };
            guard
                .resolve(&Uri::from_static("https://hooks.example/"), &Config::default(), timeout)
                .is_ok()
        };
        let guard = |private_addresses| Guard {
            names: Rebinding(Mutex::new(answers.to_vec())),
            private_addresses,
        };
        let strict = guard(false);
        assert_eq!([resolve(&strict), resolve(&strict), resolve(&strict)], [true, false, false]);
        let open = guard(true);
        assert_eq!([resolve(&open), resolve(&open), resolve(&open)], [true, true, true]);
    }
}
