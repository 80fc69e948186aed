//! Ballots in the world: what may be told of a box, and when. The model of a box is a plain list,
//! and what it hashes to.

pub mod client;

use super::ask::Call;
use super::kind::{Kind, Told};
use super::node::{Node, Yard};
use super::orders::agreement::Agreement;
use super::plan;
use super::room::Room;
use super::tally::Tally;
use actors::cards::Cards;
use actors::domain::ballots::{
    Answer, Ballot, BallotBox, BallotId, BoxName, BoxTerms, Command, Event, Question, Refusal,
    Witness,
};
use actors::domain::draw::{Hash, Sealed, chain, merkle};
use actors::machine::{Machine, Role};
use actors::{Caller, Time};

pub fn room(plan: &plan::Ballots) -> Room<BallotBox> {
    let terms = plan.terms;
    Room::new(plan.names.clone(), move |name: &BoxName| Model::new(*name, terms))
}

pub struct Model {
    name: BoxName,
    terms: BoxTerms,
    opened: bool,
    pub ballots: Vec<Ballot>,
    leaves: Vec<Hash>,
    /// After so many ballots.
    heads: Vec<Hash>,
    pub sealed: Option<Sealed>,
}

impl Model {
    fn new(name: BoxName, terms: BoxTerms) -> Model {
        let heads = vec![chain::start(&name.to_string())];
        Model {
            name,
            terms,
            opened: false,
            ballots: Vec::new(),
            leaves: Vec::new(),
            heads,
            sealed: None,
        }
    }

    pub fn is_full(&self) -> bool {
        self.ballots.len() as u64 >= self.terms.most
    }

    /// A client may only be shown what is durable, in its place.
    pub fn has_seen(&self, shown: &Witness) {
        let (from, to) = (shown.from as usize, shown.position() as usize);
        assert!(
            to <= self.ballots.len(),
            "a witness of {to} ballots, and {} are durable",
            self.ballots.len()
        );
        assert_eq!(shown.heads, self.heads[from..=to]);
        assert_eq!(shown.leaves, self.leaves[from..to]);
    }
}

/// What a box shows of that ballot is what the model has.
fn compare_shown(model: &Model, machine: &BallotBox, index: u64, cards: &Cards<'_>) {
    match machine.look(&Question::Witness { index }, cards) {
        Answer::Witness(Some((ballot, shown))) => {
            assert_eq!((ballot, shown.from), (model.ballots[index as usize], index));
            model.has_seen(&shown);
        }
        other => panic!("asked for a witness, told {other:?}"),
    }
    match (machine.look(&Question::Path { index }, cards), model.sealed) {
        (Answer::Path(None), None) => {}
        (Answer::Path(Some((_, path))), Some(sealed)) => assert_eq!(
            merkle::root_from(model.leaves[index as usize], index, sealed.count, &path),
            Some(sealed.root)
        ),
        (other, sealed) => panic!("asked for a path in {sealed:?}, told {other:?}"),
    }
}

/// Whether it took nothing at some moment.
#[derive(Default)]
pub struct Seen {
    took_nothing: bool,
}

impl Kind for BallotBox {
    type Model = Model;
    type Books = (usize, Option<Sealed>);
    type Seen = Seen;
    type Whole = ();

    const GRANTED_BY_A_GUEST: &'static str = "ballot taken by a guest";

    fn parts(node: &mut Node) -> (&mut Yard, &mut Room<BallotBox>) {
        (&mut node.yard, &mut node.boxes)
    }

    fn opening(yard: &Yard, name: &BoxName) -> Option<Command> {
        Some(Command::Open { name: *name, terms: yard.plan.ballots.terms })
    }

    fn is_not_opened(refusal: &Refusal) -> bool {
        *refusal == Refusal::NotOpened
    }

    fn is_expiry(_: &Event) -> bool {
        false
    }

    fn hear(agreement: &mut Agreement, name: &BoxName, event: &Event) {
        agreement.boxes.hear_of_box(name.number, event);
    }

    fn record(model: &mut Model, event: &Event, at: Time) {
        match event {
            Event::Opened { name, terms } => {
                assert!(!model.opened && (*name, *terms) == (model.name, model.terms));
                model.opened = true;
            }
            Event::OpenedIn { .. } | Event::Withdrawn { .. } => panic!("nobody withdraws it"),
            Event::Submitted { index, nonce, owner } => {
                assert!(model.opened && model.sealed.is_none(), "a ballot came after the seal");
                assert!(
                    at < model.terms.closes_at && !model.is_full(),
                    "a ballot came too late, or was one too many"
                );
                assert_eq!(
                    *index,
                    model.ballots.len() as u64,
                    "a place was skipped or given twice"
                );
                let leaf = BallotId { name: model.name, index: *index, nonce: *nonce }.leaf();
                model.ballots.push(Ballot { nonce: *nonce, owner: *owner });
                model.heads.push(chain::link(&model.heads[*index as usize], &leaf));
                model.leaves.push(leaf);
            }
            Event::Sealed(sealed) => {
                let all =
                    Sealed { count: model.leaves.len() as u64, root: merkle::root(&model.leaves) };
                assert_eq!(
                    (*sealed, model.sealed),
                    (all, None),
                    "sealed twice, or something else than it holds"
                );
                model.sealed = Some(*sealed);
            }
        }
    }

