//! The life of coupons: every command at every state, in every order, up to a length.
//!
//! It goes on with the real machines, a range and a rack of two coupons each. Each state is come to
//! once, however many sequences lead there, so all sequences of the length are tried. After each
//! step the ledger is what one counts coupon by coupon, and each coupon has gone a way that the
//! table in `life` has.

use super::kept::{KeptStates, StateNumber};
use actors::domain::coupons::life::LifeStep;
use actors::domain::coupons::rack::{self, Rack, RackTerms, Spelling};
use actors::domain::coupons::range::{self, Range, RangeTerms};
use actors::domain::coupons::redeem::{self, Command as Redeem};
use actors::domain::coupons::{
    CancelBy, CouponLedger, CouponState, Discount, Offer, Serial, coupon::CouponView,
};
use actors::{Caller, Id, Machine, Role, Stamp, Time, Verdict};
use hashbrown::{HashMap, HashSet};
use testing::played::Played;

const ADA: Id = Id([1; 16]);
const BOB: Id = Id([2; 16]);
const ADMIN: Caller = Caller { id: Id([50; 16]), role: Role::Admin };
const BEGINS: Time = Time(1_000_000);
const ENDS: Time = BEGINS.plus_s(100);
const LATER: Time = BEGINS.plus_s(150);
const OFFER: Offer = Offer::of(Discount::percent(10));
const BATCH: Serial = Serial(7);

/// A machine that has coupons: those of one batch, as a range has them.
trait HasCoupons: Machine {
    const NAME: &'static str;
    fn opened() -> Self::Event;
    fn told(command: range::Command) -> Self::Command;
    fn happened(event: range::Event) -> Self::Event;
    fn asked(played: &Played<Self>, question: range::Question) -> range::Answer;
    /// Commands of its own.
    fn others() -> Vec<Self::Command>;
}

const TERMS: RangeTerms =
    RangeTerms { count: 2, offer: OFFER, expires_at: ENDS, one_per_member: false };

impl HasCoupons for Range {
    const NAME: &'static str = "range";

    fn opened() -> range::Event {
        range::Event::Opened(TERMS)
    }

    fn told(command: range::Command) -> range::Command {
        command
    }

    fn happened(event: range::Event) -> range::Event {
        event
    }

    fn asked(played: &Played<Range>, question: range::Question) -> range::Answer {
        played.look(&question)
    }

    fn others() -> Vec<range::Command> {
        vec![range::Command::Open(TERMS)]
    }
}

const RACK_TERMS: RackTerms = RackTerms { offer: OFFER, expires_at: ENDS };

fn lines(codes: &[(u64, &str)]) -> Vec<rack::CodeLine> {
    codes.iter().map(|(line, code)| (*line, (*code).into())).collect()
}

impl HasCoupons for Rack {
    const NAME: &'static str = "rack";

    fn opened() -> rack::Event {
        let lines = lines(&[(1, "aa"), (2, "bb")]);
        rack::Event::Imported { batch: BATCH, terms: RACK_TERMS, first: 0, lines }
    }

    fn told(command: range::Command) -> rack::Command {
        rack::Command::In { batch: BATCH, command }
    }

    fn happened(event: range::Event) -> rack::Event {
        rack::Event::In { batch: BATCH, event }
    }

    fn asked(played: &Played<Rack>, question: range::Question) -> range::Answer {
        match played.look(&rack::Question::In { batch: BATCH, question }) {
            rack::Answer::In(answer) => answer,
            other => panic!("{other:?}"),
        }
    }

    fn others() -> Vec<rack::Command> {
        let (spelling, lines) = (Spelling::Exact, lines(&[(2, "bb"), (3, "cc")]));
        vec![rack::Command::Import { batch: BATCH, terms: RACK_TERMS, spelling, lines }]
    }
}

/// What may be tried at any state.
#[derive(Clone)]
enum Act<M: Machine> {
    Tell(M::Command, Caller),
    /// Time passes to the next instant at which something ends, or to just before it.
    Pass {
        just_before: bool,
    },
}

fn acts<M: HasCoupons>() -> Vec<Act<M>> {
    let source = Some(Id([9; 16]));
    let assign = |member, source| range::Command::Assign { member, source };
    let mut told = vec![
        (assign(ADA, None), ADMIN),
        (assign(ADA, source), ADMIN),
        (assign(BOB, source), ADMIN),
        (range::Command::Give { slot: 1, member: BOB }, ADMIN),
        (range::Command::Pause, ADMIN),
        (range::Command::Resume, ADMIN),
        (range::Command::Extend { expires_at: LATER }, ADMIN),
        (range::Command::VoidAll, ADMIN),
        (range::Command::Freeze { turn: Some(1) }, ADMIN),
        (range::Command::Thaw { turn: 1 }, ADMIN),
        (range::Command::Revise { offer: OFFER, expires_at: BEGINS.plus_s(120), turn: 1 }, ADMIN),
        (range::Command::Withdraw { turn: 1 }, ADMIN),
    ];
    let notice = Redeem::Notice { days: 1, since: BEGINS, until: LATER.plus_s(1), from: 0 };
    let mut redeemed = vec![(notice, ADMIN)];
    for slot in 0..2 {
        let used = |hold_s| Redeem::Use { slot, amount: Some(100), reference: None, hold_s };
        redeemed.push((used(None), ADMIN));
        redeemed.push((used(Some(30)), Caller::member(ADA)));
        redeemed.push((Redeem::Confirm { slot }, ADMIN));
        redeemed.push((Redeem::Cancel { slot, by: CancelBy::Admin }, ADMIN));
        redeemed.push((Redeem::Void { slot }, ADMIN));
    }
    told.extend(redeemed.into_iter().map(|(what, who)| (range::Command::Redeem(what), who)));
    let tell = |(command, caller)| Act::Tell(M::told(command), caller);
    let others = M::others().into_iter().map(|command| Act::Tell(command, ADMIN));
    let times = [false, true].map(|just_before| Act::Pass { just_before });
    told.into_iter().map(tell).chain(others).chain(times).collect()
}

