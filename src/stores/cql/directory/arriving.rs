//! People who come from another store, each as they were there. A repeat finds what is there
//! already and adds what is missing.

use super::CqlDirectory;
use super::member::{MemberRow, SessionRow};
use super::names::Claimed;
use super::note::Note;
use super::people::CqlPeople;
use super::step::{Look, RowWrite, SeenMember};
use actors::store::StoreError;
use ports::Answer;
use ports::directory::AccountRole;
use ports::moving::{Arrivals, Home, Kept, Person};

impl Arrivals for CqlDirectory {
    fn take_in(&self, person: Person) -> Answer<()> {
        self.ask(|people| async move { people.take_in(&person).await })
    }

    fn person(&self, id: actors::Id) -> Answer<Person> {
        self.ask(move |people| async move {
            let homes = people.homes_of(id).await?;
            Ok(as_person(people.see(id, Look::All).await?, homes))
        })
    }
}

impl CqlPeople {
    async fn take_in(&self, person: &Person) -> Result<(), StoreError> {
        let mut seen = self.see(person.id, Look::All).await?;
        if seen.row.account.is_none() && seen.row.deleted_at.is_none() {
            self.settle_in(person, seen.row).await?;
            seen = self.see(person.id, Look::All).await?;
        }
        if seen.row.account != person.account
            || seen.row.deleted_at != person.deleted_at
            || seen.row.owed != person.owed
        {
            return Err(StoreError::Broken(format!("another member has the id {}", person.id)));
        }
        for home in &person.homes {
            self.put_home(person.id, *home).await?;
        }
        for kept in &person.sessions {
            if !seen.sessions.iter().any(|there| there.session.id == kept.session.id) {
                let row = self.row(person.id).await?;
                self.write_alone(with_session(row, kept)).await?;
            }
        }
        Ok(())
    }

    async fn settle_in(&self, person: &Person, row: MemberRow) -> Result<(), StoreError> {
        let role =
            person.account.as_ref().map_or(AccountRole::Member, |account| account.member.role);
        self.enrol(person.id, role).await?;
        for name in person.account.iter().flat_map(|account| account.member.profile.identifiers()) {
            if self.claim(&name.folded, &row).await? == Claimed::Taken {
                return Err(StoreError::Broken(format!(
                    "another member has the {} of {}",
                    name.kind.name(),
                    person.id
                )));
            }
        }
        let mut before = Vec::new();
        before.extend(person.owed.iter().map(|_| Note::Owing));
        before.extend(person.deleted_at.iter().map(|_| Note::Leaving));
        let row = MemberRow {
            account: person.account.clone(),
            deleted_at: person.deleted_at,
            owed: person.owed.clone(),
            ..row
        };
        self.write_alone(RowWrite { row, session: None, before }).await?;
        match person.deleted_at {
            None => self.note_born(person.id).await,
            Some(_) => self.note_gone(person.id).await,
        }
    }

    /// No other node has a reason to write here.
    async fn write_alone(&self, write: RowWrite) -> Result<(), StoreError> {
        match self.attempt(write).await? {
            true => Ok(()),
            false => {
                Err(StoreError::Unavailable("another process writes to this keyspace".to_owned()))
            }
        }
    }
}

fn with_session(row: MemberRow, kept: &Kept) -> RowWrite {
    let session = SessionRow {
        session: kept.session.clone(),
        step: kept.step,
        ended_at: kept.ended_at,
        written: row.version + 1,
    };
    let before =
        kept.ended_at.iter().map(|at| Note::Ended { session: kept.session.id, at: *at }).collect();
    RowWrite { session: Some(session), before, row }
}

fn as_person(seen: SeenMember, homes: Vec<Home>) -> Person {
    let SeenMember { row, sessions } = seen;
    let kept = |session: SessionRow| Kept {
        session: session.session,
        step: session.step,
        ended_at: session.ended_at,
    };
    let sessions = sessions.into_iter().map(kept).collect();
    Person {
        id: row.id,
        account: row.account,
        deleted_at: row.deleted_at,
        owed: row.owed,
        sessions,
        homes,
    }
}
