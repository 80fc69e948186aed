//! A file of codes, some of them bad: it is sent from the page, its rejected rows are found there,
//! and the report that the page saves is the server's.

use crate::Scene;
use serde_json::{Value, json};

const FILE: &str = "code\nSUMMER-1\nSUMMER-2\nSUMMER-1\nx y\n=1+1\n";

/// Whether a row of some table says exactly that.
const HAS_ROW: &str = "[...document.querySelectorAll('tbody tr')].some((row) => (
    JSON.stringify([...row.cells].map((cell) => cell.innerText)) === arguments[0]))";

#[test]
fn a_file_with_bad_rows_is_imported_and_its_rejected_rows_are_found_and_downloaded() {
    let Some(scene) = Scene::open() else { return };
    let (browser, admin) = (&scene.browser, scene.server().admin());
    let downloads = scene.folder.join("downloads");
    browser.saves_into(&downloads);
    scene.sign_in_as_admin();
    browser.go("imports");
    browser.sees("There is none yet.");
    browser.press("Import codes");
    browser.choose_file(&scene.folder.file("codes.csv", FILE));
    browser.fill("name", "Summer");
    browser.press("Import");
    // The last day is missing.
    browser.until("document.querySelector('[role=alert]')", json!([]));
    browser.paste("expires_on", "2199-09-30");
    browser.press("Import");
    browser.sees("5 rows.");
    browser.sees("3 imported");
    let job = browser.run("return location.hash.split('/').at(-1)", json!([]));
    let job = job.as_str().unwrap();

    let rejected = admin.get(&format!("/jobs/{job}/rows?state=rejected")).expect(200);
    let rejected = rejected["items"].as_array().unwrap();
    let cell = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(rejected.len(), 2, "{rejected:?}");
    for (row, number, code, state) in
        [(&rejected[0], 3, "SUMMER-1", "duplicate"), (&rejected[1], 4, "x y", "invalid")]
    {
        assert_eq!(
            (&row["row"], cell(row, "code"), cell(row, "state")),
            (&json!(number), code.to_owned(), state.to_owned())
        );
        let shown = json!([number.to_string(), code, state, cell(row, "why")]).to_string();
        browser.until(HAS_ROW, json!([shown]));
    }
    assert!(!rejected.iter().any(|row| cell(row, "why").is_empty()), "{rejected:?}");

    browser.press("Prepare the report");
    browser.press("Save the report");
    let saved = browser.saved(&downloads.join(format!("{job}.csv")));
    let report = admin.get(&format!("/jobs/{job}/report"));
    assert_eq!(saved, report.expect_text(200));
    let lines: Vec<&str> = saved.split("\r\n").collect();
    for (line, begins) in [
        (1, "1,\"SUMMER-1\",imported,"),
        (3, "3,\"SUMMER-1\",duplicate,"),
        (4, "4,\"x y\",invalid,"),
        (5, "5,\"'=1+1\",imported,"),
    ] {
        assert!(lines[line].starts_with(begins), "{lines:?}");
    }
}
