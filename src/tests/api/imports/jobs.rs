//! The job of an import: repeated, cancelled, restarted, listed, and who may see it.

use super::{Importing, TERMS, begun, counts, ended, file, has_ended, imported, slow, states};
use harness::{TestApp, id};
use serde_json::json;
use std::fs;
use std::path::PathBuf;

#[test]
fn the_same_file_is_the_same_job() {
    let app = TestApp::start();
    let admin = app.admin();
    let first = admin.import("", "code\nA\nB\n");
    assert!(!first.was_replayed());
    assert_eq!(
        first.header("location"),
        Some(format!("/api/v1/jobs/{}", id(&first.body)).as_str())
    );
    let job = ended(&app, &admin, id(&first.body));
    let again = admin.import("", "code\nA\nB\n");
    assert!(again.was_replayed());
    assert_eq!(again.expect(202), job);
    app.restart();
    assert_eq!(admin.import("", "code\nA\nB\n").expect(202), job);
    for other in ["&name=x", "&dry_run=true", "&on_duplicate=fail", "&min_amount=1"] {
        assert_ne!(admin.import(other, "code\nA\nB\n").expect(202)["id"], job["id"], "{other}");
    }
    assert_ne!(admin.import("", "code\nA\nB").expect(202)["id"], job["id"]);
    let key = admin.key("import-1");
    let keyed = key.import("", "code\nK\n").expect(202);
    assert_eq!(key.import("", "code\nK\n").expect(202)["id"], keyed["id"]);
    key.import("", "code\nL\n").refused(422, "idempotency-key-reused");
}

#[test]
fn a_cancelled_job_counts_what_it_imported_and_the_same_file_takes_it_up_again() {
    for query in ["", "&on_duplicate=fail"] {
        let app = slow();
        let admin = app.admin();
        let codes = file("C", 0..1000);
        let accepted = admin.import(query, &codes).expect(202);
        let job = || admin.job(id(&accepted));
        app.until("it imports", || {
            job()["state"] == "importing" && job()["progress"]["rows"].as_u64() > Some(0)
        });
        let answer = admin.cancel(id(&accepted)).expect(200);
        assert!(
            ["cancelling", "cancelled"].contains(&answer["state"].as_str().unwrap()),
            "{answer}"
        );
        let cancelled = ended(&app, &admin, id(&accepted));
        let (stayed, ..) = counts(&cancelled);
        assert_eq!(cancelled["state"], "cancelled");
        assert!(0 < stayed && stayed < 1000, "{cancelled}");
        assert_eq!(admin.cancel(id(&accepted)).expect(200), cancelled);
        // Exactly what it counts is there.
        app.stop();
        let app = app.with_chunks_of(300);
        let admin = app.admin();
        assert_eq!(
            counts(&imported(&app, &admin, "&dry_run=true", &codes)),
            (1000 - stayed, stayed, 0)
        );
        // What it brought itself is no duplicate to it.
        let again = admin.import(query, &codes).expect(202);
        assert_eq!(again["id"], accepted["id"]);
        let finished = ended(&app, &admin, id(&again));
        assert_eq!(
            (&finished["state"], counts(&finished), &finished["batch"]),
            (&json!("finished"), (1000, 0, 0), &cancelled["batch"])
        );
        admin.cancel(id(&again)).refused(409, "job-ended");
    }
}

#[test]
fn a_job_that_is_cancelled_when_the_process_stops_ends_after_the_start_and_counts_what_it_imported()
{
    let app = slow();
    let admin = app.admin();
    let codes = file("C", 0..1000);
    let accepted = admin.import("", &codes).expect(202);
    begun(&app, &admin, id(&accepted));
    admin.cancel(id(&accepted)).expect(200);
    app.restart();
    let cancelled = ended(&app, &admin, id(&accepted));
    let (stayed, ..) = counts(&cancelled);
    assert!(cancelled["state"] == "cancelled" && stayed > 0, "{cancelled}");
    assert_eq!(
        counts(&imported(&app, &admin, "&dry_run=true", &codes)),
        (1000 - stayed, stayed, 0)
    );
}

