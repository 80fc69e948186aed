//! The real Prometheus with the rules of the repository, scraping one server every second. It never
//! outlives its test.

use crate::client::agent;
use crate::{needed, root};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

pub struct Prometheus {
    child: Child,
    address: String,
}

impl Prometheus {
    /// With the configuration of the repository, but for whom it scrapes and how often.
    pub fn scraping(target: &str, folder: &Path) -> Prometheus {
        for file in ["recording.yml", "alerts.yml"] {
            std::fs::copy(root().join("grafana/prometheus").join(file), folder.join(file)).unwrap();
        }
        let config =
            std::fs::read_to_string(root().join("grafana/prometheus/prometheus.yml")).unwrap();
        let ours =
            config.replace("127.0.0.1:8080", target).replace("_interval: 5s", "_interval: 1s");
        assert!(ours.contains(target) && ours.matches("_interval: 1s").count() == 2, "{config}");
        std::fs::write(folder.join("prometheus.yml"), ours).unwrap();
        let mut command = Command::new(needed::found("prometheus").unwrap());
        command.arg(format!("--config.file={}", folder.join("prometheus.yml").display()));
        command.arg(format!("--storage.tsdb.path={}", folder.join("tsdb").display()));
        command
            .args(["--web.listen-address=127.0.0.1:0", "--log.format=json"])
            .stderr(Stdio::piped());
        let mut prometheus = Prometheus { child: command.spawn().unwrap(), address: String::new() };
        let mut said =
            BufReader::new(prometheus.child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let listening = |line: String| {
            let line: Value = serde_json::from_str(&line).ok()?;
            (line["msg"] == "Listening on").then(|| line["address"].as_str().unwrap().to_owned())
        };
        prometheus.address = said.by_ref().find_map(listening).expect("it says where it listens");
        // What it says later has to go somewhere.
        std::thread::spawn(move || said.for_each(drop));
        prometheus
    }

    /// The values that it answers now; one that is no number is none.
    pub fn ask(&self, query: &str) -> Vec<f64> {
        let mut answer = agent()
            .get(format!("http://{}/api/v1/query", self.address))
            .query("query", query)
            .call()
            .unwrap();
        let answer: Value =
            serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
        // It is there before it is ready.
        if answer["status"] != "success" {
            assert!(answer["errorType"] == "unavailable", "{query}: {answer}");
            return Vec::new();
        }
        let series = answer["data"]["result"].as_array().unwrap().iter();
        series
            .filter_map(|series| series["value"][1].as_str()?.parse().ok())
            .filter(|value: &f64| !value.is_nan())
            .collect()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
