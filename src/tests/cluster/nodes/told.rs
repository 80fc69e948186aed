//! What members of a crowd were told, and what fits together of it.

use harness::tickets;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::thread;

const AT_ONCE: usize = 12;

#[derive(Clone, Debug)]
pub struct Told {
    pub status: u16,
    pub body: Value,
    pub replayed: bool,
}

impl Told {
    /// 201 at first; a claim that was answered before is 200.
    pub fn is_granted(&self) -> bool {
        self.status < 300
    }
}

/// Members `0..members` ask, a dozen at once, while `meanwhile` happens. What each was told, in the
/// order of the members.
pub fn all_ask(
    members: usize,
    ask: impl Fn(usize) -> Told + Sync,
    meanwhile: impl FnOnce(),
) -> Vec<Told> {
    let told: Vec<Mutex<Option<Told>>> = (0..members).map(|_| Mutex::default()).collect();
    thread::scope(|scope| {
        for share in 0..AT_ONCE {
            let (ask, told) = (&ask, &told);
            scope.spawn(move || {
                (share..members)
                    .step_by(AT_ONCE)
                    .for_each(|n| *told[n].lock().unwrap() = Some(ask(n)))
            });
        }
        meanwhile();
    });
    told.into_iter().map(|told| told.into_inner().unwrap().expect("everybody was told")).collect()
}

/// The tickets that were granted, none twice.
pub fn granted(told: &[Told]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for told in told.iter().filter(|told| told.is_granted()) {
        tickets(&told.body)
            .into_iter()
            .for_each(|ticket| assert!(all.insert(ticket.clone()), "{ticket} was granted twice"));
    }
    all
}

#[track_caller]
pub fn refused(told: &[Told], name: &str) -> usize {
    let refused: Vec<&Told> = told.iter().filter(|told| !told.is_granted()).collect();
    refused.iter().for_each(|told| {
        assert_eq!(told.body["type"], format!("/problems/{name}"), "{}", told.body)
    });
    refused.len()
}

/// Whoever asks again, anywhere, is told the same.
pub fn all_are_told_the_same_again(told: &[Told], ask: impl Fn(usize) -> Told + Sync) {
    let again = all_ask(told.len(), ask, || {});
    for (first, again) in told.iter().zip(&again).filter(|(first, _)| first.is_granted()) {
        assert!(
            again.body == first.body && again.replayed,
            "{} and then {}",
            first.body,
            again.body
        );
    }
}
