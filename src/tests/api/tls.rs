//! TLS on `listen`: by whom it is spoken, how a certificate is replaced under way, and who keeps
//! nobody out.

use harness::{
    ADMIN_PASSWORD, Answer, Binary, Client, Process, TestAuthority, TestFolder, fails, needed,
};
use serde_json::json;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// The program under test.
const STAMPEDE: Binary = Binary::at(env!("CARGO_BIN_EXE_stampede"));
/// A server that never ends a connection fails a test instead of keeping it for ever.
const PATIENCE: Duration = Duration::from_secs(60);
/// Handshakes of one worker that may be under way.
const HANDSHAKES: usize = 512;

/// With the certificate `server` of that authority, and more that is said in the environment.
fn start(authority: &TestAuthority, data: &Path, more: &[(&str, &str)]) -> Process {
    let mut command = STAMPEDE.command(data);
    command
        .env("STAMPEDE_TLS_CERT", authority.path("server.crt"))
        .env("STAMPEDE_TLS_KEY", authority.path("server.key"))
        .env("STAMPEDE_WORKERS", "1")
        .env("STAMPEDE_JOB_INTERVAL_MS", "10")
        .envs(more.iter().copied());
    Process::start_with(command, data).0
}

/// The value of a metric, with its labels as they are written.
fn metric(client: &Client, name: &str) -> f64 {
    let page = client.get("//metrics").text;
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name} in {page}")).parse().unwrap()
}

/// Asks until it is so.
fn until(what: &str, is_so: impl Fn() -> bool) {
    const MOST: usize = 100_000;
    assert!((0..MOST).any(|_| is_so()), "{what}");
}

fn said_that_it_lives(answer: &Answer) -> bool {
    answer.status == 200
}

#[test]
fn a_client_who_trusts_the_authority_calls_by_tls_and_hears_to_come_so_again() {
    let Some(authority) = TestAuthority::new() else { return };
    authority.certify("server", 90);
    let data = TestFolder::new();
    let server = start(&authority, &data, &[]);
    let anybody = server.by_tls(&authority);
    let ada = anybody.register("ada");
    let me = ada.get("/me");
    assert_eq!(me.header("strict-transport-security"), Some("max-age=31536000"));
    assert_eq!(me.expect(200)["username"], "ada");
    // Who trusts nobody of it, and who comes without TLS, are not answered.
    let url = format!("https://{}", server.address);
    let stranger = Client::of(harness::Doorway::at(&url), harness::client::agent());
    assert!(stranger.try_to_send("GET", "/me", None).is_none());
    assert!(server.anybody().try_to_send("GET", "/me", None).is_none());
    let left = metric(&anybody, "stampede_tls_certificate_left_seconds");
    assert!(left > 80.0 * 86_400.0 && left <= 90.0 * 86_400.0, "{left}");
    assert_eq!(metric(&anybody, "stampede_tls_certificates_expiring"), 0.0);
    assert!(!server.said("tls_"), "{}", server.whole_log());
    server.stop();
}