/// Rules that can be broken: what would happen to the first coupon, in that state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CouponRule {
    UsedIsNotVoided,
    ExpiredStaysSo,
    SomebodysStaysTheirs,
    VoidStaysSo,
    HeldIsNotHeldAgain,
}

impl CouponRule {
    const ALL: [CouponRule; 5] = [
        CouponRule::UsedIsNotVoided,
        CouponRule::ExpiredStaysSo,
        CouponRule::SomebodysStaysTheirs,
        CouponRule::VoidStaysSo,
        CouponRule::HeldIsNotHeldAgain,
    ];

    /// What a rule book without the rule would let happen, where the other coupon is such that no
    /// count falls below zero.
    fn without(self, counted: &Counted) -> Option<range::Event> {
        let view = counted.coupons[0].as_ref()?;
        let (slot, owner, tenure) = (0, view.coupon.owner, view.coupon.tenure.clone());
        let what = || redeem_use(view);
        let (assigned, used) = (counted.ledger.assigned > 0, counted.ledger.used > 0);
        Some(match (self, view.state) {
            (CouponRule::UsedIsNotVoided, CouponState::Used) if assigned => {
                range::Event::Redeemed(redeem::Event::Voided { slot, owner, tenure })
            }
            (CouponRule::ExpiredStaysSo, CouponState::Expired) if used => {
                let what = what();
                range::Event::Redeemed(redeem::Event::Cancelled { slot, owner, tenure, what })
            }
            (CouponRule::SomebodysStaysTheirs, CouponState::Assigned) => {
                let (member, expires_at) = (if owner == ADA { BOB } else { ADA }, ENDS);
                let (source, only_one) = (None, false);
                range::Event::Assigned { slot, member, source, expires_at, only_one }
            }
            (CouponRule::VoidStaysSo, CouponState::Void) if used => {
                let what = what();
                range::Event::Redeemed(redeem::Event::Cancelled { slot, owner, tenure, what })
            }
            (CouponRule::HeldIsNotHeldAgain, CouponState::Held) if assigned => {
                let (what, until) = (what(), ENDS);
                range::Event::Redeemed(redeem::Event::Held { slot, owner, tenure, what, until })
            }
            _ => return None,
        })
    }
}

fn redeem_use(view: &CouponView) -> actors::domain::coupons::coupon::Use {
    let cut = OFFER.cut(Some(100)).expect("it is a good one");
    actors::domain::coupons::coupon::Use::new(ADMIN.id, view.coupon.owner, Some(100), cut, None)
}

/// What an outsider counts: the coupons, one by one, and what the books say.
#[derive(Clone)]
struct Counted {
    coupons: Vec<Option<CouponView>>,
    ledger: CouponLedger,
}

fn count<M: HasCoupons>(played: &Played<M>) -> Counted {
    let range::Answer::Ledger(ledger) = M::asked(played, range::Question::Ledger) else {
        panic!("asked for the ledger")
    };
    let slots = (0..ledger.issued).collect();
    let range::Answer::Coupons(coupons) = M::asked(played, range::Question::Coupons(slots)) else {
        panic!("asked for coupons")
    };
    Counted { coupons, ledger }
}

/// The books add up, and say what the coupons say.
fn wrong_books<M: HasCoupons>(played: &Played<M>, counted: &Counted) -> Option<String> {
    let CouponLedger { issued, available, held, assigned, used, expired, void, imbalance } =
        counted.ledger;
    let of = |state| {
        let views = counted.coupons.iter().flatten();
        views.filter(|view| view.state == state).count() as u64
    };
    let one_by_one = CouponState::ALL.map(of);
    if one_by_one != [available, assigned, held, used, expired, void] {
        return Some(format!("{one_by_one:?} are not {:?}", counted.ledger));
    }
    let sum: u64 = one_by_one.iter().sum();
    (sum != issued || imbalance != 0 || played.imbalance() != 0)
        .then(|| format!("{sum} of {issued}, and {imbalance}"))
}

