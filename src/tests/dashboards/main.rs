//! Dashboards and rules against the real thing: the binary under a crowd, scraped by a real
//! Prometheus, which is asked every query of every panel.

mod crowd;
mod panels;

use crowd::Crowd;
use harness::prometheus::Prometheus;
use harness::{Binary, Process, TestFolder, needed, root};
use panels::{dashboards, in_earnest, metrics, panels};
use std::collections::BTreeSet;
use std::process::Command;

/// The program under test.
const STAMPEDE: Binary = Binary::at(env!("CARGO_BIN_EXE_stampede"));
const TO_INSTALL: &str = "apt-get install prometheus";

/// So many turns of the crowd take a minute; whatever has no data after them will have none.
const MOST_TURNS: usize = 2000;

#[test]
fn every_panel_says_what_it_shows_in_which_unit_and_leaves_the_data_source_open() {
    let all = panels();
    assert!(all.len() > 40, "{}", all.len());
    for panel in &all {
        let name = &panel.name;
        assert!(
            panel.json["description"]
                .as_str()
                .is_some_and(|text| text.len() > 15 && text.ends_with('.')),
            "{name}"
        );
        assert!(panel.json["fieldConfig"]["defaults"]["unit"].is_string(), "{name}");
        assert!(!panel.queries.is_empty(), "{name}");
        let targets = panel.json["targets"].as_array().unwrap();
        let sources = targets
            .iter()
            .map(|target| &target["datasource"]["uid"])
            .chain([&panel.json["datasource"]["uid"]]);
        sources.for_each(|source| assert_eq!(source, "${datasource}", "{name}"));
    }
    for (file, dashboard) in dashboards() {
        let numbers: Vec<u64> = dashboard["panels"]
            .as_array()
            .unwrap()
            .iter()
            .map(|panel| panel["id"].as_u64().unwrap())
            .collect();
        assert_eq!(
            numbers.iter().collect::<BTreeSet<_>>().len(),
            numbers.len(),
            "{}",
            file.display()
        );
        assert_eq!(dashboard["templating"]["list"][0]["type"], "datasource", "{}", file.display());
    }
}

#[test]
fn the_rules_are_sound_and_pass_their_own_tests() {
    if !needed::are_there(&["promtool"], TO_INSTALL) {
        return;
    }
    let checks: [&[&str]; 3] = [
        &["check", "config", "prometheus.yml"],
        &["check", "rules", "recording.yml", "alerts.yml"],
        &["test", "rules", "alerts_test.yml"],
    ];
    for check in checks {
        let promtool = needed::found("promtool").unwrap();
        let output = Command::new(promtool)
            .args(check)
            .current_dir(root().join("grafana/prometheus"))
            .output()
            .unwrap();
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(output.status.success(), "{check:?}: {said}");
    }
}

#[test]
fn every_query_of_every_panel_and_every_metric_of_every_rule_has_data() {
    if !needed::are_there(&["prometheus"], TO_INSTALL) {
        return;
    }
    let folder = TestFolder::new();
    let mut command = STAMPEDE.command(&folder);
    command
        .env("STAMPEDE_WEBHOOK_PRIVATE_ADDRESSES", "true")
        .env("STAMPEDE_JOB_INTERVAL_MS", "100")
        .env("STAMPEDE_PROOF_OF_WORK", "ballot")
        .env("STAMPEDE_PROOF_OF_WORK_NUMBERS", "1000");
    let (server, _) = Process::start_with(command, &folder);
    let beside = folder.around();
    let prometheus = Prometheus::scraping(&server.address, beside);
    let mut crowd = Crowd::gather(&server);

    let mut open = queries();
    assert!(open.len() > 80, "{}", open.len());
    for _ in 0..MOST_TURNS {
        crowd.come();
        open.retain(|(_, query)| prometheus.ask(query).is_empty());
        if open.is_empty() {
            return;
        }
    }
    panic!("no data for {open:#?}");
}

/// Everything that is asked, each with who asks it.
fn queries() -> Vec<(String, String)> {
    let of_panels = panels().into_iter().flat_map(|panel| {
        panel.queries.into_iter().map(move |query| (panel.name.clone(), in_earnest(&query)))
    });
    let rules = ["recording.yml", "alerts.yml"]
        .map(|file| std::fs::read_to_string(root().join("grafana/prometheus").join(file)).unwrap());
    let of_rules: BTreeSet<String> = rules.iter().flat_map(|rules| metrics(rules)).collect();
    of_panels.chain(of_rules.into_iter().map(|metric| ("rules".to_owned(), metric))).collect()
}
