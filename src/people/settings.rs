//! The settings of everything about people.

use super::proof_of_work::WorkSettings;
use base::Secret;
use jiff::tz::TimeZone;
use ports::TokenAlgorithm;

#[derive(Clone, Debug)]
pub struct Settings {
    /// How long an access token lives.
    pub token_s: u32,
    /// How long a session lives without being refreshed.
    pub refresh_s: u32,
    /// Seconds after which a session ends however often it was refreshed.
    pub session_max_s: Option<u32>,
    pub bcrypt_cost: u32,
    pub hash_threads: usize,
    pub hash_queue_s: u32,
    pub failures_per_minute: u32,
    pub account_failures_per_minute: u32,
    /// Wrong codes through one service.
    pub service_guesses_per_minute: u32,
    /// Wrong codes for one campaign.
    pub campaign_guesses_per_minute: u32,
    /// 0 is no limit.
    pub requests_per_minute: u32,
    /// Of one address, where nobody is named. 0 is no limit.
    pub public_requests_per_minute: u32,
    /// Of one service. 0 is no limit.
    pub new_members_per_minute: u32,
    pub proof_of_work: WorkSettings,
    /// How long the key of a registration stands for it.
    pub idempotency_s: u32,
    /// How long a new token key waits before it signs: nothing where one node keeps it to itself,
    /// else until every node, and everybody who verifies tokens, has read it.
    pub key_delay_s: u32,
    /// How new access tokens are signed.
    pub token_algorithm: TokenAlgorithm,
    pub time_zone: TimeZone,
    /// The password of the first administrator; without it one is drawn.
    pub admin_password: Option<Secret>,
    pub admin_username: String,
    pub admin_email: Option<String>,
}
