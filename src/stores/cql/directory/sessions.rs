//! Sessions: begun, refreshed, ended; each by one write of the member's row with the session's.

use super::accounts::end_all;
use super::member::{MemberRow, SessionRow};
use super::note::Note;
use super::people::CqlPeople;
use super::step::{Decision, Look, RowWrite};
use actors::store::StoreError;
use actors::{Id, Time};
use ports::directory::{Account, Begin, Begun, RefreshAttempt, RefreshStep, Refreshed, Session};

/// How many of a member's oldest sessions a new one looks at to forget the dead.
const SWEPT: i32 = 8;
/// Sessions read at once for a page of the living.
const PAGE: i32 = 200;

impl CqlPeople {
    pub async fn begin(&self, begin: &Begin) -> Result<Option<Begun>, StoreError> {
        let begun = self.step(begin.member, Look::First(SWEPT), |seen| {
            let dead = seen
                .sessions
                .iter()
                .filter(|row| row.session.refreshed_at < begin.dead_before)
                .cloned()
                .collect::<Vec<_>>();
            let Some(account) =
                seen.row.account.clone().filter(|account| account.password_hash == begin.knew)
            else {
                return Decision::Answer(None);
            };
            let (row, begun) = with_login(seen.row, account, begin);
            let session = Some(SessionRow::new(&begin.session, &row));
            let before = if begun.first_login && row.owed.is_some() {
                vec![Note::Owing]
            } else {
                Vec::new()
            };
            Decision::Write(RowWrite { row, session, before }, Some((begun, dead)))
        });
        let Some((begun, dead)) = begun.await? else { return Ok(None) };
        if let Some(home) = begin.home {
            // The session has begun, whatever becomes of this.
            let _ = self.note_home(begin.member, home, begin.session.at).await;
        }
        for session in dead {
            self.forget_session(begin.member, &session).await;
        }
        Ok(Some(begun))
    }

    /// A dead one changes no more, so this collides with nothing. If it fails, a later login does
    /// it.
    async fn forget_session(&self, member: Id, dead: &SessionRow) {
        let values = (member.0.to_vec(), dead.session.id.0.to_vec(), dead.session.refreshed_at.0);
        let _ = self.cql.decide(&self.statements.forget_session, values, false).await;
    }

    pub async fn rotate(&self, refresh: &RefreshAttempt) -> Result<Refreshed, StoreError> {
        let rotate = self.step(refresh.member, Look::One(refresh.session), |mut seen| {
            let (Some(mut session), Some(account)) = (seen.sessions.pop(), &seen.row.account)
            else {
                return Decision::Answer(Refreshed::Unknown);
            };
            let (role, step) = (account.member.role, session.step);
            match refresh.decide(step, session.session.refreshed_at, session.has_ended(&seen.row)) {
                RefreshStep::Rotate => {
                    (session.step, session.session.refreshed_at) = (step + 1, refresh.at);
                    Decision::Write(
                        with_session(seen.row, session),
                        Refreshed::Rotated { step: step + 1, role },
                    )
                }
                RefreshStep::Repeat => Decision::Answer(Refreshed::Repeated { step, role }),
                RefreshStep::End => {
                    Decision::Write(ended(seen.row, session, refresh.at), Refreshed::Reused)
                }
                RefreshStep::Unknown => Decision::Answer(Refreshed::Unknown),
            }
        });
        rotate.await
    }

    pub async fn end(&self, member: Id, session: Id, at: Time) -> Result<bool, StoreError> {
        let end = self.step(member, Look::One(session), |mut seen| match seen.sessions.pop() {
            Some(session) if !session.has_ended(&seen.row) => {
                Decision::Write(ended(seen.row, session, at), true)
            }
            _ => Decision::Answer(false),
        });
        end.await
    }

    pub async fn end_others(
        &self,
        member: Id,
        except: Option<Id>,
        at: Time,
    ) -> Result<Vec<Id>, StoreError> {
        let end = self.step(member, Look::All, |seen| match end_all(&seen, except, at) {
            (_, ended) if ended.is_empty() => Decision::Answer(ended),
            (write, ended) => Decision::Write(write, ended),
        });
        end.await
    }

    pub async fn living(
        &self,
        member: Id,
        after: Option<Id>,
        limit: usize,
        dead_before: Time,
    ) -> Result<Vec<Session>, StoreError> {
        let (mut living, mut after) = (Vec::new(), after.unwrap_or(Id::SYSTEM));
        loop {
            let values = (member.0.to_vec(), after.0.to_vec(), PAGE);
            let page = self.look(&self.statements.row_and_sessions, values).await?;
            for found in &page {
                let row = MemberRow::read(member, found)?;
                let Some(session) = SessionRow::read(found)? else { continue };
                after = session.session.id;
                if living.len() < limit
                    && !session.has_ended(&row)
                    && session.session.refreshed_at >= dead_before
                {
                    living.push(session.session);
                }
            }
            if page.len() < PAGE as usize || living.len() >= limit {
                return Ok(living);
            }
        }
    }
}

/// The row after a session has begun, and what is answered.
fn with_login(row: MemberRow, mut account: Account, begin: &Begin) -> (MemberRow, Begun) {
    let (at, member) = (begin.session.at, &mut account.member);
    let first_login = begin.login && member.first_login_at.is_none();
    if begin.login {
        member.first_login_at.get_or_insert(at);
        member.last_login_at = member.last_login_at.max(Some(at));
    }
    let owed = if first_login { begin.owed.clone() } else { row.owed.clone() };
    let begun = Begun { member: member.clone(), first_login, owed: owed.clone() };
    if let Some(hash) = &begin.rehashed {
        account.password_hash.clone_from(hash);
    }
    (MemberRow { account: Some(account), owed, ..row }, begun)
}

fn with_session(row: MemberRow, session: SessionRow) -> RowWrite {
    let session = Some(session.again(&row));
    RowWrite { session, ..RowWrite::of(row) }
}

fn ended(row: MemberRow, session: SessionRow, at: Time) -> RowWrite {
    let before = vec![session.ends(at)];
    RowWrite { before, ..with_session(row, SessionRow { ended_at: Some(at), ..session }) }
}
