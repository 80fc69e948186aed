//! Draws made by the domain's own machines, with a receipt for every ballot.

use actors::domain::ballots::{self, Answer, BallotBox, BallotId, BoxName, Question, Witness};
use actors::domain::day::Day;
use actors::domain::draw::{Hash, Sealed, commitment};
use actors::domain::lottery::{
    self, BallotSetup, Beacon, Drawn, Lot, Lottery, LotteryPlan, LotteryView, places,
};
use actors::domain::pool::PoolName;
use actors::{Caller, Id, Machine, Stamp, Time, Verdict};
use base::Hex;
use draws::bundle::Document;
use draws::writer::Writer;
use draws::{Anchor, Bundle, Inclusion, QUICKNET, Receipt, Signer};
use testing::played::Played;

/// Before round 123 of the beacon was due.
pub const POOL: PoolName = PoolName::Day(Day(20230823));
pub const SEED: Hash = [0x5e; 32];
const OPEN: Time = Time(1_000);
const CLOSES: Time = Time(2_000);

/// What a draw is to be like.
#[derive(Clone, Copy)]
pub struct Wanted {
    pub pool: PoolName,
    /// Ballots of each box.
    pub counts: &'static [u64],
    /// Ballots that share a signature.
    pub commit: u64,
    pub winners: u16,
    pub reserves: u16,
    pub round: Option<u64>,
}

pub struct Honest {
    pub view: LotteryView,
    pub boxes: Vec<Played<BallotBox>>,
    /// Of every ballot, box by box.
    pub receipts: Vec<Vec<Receipt>>,
    pub key: [u8; 32],
    pool: PoolName,
}

/// Rounds that the network announced.
pub fn announced(round: u64) -> Beacon {
    let signature: Hex<48> = match round {
        123 => Hex::constant(
            "b75c69d0b72a5d906e854e808ba7e2accb1542ac355ae486d591aa9d43765482e26cd02df835d3546d23c4\
             b13e0dfc92",
        ),
        1000 => Hex::constant(
            "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b\
             6b63ed5e39",
        ),
        _ => panic!("round {round} is not known here"),
    };
    Beacon { round, signature: signature.0.to_vec() }
}

/// Gives a command, which must be granted.
fn tell<M: Machine>(
    machine: &mut Played<M>,
    command: M::Command,
    caller: Caller,
    seed: u64,
) -> M::Event {
    match machine.decide(&command, &caller, &Stamp { at: OPEN, seed }) {
        Ok(Verdict::New(event)) => {
            machine.apply(&event, OPEN);
            event
        }
        other => panic!("{command:?} is answered {other:?}"),
    }
}

pub fn signer() -> Signer {
    Signer::new([0x51; 32])
}

impl Wanted {
    pub fn draw(self) -> Honest {
        let ballots = BallotSetup {
            boxes: self.counts.len() as u8,
            most_per_box: 1_000_000,
            winners: self.winners,
            reserves: self.reserves,
            commitment: commitment(&SEED),
            round: self.round,
        };
        let plan = LotteryPlan {
            ballots: Some(ballots),
            ..LotteryPlan::named("the draw".to_owned(), CLOSES)
        };
        let names = BoxName::all(self.pool, ballots.boxes);
        let (boxes, receipts): (Vec<_>, Vec<_>) = names
            .iter()
            .zip(self.counts)
            .map(|(name, count)| filled(*name, *count, self.commit, &plan))
            .unzip();
        let mut lottery = Played::<Lottery>::default();
        tell(&mut lottery, lottery::Command::Create(plan), Caller::SYSTEM, 0);
        tell(&mut lottery, lottery::Command::Close, Caller::SYSTEM, 0);
        let sealed: Vec<Sealed> = boxes.iter().map(sealed).collect();
        tell(&mut lottery, lottery::Command::Finish { boxes: sealed.clone() }, Caller::SYSTEM, 0);
        let beacon = self.round.map(announced);
        let lots = places(&ballots, &sealed, &SEED, beacon.as_ref());
        let lots = lots.into_iter().map(|(number, index)| lot(&boxes, number, index)).collect();
        tell(
            &mut lottery,
            lottery::Command::Draw(Drawn { seed: SEED, beacon, lots }),
            Caller::SYSTEM,
            0,
        );
        let view = lottery.look(&lottery::Question).unwrap();
        Honest { view, boxes, receipts, key: signer().public(), pool: self.pool }
    }
}

