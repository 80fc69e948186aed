//! From the one table of settings to what each room wants to be told.

use actors::engine::Limits;
use actors::timekeeper::Rules;
use anyhow::Context;
use config::{Choice, Config};
use people::Sharing;
use ports::{Directory, TokenAlgorithm};
use products::Engine;
use products::ballots::rounds::Rounds;
use products::imports::Imports;
use redis_store::Redis;
use std::sync::Arc;
use std::time::Duration;

/// Three times as long as a node needs to hear of a new token key, or whoever verifies tokens.
const KEY_DELAY_S: u32 = 30;

/// How this node hears of what others have ended.
pub async fn sharing(config: &Config, directory: &dyn Directory) -> anyhow::Result<Sharing> {
    Ok(match (redis(config), config.store) {
        (Some(settings), _) => {
            let realm = people::read_realm(directory).await?;
            Sharing::Memory(Arc::new(Redis::start(&settings, &realm).await?))
        }
        // Where other nodes can end sessions, somebody has to be asked.
        (None, Choice::Cql) => Sharing::Directory,
        (None, Choice::Sqlite) => Sharing::Alone,
    })
}

/// None if no Redis is configured.
fn redis(config: &Config) -> Option<redis_store::RedisSettings> {
    Some(redis_store::RedisSettings {
        url: config.redis.clone()?,
        password: config.redis_password.clone(),
        deadline: Duration::from_millis(u64::from(config.redis_deadline_ms)),
        slip_life: redis_store::LIFE,
    })
}

pub fn people(config: &Config) -> people::Settings {
    let is_alone = config.redis.is_none() && config.store == Choice::Sqlite;
    let knows_alone = is_alone && config.token_algorithm == TokenAlgorithm::Hs256;
    people::Settings {
        token_s: config.token_s,
        refresh_s: config.refresh_s,
        session_max_s: config.session_max_s,
        bcrypt_cost: config.bcrypt_cost,
        hash_threads: config.hash_threads,
        hash_queue_s: config.hash_queue_s,
        failures_per_minute: config.failures_per_minute,
        account_failures_per_minute: config.account_failures_per_minute,
        service_guesses_per_minute: config.service_guesses_per_minute,
        campaign_guesses_per_minute: config.campaign_guesses_per_minute,
        requests_per_minute: config.requests_per_minute,
        public_requests_per_minute: config.public_requests_per_minute,
        new_members_per_minute: config.new_members_per_minute,
        proof_of_work: people::WorkSettings {
            calls: config.proof_of_work.clone(),
            numbers: config.proof_of_work_numbers,
            life_s: config.proof_of_work_s,
            per_second: config.proof_of_work_per_second,
        },
        idempotency_s: config.idempotency_s,
        key_delay_s: if knows_alone { 0 } else { KEY_DELAY_S },
        token_algorithm: config.token_algorithm,
        time_zone: config.time_zone.clone(),
        admin_password: config.admin_password.clone(),
        admin_username: config.admin_username.clone(),
        admin_email: config.admin_email.clone(),
    }
}

pub fn webhooks(config: &Config) -> products::webhooks::Settings {
    products::webhooks::Settings {
        private_addresses: config.webhook_private_addresses,
        timeout_s: config.webhook_timeout_s,
    }
}

/// Where the rounds of the public beacon come from.
pub fn rounds(config: &Config) -> Rounds {
    Rounds::from(config.beacon_file.clone(), config.beacon_url.clone())
}

pub fn imports(config: &Config, engine: Arc<Engine>) -> anyhow::Result<Arc<Imports>> {
    Imports::open(engine, &config.data, config.import_limit, config.import_chunk)
        .context("the folder of imports")
}

pub fn limits(config: &Config) -> Limits {
    Limits {
        partition_in_flight: config.partition_in_flight,
        node_in_flight: config.in_flight,
        idle_s: config.partition_idle_s,
        snapshot_every: config.snapshot_every,
        card_bytes: config.card_memory_mib << 20,
    }
}

pub fn rules(config: &Config) -> Rules {
    let us = |seconds: u32| i64::from(seconds) * 1_000_000;
    Rules { step_us: us(config.clock_step_s), trust_us: us(config.clock_trust_s) }
}
