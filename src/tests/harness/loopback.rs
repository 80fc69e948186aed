//! Ports of the loopback on which nobody listens.

use std::net::TcpListener;

/// Below those from which connections go out, so that none of them takes it while nobody listens.
pub fn free_port() -> u16 {
    free_port_from(10_000, |port| is_free("127.0.0.1", port))
}

/// One of the ten thousand from there on that has room for all that its user opens.
pub fn free_port_from(first: u16, has_room: impl Fn(u16) -> bool) -> u16 {
    let some =
        || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port() % 10_000 + first;
    std::iter::repeat_with(some).take(1000).find(|port| has_room(*port)).unwrap()
}

pub fn is_free(host: &str, port: u16) -> bool {
    TcpListener::bind((host, port)).is_ok()
}
