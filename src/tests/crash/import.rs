//! An import that is killed in the middle, again and again: right to the row, as if nothing had
//! happened.

use crate::STAMPEDE;
use harness::{Client, Process, TestFolder, id};
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

const ROWS: u64 = 100_000;
const TERMS: &str = "discount_percent=10&expires_at=2199-01-01T00:00:00Z";

/// One row in a hundred is bad and one in a hundred is a duplicate.
fn row(n: u64) -> (String, &'static str) {
    match n % 100 {
        50 => (format!("bad code {n}"), "invalid"),
        75 => (format!("CODE-{}", n - 1), "duplicate"),
        _ => (format!("CODE-{n}"), "imported"),
    }
}

fn file() -> String {
    (1..=ROWS).fold("code\n".to_owned(), |mut file, n| {
        writeln!(file, "{}", row(n).0).unwrap();
        file
    })
}

/// In small steps, so that there is a middle to be killed in.
fn serve(folder: &Path) -> Process {
    let mut command = STAMPEDE.command(folder);
    command.env("STAMPEDE_IMPORT_CHUNK", "500");
    Process::start_with(command, folder).0
}

fn job(client: &Client, job: &str) -> Value {
    client.get(&format!("/jobs/{job}")).expect(200)
}

/// Asks until that many rows of the pass are decided, or the job has ended.
fn wait_for(client: &Client, id: &str, pass: &str, rows: u64) -> Value {
    loop {
        let job = job(client, id);
        let there = job["state"] == pass && job["progress"]["rows"].as_u64().unwrap() >= rows;
        if there || job["ended_at"].is_string() {
            return job;
        }
    }
}

/// Every row of the report is as it must be.
fn is_right_to_the_row(client: &Client, id: &str) {
    let report = client.get(&format!("/jobs/{id}/report")).expect_text(200).to_owned();
    let mut lines = report.lines();
    assert_eq!(lines.next(), Some("row,code,state,why"));
    for n in 1..=ROWS {
        let (code, state) = row(n);
        let line = lines.next().unwrap_or_default();
        assert!(line.starts_with(&format!("{n},\"{code}\",{state},")), "{line}");
    }
    assert_eq!(lines.next(), None);
}

/// How often it is killed, each time a little later after a chunk was counted: some of these
/// moments lie between an import and its count.
const KILLS: u64 = 9;

fn killed_again_and_again(query: &str, pass: &str) {
    let folder = TestFolder::new();
    let file = file();
    let mut server = serve(&folder);
    let mut admin = server.admin();
    let path = format!("/coupon-imports?{TERMS}{query}");
    let accepted = admin.send_file(&path, file.as_bytes()).expect(202);
    for kill in 1..=KILLS {
        let before = wait_for(&admin, id(&accepted), pass, kill * ROWS / (KILLS + 3));
        assert_eq!(before["state"], pass, "it was over before it was killed: {before}");
        (0..kill).for_each(|_| drop(admin.get("//health/live")));
        server.kill();
        server = serve(&folder);
        admin = admin.at(&server.address);
        let after = job(&admin, id(&accepted));
        assert!(
            after["progress"]["rows"].as_u64() >= before["progress"]["rows"].as_u64(),
            "it went back from {before} to {after}"
        );
    }
    let finished = wait_for(&admin, id(&accepted), "finished", ROWS);
    let expected = serde_json::json!({"imported": ROWS / 100 * 98, "duplicate": ROWS / 100,
        "invalid": ROWS / 100, "not_imported": 0});
    assert_eq!((&finished["state"], &finished["rows"]), (&"finished".into(), &expected));
    is_right_to_the_row(&admin, id(&accepted));
    let again = admin.send_file(&path, file.as_bytes());
    assert!(again.was_replayed());
    assert_eq!(again.expect(202), finished);
    // What is on the racks is what was counted: of a dry run, everything is a duplicate, or nothing
    // is.
    let other = admin
        .send_file(&format!("/coupon-imports?{TERMS}&dry_run=true&name=again"), file.as_bytes())
        .expect(202);
    let dry = wait_for(&admin, id(&other), "finished", ROWS);
    let there = if query.contains("dry_run") { 0 } else { ROWS / 100 * 98 };
    assert_eq!(dry["rows"]["imported"].as_u64(), Some(ROWS / 100 * 98 - there));
    server.stop();
    STAMPEDE.verify(&folder);
}

#[test]
fn an_import_killed_again_and_again_is_right_to_the_row() {
    killed_again_and_again("", "importing");
}

#[test]
fn a_dry_run_killed_again_and_again_is_right_to_the_row_and_imports_nothing() {
    killed_again_and_again("&dry_run=true", "checking");
}

#[test]
fn a_kill_before_the_answer_leaves_no_job_without_its_file_and_a_repeat_finds_out() {
    let folder = TestFolder::new();
    let file = file();
    let mut server = serve(&folder);
    let mut admin = server.admin();
    let path = format!("/coupon-imports?{TERMS}");
    std::thread::scope(|scope| {
        let sending = admin.clone();
        let (path, file) = (&path, &file);
        let sent = scope.spawn(move || sending.try_to_send_file(path, file.as_bytes()));
        // Something has arrived, in whatever state.
        while std::fs::read_dir(folder.join("imports")).unwrap().count() == 0 && !sent.is_finished()
        {
        }
        server.kill();
        sent.join().unwrap();
    });
    server = serve(&folder);
    admin = admin.at(&server.address);
    let accepted = admin.send_file(&path, file.as_bytes()).expect(202);
    let finished = wait_for(&admin, id(&accepted), "finished", ROWS);
    assert_eq!(finished["rows"]["imported"].as_u64(), Some(ROWS / 100 * 98));
    let folders = std::fs::read_dir(folder.join("imports")).unwrap().count();
    assert_eq!(folders, 1, "the kill left something behind");
}

#[cfg(unix)]
#[test]
fn a_file_that_the_disk_has_no_room_for_is_refused_and_nothing_is_kept() {
    let folder = TestFolder::new();
    let mut command = Command::new("sh");
    // No file may grow beyond 4 MiB, which a server takes for a full disk.
    command.args(["-c", "trap '' XFSZ; ulimit -f 8192; exec \"$0\""]).arg(STAMPEDE.path());
    let settings: Vec<_> = STAMPEDE
        .command(&folder)
        .get_envs()
        .map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned)))
        .collect();
    command.env_clear().envs(settings.into_iter().filter_map(|(name, value)| Some((name, value?))));
    let server = Process::start_with(command, &folder).0;
    let admin = server.admin();
    // By so little that all of it has been sent when it is refused.
    let large = [&b"code\nA\n"[..], &vec![b'\n'; 4 * 1024 * 1024]].concat();
    let refused = admin.send_file(&format!("/coupon-imports?{TERMS}"), &large).expect(507);
    assert_eq!(
        (&refused["type"], &refused["retry"]),
        (&"/problems/no-space".into(), &"later".into())
    );
    assert_eq!(std::fs::read_dir(folder.join("imports")).unwrap().count(), 0);
    let small = admin.send_file(&format!("/coupon-imports?{TERMS}"), b"code\nA\n").expect(202);
    assert_eq!(wait_for(&admin, id(&small), "finished", 1)["rows"]["imported"], 1);
}