#[test]
fn curl_calls_by_tls_in_both_protocols() {
    let Some(authority) = TestAuthority::new() else { return };
    if !needed::are_there(&["curl"], "apt-get install curl") {
        return;
    }
    authority.certify("server", 90);
    let data = TestFolder::new();
    let server = start(&authority, &data, &[("STAMPEDE_HSTS_S", "0")]);
    let url = format!("https://{}/api/v1/me", server.address);
    let ada = server.by_tls(&authority).register("ada");
    let token = format!("Authorization: {}", ada.header("Authorization").unwrap());
    for (protocol, version) in [("--http1.1", "1.1"), ("--http2", "2")] {
        let said = Command::new("curl")
            .args(["-sS", protocol, "-H", &token, "-D", "-", "-w", "%{http_version}", "--cacert"])
            .arg(authority.path("authority.crt"))
            .arg(&url)
            .output()
            .unwrap();
        let text = String::from_utf8(said.stdout).unwrap();
        assert!(text.ends_with(version) && text.contains(r#""username":"ada""#), "{text}");
        assert!(!text.to_lowercase().contains("strict-transport"), "{text}");
    }
    for (version, spoken) in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")] {
        let said = Command::new("openssl")
            .args(["s_client", "-brief", version, "-connect", &server.address])
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(text.contains(&format!("Protocol version: {spoken}")), "{text}");
    }
    server.stop();
}

/// The first words of a client that speaks TLS 1.1 and nothing newer, as RFC 4346 has them.
fn hello_of_tls_1_1() -> Vec<u8> {
    let suites = [0x00, 0x2f, 0xc0, 0x13, 0x00, 0x35];
    let hello = [
        &[3, 2][..],
        &[7; 32],
        &[0, 0, suites.len() as u8],
        &suites,
        // No compression.
        &[1, 0],
    ]
    .concat();
    let handshake = [&[1, 0, 0, hello.len() as u8][..], &hello].concat();
    [&[22, 3, 1, 0, handshake.len() as u8][..], &handshake].concat()
}

#[test]
fn whoever_speaks_tls_1_1_is_told_that_nobody_here_does() {
    /// A fatal alert: either that there is no such version, or that nothing fits.
    const ALERT: u8 = 21;
    const FATAL: u8 = 2;
    const WHY: [u8; 2] = [70, 40];
    let Some(authority) = TestAuthority::new() else { return };
    authority.certify("server", 90);
    let data = TestFolder::new();
    let server = start(&authority, &data, &[]);
    let mut old = TcpStream::connect(&server.address).unwrap();
    old.set_read_timeout(Some(PATIENCE)).unwrap();
    old.write_all(&hello_of_tls_1_1()).unwrap();
    let mut said = Vec::new();
    old.read_to_end(&mut said).unwrap();
    let [ALERT, _, _, 0, 2, FATAL, why] = said[..] else { panic!("no alert: {said:?}") };
    assert!(WHY.contains(&why), "{said:?}");
    let anybody = server.by_tls(&authority);
    assert!(said_that_it_lives(&anybody.get("//health/live")));
    let failed = r#"stampede_tls_handshakes_failed_total{reason="broken"}"#;
    assert_eq!(metric(&anybody, failed), 1.0);
    server.stop();
}

#[test]
fn a_certificate_is_replaced_while_an_answer_is_under_way() {
    let (Some(old), Some(new)) = (TestAuthority::new(), TestAuthority::new()) else { return };
    old.certify("server", 90);
    new.certify("server", 5);
    let data = TestFolder::new();
    let server = start(&old, &data, &[]);
    let admin = server.by_tls(&old).log_in("admin", ADMIN_PASSWORD);
    let url = format!("https://{}/api/v1/events", server.address);
    let token = admin.header("Authorization").unwrap().to_owned();
    let events = old.agent().get(&url).header("Authorization", &token).call().unwrap();
    let mut events = BufReader::new(events.into_body().into_reader()).lines();
    assert_eq!(events.next().unwrap().unwrap(), ": listening");
    let calls = |by: &TestAuthority| {
        let answer = server.by_tls(by).try_to_send("GET", "//health/live", None);
        answer.as_ref().is_some_and(said_that_it_lives)
    };
    assert!(calls(&old) && !calls(&new));
    // Only the key is new: that fits nothing, and all stays as it was.
    std::fs::copy(new.path("server.key"), old.path("server.key")).unwrap();
    until("it says that it does not fit", || {
        server.said("a certificate is not taken over; the old one stays")
            && server.said("is not the key of the certificate in")
    });
    assert!(calls(&old));
    let refused = r#"stampede_tls_reloads_total{outcome="refused"}"#;
    assert!(metric(&admin, refused) >= 1.0);
    std::fs::copy(new.path("server.crt"), old.path("server.crt")).unwrap();
    until("the new one is shown", || calls(&new));
    assert!(!calls(&old));
    let by_new = server.by_tls(&new);
    assert!(metric(&by_new, r#"stampede_tls_reloads_total{outcome="taken"}"#) >= 1.0);
    assert_eq!(metric(&by_new, "stampede_tls_certificates_expiring"), 1.0);
    // The stream from before is still told what happens.
    let staff = by_new.log_in("admin", ADMIN_PASSWORD);
    staff.open_lottery(harness::DAY, 1);
    let ada = by_new.register("ada");
    let held = ada.hold(harness::DAY, json!({"pattern": "****"})).expect(201);
    ada.confirm(harness::id(&held)).expect(200);
    assert!(events.any(|line| line.unwrap().contains("tickets.confirmed")));
    server.stop();
}

#[test]
fn the_operator_can_say_that_it_should_look_again() {
    let Some(authority) = TestAuthority::new() else { return };
    authority.certify("server", 90);
    let data = TestFolder::new();
    // It would not look by itself within a test.
    let server = start(&authority, &data, &[("STAMPEDE_JOB_INTERVAL_MS", "60000")]);
    let anybody = server.by_tls(&authority);
    let taken = r#"stampede_tls_reloads_total{outcome="taken"}"#;
    assert_eq!(metric(&anybody, taken), 0.0);
    server.signal("HUP");
    until("it has looked", || metric(&anybody, taken) == 1.0);
    server.stop();
}

#[test]
fn whatever_is_wrong_with_the_files_is_told_at_once_and_nothing_is_begun() {
    let Some(authority) = TestAuthority::new() else { return };
    authority.certify("server", 90);
    authority.certify("other", 90);
    let data = TestFolder::new();
    let begin = |cert: &str, key: &str| {
        let path = |name: &str| authority.path(name).to_str().unwrap().to_owned();
        let args = ["serve", "--tls-cert", &path(cert), "--tls-key", &path(key)].map(str::to_owned);
        fails(STAMPEDE.run(&data, args), 1)
    };
    let said = begin("none.crt", "none.key");
    assert!(said.contains("tls_cert: ") && said.contains("tls_key: "), "{said}");
    assert_eq!(said.matches("cannot be read: No such file").count(), 2, "{said}");
    let said = begin("server.key", "server.crt");
    assert!(said.contains("has no certificate") && said.contains("has no private key"), "{said}");
    let said = begin("server.crt", "other.key");
    assert!(said.contains("is not the key of the certificate in"), "{said}");
    std::fs::write(
        authority.path("odd.crt"),
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    let said = begin("odd.crt", "server.key");
    assert!(said.contains("is no certificate"), "{said}");
    assert!(!data.join("stampede.db").exists());
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_a_warning() {
    use std::os::unix::fs::PermissionsExt;
    let Some(authority) = TestAuthority::new() else { return };
    authority.certify("server", 90);
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(authority.path("server.key"), open).unwrap();
    let data = TestFolder::new();
    let server = start(&authority, &data, &[]);
    until("it warns", || server.said("can be read by others (mode 0644)"));
    server.stop();
}

#[test]
fn those_who_stall_in_a_handshake_keep_nobody_out() {
    let Some(authority) = TestAuthority::new() else { return };
    authority.certify("server", 90);
    let data = TestFolder::new();
    let server = start(&authority, &data, &[]);
    let stalled: Vec<TcpStream> = (0..HANDSHAKES + 8)
        .map(|_| {
            let mut stream = TcpStream::connect(&server.address).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            // The first byte of a handshake, and no more.
            stream.write_all(&[22]).unwrap();
            stream
        })
        .collect();
    let anybody = server.by_tls(&authority);
    anybody.get("//health/live").expect(200);
    let crowded = r#"stampede_tls_handshakes_failed_total{reason="crowded"}"#;
    until("the oldest are given up", || metric(&anybody, crowded) >= 8.0);
    // All of them end in time.
    for mut stream in stalled {
        let end = stream.read(&mut [0; 8]).map_err(|error| error.kind());
        assert!(matches!(end, Ok(0) | Err(ErrorKind::ConnectionReset)), "{end:?}");
    }
    let slow = r#"stampede_tls_handshakes_failed_total{reason="slow"}"#;
    assert!(metric(&anybody, slow) >= 1.0);
    server.stop();
}

#[test]
fn an_address_has_so_many_connections_by_tls_too() {
    let Some(authority) = TestAuthority::new() else { return };
    authority.certify("server", 90);
    let data = TestFolder::new();
    let server = start(&authority, &data, &[("STAMPEDE_CONNECTIONS_PER_ADDRESS", "2")]);
    let silent = [(); 2].map(|()| TcpStream::connect(&server.address).unwrap());
    let anybody = server.by_tls(&authority);
    assert!(anybody.try_to_send("GET", "//health/live", None).is_none());
    drop(silent);
    until("there is room again", || anybody.try_to_send("GET", "//health/live", None).is_some());
    server.stop();
}
