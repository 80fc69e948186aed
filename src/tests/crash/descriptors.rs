//! A server that has no file descriptors left takes nobody in, and goes on as soon as it has some.

use crate::STAMPEDE;
use harness::{Process, TestFolder};
use std::net::TcpStream;
use std::process::Command;

/// Few more than a start needs.
const DESCRIPTORS: u64 = 100;
const CROWD: usize = 200;

fn start_with_few_descriptors(folder: &TestFolder) -> Process {
    let inner = STAMPEDE.command(folder);
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &format!("ulimit -n {DESCRIPTORS} && exec \"$0\"")]).arg(STAMPEDE.path());
    let set = inner.get_envs().filter_map(|(name, value)| Some((name, value?)));
    shell.env_clear().envs(set).env("STAMPEDE_LOG", "plain").env("STAMPEDE_WORKERS", "2");
    Process::start_with(shell, folder).0
}

#[test]
fn who_comes_when_the_descriptors_have_run_out_waits_and_is_served_when_there_are_some() {
    let folder = TestFolder::new();
    let server = start_with_few_descriptors(&folder);
    assert_eq!(server.most_descriptors(), DESCRIPTORS);
    let ada = server.member("ada");
    let crowd: Vec<TcpStream> =
        (0..CROWD).map(|_| TcpStream::connect(&server.address).unwrap()).collect();
    let says_so = || server.said("connections cannot be accepted");
    assert!((0..10_000_000).any(|_| says_so()), "it takes as many as there are descriptors");
    // Who comes now waits until somebody of the crowd leaves.
    let (late, anybody) = (server.anybody(), server.anybody());
    let waiting = std::thread::spawn(move || late.get("//health/live").status);
    drop(crowd);
    assert_eq!(waiting.join().unwrap(), 200);
    ada.get("/me").expect(200);
    let metrics = anybody.get("//metrics").text;
    let failures = metrics
        .lines()
        .find_map(|line| line.strip_prefix("stampede_accept_failures_total ")?.parse::<f64>().ok());
    assert!(failures.is_some_and(|failures| failures > 0.0), "{failures:?}");
    server.lottery(1);
    server.stop();
    STAMPEDE.verify(&folder);
}
