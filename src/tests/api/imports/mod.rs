//! Importing codes from a file: every row accounted for, whatever the file is like, whoever else
//! imports, whatever is restarted.

mod files;
mod jobs;
mod own_terms;
mod pasts;
mod reports;
mod uploads;

use harness::{Answer, Client, TestApp, id};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

const TERMS: &str = "discount_percent=10&expires_at=2027-01-01T00:00:00Z";

/// What an administrator does with imports.
trait Importing {
    fn import(&self, query: &str, file: impl AsRef<[u8]>) -> Answer;
    fn job(&self, id: &str) -> Value;
    fn cancel(&self, id: &str) -> Answer;
}

impl Importing for Client {
    fn import(&self, query: &str, file: impl AsRef<[u8]>) -> Answer {
        self.send("POST", &format!("/coupon-imports?{TERMS}{query}"), Some(file.as_ref().to_vec()))
    }

    fn job(&self, id: &str) -> Value {
        self.get(&format!("/jobs/{id}")).expect(200)
    }

    fn cancel(&self, id: &str) -> Answer {
        self.delete(&format!("/jobs/{id}"))
    }
}

fn has_ended(job: &Value) -> bool {
    job["ended_at"].is_string()
}

/// The job as it is when it has ended.
#[track_caller]
fn ended(app: &TestApp, admin: &Client, job: &str) -> Value {
    app.until("the job ends", || has_ended(&admin.job(job)));
    admin.job(job)
}

/// Imports to the end.
#[track_caller]
fn imported(app: &TestApp, admin: &Client, query: &str, file: impl AsRef<[u8]>) -> Value {
    let accepted = admin.import(query, file).expect(202);
    ended(app, admin, id(&accepted))
}

/// Imported, duplicate, invalid.
fn counts(job: &Value) -> (u64, u64, u64) {
    let count = |state: &str| job["rows"][state].as_u64().unwrap();
    let counts = (count("imported"), count("duplicate"), count("invalid"));
    let all = counts.0 + counts.1 + counts.2 + count("not_imported");
    assert_eq!(job["progress"]["rows"], all, "{job}");
    counts
}

/// All lines of the list of rows, page by page.
fn rows(admin: &Client, job: &str, query: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let mut page = admin.get(&format!("/jobs/{job}/rows?{query}{cursor}")).expect(200);
        all.append(page["items"].as_array_mut().unwrap());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

/// The state of each row, in order.
fn states(admin: &Client, job: &str) -> Vec<String> {
    rows(admin, job, "").iter().map(|row| row["state"].as_str().unwrap().to_owned()).collect()
}

fn file(prefix: &str, codes: std::ops::Range<u32>) -> String {
    codes.fold("code\n".to_owned(), |file, n| file + prefix + &n.to_string() + "\n")
}

/// What lies in the folder of imports.
fn spooled(app: &TestApp) -> Vec<PathBuf> {
    fs::read_dir(app.data().join("imports")).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// A job that is in the middle of its file: rows are decided one at a time.
fn slow() -> TestApp {
    TestApp::start_with(|config| config.import_chunk = 1)
}

#[track_caller]
fn begun(app: &TestApp, admin: &Client, job: &str) {
    app.until("the job begins", || admin.job(job)["progress"]["rows"].as_u64() > Some(0));
}
