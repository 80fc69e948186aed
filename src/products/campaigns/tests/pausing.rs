//! Somebody pauses at any step of a rename, while others of the same node go on.

use super::*;
use actors::domain::coupons::catalogue;
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::{Poll, Waker};

/// More than a rename has.
const STEPS: usize = 60;
/// So many turns are enough for whatever does not pause.
const LONG: usize = 300;

/// Work waits before it after so many steps, until it is opened.
#[derive(Clone, Default)]
struct Gate(Rc<GateState>);

#[derive(Default)]
struct GateState {
    is_open: Cell<bool>,
    waiting: RefCell<Option<Waker>>,
}

impl Gate {
    fn open(&self) {
        self.0.is_open.set(true);
        if let Some(waiting) = self.0.waiting.take() {
            waiting.wake();
        }
    }

    async fn after<T>(self, steps: usize, work: impl Future<Output = T>) -> T {
        let mut work = Box::pin(work);
        let mut taken = 0;
        poll_fn(move |context| {
            if taken == steps && !self.0.is_open.get() {
                *self.0.waiting.borrow_mut() = Some(context.waker().clone());
                return Poll::Pending;
            }
            taken += 1;
            work.as_mut().poll(context)
        })
        .await
    }
}

impl AtANode {
    /// How often a name was taken for it.
    async fn turns_taken(&self) -> u32 {
        self.promotions.names_of(SERIAL).await.unwrap().turn
    }
}

#[actix_rt::test]
async fn whoever_pauses_in_a_rename_never_calls_the_campaign_as_somebody_else_is_called() {
    let (mut too_late, mut in_time) = (0, 0);
    for steps in 0..STEPS {
        let stage = Stage::set().await;
        let node = stage.node();
        assert_eq!(rename(node.clone(), "B", 0).await.as_deref(), Some("B"));
        let gate = Gate::default();
        let renaming = {
            let node = node.clone();
            gate.clone().after(steps, async move { node.rename_once("C", under("C")).await })
        };
        let renaming = rt::spawn(renaming);
        turns(LONG).await;
        // The repeat of the first rename gives back what names are left over.
        assert_eq!(rename(node.clone(), "B", 0).await.as_deref(), Some("B"));
        let others = node.register("C").await;
        gate.open();
        let told = renaming.await.unwrap();
        let now = node.overview().await.plan.name;
        match others {
            Ok(other) => {
                let by = other.event.serial;
                let taken = Refusal::Promotions(catalogue::Refusal::NameTaken { by });
                let why = told.map(|done| done.event.plan.name).expect_err("it is another's");
                assert_eq!((why.refusal(), now.as_str()), (Some(&taken), "B"), "step {steps}");
                too_late += 1;
            }
            Err(_) => {
                let done = told.expect("the name is its own");
                assert_eq!((done.event.plan.name.as_str(), now.as_str()), ("C", "C"));
                stage.has_one_of(&["A", "B", "C"]).await;
                in_time += 1;
            }
        }
    }
    assert!(too_late > 0 && in_time > 0, "{too_late} were too late, {in_time} in time");
}

#[actix_rt::test]
async fn whoever_had_an_earlier_turn_takes_none_from_whoever_has_a_later_one() {
    let mut met = 0;
    for first in 0..STEPS {
        for second in 0..STEPS {
            let stage = Stage::set().await;
            let node = stage.node();
            let gates = [Gate::default(), Gate::default()];
            let b = gates[0].clone().after(first, rename(node.clone(), "B", 0));
            let b = rt::spawn(b);
            turns(LONG).await;
            // It has followed its turn, and has yet to give back the other name.
            let is_amid = stage.names() == ["B"] && !b.is_finished();
            let c = gates[1].clone().after(second, rename(node.clone(), "C", 0));
            let c = rt::spawn(c);
            turns(LONG).await;
            let is_taken = node.turns_taken().await == 2 && stage.names() == ["B"];
            gates[0].open();
            turns(LONG).await;
            gates[1].open();
            assert_eq!(b.await.unwrap().as_deref(), Some("B"));
            assert_eq!(c.await.unwrap().as_deref(), Some("C"));
            if is_amid && is_taken {
                assert_eq!(node.turns_taken().await, 2, "steps {first} and {second}");
                met += 1;
            }
            if !is_amid {
                break;
            }
        }
    }
    assert!(met > 0, "nobody ever had a turn while another gave names back");
}
