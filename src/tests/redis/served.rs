//! The server with a Redis beside it: what its health and metrics say, and what a used-up rate
//! looks like.

use base::Secret;
use config::Config;
use harness::client::agent;
use harness::{ADMIN_PASSWORD, Answer, Client, Doorway, NOON, RedisServer, TestClock, TestFolder};
use serde_json::{Value, json};
use stampede::app::{App, Running};

struct Served {
    _folder: TestFolder,
    running: Running,
}

impl Served {
    async fn start(server: &RedisServer, requests_per_minute: u32) -> Served {
        let folder = TestFolder::new();
        let config = Config {
            data: folder.to_path_buf(),
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
        let app = App::open(config, TestClock::at(NOON).as_clock()).await.unwrap();
        Served { _folder: folder, running: app.serve(|_| {}).unwrap() }
    }

    /// Does something as a client, on a thread that may wait.
    async fn called<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Client) -> T + Send + 'static,
    ) -> T {
        let anybody = Client::of(Doorway::at(&self.running.address.to_string()), agent());
        actix_web::rt::task::spawn_blocking(move || work(&anybody)).await.unwrap()
    }

    async fn admin(&self) -> Client {
        self.called(|anybody| anybody.log_in("admin", ADMIN_PASSWORD)).await
    }

    async fn me(&self, client: &Client) -> Answer {
        let client = client.clone();
        self.called(move |_| client.get("/me")).await
    }

    async fn ready(&self) -> Value {
        self.called(|anybody| anybody.get("//health/ready").expect(200)).await
    }

    async fn stop(self) {
        self.running.stop().await;
    }
}

#[actix_rt::test]
async fn health_and_metrics_say_how_redis_is_and_a_node_is_ready_without_it() {
    let Some(mut server) = RedisServer::start() else { return };
    let served = Served::start(&server, 0).await;
    let admin = served.admin().await;
    assert_eq!(served.ready().await, json!({"status": "ready", "redis": "up"}));
    assert_eq!(served.me(&admin).await.status, 200);
    server.kill();
    // At once, although nobody has needed Redis since.
    assert_eq!(served.ready().await, json!({"status": "ready", "redis": "down"}));
    assert_eq!(served.me(&admin).await.status, 200);
    let metrics = served.called(|anybody| anybody.get("//metrics").text).await;
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
    let Some(server) = RedisServer::start() else { return };
    let served = Served::start(&server, 3).await;
    let admin = served.admin().await;
    for _ in 0..3 {
        assert_eq!(served.me(&admin).await.status, 200);
    }
    let refused = served.me(&admin).await;
    assert_eq!(refused.status, 429, "{}", refused.text);
    for (name, expected) in [
        ("retry-after", "60"),
        ("ratelimit-policy", "\"caller\";q=3;w=60"),
        ("ratelimit", "\"caller\";r=0;t=60"),
    ] {
        assert_eq!(refused.header(name), Some(expected));
    }
    assert!(refused.text.contains("/problems/too-many-requests"), "{}", refused.text);
    served.stop().await;
}
