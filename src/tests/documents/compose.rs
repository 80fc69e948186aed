//! `docker-compose.yml` is read as Compose reads it, and every setting that it passes on is one
//! that the binary knows and takes.
//!
//! Nothing is started.

use crate::STAMPEDE;
use harness::{needed, root};
use std::collections::BTreeMap;
use std::process::Command;

/// The file as Compose understands it, everything in it filled in.
fn composed() -> Option<String> {
    let mut command = Command::new("docker-compose");
    command.current_dir(root()).arg("config");
    command
        .env("STAMPEDE_CLUSTER_KEY", "0123456789abcdef0123456789abcdef")
        .env("STAMPEDE_ADMIN_PASSWORD", "a long sentence nobody guesses");
    match command.output() {
        Ok(output) => {
            assert!(
                output.status.success(),
                "it does not accept the file: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            Some(String::from_utf8(output.stdout).unwrap())
        }
        Err(why) => {
            needed::is_not_run(&format!("docker-compose is not installed: {why}"));
            None
        }
    }
}

/// The environment of a service, as Compose prints it: a line for each variable, in the block of
/// its service.
fn environment(composed: &str, service: &str) -> BTreeMap<String, String> {
    let of_service = composed
        .lines()
        .skip_while(|line| *line != format!("  {service}:"))
        .skip(1)
        .take_while(|line| line.starts_with("    "));
    let block = of_service
        .skip_while(|line| *line != "    environment:")
        .skip(1)
        .take_while(|line| line.starts_with("      "));
    block
        .filter_map(|line| line.trim().split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.trim_matches(['"', '\'']).to_owned()))
        .collect()
}

/// The settings of a node, by the file's own text, so that this needs no docker-compose.
fn settings_in_the_file() -> BTreeMap<String, String> {
    let file = std::fs::read_to_string(root().join("docker-compose.yml")).unwrap();
    let lines = file.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let passed = lines
        .filter_map(|line| line.split_once(": "))
        .filter(|(name, _)| name.starts_with("STAMPEDE_") && *name != "STAMPEDE_DASHBOARDS");
    let mut settings: BTreeMap<String, String> =
        passed.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    settings.insert("STAMPEDE_ADVERTISE".into(), "one:8080".into());
    settings
}

/// Fails like a start would, without starting anything.
fn is_taken(settings: &BTreeMap<String, String>) {
    let mut command = STAMPEDE.as_it_is();
    let output = command.env_clear().envs(settings).arg("config").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("WARN"), "{said}");
    let shown = String::from_utf8(output.stdout).unwrap();
    for name in settings.keys() {
        assert!(shown.contains(name), "{name} is no setting of the binary");
    }
}

#[test]
fn every_setting_in_the_file_is_one_that_the_binary_knows_and_takes() {
    let mut settings = settings_in_the_file();
    assert!(settings.len() > 8, "{settings:?}");
    for value in settings.values_mut() {
        *value = value.trim_matches('"').to_owned();
        if value.starts_with("${") {
            *value = "as long as a secret of a cluster has to be".to_owned();
        }
    }
    is_taken(&settings);
    let knows_redis = config::SETTINGS.iter().any(|setting| setting.name == "redis");
    assert_eq!(
        settings.contains_key("STAMPEDE_REDIS"),
        knows_redis,
        "the cache is there to be used"
    );
}

#[test]
fn compose_accepts_the_file_and_both_nodes_take_what_it_passes_on() {
    let Some(file) = composed() else { return };
    for node in ["one", "two"] {
        let settings = environment(&file, node);
        assert_eq!(
            settings["STAMPEDE_ADVERTISE"],
            format!("{node}:8080"),
            "the others reach it by its own name"
        );
        is_taken(&settings);
    }
    for mounted in ["./deploy/nginx.conf", "./deploy/prometheus.yml"] {
        assert!(root().join(mounted).is_file(), "{mounted}");
    }
}
