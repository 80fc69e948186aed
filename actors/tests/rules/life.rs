//! One coupon in each of the three machines that have any, commanded at random, against the printed
//! table of its life.
//!
//! The model is written from that table and shares no code with the rule book: it says which event
//! or which refusal is right.

use super::coupons::*;
use super::given::{ADA, ADMIN, BOB, s};
use super::homes::Home;
use actors::dice::Dice;
use actors::domain::coupons::redeem::{Command, Event, Refusal};
use actors::domain::coupons::{Campaign, CancelBy, CouponState, Rack, Range, offer};
use actors::machine::Role;
use actors::{Caller, Machine, Stamp, Time, Verdict};
use std::collections::BTreeMap;
use testing::played::Played;

/// What is known of the coupon without any cleverness.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Now {
    Created,
    Assigned,
    Held { until: Time },
    Used,
    Expired,
    Void,
}

struct Model {
    now: Now,
    at: Time,
    uses_cancelled: usize,
    /// Whether an unclaimed coupon can be seen and voided.
    created_is_known: bool,
}

impl Model {
    /// What time alone does.
    fn pass(&mut self, at: Time) {
        self.at = at;
        if matches!(self.now, Now::Held { until } if until <= at) {
            self.now = Now::Assigned;
        }
        if at >= ENDS && matches!(self.now, Now::Created | Now::Assigned) {
            self.now = Now::Expired;
        }
    }

    fn told(&self) -> (CouponState, usize) {
        let state = match self.now {
            Now::Created => CouponState::Created,
            Now::Assigned => CouponState::Assigned,
            Now::Held { .. } => CouponState::Held,
            Now::Used => CouponState::Used,
            Now::Expired => CouponState::Expired,
            Now::Void => CouponState::Void,
        };
        (state, self.uses_cancelled)
    }
}

/// What should come of a command: the coupon's next state, the same as before, or a refusal.
#[derive(Debug, PartialEq)]
enum Outcome {
    New(Now),
    Already,
    Refused(Refusal),
}

impl Model {
    /// `owned`: whether it was ever Ada's.
    fn expect(&self, command: &Command, caller: Caller, owned: bool) -> Outcome {
        use Outcome::*;
        let mine = caller.role != Role::Member || (owned && caller == ADA);
        let voiding = matches!(command, Command::Void { .. });
        if voiding && caller.role == Role::Member {
            return Refused(Refusal::NotAdmin);
        }
        let untouched = !owned && self.now != Now::Void;
        if untouched {
            return match self.now {
                Now::Created if voiding && self.created_is_known => New(Now::Void),
                Now::Expired if voiding && self.created_is_known => Refused(Refusal::Expired),
                _ => Refused(Refusal::Unknown),
            };
        }
        if !mine {
            return Refused(Refusal::NotYours);
        }
        match (self.now, command) {
            (Now::Void, Command::Void { .. }) => Already,
            (Now::Void, _) => Refused(Refusal::Void),
            (Now::Expired, _) => Refused(Refusal::Expired),
            (Now::Used, Command::Confirm { .. }) => Already,
            (Now::Used, Command::Cancel { .. }) => New(Now::Assigned),
            (Now::Used, _) => Refused(Refusal::AlreadyUsed),
            (Now::Held { .. }, Command::Confirm { .. }) => New(Now::Used),
            (Now::Held { .. }, Command::Cancel { .. }) => New(Now::Assigned),
            (Now::Held { .. }, _) => Refused(Refusal::Held),
            (Now::Assigned, Command::Use { amount: None, .. }) => {
                Refused(Refusal::Offer(offer::Refusal::AmountNeeded))
            }
            (Now::Assigned, Command::Use { amount: Some(amount), .. }) if *amount < 1000 => {
                Refused(Refusal::Offer(offer::Refusal::BelowMinimum { min_amount: 1000 }))
            }
            (Now::Assigned, Command::Use { hold_s: None, .. }) => New(Now::Used),
            (Now::Assigned, Command::Use { hold_s: Some(hold_s), .. }) => {
                New(Now::Held { until: Time((self.at.0 + *hold_s as i64 * 1000).min(ENDS.0)) })
            }
            (Now::Assigned, Command::Confirm { .. }) => Refused(Refusal::NotHeld),
            (Now::Assigned, Command::Cancel { .. }) => Refused(Refusal::NotUsed),
            (Now::Assigned, Command::Void { .. }) => New(Now::Void),
            (Now::Created, _) | (_, Command::Notice { .. }) => {
                unreachable!("settled above, or not asked for")
            }
        }
    }
}

fn command(slot: u64, dice: &mut Dice) -> Command {
    let amount = [None, Some(999), Some(1000), Some(7777)][dice.below(4) as usize];
    match dice.below(12) {
        0..=2 => Command::Use { slot, amount, reference: None, hold_s: None },
        3..=5 => Command::Use {
            slot,
            amount,
            reference: None,
            hold_s: Some(1 + dice.below(4000) as u32),
        },
        6..=7 => Command::Confirm { slot },
        8..=10 => Command::Cancel { slot, by: CancelBy::Member },
        _ => Command::Void { slot },
    }
}

/// Time goes on a little, to the very instant at which something ends, or to the last millisecond
/// before it.
fn later<M: Machine>(machine: &Played<M>, now: Time, dice: &mut Dice) -> Time {
    match (dice.below(4), machine.due()) {
        (0, Some(due)) => Time((due.0 - dice.below(2) as i64).max(now.0)),
        _ => Time(now.0 + dice.below(600_000) as i64),
    }
}

