//! Every statement about people, prepared once.

use super::member::{COLUMNS, SESSION_COLUMNS};
use crate::error::Error;
use crate::session::{Conditional, Cql};
use scylla::statement::prepared::PreparedStatement;

pub struct PeopleStatements {
    pub row: PreparedStatement,
    pub row_and_session: PreparedStatement,
    /// A member's sessions in the order of their ids, each with the member's own row.
    pub row_and_sessions: PreparedStatement,
    pub first_sessions: PreparedStatement,
    pub change_row: Conditional,
    pub change_row_and_session: Conditional,
    pub forget_session: Conditional,
    pub forget_agent: Conditional,

    pub home: PreparedStatement,
    pub homes: PreparedStatement,
    pub note_home: PreparedStatement,
    pub forget_home: PreparedStatement,
    pub forget_homes: PreparedStatement,

    pub claim: PreparedStatement,
    pub claim_free: Conditional,
    pub claim_over: Conditional,
    pub release: Conditional,

    pub enrol: PreparedStatement,
    pub note_born: PreparedStatement,
    pub note_leaving: PreparedStatement,
    pub note_gone: PreparedStatement,
    pub roll_page: PreparedStatement,
    pub roll: PreparedStatement,

    pub note_staff: PreparedStatement,
    pub staff: PreparedStatement,
    pub register: PreparedStatement,
    pub put_register: Conditional,

    pub note_owing: PreparedStatement,
    pub forget_owing: PreparedStatement,
    pub owing_page: PreparedStatement,

    pub note_ended: PreparedStatement,
    pub note_hour: PreparedStatement,
    pub hours: PreparedStatement,
    pub ended: PreparedStatement,

    pub create_key: Conditional,
    pub key: PreparedStatement,
    pub keys: PreparedStatement,
    pub revoke_key: Conditional,
    /// Keys that were made before there were scopes.
    pub first_key: PreparedStatement,
    pub first_keys: PreparedStatement,
    pub revoke_first_key: Conditional,

    pub deed: PreparedStatement,
    pub begin_deed: Conditional,
    pub end_deed: Conditional,
    pub forget_deed: Conditional,

    pub outsider: PreparedStatement,
    pub note_outsider: PreparedStatement,

    pub parting: PreparedStatement,
    pub partings: PreparedStatement,
    pub note_parting: PreparedStatement,
    pub forget_parting: PreparedStatement,

    pub secret: PreparedStatement,
    pub make_secret: Conditional,
    pub replace_secret: Conditional,
    pub forget_secret: Conditional,
}

/// The columns of a service key.
const KEY: &str = "id, name, purpose, scopes, digest, created_at, expires_at, revoked_at";

