//! The tables of people.

pub const PEOPLE: &str = "
CREATE TABLE IF NOT EXISTS members (
    id BLOB PRIMARY KEY,
    role INTEGER NOT NULL,
    username TEXT,
    email TEXT,
    phone TEXT,
    full_name TEXT,
    birthday TEXT,
    password_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    first_login_at INTEGER,
    last_login_at INTEGER,
    deleted_at INTEGER,
    owed BLOB,
    registration_key BLOB,
    registration_body BLOB,
    reset_token BLOB,
    reset_until INTEGER,
    sum INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS members_owed ON members (id) WHERE owed IS NOT NULL;

CREATE INDEX IF NOT EXISTS members_registration ON members (registration_key) WHERE \
registration_key IS NOT NULL;

CREATE TABLE IF NOT EXISTS identifiers (
    folded TEXT PRIMARY KEY,
    member BLOB NOT NULL,
    sum INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS member_counts (
    role INTEGER PRIMARY KEY,
    members INTEGER NOT NULL,
    sum INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE IF NOT EXISTS sessions (
    member BLOB NOT NULL,
    id BLOB NOT NULL,
    step INTEGER NOT NULL,
    began_at INTEGER NOT NULL,
    refreshed_at INTEGER NOT NULL,
    ended_at INTEGER,
    agent TEXT,
    sum INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (member, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS sessions_by_end ON sessions (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS homes (
    member BLOB NOT NULL,
    home BLOB NOT NULL,
    at INTEGER NOT NULL,
    sum INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (member, home)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS service_keys (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    sum INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS outsiders (
    position INTEGER PRIMARY KEY,
    member BLOB NOT NULL,
    service TEXT NOT NULL,
    theirs TEXT NOT NULL,
    sum INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS secrets (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL,
    sum INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
";

/// Service keys since they have scopes. A table of its own: to whoever does not know it, such a key
/// is none, and may not do too much.
pub const SCOPED_KEYS: &str = "
CREATE TABLE IF NOT EXISTS scoped_keys (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    purpose TEXT,
    scopes INTEGER NOT NULL,
    digest BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    sum INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
";

/// What is done under idempotency keys.
pub const DEEDS: &str = "
CREATE TABLE IF NOT EXISTS deeds (
    key BLOB PRIMARY KEY,
    meaning BLOB NOT NULL,
    at INTEGER NOT NULL,
    mark BLOB NOT NULL,
    done INTEGER NOT NULL,
    sum INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS deeds_by_time ON deeds (at);
";

/// Marks of identifiers that were given up.
pub const PARTINGS: &str = "
CREATE TABLE IF NOT EXISTS partings (
    mark BLOB PRIMARY KEY,
    until INTEGER NOT NULL,
    sum INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
";
