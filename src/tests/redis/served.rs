//! The server with a Redis beside it: what its health and metrics say, and what a used-up rate
//! looks like.

use crate::server::Server;
use base::Secret;
use config::Config;
use serde_json::{Value, json};
use stampede::app::{App, Running};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

const ADMIN_PASSWORD: &str = "tests need an administrator";

struct Served {
    folder: PathBuf,
    running: Running,
}

struct Answer {
    status: u16,
    text: String,
    headers: ureq::http::HeaderMap,
}

impl Served {
    async fn start(server: &Server, requests_per_minute: u32) -> Served {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "stampede-served-{}-{}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed)
        );
        let folder = std::env::temp_dir().join(name);
        let config = Config {
            data: folder.clone(),
            listen: "127.0.0.1:0".parse().unwrap(),
            admin_password: Some(Secret::new(ADMIN_PASSWORD)),
            bcrypt_cost: 4,
            workers: 1,
            redis: Some(server.url()),
            requests_per_minute,
            ..Config::default()
        };
        base::meters::install();
        base::journal::start(base::journal::Style::Off);
        let noon = actors::Time(1_796_126_400_000);
        let app = App::open(config, Arc::new(move || noon)).await.unwrap();
        Served { folder, running: app.serve(|_| {}).unwrap() }
    }

    async fn ask(
        &self,
        method: &'static str,
        path: &str,
        token: &str,
        body: Option<Value>,
    ) -> Answer {
        let uri = format!("http://{}{path}", self.running.address);
        let authorization = format!("Bearer {token}");
        let ask = move || {
            let agent: ureq::Agent =
                ureq::Agent::config_builder().http_status_as_error(false).build().into();
            let mut request = ureq::http::Request::builder()
                .method(method)
                .uri(uri)
                .header("Content-Type", "application/json");
            if authorization != "Bearer " {
                request = request.header("Authorization", authorization);
            }
            let mut answer = agent
                .run(request.body(body.map(|body| body.to_string()).unwrap_or_default()).unwrap())
                .unwrap();
            let text = answer.body_mut().read_to_string().unwrap();
            Answer { status: answer.status().as_u16(), text, headers: answer.headers().clone() }
        };
        actix_web::rt::task::spawn_blocking(ask).await.unwrap()
    }

    async fn log_in(&self) -> String {
        let body = json!({"account": "admin", "password": ADMIN_PASSWORD});
        let answer = self.ask("POST", "/api/v1/auth/login", "", Some(body)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        serde_json::from_str::<Value>(&answer.text).unwrap()["access_token"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    async fn ready(&self) -> Value {
        let answer = self.ask("GET", "/health/ready", "", None).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        serde_json::from_str(&answer.text).unwrap()
    }

    async fn stop(self) {
        self.running.stop().await;
        let _ = std::fs::remove_dir_all(self.folder);
    }
}

#[actix_rt::test]
async fn health_and_metrics_say_how_redis_is_and_a_node_is_ready_without_it() {
    let Some(mut server) = Server::start("health_and_metrics") else { return };
    let served = Served::start(&server, 0).await;
    let admin = served.log_in().await;
    assert_eq!(served.ready().await, json!({"status": "ready", "redis": "up"}));
    assert_eq!(served.ask("GET", "/api/v1/me", &admin, None).await.status, 200);
    server.kill();
    while served.ready().await["redis"] != "down" {
        assert_eq!(served.ask("GET", "/api/v1/me", &admin, None).await.status, 200);
    }
    assert_eq!(served.ready().await, json!({"status": "ready", "redis": "down"}));
    assert_eq!(served.ask("GET", "/api/v1/me", &admin, None).await.status, 200);
    let metrics = served.ask("GET", "/metrics", "", None).await.text;
    for expected in [
        "stampede_redis_up ",
        "stampede_redis_seconds_bucket{command=\"read\"",
        "stampede_redis_fallbacks_total{what=\"sessions\"}",
        "stampede_sessions_asked_total ",
    ] {
        assert!(metrics.contains(expected), "{expected} is not in {metrics}");
    }
    served.stop().await;
}

#[actix_rt::test]
async fn a_used_up_rate_says_when_there_is_room_again() {
    let Some(server) = Server::start("a_used_up_rate") else { return };
    let served = Served::start(&server, 3).await;
    let admin = served.log_in().await;
    for _ in 0..3 {
        assert_eq!(served.ask("GET", "/api/v1/me", &admin, None).await.status, 200);
    }
    let refused = served.ask("GET", "/api/v1/me", &admin, None).await;
    assert_eq!(refused.status, 429, "{}", refused.text);
    for (name, expected) in [
        ("retry-after", "60"),
        ("ratelimit-policy", "\"caller\";q=3;w=60"),
        ("ratelimit", "\"caller\";r=0;t=60"),
    ] {
        assert_eq!(refused.headers.get(name).unwrap(), expected);
    }
    assert!(refused.text.contains("/problems/too-many-requests"), "{}", refused.text);
    served.stop().await;
}
