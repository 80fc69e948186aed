//! Where a request comes from: the address that failures are counted for, and what the client calls
//! itself.
//!
//! `X-Forwarded-For` is believed only from a configured proxy, and only back to the first address
//! that is no such proxy.

use crate::http::connection::network_of;
use crate::http::problem::Problem;
use crate::shared::Shared;
use actix_web::dev::Payload;
use actix_web::http::header::{USER_AGENT, X_FORWARDED_FOR};
use actix_web::{FromRequest, HttpRequest, web};
use actors::plain::text_of;
use base::Network;
use std::future::{Ready, ready};
use std::net::IpAddr;

/// The longest name of a client that is kept.
const LONGEST_AGENT: usize = 200;

pub struct ClientOrigin(pub people::RequestOrigin);

impl ClientOrigin {
    /// The caller's address, or the network that it stands for.
    pub fn network(request: &HttpRequest) -> Option<IpAddr> {
        let proxies = request
            .app_data::<web::Data<Shared>>()
            .map_or(&[][..], |shared| &shared.config.trusted_proxies);
        let address =
            request.peer_addr().map(|peer| client(peer.ip(), &forwarded(request), proxies));
        address.map(network_of)
    }
}

impl FromRequest for ClientOrigin {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let address = ClientOrigin::network(request).map_or_else(String::new, counted_as);
        ready(Ok(ClientOrigin(people::RequestOrigin { address, agent: agent(request) })))
    }
}

/// The address of the client, if it is beyond doubt: what a proxy passed on comes from nobody knows
/// where, unless the proxy is trusted and says from where.
pub fn certain_address(request: &HttpRequest, proxies: &[Network]) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip();
    let passed_on = ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"]
        .iter()
        .any(|name| request.headers().contains_key(*name));
    let client = client(peer, &forwarded(request), proxies);
    let is_told = client != peer && !proxies.iter().any(|proxy| proxy.contains(client));
    (!passed_on || is_told).then_some(client)
}

fn forwarded(request: &HttpRequest) -> Vec<&str> {
    request.headers().get_all(X_FORWARDED_FOR).filter_map(|value| value.to_str().ok()).collect()
}

fn agent(request: &HttpRequest) -> Option<String> {
    let agent = request.headers().get(USER_AGENT)?.to_str().ok()?;
    Some(agent.chars().take(LONGEST_AGENT).collect())
}

fn client(peer: IpAddr, forwarded: &[&str], proxies: &[Network]) -> IpAddr {
    let is_proxy = |address: IpAddr| proxies.iter().any(|proxy| proxy.contains(address));
    let mut client = peer;
    let hops: Vec<&str> =
        forwarded.iter().flat_map(|line| line.split(',')).map(str::trim).collect();
    for hop in hops.iter().rev() {
        match hop.parse() {
            Ok(address) if is_proxy(client) => client = address,
            _ => break,
        }
    }
    client
}

/// A client that has one IPv6 address has the whole /64 it lies in.
fn counted_as(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => text_of(&address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client_of(peer: &str, forwarded: &[&str]) -> String {
        let proxies = ["10.0.0.0/8".parse().unwrap()];
        counted_as(client(peer.parse().unwrap(), forwarded, &proxies))
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        assert_eq!(client_of("192.0.2.1", &["203.0.113.9"]), "192.0.2.1");
        assert_eq!(client_of("10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(client_of("10.0.0.1", &["198.51.100.7, 203.0.113.9, 10.0.0.2"]), "203.0.113.9");
        assert_eq!(client_of("10.0.0.1", &["198.51.100.7", "203.0.113.9"]), "203.0.113.9");
        assert_eq!(client_of("10.0.0.1", &["nonsense"]), "10.0.0.1");
        assert_eq!(client_of("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn neighbours_in_one_network_of_ipv6_count_as_one() {
        assert_eq!(client_of("2001:db8::1", &[]), client_of("2001:db8::ffff:1", &[]));
        assert_ne!(client_of("2001:db8::1", &[]), client_of("2001:db8:0:1::1", &[]));
        assert_eq!(client_of("::ffff:192.0.2.1", &[]), "192.0.2.1");
    }
}
