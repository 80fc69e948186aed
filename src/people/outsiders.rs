//! Members of a service, who have no account here.
//!
//! An outsider's id here is made from the service's name and the id there. So outsiders do not
//! register, and a service's keys can be replaced.

use super::budgets::Budgets;
use super::error::Error;
use super::signed::{Signed, Via};
use actors::Id;
use futures_util::future::try_join_all;
use hashbrown::{HashMap, HashSet};
use ports::directory::{AccountRole, Outsider};
use ports::{Directory, OutsiderNames};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};

/// Outsiders that this process remembers to have introduced. Beyond it, it forgets and introduces
/// them again, which is harmless.
const INTRODUCED: usize = 100_000;

pub struct Outsiders {
    directory: Arc<dyn Directory>,
    budgets: Arc<Budgets>,
    introduced: Arc<Introduced>,
}

#[derive(Default)]
struct Introduced(Mutex<HashSet<Id>>);

/// The note of a new member of a service, on its way to the directory.
pub type Introduction = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

impl Outsiders {
    pub(crate) fn new(directory: Arc<dyn Directory>, budgets: Arc<Budgets>) -> Outsiders {
        Outsiders { directory, budgets, introduced: Arc::default() }
    }

    /// Notes in the directory which member a service acts for, if they are new. Nothing that is
    /// done in their name may be answered before the note is written; both can be under way at the
    /// same time. A service may bring so many new members in a minute. Members who were noted
    /// before are not counted.
    pub async fn introduce(&self, signed: &Signed) -> Result<Option<Introduction>, Error> {
        let Some(outsider) = self.unknown(signed) else { return Ok(None) };
        let (too_many, introduction) = self.introduce_all(vec![outsider]).await?;
        too_many.into_values().next().map_or(Ok(introduction), Err)
    }

    /// The member a service acts for, unless it is remembered that they were introduced.
    pub fn unknown(&self, signed: &Signed) -> Option<Outsider> {
        let Via::ServiceKey { service, on_behalf_of: Some(theirs), .. } = &signed.via else {
            return None;
        };
        let member = signed.caller.id;
        let outsider =
            || Outsider { member, service: service.to_string(), theirs: theirs.to_string() };
        (!self.introduced.has(member)).then(outsider)
    }

    /// The same for many: looked up with one question and written together. Answers who of them are
    /// more than the service may bring in this minute, too.
    pub async fn introduce_all(
        &self,
        unknown: Vec<Outsider>,
    ) -> Result<(HashMap<Id, Error>, Option<Introduction>), Error> {
        let mut unknown = unknown;
        let mut seen = HashSet::new();
        unknown.retain(|outsider| seen.insert(outsider.member));
        let members = unknown.iter().map(|outsider| outsider.member).collect();
        let known = self.directory.outsiders_of(members).await?;
        let (mut too_many, mut noted, mut new) = (HashMap::new(), Vec::new(), Vec::new());
        for (outsider, known) in unknown.into_iter().zip(known) {
            let member = outsider.member;
            if known.is_some() {
                self.introduced.note(member);
            } else if let Err(error) = self.budgets.spend_new_member(&outsider.service).await {
                too_many.insert(member, error);
            } else {
                noted.push(self.directory.note_outsider(outsider));
                new.push(member);
            }
        }
        if new.is_empty() {
            return Ok((too_many, None));
        }
        let introduced = self.introduced.clone();
        let introduction: Introduction = Box::pin(async move {
            try_join_all(noted).await?;
            new.into_iter().for_each(|member| introduced.note(member));
            Ok(())
        });
        Ok((too_many, Some(introduction)))
    }

    /// What services call these members, as far as the caller may know it: all of it who may look
    /// at everything, a service what it calls its own, and nobody else anything.
    pub async fn names_for(
        &self,
        signed: &Signed,
        ids: impl IntoIterator<Item = Id>,
    ) -> Result<OutsiderNames, Error> {
        match &signed.via {
            _ if signed.role >= AccountRole::Viewer => self.names(ids).await,
            Via::ServiceKey { service, on_behalf_of, .. } => {
                // Whom a service acts for it says itself, and mostly that is all there is.
                let own = signed.caller.id;
                let others = ids.into_iter().filter(|id| *id != own);
                let mut names = self.names(others).await?.of_service(service);
                on_behalf_of.iter().for_each(|theirs| {
                    names.add(Outsider {
                        member: own,
                        service: service.to_string(),
                        theirs: theirs.to_string(),
                    })
                });
                Ok(names)
            }
            Via::Session { .. } => Ok(OutsiderNames::default()),
        }
    }

    /// What services call these members, for whoever may look at everything.
    pub async fn names(&self, ids: impl IntoIterator<Item = Id>) -> Result<OutsiderNames, Error> {
        Ok(OutsiderNames::find(|ids| self.directory.outsiders_of(ids), ids).await?)
    }
}

impl Introduced {
    fn has(&self, member: Id) -> bool {
        self.all().contains(&member)
    }

    fn note(&self, member: Id) {
        let mut introduced = self.all();
        if introduced.len() >= INTRODUCED {
            introduced.clear();
        }
        introduced.insert(member);
    }

    fn all(&self) -> MutexGuard<'_, HashSet<Id>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// The id here of a member of that service.
pub fn outsider(service: &str, theirs: &str) -> Id {
    Id::digest(&[b"outsider", service.as_bytes(), theirs.as_bytes()])
}

/// The id of a service that acts for none of its members.
pub fn service_itself(service: &str) -> Id {
    Id::digest(&[b"service", service.as_bytes()])
}

/// 1 to 128 visible ASCII characters.
pub fn is_their_id(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_two_services_never_collide() {
        assert_ne!(outsider("shop", "1"), outsider("shop2", "1"));
        assert_ne!(outsider("a", "bc"), outsider("ab", "c"));
        assert_eq!(outsider("shop", "1"), outsider("shop", "1"));
    }

    #[test]
    fn their_ids_are_visible_ascii() {
        assert!(is_their_id("x") && is_their_id(&"~".repeat(128)));
        for bad in ["", "a b", "ä", "a\n", &"x".repeat(129)] {
            assert!(!is_their_id(bad), "{bad:?}");
        }
    }
}