    fn model_books(model: &Model) -> Self::Books {
        (model.ballots.len(), model.sealed)
    }

    fn compare(model: &Model, machine: &BallotBox, cards: &Cards<'_>) {
        match machine.look(&Question::State, cards) {
            Answer::NotOpened => assert!(!model.opened),
            Answer::State { count, sealed } => {
                assert_eq!((count as usize, sealed), Self::model_books(model))
            }
            other => panic!("asked for the state, told {other:?}"),
        }
        if model.opened {
            let at = |index| machine.look(&Question::Ballot { index }, cards);
            for (index, ballot) in (0..).zip(&model.ballots) {
                assert_eq!(at(index), Answer::Ballot(Some(*ballot)));
            }
            assert_eq!(at(model.ballots.len() as u64), Answer::Ballot(None));
            if let Some(index) = model.leaves.len().checked_sub(1) {
                compare_shown(model, machine, index as u64, cards);
            }
        }
    }

    fn see(model: &Model, _: &Command, _: &Caller, seen: &mut Seen) {
        seen.took_nothing |= model.is_full() || model.sealed.is_some();
    }

    fn lacks(model: &Model, _: &Command) -> bool {
        model.is_full()
    }

    fn is_what_was_asked_for(_: &Model, call: &Call<BallotBox>, event: &Event, _: Time) {
        match (&call.command, event) {
            (Command::Submit, Event::Submitted { owner, .. }) => assert_eq!(*owner, call.caller.id),
            (Command::Seal, Event::Sealed(_)) | (Command::Open { .. }, Event::Opened { .. }) => {}
            (command, event) => panic!("{command:?} led to {event:?}"),
        }
    }

    fn told_dry(told: &Told<BallotBox>, event: &Event, _: Time) {
        let Event::Submitted { index, owner, .. } = event else {
            panic!("a dry run was answered with {event:?}")
        };
        assert_eq!(*owner, told.asker());
        assert!(
            *index as usize
                >= told
                    .before(told.place)
                    .filter(|event| matches!(event, Event::Submitted { .. }))
                    .count()
        );
    }

    fn told_done(told: &Told<BallotBox>, event: &Event, durable: bool) {
        let model = told.model();
        match (&told.call.command, event) {
            (Command::Submit, Event::Submitted { index, nonce, owner }) => {
                assert!(durable, "a ballot that is not in the log under its key: {event:?}");
                assert_eq!(model.ballots[*index as usize], Ballot { nonce: *nonce, owner: *owner });
                assert_eq!(*owner, told.asker());
            }
            (Command::Seal, Event::Sealed(sealed)) => assert_eq!(Some(*sealed), model.sealed),
            (Command::Open { .. }, Event::Opened { .. }) => assert!(model.opened),
            (command, event) => panic!("{command:?} was answered with {event:?}"),
        }
    }

    fn told_refused(told: &Told<BallotBox>, refusal: &Refusal, tally: &mut Tally) {
        let call = told.call;
        match refusal {
            Refusal::NotOpened => {
                let opened = |place: &u16| {
                    told.before(*place as usize).any(|event| matches!(event, Event::Opened { .. }))
                };
                assert!(!call.places.iter().all(opened), "all were open before anybody asked");
            }
            Refusal::Withdrawn | Refusal::Touched => panic!("nobody withdraws it"),
            Refusal::NotForAdmins => assert_ne!(call.caller.role, Role::Member),
            Refusal::Closed => {
                let sealed = call
                    .places
                    .iter()
                    .any(|place| told.places[*place as usize].model.sealed.is_some());
                assert!(
                    sealed || told.latest >= told.model().terms.closes_at,
                    "closed before its time"
                );
                tally.count("box closed");
            }
            Refusal::Full => {
                assert!(
                    call.places.iter().all(|place| told.seen_in(*place).took_nothing),
                    "full, and there was always room in one"
                );
                tally.count("boxes full");
            }
        }
    }

    fn told_answer(told: &Told<BallotBox>, answer: &Answer, _: Time, tally: &mut Tally) {
        let model = told.model();
        match answer {
            Answer::NotOpened => {}
            Answer::State { count, sealed } => {
                assert!(
                    told.books_since().contains(&(*count as usize, *sealed)),
                    "a state that never was"
                );
            }
            Answer::Witness(None) | Answer::Path(None) => {}
            Answer::Witness(Some((ballot, shown))) => {
                assert_eq!(model.ballots[shown.from as usize], *ballot);
                model.has_seen(shown);
                tally.count("old ballot witnessed");
            }
            Answer::Path(Some((ballot, path))) => {
                let sealed = model.sealed.expect("a path was shown of a box that is not sealed");
                let index =
                    model.ballots.iter().position(|other| other == ballot).expect("it is there");
                assert_eq!(
                    merkle::root_from(model.leaves[index], index as u64, sealed.count, path),
                    Some(sealed.root)
                );
                tally.count("ballot proved");
            }
            Answer::Ballot(None) => {}
            Answer::Ballot(Some(ballot)) => assert!(model.ballots.contains(ballot)),
        }
    }
}