/// Whether the table knows a way: a step, and what time or the whole batch does at once.
fn is_a_way(from: CouponState, to: CouponState) -> bool {
    let after = |state: CouponState| LifeStep::ALL.into_iter().filter_map(move |s| state.after(s));
    let at_once = |state: CouponState| {
        [LifeStep::Expire, LifeStep::Void].into_iter().filter_map(move |step| state.after(step))
    };
    from == to || after(from).any(|next| next == to || at_once(next).any(|last| last == to))
}

fn wrong_step(before: &Counted, after: &Counted) -> Option<String> {
    for (slot, (was, is)) in before.coupons.iter().zip(&after.coupons).enumerate() {
        let (Some(was), Some(is)) = (was, is) else {
            return Some(format!("coupon {slot} has gone"));
        };
        if !is_a_way(was.state, is.state) {
            return Some(format!("coupon {slot} was {:?} and is {:?}", was.state, is.state));
        }
        if was.coupon.owner != Id::SYSTEM && was.coupon.owner != is.coupon.owner {
            return Some(format!("coupon {slot} is somebody else's"));
        }
        if !is.coupon.tenure.past.starts_with(&was.coupon.tenure.past) {
            return Some(format!("coupon {slot} has forgotten a use"));
        }
    }
    (after.ledger.issued < before.ledger.issued).then(|| "there are fewer coupons".into())
}

/// All that was come to.
struct Lives<M: HasCoupons> {
    kept: KeptStates<M>,
    counted: HashMap<StateNumber, Counted>,
    broken: Option<CouponRule>,
    tries: u64,
}

impl<M: HasCoupons> Lives<M> {
    fn counted(&mut self, state: StateNumber) -> Counted {
        let played = self.kept.get(state);
        self.counted.entry(state).or_insert_with(|| count(played)).clone()
    }

    /// What the act leads to; the same if it is refused.
    fn act(&mut self, state: StateNumber, now: Time, act: &Act<M>) -> (StateNumber, Time) {
        self.tries += 1;
        match act {
            Act::Tell(command, caller) => {
                let stamp = Stamp { at: now, seed: 7 };
                match self.kept.get(state).decide(command, caller, &stamp) {
                    Ok(Verdict::New(event)) => (self.kept.happen(state, &event, now), now),
                    Ok(Verdict::Already(_)) | Err(_) => (state, now),
                }
            }
            Act::Pass { just_before } => {
                let Some(due) = self.kept.get(state).due() else { return (state, now) };
                let then = Time((due.0 - i64::from(*just_before)).max(now.0));
                (self.kept.pass(state, then), then)
            }
        }
    }

    fn check(&mut self, from: StateNumber, to: StateNumber) -> Result<(), String> {
        if from == to {
            return Ok(());
        }
        let (before, after) = (self.counted(from), self.counted(to));
        let wrong = wrong_books(self.kept.get(to), &after).or_else(|| wrong_step(&before, &after));
        wrong.map_or(Ok(()), Err)
    }

    fn breaks(&mut self, state: StateNumber, now: Time) -> Option<StateNumber> {
        let event = self.broken?.without(&self.counted(state))?;
        let event = M::happened(event);
        Some(self.kept.happen(state, &event, now))
    }
}

/// Tries all sequences of so many acts. Says how many states there are, how many tries that were,
/// and how many sequences.
fn try_all<M: HasCoupons>(
    length: u32,
    broken: Option<CouponRule>,
) -> Result<(usize, u64, u128), String> {
    let mut played = Played::<M>::default();
    played.apply(&M::opened(), BEGINS);
    let (mut kept, acts) = (KeptStates::default(), acts::<M>());
    let first = (kept.keep(played), BEGINS);
    let mut lives = Lives { kept, counted: HashMap::new(), broken, tries: 0 };
    let mut seen: HashSet<(StateNumber, Time)> = [first].into_iter().collect();
    let mut layer = vec![first];
    for _ in 0..length {
        let mut next = Vec::new();
        for (state, now) in layer {
            if let Some(after) = lives.breaks(state, now) {
                lives.check(state, after)?;
            }
            for act in &acts {
                let after = lives.act(state, now, act);
                lives.check(state, after.0)?;
                if seen.insert(after) {
                    next.push(after);
                }
            }
        }
        layer = next;
    }
    Ok((seen.len(), lives.tries, (acts.len() as u128).pow(length)))
}

fn all_sequences<M: HasCoupons>(length: u32) {
    let (states, tries, sequences) = try_all::<M>(length, None).expect("nothing is wrong");
    println!("{}: {states} states, {tries} tries: {sequences} sequences of {length}", M::NAME);
    assert!(states > 1_000, "only {states}");
}

#[test]
fn whatever_is_done_to_coupons_of_a_range_their_books_add_up_and_the_table_holds() {
    all_sequences::<Range>(7);
}

#[test]
fn whatever_is_done_to_imported_coupons_their_books_add_up_and_the_table_holds() {
    all_sequences::<Rack>(7);
}

#[test]
fn every_rule_of_a_coupons_life_is_missed() {
    for rule in CouponRule::ALL {
        let mistake = try_all::<Range>(5, Some(rule)).expect_err("a broken rule is noticed");
        println!("coupons without {rule:?}: {mistake}");
    }
}
