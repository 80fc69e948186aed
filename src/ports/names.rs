//! What services call their members, for whoever reads ids of members: asked once for all ids of a
//! page.

use crate::Answer;
use crate::directory::Outsider;
use actors::Id;
use actors::store::StoreError;
use std::collections::{BTreeSet, HashMap};

/// Ids in one question; one reader answers it at a stretch.
const AT_ONCE: usize = 250;

/// Whom these ids stand for, in their order: the directory's `outsiders_of`.
pub type AskOutsiders = Box<dyn Fn(Vec<Id>) -> Answer<Vec<Option<Outsider>>> + Send + Sync>;

/// Those of some ids that stand for members of services.
#[derive(Debug, Default)]
pub struct OutsiderNames(HashMap<Id, Outsider>);

impl OutsiderNames {
    pub async fn find(
        ask: impl Fn(Vec<Id>) -> Answer<Vec<Option<Outsider>>>,
        ids: impl IntoIterator<Item = Id>,
    ) -> Result<OutsiderNames, StoreError> {
        let ids: BTreeSet<Id> = ids.into_iter().filter(|id| *id != Id::SYSTEM).collect();
        let ids: Vec<Id> = ids.into_iter().collect();
        let mut names = OutsiderNames::default();
        for some in ids.chunks(AT_ONCE) {
            let found = ask(some.to_vec()).await?;
            found.into_iter().flatten().for_each(|outsider| names.add(outsider));
        }
        Ok(names)
    }

    pub fn add(&mut self, outsider: Outsider) {
        self.0.insert(outsider.member, outsider);
    }

    /// Only what that service calls its own.
    pub fn of_service(mut self, service: &str) -> OutsiderNames {
        self.0.retain(|_, outsider| outsider.service == service);
        self
    }

    pub fn of(&self, id: Id) -> Option<&Outsider> {
        self.0.get(&id)
    }
}
