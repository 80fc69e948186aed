//! One step on one member: read their row, decide, and write it back if no other step was faster.
//!
//! What is decided rests on one version and is written on the condition that it is still the one,
//! as a whole or not at all. A step that lost that race reads and decides anew. When an answer is
//! lost, the same statement is repeated until something is known; then the marks in the row say
//! whether the first attempt counted. Nothing is ever guessed: what cannot be found out is
//! `Unavailable`.

use super::columns::{FoundRow, NamedValues};
use super::member::{ChangeMark, MemberRow, SessionRow, Trace};
use super::note::Note;
use super::patience::{Patience, pause};
use super::people::CqlPeople;
use crate::error::unavailable;
use actors::Id;
use actors::store::StoreError;
use base::fresh;
use scylla::value::CqlValue;

/// How often a step is decided anew because another node was faster.
const RACES: u32 = 60;
/// Rows of sessions read at once.
const PAGE: i32 = 1000;

/// Which of a member's sessions a step has to see.
#[derive(Clone, Copy)]
pub enum Look {
    None,
    One(Id),
    /// The oldest ones.
    First(i32),
    All,
}

/// A member's row, and the sessions that were asked for, at one version.
pub struct SeenMember {
    pub row: MemberRow,
    pub sessions: Vec<SessionRow>,
}

#[expect(clippy::large_enum_variant, reason = "one is made for each step and none is ever kept")]
pub enum Decision<T> {
    /// Nothing is to be written.
    Answer(T),
    Write(RowWrite, T),
}

pub struct RowWrite {
    pub row: MemberRow,
    pub session: Option<SessionRow>,
    /// What must be on a list before it can become true; a reader of the list asks the row.
    pub before: Vec<Note>,
}

impl RowWrite {
    pub fn of(row: MemberRow) -> RowWrite {
        RowWrite { row, session: None, before: Vec::new() }
    }
}

impl CqlPeople {
    /// Decides on what is there until a decision counts.
    pub async fn step<T>(
        &self,
        member: Id,
        look: Look,
        decide: impl Fn(SeenMember) -> Decision<T>,
    ) -> Result<T, StoreError> {
        let _turn = self.members_in_turn.of(member).await;
        for race in 0..RACES {
            match decide(self.see(member, look).await?) {
                Decision::Answer(answer) => return Ok(answer),
                Decision::Write(write, answer) => {
                    if self.attempt(write).await? {
                        return Ok(answer);
                    }
                }
            }
            pause(race).await;
        }
        Err(too_many_races())
    }

    pub async fn see(&self, member: Id, look: Look) -> Result<SeenMember, StoreError> {
        let (id, s) = (member.0.to_vec(), &self.statements);
        let found = match look {
            Look::None => self.look(&s.row, (id,)).await?,
            Look::One(session) => self.look(&s.row_and_session, (id, session.0.to_vec())).await?,
            Look::First(most) => return self.see_first(member, most).await,
            Look::All => return self.see_all(member).await,
        };
        seen(member, &found)
    }

    async fn see_first(&self, member: Id, most: i32) -> Result<SeenMember, StoreError> {
        seen(member, &self.look(&self.statements.first_sessions, (member.0.to_vec(), most)).await?)
    }

    /// All sessions. If anything changed between two pages, the write that follows notices.
    async fn see_all(&self, member: Id) -> Result<SeenMember, StoreError> {
        let mut all = self.see_first(member, PAGE).await?;
        let mut page = all.sessions.len();
        while page == PAGE as usize
            && let Some(last) = all.sessions.last()
        {
            let after = last.session.id.0.to_vec();
            let more = seen(
                member,
                &self
                    .look(&self.statements.row_and_sessions, (member.0.to_vec(), after, PAGE))
                    .await?,
            )?;
            page = more.sessions.len();
            all.sessions.extend(more.sessions);
        }
        Ok(all)
    }

    /// The row of a member, who need not exist.
    pub async fn row(&self, member: Id) -> Result<MemberRow, StoreError> {
        Ok(self.see(member, Look::None).await?.row)
    }

    /// Whether the row was written. False: another change came first, and nothing was.
    pub async fn attempt(&self, write: RowWrite) -> Result<bool, StoreError> {
        let RowWrite { row, session, before } = write;
        let (member, version) = (row.id, row.version);
        for note in before {
            self.note(member, note).await?;
        }
        let mark = fresh::bytes();
        let mut values = NamedValues::new();
        row.raised(mark).bind(&mut values);
        values.insert("expected", (version > 0).then_some(CqlValue::BigInt(version)));
        session.iter().for_each(|session| session.bind(&mut values));
        let statement = if session.is_some() {
            &self.statements.change_row_and_session
        } else {
            &self.statements.change_row
        };
        let (mut patience, mut doubted) = (Patience::new(), false);
        loop {
            match self.cql.decide(statement, &values, doubted).await {
                Ok(verdict) if verdict.applied => return Ok(true),
                Ok(_) if doubted => return self.was_written(member, version + 1, mark).await,
                Ok(_) => return Ok(false),
                Err(_) if patience.lasts().await => doubted = true,
                Err(lost) => return Err(unavailable(lost)),
            }
        }
    }

    /// The version has moved on, so an attempt that did not count by now never will.
    async fn was_written(
        &self,
        member: Id,
        version: i64,
        mark: ChangeMark,
    ) -> Result<bool, StoreError> {
        match self.row(member).await?.trace(version, mark) {
            Trace::Written => Ok(true),
            Trace::NotWritten => Ok(false),
            Trace::Lost => Err(StoreError::Unavailable(
                "its answer was lost, and too much has happened since to find out".into(),
            )),
        }
    }

    async fn note(&self, member: Id, note: Note) -> Result<(), StoreError> {
        match note {
            Note::Ended { session, at } => self.note_ended(member, session, at).await,
            Note::Owing => self.note_owing(member).await,
            Note::Leaving => self.note_leaving(member).await,
            Note::NoAgent(session) => {
                let values = (member.0.to_vec(), session.0.to_vec());
                self.insist(&self.statements.forget_agent, &values).await.map(drop)
            }
        }
    }
}

fn seen(member: Id, found: &[FoundRow]) -> Result<SeenMember, StoreError> {
    let row = found
        .first()
        .map_or_else(|| Ok(MemberRow::unwritten(member)), |first| MemberRow::read(member, first))?;
    let sessions = found
        .iter()
        .map(SessionRow::read)
        .filter_map(Result::transpose)
        .collect::<Result<_, _>>()?;
    Ok(SeenMember { row, sessions })
}

pub fn too_many_races() -> StoreError {
    StoreError::Unavailable("too many others changed the same at once".to_owned())
}
