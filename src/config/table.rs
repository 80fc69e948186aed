//! Every setting there is, one row each: why it exists, its name, its type, its default and how its
//! text is read.
//!
//! A row becomes a field of `Config`, a flag (`--bcrypt-cost`), an environment variable
//! (`STAMPEDE_BCRYPT_COST`), a key of the settings file (`bcrypt_cost`) and a line of `stampede
//! config`. To add a setting, add a row; nothing else knows the list.

use super::error::WrongSetting;
use super::parse::{
    address, any_text, choice, cluster_key, email, guarded_call, host, keyspace, list, network,
    optional, origin, password, path, redis_password, redis_url, replication, secret, serial,
    style, time_of_day, time_zone, token_algorithm, username, web_address, whole, yes_or_no,
};
use super::setting::Base::{Cores, Fixed, Hidden, Nothing};
use super::setting::Setting;
use super::store::Choice;
use super::values::Values;
use base::journal::Style;
use base::{Network, Secret};
use jiff::civil::Time as TimeOfDay;
use jiff::tz::TimeZone;
use ports::replication::{ConsensusReach, Replication};
use ports::{GuardedCall, TokenAlgorithm};
use std::net::SocketAddr;
use std::path::PathBuf;

macro_rules! settings {
    ($( $(#[doc = $reason:literal])+ $name:ident: $type:ty = $base:expr, $parse:expr; )*) => {
        #[derive(Clone, Debug, PartialEq)]
        pub struct Config {
            $( $(#[doc = $reason])+ pub $name: $type, )*
        }

        pub static SETTINGS: &[Setting] = &[
            $( Setting { name: stringify!($name), base: $base, doc: concat!($($reason),+) }, )*
        ];

        impl Config {
            /// None if any of them is wrong.
            pub(super) fn read(
                values: &Values,
                wrong: &mut Vec<WrongSetting>,
            ) -> Option<Config> {
                let mut keep = |why| wrong.push(why);
                $( let $name =
                    values.read(stringify!($name), $parse).map_err(&mut keep).ok(); )*
                Some(Config { $( $name: $name?, )* })
            }
        }
    };
}

settings! {
    /// The address and port the API answers on; with port 0 the system picks a free one, and the
    /// one bound is printed.
    listen: SocketAddr = Fixed("127.0.0.1:8080"), address;
    /// A PEM file with the server's certificate, and behind it those that lead to its authority;
    /// with it `listen` speaks TLS, and a file that was replaced is taken without a restart.
    tls_cert: Option<PathBuf> = Nothing("\"/etc/stampede/tls.crt\""), optional(path);
    /// A PEM file with the private key of that certificate, which nobody else may read.
    tls_key: Option<PathBuf> = Nothing("\"/etc/stampede/tls.key\""), optional(path);
    /// Seconds for which a browser that came by TLS asks this host by nothing else; 0 says nothing
    /// of it, for a host where something else speaks plain HTTP.
    hsts_s: u32 = Fixed("31_536_000"), whole(0..=63_072_000);
    /// An address and port for HTTP/2 without TLS, for a proxy that speaks it; by TLS it is on
    /// `listen`, for clients who ask for it.
    listen_h2: Option<SocketAddr> = Nothing("\"127.0.0.1:8082\""), optional(address);
    /// The folder that keeps everything: facts, members and secrets, in one file that only its
    /// owner may read; with `store = cql` only files to import.
    data: PathBuf = Fixed("./data"), path;
    /// The e-mail address of the administrator that the first start makes.
    admin_email: Option<String> = Nothing("\"operations@example.org\""), optional(email);
    /// The password of the administrator that the first start makes; without it one is drawn and
    /// printed once.
    admin_password: Option<Secret> = Hidden("\"a long sentence nobody \
        guesses\""), optional(password);
    /// The name of the administrator that the first start makes, and whom `stampede admin password`
    /// gives a new password.
    admin_username: String = Fixed("admin"), username;
    /// Each step doubles what a guess at a stolen password hash costs, and what a login costs;
    /// below 10 is for tests only.
    bcrypt_cost: u32 = Fixed("10"), whole(4..=31);
    /// The service key with which `stampede close` and `stampede demo --seed-only` call a running
    /// server; without it they log in as the administrator.
    service_key: Option<Secret> = Hidden("\"sk_… as it was printed\""), optional(secret);
    /// The IANA zone in which a day begins and ends, so that closing days and expiries fall where
    /// people expect them.
    time_zone: TimeZone = Fixed("UTC"), time_zone;
    /// How log lines look on standard error: `plain`, `json`, or `off`, which leaves only warnings
    /// and errors.
    log: Style = Fixed("plain"), style;
    /// Threads that serve HTTP and run partitions; more than there are cores only makes them wait
    /// for each other.
    workers: usize = Cores(|cores| cores), whole(1..=1024);
    /// How many answers a node remembers for repeats with the same key, so that memory is bounded;
    /// the oldest are forgotten first.
    idempotency_keys: usize = Fixed("1_000_000"), whole(1..=1_000_000_000);
    /// How many seconds an answer is remembered for a repeat with the same key, unless
    /// `idempotency_keys` pushes it out before.
    idempotency_s: u32 = Fixed("3600"), whole(1..=604_800);
    /// Commands that may be under way in this node at once; beyond it the answer is 503 at once
    /// instead of a queue without end.
    in_flight: usize = Fixed("16384"), whole(1..=1_000_000);
    /// Commands that may be under way in one partition at once, so that one rush leaves room for
    /// everything else.
    partition_in_flight: usize = Fixed("4096"), whole(1..=1_000_000);
    /// Seconds after which a partition that nobody called, and that has no answer left to remember,
    /// leaves memory until the next call.
    partition_idle_s: u32 = Fixed("300"), whole(1..=86_400);
    /// Facts after which a partition writes a snapshot: fewer make opening faster, more make
    /// writing cheaper.
    snapshot_every: u64 = Fixed("100_000"), whole(100..=1_000_000);
    /// Days after which facts are moved out of the database into packed files in the folder
    /// `archive`, where they are read as before; by default all stay in the database.
    archive_after_days: Option<u32> = Nothing("30"), optional(whole(1..=36_500));
    /// MiB of memory for cards, which are what is known of single coupons, tickets and members;
    /// more spares reads of the store, and nothing is lost with less.
    card_memory_mib: usize = Fixed("256"), whole(1..=1_000_000);
    /// Seconds a held ticket waits for its buyer when the call does not say how long.
    hold_ttl_s: u32 = Fixed("300"), whole(1..=86_400);
    /// Seconds after which a hold ends however often it was extended, so that nobody keeps tickets
    /// from the crowd for ever.
    hold_max_s: u32 = Fixed("7200"), whole(1..=86_400);
    /// Live held tickets one member may have in one slice of a lottery; it is exact there, because
    /// one owner counts them.
    holds_per_member: u32 = Fixed("100"), whole(1..=1_000_000);
    /// Boxes that share the ballots of a lottery made from now on: more use more cores, fewer let
    /// one flush and one signature carry more ballots.
    ballot_boxes: u8 = Fixed("4"), whole(1..=64);
    /// Ballots a lottery made from now on takes at most, because each costs space in the store, and
    /// whoever verifies the draw reads them all.
    ballots_max: u64 = Fixed("10_000_000"), whole(1..=1_000_000_000);
    /// Where rounds of the drand beacon quicknet are asked for, to draw a lottery that
    /// named one; what comes is verified, so it need not be trusted.
    beacon_url: Option<String> = Nothing("\"https://api.drand.sh\""), optional(web_address);
    /// A file with a round as drand answers it, or a folder with such files named like `123.json`,
    /// for servers that reach no network.
    beacon_file: Option<PathBuf> = Nothing("\"/var/lib/stampede/rounds\""), optional(path);
    /// How many days before the day on which their coupons expire owners are told, from
    /// `notices_from` on.
    notice_days: Vec<u16> = Fixed("3"), list(whole(1..=365));
    /// From which time of the day on owners are told, in the configured zone, so that nobody is
    /// woken.
    notices_from: TimeOfDay = Fixed("09:00"), time_of_day;
    /// Until when; what is due later, or was missed, waits for the next day.
    notices_until: TimeOfDay = Fixed("20:00"), time_of_day;
    /// Bytes a request body may have, so that nobody fills the memory; imports stream and are not
    /// bound by it.
    body_limit: usize = Fixed("65536"), whole(1024..=67_108_864);
    /// Lines of sheets (calls that end in `:batch`) that may be under way in this node at once, so
    /// that back ends leave room for the crowd; beyond it a sheet is answered 503 as a whole.
    sheet_lines: usize = Fixed("8192"), whole(1000..=1_000_000);
    /// Seconds a request body may take to arrive before the answer is 408; of a file to import, 1
    /// KiB for each second must come in every such span.
    body_timeout_s: u32 = Fixed("30"), whole(1..=600);
    /// Bytes that all bodies which are still arriving may hold in memory; beyond it the answer is
    /// 503.
    unfinished_bodies: usize = Fixed("67_108_864"), whole(1024..=1_099_511_627_776);
    /// Bytes that all large answers may hold in memory until their callers have read them; beyond
    /// it reads are answered with 503.
    unread_answers: usize = Fixed("134_217_728"), whole(1024..=1_099_511_627_776);
    /// Seconds in which a caller must take something of an answer that waits for them; else the
    /// connection is cut, because it holds memory.
    unread_timeout_s: u32 = Fixed("30"), whole(1..=3600);
    /// Streams of each kind (events, live figures, codes, reports, proofs) that may be under way at
    /// once; beyond it the answer is 503.
    streams: usize = Fixed("64"), whole(1..=100_000);
    /// Connections one address may have at once, trusted proxies excepted; 0 is no limit, and
    /// addresses of IPv6 count by their /64.
    connections_per_address: usize = Fixed("4096"), whole(0..=1_000_000);
    /// Bytes a file of codes to import may have; it is written to the data folder while it arrives,
    /// so the disk is what bounds it.
    import_limit: u64 = Fixed("10_737_418_240"), whole(1..=1_000_000_000_000_000);
    /// Rows of an import that are decided at a time: more are faster, fewer let a cancel and other
    /// imports wait less.
    import_chunk: usize = Fixed("5_000"), whole(1..=100_000);
    /// Seconds a connection without a request is kept; more than a balancer in front keeps it, so
    /// that no request meets a connection that is just being closed.
    keep_alive_s: u32 = Fixed("75"), whole(1..=3600);
    /// Web pages of these origins may call the API from a browser; pages of all others may not.
    cors_origins: Vec<String> = Nothing("[\"https://shop.example\"]"), list(origin);
    /// Seconds an access token is good for; a short life bounds what a stolen one is worth.
    token_s: u32 = Fixed("900"), whole(1..=86_400);
    /// How access tokens are signed: `HS256`, with a secret of this installation, or `EdDSA`, which
    /// others verify with the keys under `/.well-known/jwks.json`; another one counts from the next
    /// start on, and logs nobody out.
    token_algorithm: TokenAlgorithm = Fixed("HS256"), token_algorithm;
    /// Seconds a session lives without being refreshed; after that the member logs in again.
    refresh_s: u32 = Fixed("2_592_000"), whole(1..=31_536_000);
    /// Seconds after which a session ends however often it was refreshed; by default there is no
    /// such end, so that nobody has to log in just when a crowd does.
    session_max_s: Option<u32> = Nothing("7_776_000"), optional(whole(60..=315_360_000));
    /// Threads that hash passwords; one core is left to the engine, so that claims stay fast while
    /// a crowd logs in.
    hash_threads: usize = Cores(|cores| cores.saturating_sub(1).max(1)), whole(1..=1024);
    /// Seconds a login may wait for a hashing thread; a queue longer than that is refused at once
    /// with 503.
    hash_queue_s: u32 = Fixed("5"), whole(1..=60);
    /// Seconds by which the machine's clock may jump and still be followed; after a larger jump,
    /// ahead or back, nothing is decided until it is known to be right.
    clock_step_s: u32 = Fixed("5"), whole(1..=3600);
    /// Seconds for which a clock that has jumped must stay where it is before it is believed,
    /// unless an administrator accepts it before; 0 believes it at once.
    clock_trust_s: u32 = Fixed("300"), whole(0..=86_400);
    /// Milliseconds between two looks of the jobs at the clock; shorter finds sooner what is due,
    /// and wakes an idle machine more often.
    job_interval_ms: u32 = Fixed("1000"), whole(10..=60_000);
    /// Seconds a stop waits for what was already accepted before it ends without it.
    shutdown_s: u32 = Fixed("30"), whole(0..=3600);
    /// Failed logins an address may make in a minute, and wrong codes a caller may try, an address
    /// twice as many; successes are never counted, because a company is one address.
    failures_per_minute: u32 = Fixed("600"), whole(1..=1_000_000);
    /// Failed logins an account may see in a minute before further ones must wait; nobody is ever
    /// locked out for good.
    account_failures_per_minute: u32 = Fixed("20"), whole(1..=1_000_000);
    /// Wrong codes that may come through one service in a minute before all of its members must
    /// wait; its customers mistype, so it is more than one caller has.
    service_guesses_per_minute: u32 = Fixed("3000"), whole(1..=1_000_000);
    /// Wrong codes that may be tried for one campaign in a minute; beyond it one wrong code for it
    /// makes its caller and address wait, and nobody else.
    campaign_guesses_per_minute: u32 = Fixed("600"), whole(1..=1_000_000);
    /// Requests a caller may make in a minute before further ones must wait; 0 is no limit, because
    /// only the operator knows what the callers need.
    requests_per_minute: u32 = Fixed("0"), whole(0..=1_000_000_000);
    /// Public reads, which nobody is named for, that an address may make in a minute before further
    /// ones must wait; 0 is no limit; name your proxies in `trusted_proxies` first, or else all
    /// callers behind one are one address.
    public_requests_per_minute: u32 = Fixed("0"), whole(0..=1_000_000_000);
    /// New members a service may act for in a minute, because each is a row for ever; members from
    /// before are never counted, and 0 is no limit.
    new_members_per_minute: u32 = Fixed("60000"), whole(0..=1_000_000_000);
    /// Which calls take a proof of work from whoever is neither staff nor a service: `register`,
    /// `login`, `claim`, `ballot`; it makes each of them cost a machine some time.
    proof_of_work: Vec<GuardedCall> =
        Nothing("[\"register\", \"login\"]"), list(guarded_call);
    /// How many numbers a client has to try at most for a proof of work while it is quiet, half as
    /// many on average; each costs one SHA-256, and in a rush it is up to 16 times as many.
    proof_of_work_numbers: u32 = Fixed("50_000"), whole(1000..=10_000_000);
    /// Seconds a challenge for a proof of work is good for: enough for a slow phone, and short, so
    /// that nobody piles up solutions for a rush.
    proof_of_work_s: u32 = Fixed("300"), whole(10..=3600);
    /// Proofs of work a second at one node above which challenges get harder: with each doubling
    /// twice as hard.
    proof_of_work_per_second: u32 = Fixed("50"), whole(1..=1_000_000);
    /// A Redis or Valkey that all nodes share, so that they ask the store less often and count
    /// failures and requests together; they work without it.
    redis: Option<String> = Nothing("\"redis://127.0.0.1:6379\""), optional(redis_url);
    /// The password of that Redis, apart from its URL so that it never shows where settings are
    /// printed.
    redis_password: Option<Secret> = Hidden("\"as Redis knows it\""), optional(redis_password);
    /// Milliseconds a request waits for Redis at most; what is not answered by then is asked of the
    /// store, or counted by this node alone.
    redis_deadline_ms: u32 = Fixed("100"), whole(1..=10_000);
    /// Proxies, as addresses or networks, whose `X-Forwarded-For` is believed; from anyone else it
    /// could be a lie.
    trusted_proxies: Vec<Network> = Nothing("[\"127.0.0.1\", \"10.0.0.0/8\"]"), list(network);
    /// Networks that may read `/metrics`, which names campaigns and counts everything; what an
    /// untrusted proxy passed on may not, and behind a proxy that adds no header this must name
    /// Prometheus alone.
    metrics_from: Vec<Network> = Fixed("127.0.0.0/8,::1"), list(network);
    /// Whether webhooks may reach private addresses, by plain HTTP too; else an account that makes
    /// webhooks could look around in the own network.
    webhook_private_addresses: bool = Fixed("false"), yes_or_no;
    /// Seconds a webhook's receiver may take to answer before the delivery counts as failed and is
    /// repeated later.
    webhook_timeout_s: u32 = Fixed("15"), whole(1..=60);
    /// Where everything is kept: `sqlite`, a file in the data folder of one machine, or `cql`, a
    /// ScyllaDB or Cassandra that several nodes share.
    store: Choice = Fixed("sqlite"), choice;
    /// Some nodes of the CQL database; the others are found through them.
    cql: Vec<String> = Fixed("127.0.0.1:9042"), list(host);
    /// Who logs in to the CQL database, if it asks for that.
    cql_user: Option<String> = Nothing("\"stampede\""), optional(any_text);
    /// What it shows to be let in.
    cql_password: Option<Secret> = Hidden("\"as the database knows it\""), optional(secret);
    /// The keyspace of this installation; two may share a database, but never a keyspace.
    keyspace: String = Fixed("stampede"), keyspace;
    /// How many copies of everything the database keeps, for the `migrate` that makes the keyspace;
    /// with 3 one may be down.
    replication: Replication = Fixed("3"), replication;
    /// Who must agree before a write counts: most copies of all data centres (`everywhere`), or of
    /// the one next to this node (`one-data-centre`), where all nodes must then be.
    cql_serial: ConsensusReach = Fixed("everywhere"), serial;
    /// What seals the secrets in a CQL database and proves nodes to each other; every node needs
    /// the same, and without it nothing opens.
    cluster_key: Option<Secret> = Hidden("\"what openssl rand -hex 32 \
        prints\""), optional(cluster_key);
    /// Where the other nodes reach this one, as HOST:PORT; by default the address it listens on,
    /// and needed where that is 0.0.0.0.
    advertise: Option<String> = Nothing("\"10.0.0.1:8080\""), optional(host);
    /// Milliseconds between two signs of life of a node: shorter finds out sooner that one has
    /// died, and asks the database more often.
    heartbeat_ms: u32 = Fixed("1000"), whole(50..=10_000);
    /// Whether a start first brings the CQL schema up to date, as `stampede migrate` does.
    migrate: bool = Fixed("false"), yes_or_no;
}
