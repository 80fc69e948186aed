//! How the console and the other pages are served: small, sealed, and once.

use harness::{Answer, TestApp};
use std::collections::BTreeSet;

/// All that a browser ever loads of these pages, packed.
const BUDGET: usize = 125_000;

/// Each with the module that it begins with.
const PAGES: [(&str, &str); 3] =
    [("//", "app.js"), ("//docs/", "docs/docs.js"), ("//draws/2030-12-31", "draws/draws.js")];

/// What the page and its modules are made of.
fn parts(page: &str) -> BTreeSet<String> {
    let after = page.split("href=\"").skip(1).chain(page.split("src=\"").skip(1));
    let all = after.map(|rest| rest.split('"').next().unwrap().to_owned());
    all.filter(|address| address.starts_with("/console/")).collect()
}

fn all_parts(app: &TestApp) -> BTreeSet<String> {
    let of = |(page, _): &(&str, &str)| parts(app.anybody().get(page).expect_text(200));
    PAGES.iter().flat_map(of).collect()
}

fn size(answer: &Answer) -> usize {
    answer.header("content-length").unwrap().parse().unwrap()
}

#[test]
fn all_of_it_is_smaller_than_its_budget() {
    let app = TestApp::start();
    let packed = app.anybody().with("Accept-Encoding", "gzip");
    let parts = all_parts(&app);
    assert!(parts.len() > 60, "{parts:?}");
    let mut sizes: Vec<(usize, String)> = parts
        .into_iter()
        .map(|part| {
            let answer = packed.get(&format!("/{part}"));
            assert_eq!(answer.status, 200, "{part}");
            (size(&answer), part)
        })
        .collect();
    sizes.extend(PAGES.map(|(page, _)| (size(&packed.get(page)), page.to_owned())));
    sizes.sort();
    let all: usize = sizes.iter().map(|(size, _)| size).sum();
    assert!(all <= BUDGET, "{all} bytes: {sizes:#?}");
}

#[test]
fn its_policy_lets_it_load_its_own_files_and_nothing_else() {
    let app = TestApp::start();
    for (address, _) in PAGES {
        let page = app.anybody().get(address);
        let policy = page.header("content-security-policy").unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'; script-src 'self' 'sha256-"), "{policy}");
        for word in ["unsafe", "*", "http", "data:"] {
            assert!(!policy.contains(word), "{policy}");
        }
        for rule in ["style-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"] {
            assert!(policy.contains(rule), "{policy}");
        }
        let text = page.expect_text(200);
        assert!(!text.contains("style=") && !text.contains("onclick") && !text.contains("://"));
        let tag = page.header("etag").unwrap();
        assert_eq!(app.anybody().with("If-None-Match", tag).get(address).status, 304, "{address}");
    }
    // A module is named by the files that it is loaded from, and none is left out.
    for part in all_parts(&app) {
        let file = app.anybody().get(&format!("/{part}"));
        assert_eq!(file.header("x-content-type-options"), Some("nosniff"), "{part}");
        assert_eq!(file.header("cache-control"), Some("no-cache"), "{part}");
        let tag = file.header("etag").unwrap();
        let again = app.anybody().with("If-None-Match", tag).get(&format!("/{part}"));
        assert_eq!(again.status, 304, "{part}");
    }
}

#[test]
fn every_module_that_is_imported_is_there_and_every_one_is_used() {
    let app = TestApp::start();
    let page = app.anybody().get("//");
    let modules: BTreeSet<String> = all_parts(&app)
        .into_iter()
        .filter(|part| part.ends_with(".js") && !part.contains("/vendor/"))
        .collect();
    let mut imported: BTreeSet<String> =
        PAGES.iter().map(|(_, first)| format!("/console/{first}")).collect();
    for module in &modules {
        let text = app.anybody().get(&format!("/{module}")).text;
        let folder = module.rsplit_once('/').unwrap().0;
        for name in text.split(" from \"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            match (name.strip_prefix("./"), name.strip_prefix("../")) {
                (Some(beside), _) => imported.insert(format!("{folder}/{beside}")),
                (_, Some(above)) => imported.insert(format!("/console/{above}")),
                _ => {
                    let is_mapped = page.text.contains(&format!("\"{name}\":"));
                    assert!(is_mapped, "{module}: {name}");
                    is_mapped
                }
            };
        }
    }
    assert_eq!(imported, modules);
}

#[test]
fn whoever_asks_for_json_is_told_where_to_go() {
    let app = TestApp::start();
    let json = app.anybody().with("Accept", "application/json").get("//").expect(200);
    assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(json["links"]["document"], "/openapi.json");
    for accept in
        ["*/*", "text/html,application/xhtml+xml,*/*;q=0.8", "text/html, application/json"]
    {
        let page = app.anybody().with("Accept", accept).get("//");
        assert!(page.header("content-type").unwrap().starts_with("text/html"), "{accept}");
    }
    app.anybody().get("//console/none-such.js").refused(404, "unknown-route");
}
