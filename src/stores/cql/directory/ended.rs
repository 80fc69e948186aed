//! Which sessions ended lately: a list that may say too much, never too little, and the sessions'
//! own rows that decide.
//!
//! A session is noted under the hour in which it is about to end, before it does. A reader of the
//! list asks the rows of those noted, because a crash or another's faster step may have come in
//! between. Notes are never removed; old hours are never read.

use super::columns::FoundRow;
use super::people::CqlPeople;
use super::step::Look;
use actors::store::StoreError;
use actors::{Id, Time};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use std::sync::atomic::Ordering;

const HOUR_MS: i64 = 3_600_000;
/// Rows asked at once.
const AT_ONCE: usize = 64;

impl CqlPeople {
    pub async fn note_ended(&self, member: Id, session: Id, at: Time) -> Result<(), StoreError> {
        let hour = hour(at);
        if self.hour_noted.load(Ordering::Acquire) != hour {
            self.put(&self.statements.note_hour, (hour,)).await?;
            self.hour_noted.store(hour, Ordering::Release);
        }
        self.put(&self.statements.note_ended, (hour, at.0, session.0.to_vec(), member.0.to_vec()))
            .await
    }

    pub async fn ended(&self, since: Time) -> Result<Vec<(Id, Time)>, StoreError> {
        let hours = self.look(&self.statements.hours, (hour(since),)).await?;
        let mut ended = Vec::new();
        for found in hours {
            let hour = FoundRow::must("hour", found.number("hour"))?;
            let noted = self.look(&self.statements.ended, (hour, since.0)).await?;
            let checked = stream::iter(noted).map(|note| self.if_it_has(note)).buffered(AT_ONCE);
            ended.extend(checked.try_collect::<Vec<_>>().await?.into_iter().flatten());
        }
        Ok(ended)
    }

    /// A session whose row is gone was dead, or its member is gone.
    async fn if_it_has(&self, note: FoundRow) -> Result<Option<(Id, Time)>, StoreError> {
        let (session, member) = (
            FoundRow::must("session", note.id("session"))?,
            FoundRow::must("member", note.id("member"))?,
        );
        let at = FoundRow::must("ended_at", note.time("ended_at"))?;
        let seen = self.see(member, Look::One(session)).await?;
        let lives = seen.sessions.first().is_some_and(|found| !found.has_ended(&seen.row));
        Ok((!lives).then_some((session, at)))
    }
}

fn hour(at: Time) -> i64 {
    at.0.div_euclid(HOUR_MS)
}