/// A box with so many ballots, each commit of so many, sealed.
fn filled(
    name: BoxName,
    count: u64,
    commit: u64,
    plan: &LotteryPlan,
) -> (Played<BallotBox>, Vec<Receipt>) {
    let (mut made, mut receipts) = (Played::<BallotBox>::default(), Vec::new());
    let (terms, anchor) = (plan.box_terms().unwrap(), Anchor::from(&plan.ballots.unwrap()));
    tell(&mut made, ballots::Command::Open { name, terms }, Caller::SYSTEM, 0);
    for from in (0..count).step_by(commit as usize) {
        let submitted: Vec<BallotId> =
            (from..count.min(from + commit)).map(|index| submit(&mut made, name, index)).collect();
        let witness: Witness = made.machine.take_witness().unwrap();
        receipts.extend(
            submitted.into_iter().map(|ballot| Receipt::of(ballot, &witness, &anchor, &signer())),
        );
    }
    tell(&mut made, ballots::Command::Seal, Caller::SYSTEM, 0);
    (made, receipts)
}

fn submit(made: &mut Played<BallotBox>, name: BoxName, index: u64) -> BallotId {
    let member = Caller::member(Id([index as u8; 16]));
    match tell(made, ballots::Command::Submit, member, 1000 * name.number as u64 + index) {
        ballots::Event::Submitted { index, nonce, .. } => BallotId { name, index, nonce },
        other => panic!("submitting is {other:?}"),
    }
}

fn sealed(made: &Played<BallotBox>) -> Sealed {
    match made.look(&Question::State) {
        Answer::State { sealed: Some(sealed), .. } => sealed,
        other => panic!("a sealed box is {other:?}"),
    }
}

fn page(made: &Played<BallotBox>, from: u64, limit: usize) -> Vec<ballots::Ballot> {
    let one = |index| match made.look(&Question::Ballot { index }) {
        Answer::Ballot(ballot) => ballot,
        other => panic!("a ballot is {other:?}"),
    };
    (from..).map_while(one).take(limit).collect()
}

fn lot(boxes: &[Played<BallotBox>], number: u8, index: u64) -> Lot {
    let ballot = page(&boxes[number as usize], index, 1)[0];
    Lot { number, index, nonce: ballot.nonce, owner: ballot.owner }
}

impl Honest {
    pub fn text(&self) -> String {
        let mut out = Vec::new();
        let mut writer = Writer::begin(self.pool, &self.view, &QUICKNET, &mut out).unwrap();
        while let Some((name, from)) = writer.wanted() {
            writer.write(&page(&self.boxes[name.number as usize], from, 3), &mut out).unwrap();
        }
        String::from_utf8(out).unwrap()
    }

    pub fn bundle(&self) -> Bundle {
        match Document::read(self.text().as_bytes()).unwrap() {
            Document::Draw(bundle) => *bundle,
            other => panic!("a draw is {other:?}"),
        }
    }

    pub fn inclusion(&self, number: u8, index: u64) -> Inclusion {
        match self.boxes[number as usize].look(&Question::Path { index }) {
            Answer::Path(Some((ballot, path))) => {
                let name = BoxName { pool: self.pool, number };
                Inclusion::of(BallotId { name, index, nonce: ballot.nonce }, path, &self.view.boxes)
            }
            other => panic!("a path is {other:?}"),
        }
    }
}
