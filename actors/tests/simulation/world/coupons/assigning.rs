//! How clients have coupons assigned: the next free one of a batch, their only one, or an imported
//! code; for a source or for none.

use super::super::ask::{Call, FirstLook};
use super::client::Client;
use super::known::{found_in_a_range, found_on_a_rack};
use actors::Id;
use actors::domain::coupons::{rack, range};
use actors::engine::Key;

impl Client<'_> {
    /// Some sources are asked for again, some by another member.
    fn source(&mut self, batch: &[u8]) -> (Id, Key) {
        let number = self.below(6);
        let whose = if self.below(12) == 0 { (self.number / 2) ^ 1 } else { self.number / 2 };
        self.source_of(whose, batch, number)
    }

    fn source_of(&self, whose: u64, batch: &[u8], number: u64) -> (Id, Key) {
        let source = Id::digest(&[b"source", batch, &whose.to_le_bytes(), &number.to_le_bytes()]);
        (source, Key::new(Id::SYSTEM, &source.0, &[&self.caller.id.0]))
    }

    pub(super) async fn assign(&mut self) {
        let places = self.world.plan(|plan| plan.coupons.places(false));
        let member = self.caller.id;
        let call = match self.below(4) {
            0 => {
                Call::of(self.caller, None, range::Command::Assign { member, source: None }, places)
            }
            1 => {
                let key = self.next_key(member);
                Call::of(
                    self.caller,
                    Some(key),
                    range::Command::Assign { member, source: None },
                    places,
                )
            }
            _ => {
                let (source, key) = self.source(b"ranges");
                let first_look = FirstLook {
                    question: range::Question::Source(source),
                    found: found_in_a_range,
                };
                let command = range::Command::Assign { member, source: Some(source) };
                Call {
                    first_look: Some(first_look),
                    ..Call::of(self.caller, Some(key), command, places)
                }
            }
        };
        self.send_to_range(call).await;
    }

    /// Where each may have one, the member names the place.
    pub(super) async fn have_mine(&mut self) {
        let places = self.world.plan(|plan| plan.coupons.places(true));
        let place = places[self.caller.id.0[0] as usize % places.len()];
        let member = self.caller.id;
        // His own: two members live in two places, and neither would know that the other has used
        // the source.
        let source = (self.below(3) == 0)
            .then(|| self.source_of(self.number / 2, b"one each", self.keys % 3).0);
        let key = (self.below(2) == 0).then(|| self.next_key(member));
        self.send_to_range(Call::of(
            self.caller,
            key,
            range::Command::Assign { member, source },
            vec![place],
        ))
        .await;
    }

    pub(super) async fn assign_a_code(&mut self) {
        let (files, racks) =
            self.world.plan(|plan| (plan.coupons.files.clone(), plan.coupons.racks));
        let batch = files[self.below(2) as usize].0;
        let member = self.caller.id;
        let places = (0..racks).collect();
        let within = |source| rack::Command::In {
            batch,
            command: range::Command::Assign { member, source },
        };
        let call = match self.below(3) {
            0 => {
                let key = (self.below(2) == 0).then(|| self.next_key(member));
                Call::of(self.caller, key, within(None), places)
            }
            _ => {
                let (source, key) = self.source(batch.to_string().as_bytes());
                let question =
                    rack::Question::In { batch, question: range::Question::Source(source) };
                let first_look = FirstLook { question, found: found_on_a_rack };
                Call {
                    first_look: Some(first_look),
                    ..Call::of(self.caller, Some(key), within(Some(source)), places)
                }
            }
        };
        self.send_to_rack(call).await;
    }
}
