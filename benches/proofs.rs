//! What it takes to verify a large draw offline: `cargo bench --bench proofs`.
//!
//! A million ballots in eight boxes, with receipts of some of them, are drawn by the machines that
//! serve them; the proof is written page by page, and both verifiers read it as their users run
//! them. Each says its time, its CPU and the most memory it had. `--ballots N` changes how many,
//! `--python PATH` which Python.

use actors::domain::ballots::{self, Answer, BallotBox, BallotId, BoxName, Question};
use actors::domain::day::Day;
use actors::domain::draw::{Sealed, commitment};
use actors::domain::lottery::{BallotSetup, Drawn, Lot, LotteryPlan, LotteryView, Phase, places};
use actors::domain::pool::PoolName;
use actors::{Caller, Id, Machine, Stamp, Time, Verdict};
use draws::writer::Writer;
use draws::{Anchor, QUICKNET, Receipt, Signer};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use testing::played::Played;

const POOL: PoolName = PoolName::Day(Day(20261231));
const BOXES: u8 = 8;
const SEED: [u8; 32] = [5; 32];
const ROUNDS: u32 = 3;

/// Runs the rest of its line and prints wall time in seconds, CPU seconds, and the most memory in
/// MB.
const MEASURE: &str = "
import resource, subprocess, sys, time
began = time.monotonic()
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f'{time.monotonic() - began:.2f} {used.ru_utime + used.ru_stime:.2f} \
{used.ru_maxrss / 1024:.0f}')
sys.exit(code)
";

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let given =
        |name: &str| arguments.iter().skip_while(|argument| *argument != name).nth(1).cloned();
    let ballots = given("--ballots")
        .map_or(1_000_000, |text| text.parse().expect("--ballots takes a number"));
    let python = given("--python").unwrap_or_else(|| "python3".to_owned());
    let folder = std::env::temp_dir().join(format!("stampede-proofs-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let result = measured(&folder, ballots, &python);
    std::fs::remove_dir_all(&folder)?;
    result
}

fn measured(folder: &Path, ballots: u64, python: &str) -> std::io::Result<()> {
    let plan = BallotSetup {
        boxes: BOXES,
        most_per_box: u64::MAX,
        winners: 10,
        reserves: 10,
        commitment: commitment(&SEED),
        round: None,
    };
    let signer = Signer::new([7; 32]);
    let (mut boxes, mut receipts) = (Vec::new(), Vec::new());
    for name in BoxName::all(POOL, BOXES) {
        let (filled, receipt) = filled(name, ballots / u64::from(BOXES), &plan, &signer);
        boxes.push(filled);
        let file = folder.join(format!("receipt-{}.json", name.number));
        std::fs::write(&file, serde_json::to_vec(&receipt)?)?;
        receipts.push(file);
    }
    let began = Instant::now();
    let view = drawn(&mut boxes, plan);
    println!("{ballots} ballots sealed and drawn in {:.2} s", began.elapsed().as_secs_f64());
    let proof = folder.join("proof.json");
    let began = Instant::now();
    write(&proof, &view, &boxes)?;
    println!(
        "proof of {} MB written in {:.2} s",
        proof.metadata()?.len() >> 20,
        began.elapsed().as_secs_f64()
    );
    let rust = [env!("CARGO_BIN_EXE_stampede"), "verify-draw"];
    let script = [python, concat!(env!("CARGO_MANIFEST_DIR"), "/docs/verify_draw.py")];
    for _ in 0..ROUNDS {
        for (name, program) in [("stampede verify-draw", rust), ("verify_draw.py", script)] {
            for receipts in [&receipts[..0], &receipts[..]] {
                let mut command = Command::new(python);
                command.args(["-c", MEASURE]).args(program).arg(&proof);
                receipts.iter().for_each(|receipt| _ = command.arg("--receipt").arg(receipt));
                let output = command.output()?;
                let figures = String::from_utf8_lossy(&output.stdout).into_owned();
                assert!(
                    output.status.success(),
                    "{name} found something wrong: {}",
                    String::from_utf8_lossy(&output.stderr)
                );
                println!("{name}, {} receipts (s, CPU s, MB): {}", receipts.len(), figures.trim());
            }
        }
    }
    Ok(())
}

fn tell(
    made: &mut Played<BallotBox>,
    command: ballots::Command,
    caller: Caller,
    seed: u64,
) -> ballots::Event {
    match made.decide(&command, &caller, &Stamp { at: Time(1), seed }) {
        Ok(Verdict::New(event)) => {
            made.apply(&event, Time(1));
            event
        }
        other => panic!("{command:?} is answered {other:?}"),
    }
}

/// A box with so many ballots, and the receipt of the one in the middle of its last commit.
fn filled(
    name: BoxName,
    count: u64,
    plan: &BallotSetup,
    signer: &Signer,
) -> (Played<BallotBox>, Receipt) {
    let terms = ballots::BoxTerms { closes_at: Time(2), most: plan.most_per_box };
    let (mut made, member) = (Played::<BallotBox>::default(), Caller::member(Id([1; 16])));
    tell(&mut made, ballots::Command::Open { name, terms }, Caller::SYSTEM, 0);
    let submitted: Vec<u64> = (0..count)
        .map(|index| {
            if index == count - 20 {
                made.machine.take_witness();
            }
            match tell(
                &mut made,
                ballots::Command::Submit,
                member,
                index << 8 | u64::from(name.number),
            ) {
                ballots::Event::Submitted { nonce, .. } => nonce,
                other => panic!("submitting is {other:?}"),
            }
        })
        .collect();
    let witness = made.machine.take_witness().expect("there are as many");
    let ballot = BallotId { name, index: count - 10, nonce: submitted[count as usize - 10] };
    (made, Receipt::of(ballot, &witness, &Anchor::from(plan), signer))
}

fn drawn(boxes: &mut [Played<BallotBox>], plan: BallotSetup) -> LotteryView {
    let sealed: Vec<Sealed> = boxes
        .iter_mut()
        .map(|made| match tell(made, ballots::Command::Seal, Caller::SYSTEM, 0) {
            ballots::Event::Sealed(sealed) => sealed,
            other => panic!("sealing is {other:?}"),
        })
        .collect();
    let lot = |(number, index): (u8, u64)| {
        let ballot = page(&boxes[number as usize], index, 1)[0];
        Lot { number, index, nonce: ballot.nonce, owner: ballot.owner }
    };
    let lots = places(&plan, &sealed, &SEED, None).into_iter().map(lot).collect();
    LotteryView {
        plan: LotteryPlan {
            ballots: Some(plan),
            ..LotteryPlan::named("bench".to_owned(), Time(2))
        }
        .into(),
        phase: Phase::Drawn,
        created_at: Time(0),
        boxes: sealed,
        drawn: Some(Drawn { seed: SEED, beacon: None, lots }),
    }
}

fn page(made: &Played<BallotBox>, from: u64, limit: usize) -> Vec<ballots::Ballot> {
    let one = |index| match made.look(&Question::Ballot { index }) {
        Answer::Ballot(ballot) => ballot,
        other => panic!("a ballot is {other:?}"),
    };
    (from..).map_while(one).take(limit).collect()
}

fn write(file: &Path, view: &LotteryView, boxes: &[Played<BallotBox>]) -> std::io::Result<()> {
    let (mut file, mut out) = (BufWriter::new(File::create(file)?), Vec::new());
    let mut writer = Writer::begin(POOL, view, &QUICKNET, &mut out).expect("it is drawn");
    while let Some((name, from)) = writer.wanted() {
        writer
            .write(&page(&boxes[name.number as usize], from, 1000), &mut out)
            .expect("no ballot is lost");
        file.write_all(&out)?;
        out.clear();
    }
    file.write_all(&out)?;
    file.flush()
}