impl PeopleStatements {
    pub async fn prepare(cql: &Cql) -> Result<PeopleStatements, Error> {
        let (row, session) = (COLUMNS.join(", "), SESSION_COLUMNS.join(", "));
        let of_row = assignments(COLUMNS.iter().filter(|column| **column != "id"));
        let of_session = assignments(SESSION_COLUMNS.iter().filter(|column| **column != "session"));
        // Boxed, so that this very long function is not made for each line of it anew.
        let plain = |statement: String| Box::pin(async move { cql.prepare(&statement).await });
        let conditional =
            |statement: String| Box::pin(async move { cql.prepare_conditional(&statement).await });
        Ok(PeopleStatements {
            row: plain(format!("SELECT DISTINCT {row} FROM members WHERE id = ?")).await?,
            row_and_session: plain(format!("SELECT {row}, {session} FROM members WHERE id = ? AND \
                session = ?")).await?,
            row_and_sessions: plain(format!("SELECT {row}, {session} FROM members WHERE id = ? AND \
                session > ? LIMIT ?")).await?,
            first_sessions: plain(format!("SELECT {row}, {session} FROM members WHERE id = ? LIMIT \
                ?")).await?,
            change_row: conditional(format!("UPDATE members SET {of_row} WHERE id = :id IF version \
                = :expected")).await?,
            change_row_and_session: conditional(format!(
                "UPDATE members SET {of_row}, {of_session} WHERE id = :id AND session = :session \
                 IF version = :expected"
            ))
            .await?,
            forget_session: conditional("DELETE FROM members WHERE id = ? AND session = ? IF \
                refreshed_at = ?".into()).await?,
            forget_agent: conditional("UPDATE members SET agent = null WHERE id = ? AND session = \
                ? IF EXISTS".into()).await?,

            home: plain("SELECT home FROM homes WHERE member = ? AND home = ?".into()).await?,
            homes: plain("SELECT home, at FROM homes WHERE member = ?".into()).await?,
            note_home: plain("INSERT INTO homes (member, home, at) VALUES (?, ?, ?)".into()).await?,
            forget_home: plain("DELETE FROM homes WHERE member = ? AND home = ?".into()).await?,
            forget_homes: plain("DELETE FROM homes WHERE member = ?".into()).await?,

            claim: plain("SELECT member, at_version FROM identifiers WHERE folded = \
                ?".into()).await?,
            claim_free: conditional("INSERT INTO identifiers (folded, member, at_version) VALUES \
                (?, ?, ?) IF NOT EXISTS".into()).await?,
            claim_over: conditional(
                "UPDATE identifiers SET member = ?, at_version = ? WHERE folded = ? IF member = ? \
                 AND at_version = ?".into(),
            )
            .await?,
            release: conditional("DELETE FROM identifiers WHERE folded = ? IF member = ? AND \
                at_version = ?".into()).await?,

            enrol: plain("INSERT INTO roll (share, member, role) VALUES (?, ?, ?)".into()).await?,
            note_born: plain("UPDATE roll SET born = true WHERE share = ? AND member = \
                ?".into()).await?,
            note_leaving: plain("UPDATE roll SET leaving = true WHERE share = ? AND member = \
                ?".into()).await?,
            note_gone: plain("UPDATE roll SET gone = true WHERE share = ? AND member = \
                ?".into()).await?,
            roll_page: plain("SELECT member, born, leaving, gone FROM roll WHERE share = ? AND \
                member > ? LIMIT ?".into()).await?,
            roll: plain("SELECT member, role, born, leaving, gone FROM roll WHERE share = \
                ?".into()).await?,

            note_staff: plain("INSERT INTO staff (share, member) VALUES (0, ?)".into()).await?,
            staff: plain("SELECT member FROM staff WHERE share = 0".into()).await?,
            register: plain("SELECT version, sure FROM administrators WHERE share = \
                0".into()).await?,
            put_register: conditional("UPDATE administrators SET version = ?, sure = ? WHERE share \
                = 0 IF version = ?".into()).await?,

            note_owing: plain("INSERT INTO owing (share, member) VALUES (?, ?)".into()).await?,
            forget_owing: plain("DELETE FROM owing WHERE share = ? AND member = ?".into()).await?,
            owing_page: plain("SELECT member FROM owing WHERE share = ? AND member > ? LIMIT \
                ?".into()).await?,

            note_ended: plain("INSERT INTO ended_sessions (hour, ended_at, session, member) VALUES \
                (?, ?, ?, ?)".into()).await?,
            note_hour: plain("INSERT INTO ended_hours (share, hour) VALUES (0, ?)".into()).await?,
            hours: plain("SELECT hour FROM ended_hours WHERE share = 0 AND hour >= \
                ?".into()).await?,
            ended: plain("SELECT ended_at, session, member FROM ended_sessions WHERE hour = ? AND \
                ended_at >= ?".into()).await?,

            create_key: conditional(
                "INSERT INTO scoped_keys (share, id, name, purpose, scopes, digest, created_at, \
                 expires_at) VALUES (0, ?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS".into(),
            )
            .await?,
            key: plain(format!("SELECT {KEY} FROM scoped_keys WHERE share = 0 AND id = ?")).await?,
            keys: plain(format!("SELECT {KEY} FROM scoped_keys WHERE share = 0")).await?,
            revoke_key: conditional(
                "UPDATE scoped_keys SET revoked_at = ? WHERE share = 0 AND id = ? IF revoked_at = \
                 null AND created_at != null".into(),
            )
            .await?,
            first_key: plain("SELECT id, name, digest, created_at, revoked_at FROM service_keys \
                WHERE share = 0 AND id = ?".into()).await?,
            first_keys: plain("SELECT id, name, digest, created_at, revoked_at FROM service_keys \
                WHERE share = 0".into()).await?,
            revoke_first_key: conditional(
                "UPDATE service_keys SET revoked_at = ? WHERE share = 0 AND id = ? IF revoked_at = \
                 null AND created_at != null".into(),
            )
            .await?,

            deed: plain("SELECT meaning, at, mark, done FROM deeds WHERE key = ?".into()).await?,
            begin_deed: conditional(
                "UPDATE deeds USING TTL ? SET meaning = ?, at = ?, mark = ?, done = false WHERE \
                 key = ? IF mark = ?".into(),
            )
            .await?,
            end_deed: conditional("UPDATE deeds USING TTL ? SET done = true WHERE key = ? IF mark \
                = ?".into()).await?,
            forget_deed: conditional("DELETE FROM deeds WHERE key = ? IF mark = ?".into()).await?,

            outsider: plain("SELECT service, theirs FROM outsiders WHERE member = ?".into()).await?,
            note_outsider: plain("INSERT INTO outsiders (member, service, theirs) VALUES (?, ?, \
                ?)".into()).await?,

            parting: plain("SELECT until FROM partings WHERE share = ? AND mark = ?".into())
                .await?,
            partings: plain("SELECT mark, until FROM partings WHERE share = ?".into()).await?,
            note_parting: plain("INSERT INTO partings (share, mark, until) VALUES (?, ?, \
                ?)".into()).await?,
            forget_parting: plain("DELETE FROM partings WHERE share = ? AND mark = ?".into())
                .await?,

            secret: plain("SELECT sealed FROM secrets WHERE name = ?".into()).await?,
            make_secret: conditional("INSERT INTO secrets (name, sealed) VALUES (?, ?) IF NOT \
                EXISTS".into()).await?,
            replace_secret: conditional("UPDATE secrets SET sealed = ? WHERE name = ? IF sealed = \
                ?".into()).await?,
            forget_secret: conditional("DELETE FROM secrets WHERE name = ? IF sealed = \
                ?".into()).await?,
        })
    }
}

fn assignments<'a>(columns: impl Iterator<Item = &'a &'a str>) -> String {
    columns.map(|column| format!("{column} = :{column}")).collect::<Vec<_>>().join(", ")
}