#[test]
fn a_restart_in_the_middle_goes_on_where_it_stopped() {
    for query in ["", "&on_duplicate=fail", "&dry_run=true"] {
        let app = slow();
        let admin = app.admin();
        let accepted = admin.import(query, file("R", 0..1000)).expect(202);
        begun(&app, &admin, id(&accepted));
        app.stop();
        let app = app.with_chunks_of(100);
        let admin = app.admin();
        assert!(!has_ended(&admin.job(id(&accepted))), "it was over before the restart");
        let job = ended(&app, &admin, id(&accepted));
        assert_eq!((&job["state"], counts(&job)), (&json!("finished"), (1000, 0, 0)), "{query}");
        assert!(states(&admin, id(&job)).iter().all(|state| state == "imported"));
    }
}

#[test]
fn a_job_whose_file_is_gone_fails_and_says_so_until_the_file_comes_again() {
    for change in [
        |folder: &PathBuf| fs::remove_dir_all(folder),
        |folder: &PathBuf| fs::write(folder.join("file.csv"), "code\n"),
    ] {
        let app = slow();
        // On several nodes the file may lie on another one, so nobody takes its absence for the
        // end.
        if !app.has_a_file() {
            return;
        }
        let admin = app.admin();
        let accepted = admin.import("", file("S", 0..500)).expect(202);
        begun(&app, &admin, id(&accepted));
        app.stop();
        change(&app.data().join("imports").join(id(&accepted))).unwrap();
        let app = app.with_chunks_of(100);
        let admin = app.admin();
        let failed = ended(&app, &admin, id(&accepted));
        assert!(
            failed["state"] == "failed"
                && failed["why"].as_str().unwrap().contains("send it again"),
            "{failed}"
        );
        assert_eq!(admin.import("", file("S", 0..500)).expect(202)["id"], accepted["id"]);
        let job = ended(&app, &admin, id(&accepted));
        assert_eq!((&job["state"], counts(&job)), (&json!("finished"), (500, 0, 0)));
    }
}

#[test]
fn jobs_are_listed_the_newest_first() {
    let app = TestApp::start();
    let admin = app.admin();
    let mut made = Vec::new();
    for n in 0..5 {
        app.pass_s(1);
        made.insert(0, id(&imported(&app, &admin, "", format!("code\nL{n}\n"))).to_owned());
    }
    let mut listed = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = admin.get(&format!("/jobs?limit=2{cursor}")).expect(200);
        listed.extend(page["items"].as_array().unwrap().iter().map(|job| id(job).to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(listed, made);
}

#[test]
fn imports_and_jobs_are_for_administrators() {
    let app = TestApp::start();
    let (admin, ada) = (app.admin(), app.member("ada"));
    let job = imported(&app, &admin, "", "code\nA\n");
    let job = id(&job);
    for (method, path) in [
        ("POST", format!("/coupon-imports?{TERMS}")),
        ("GET", "/jobs".into()),
        ("GET", format!("/jobs/{job}")),
        ("GET", format!("/jobs/{job}/rows")),
        ("GET", format!("/jobs/{job}/report")),
        ("DELETE", format!("/jobs/{job}")),
    ] {
        ada.send(method, &path, None).refused(403, "forbidden");
        app.anybody().send(method, &path, None).refused(401, "unauthenticated");
    }
    let nobody = job.replace(|_| true, "0");
    for path in
        [format!("/jobs/{nobody}"), format!("/jobs/{nobody}/rows"), "/jobs/none-such/report".into()]
    {
        admin.get(&path).refused(404, "not-found");
    }
    admin.cancel(&nobody).refused(404, "not-found");
}

#[test]
fn what_is_imported_is_metered() {
    let app = TestApp::start();
    let admin = app.admin();
    imported(&app, &admin, "", "code\nA\nA\n\"\"\n");
    let metrics = app.anybody().get("//metrics").text;
    for name in [
        "stampede_import_rows_total{outcome=\"imported\"}",
        "stampede_import_rows_total{outcome=\"duplicate\"}",
        "stampede_import_rows_total{outcome=\"invalid\"}",
        "stampede_import_bytes_total",
        "stampede_jobs_unfinished",
        "stampede_jobs_ended_total{state=\"finished\"}",
    ] {
        assert!(metrics.contains(name), "{name} is not in {metrics}");
    }
}