/// A hold that lapses, and then all that expires: more there is not of one coupon.
fn let_expire<M: Home>(machine: &mut Played<M>, at: Time) {
    for _ in 0..2 {
        if let Some(event) = machine.due().filter(|due| *due <= at).and_then(|_| machine.expire(at))
        {
            machine.apply(&event, at);
            assert_eq!(machine.imbalance(), 0, "after {event:?}");
        }
    }
    assert!(machine.due().is_none_or(|due| due > at), "what has expired is still due");
}

fn lives_through<M: Home>(seed: u64, seen: &mut BTreeMap<String, u32>) {
    let mut dice = Dice::new(seed);
    let mut machine = Played::<M>::default();
    machine.apply(&M::opening(), s(0));
    let mut model =
        Model { now: Now::Created, at: s(0), uses_cancelled: 0, created_is_known: M::SLOT == 0 };
    let mut owned = false;
    let assign_after = dice.below(8);
    for step in 0..60 {
        model.pass(later(&machine, model.at, &mut dice));
        let_expire(&mut machine, model.at);
        let stamp = Stamp { at: model.at, seed: dice.roll() };
        if step == assign_after {
            let assigned = machine.decide(&M::assign(), &ADA, &stamp);
            match (&assigned, model.now) {
                (Ok(Verdict::New(event)), Now::Created) => {
                    machine.apply(event, model.at);
                    (model.now, owned) = (Now::Assigned, true);
                }
                (Err(refusal), now) => {
                    assert!(now != Now::Created, "seed {seed}: not assigned, {refusal:?}")
                }
                (told, now) => assert!(
                    now == Now::Void && M::SLOT == 1,
                    "seed {seed}: {told:?} although it is {now:?}"
                ),
            }
        } else {
            let caller = [ADA, ADA, ADMIN, BOB][dice.below(4) as usize];
            let command = command(M::SLOT, &mut dice);
            let before = machine.bytes();
            let told = machine.decide(&M::redeem(command.clone()), &caller, &stamp);
            assert!(machine.bytes() == before, "to decide changes nothing");
            let expected = model.expect(&command, caller, owned);
            *seen.entry(format!("{:?}", expected)).or_insert(0) += 1;
            match (&told, &expected) {
                (Ok(Verdict::New(event)), Outcome::New(next)) => {
                    assert!(
                        fits(M::redeemed(event), &command, *next),
                        "seed {seed}: {command:?} led to {event:?}"
                    );
                    machine.apply(event, model.at);
                    model.uses_cancelled += (model.now == Now::Used) as usize;
                    model.now = *next;
                }
                (Ok(Verdict::Already(_)), Outcome::Already) => {}
                (Err(refusal), Outcome::Refused(why)) if M::why(refusal) == Some(*why) => {}
                _ => panic!(
                    "seed {seed}: {command:?} by {caller:?} at {:?} should be {expected:?}, is \
                     {told:?}",
                    model.at
                ),
            }
        }
        // A use that was cancelled after the expiry gives back a coupon that expires in the same
        // instant.
        model.pass(model.at);
        let_expire(&mut machine, model.at);
        let told = M::view(&machine).map(|view| (view.state, view.coupon.tenure.past.len()));
        let hidden = !owned && !model.created_is_known;
        assert_eq!(told, (!hidden).then(|| model.told()), "seed {seed}, step {step}");
        assert_eq!(machine.imbalance(), 0, "seed {seed}, step {step}");
        if dice.below(10) == 0 {
            machine = machine.saved_and_read();
        }
    }
}

fn fits(event: Option<&Event>, command: &Command, next: Now) -> bool {
    match (event, command, next) {
        (Some(Event::Held { until, .. }), Command::Use { .. }, Now::Held { until: expected }) => {
            *until == expected
        }
        (Some(Event::Used { .. }), Command::Use { .. } | Command::Confirm { .. }, Now::Used)
        | (Some(Event::Cancelled { .. }), Command::Cancel { .. }, Now::Assigned)
        | (Some(Event::Voided { .. }), Command::Void { .. }, Now::Void) => true,
        _ => false,
    }
}

/// What must have occurred, or the test proves little: every refusal, and every step that a command
/// takes.
const EVERYTHING: [&str; 12] = [
    "New(Used)",
    "New(Assigned)",
    "New(Void)",
    "Already",
    "Refused(NotAdmin)",
    "Refused(Unknown)",
    "Refused(NotYours)",
    "Refused(Void)",
    "Refused(Expired)",
    "Refused(Held)",
    "Refused(AlreadyUsed)",
    "Refused(NotHeld)",
];

fn many_lives<M: Home>() {
    let mut seen = BTreeMap::new();
    for seed in 0..1500 {
        lives_through::<M>(seed, &mut seen);
    }
    for case in EVERYTHING {
        assert!(
            seen.get(case).is_some_and(|often| *often > 20),
            "{case} hardly occurred: {seen:?}"
        );
    }
    let holds = seen
        .iter()
        .filter(|(case, _)| case.starts_with("New(Held"))
        .map(|(_, often)| often)
        .sum::<u32>();
    assert!(holds > 100);
}

#[test]
fn a_coupon_of_a_range_lives_by_the_table() {
    many_lives::<Range>();
}

#[test]
fn an_imported_coupon_lives_by_the_table() {
    many_lives::<Rack>();
}

#[test]
fn a_voucher_of_a_campaign_lives_by_the_table() {
    many_lives::<Campaign>();
}
