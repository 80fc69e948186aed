//! Writes the proof of a draw piece by piece, so that a million ballots need no more room than one
//! page of them.
//!
//! The caller asks what is `wanted`, hands over a page from there, and sends what stands in the
//! buffer. When nothing is wanted any more, the proof is complete.

use super::beacon::Chain;
use super::bundle::{BundleHead, Share};
use actors::domain::ballots::{Ballot, BallotId, BoxName};
use actors::domain::draw::Sealed;
use actors::domain::lottery::LotteryView;
use actors::domain::pool::PoolName;
use std::io::Write;

pub struct Writer {
    pool: PoolName,
    boxes: Vec<Sealed>,
    number: u8,
    place: u64,
}

/// A page that does not go on where the box is wanted: the box has lost ballots that were sealed.
/// The proof must be broken off, not finished.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("box {name} has nothing at place {place}, although it was sealed with more")]
pub struct Lost {
    pub name: BoxName,
    pub place: u64,
}

impl Writer {
    /// Writes everything that stands before the ballots. None: nothing is drawn yet.
    pub fn begin(
        pool: PoolName,
        view: &LotteryView,
        chain: &Chain,
        out: &mut Vec<u8>,
    ) -> Option<Writer> {
        let head = BundleHead::of(pool, view, chain)?;
        out.extend(serde_json::to_vec(&head).ok()?);
        out.pop();
        out.extend(b",\"boxes\":[");
        let mut writer = Writer { pool, boxes: view.boxes.clone(), number: 0, place: 0 };
        writer.open(out);
        writer.turn(out);
        Some(writer)
    }

    /// The box and the place from which the next ballots are wanted. None: the proof is complete.
    pub fn wanted(&self) -> Option<(BoxName, u64)> {
        self.boxes.get(self.number as usize).map(|_| (self.name(), self.place))
    }

    /// Writes a page of ballots from where they are wanted.
    pub fn write(&mut self, page: &[Ballot], out: &mut Vec<u8>) -> Result<(), Lost> {
        let Some(sealed) = self.boxes.get(self.number as usize).copied() else { return Ok(()) };
        if page.is_empty() {
            return Err(Lost { name: self.name(), place: self.place });
        }
        for ballot in page.iter().take((sealed.count - self.place) as usize) {
            let id = BallotId { name: self.name(), index: self.place, nonce: ballot.nonce };
            let comma = if self.place == 0 { "" } else { "," };
            // Writing into memory cannot fail.
            let _ = write!(out, "{comma}\"{id}\"");
            self.place += 1;
        }
        self.turn(out);
        Ok(())
    }

    fn name(&self) -> BoxName {
        BoxName { pool: self.pool, number: self.number }
    }

    /// Begins the box, or ends the proof after the last one.
    fn open(&self, out: &mut Vec<u8>) {
        let Some(sealed) = self.boxes.get(self.number as usize) else { return out.extend(b"]}") };
        let Share { count, root } = Share::from(*sealed);
        let comma = if self.number == 0 { "" } else { "," };
        let _ = write!(out, "{comma}{{\"count\":{count},\"root\":\"{root}\",\"ballots\":[");
    }

    /// Goes on to the next box that holds something.
    fn turn(&mut self, out: &mut Vec<u8>) {
        while self.boxes.get(self.number as usize).is_some_and(|sealed| self.place == sealed.count)
        {
            out.extend(b"]}");
            (self.number, self.place) = (self.number + 1, 0);
            self.open(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::QUICKNET;
    use crate::bundle::Document;
    use actors::domain::day::Day;
    use actors::domain::draw::lottery_root;
    use actors::domain::lottery::{BallotSetup, Drawn, Lot, LotteryPlan, Phase};
    use actors::{Id, Time};

    const POOL: PoolName = PoolName::Day(Day(20261231));

    fn view(counts: &[u64]) -> LotteryView {
        let ballots = BallotSetup {
            boxes: counts.len() as u8,
            most_per_box: 100,
            winners: 1,
            reserves: 0,
            commitment: [5; 32],
            round: None,
        };
        let lot = Lot { number: 0, index: 0, nonce: 0, owner: Id([1; 16]) };
        LotteryView {
            plan: LotteryPlan {
                ballots: Some(ballots),
                ..LotteryPlan::named("x".to_owned(), Time(1))
            }
            .into(),
            phase: Phase::Drawn,
            created_at: Time(0),
            boxes: counts
                .iter()
                .map(|count| Sealed { count: *count, root: [*count as u8; 32] })
                .collect(),
            drawn: Some(Drawn { seed: [6; 32], beacon: None, lots: vec![lot] }),
        }
    }

    fn page(from: u64, to: u64) -> Vec<Ballot> {
        (from..to).map(|nonce| Ballot { nonce, owner: Id([1; 16]) }).collect()
    }

    /// The whole proof, and how many pages it took.
    fn written(counts: &[u64], most: u64) -> (Vec<u8>, usize) {
        let (mut out, mut pages) = (Vec::new(), 0);
        let mut writer = Writer::begin(POOL, &view(counts), &QUICKNET, &mut out).unwrap();
        while let Some((name, place)) = writer.wanted() {
            writer
                .write(&page(place, counts[name.number as usize].min(place + most)), &mut out)
                .unwrap();
            pages += 1;
        }
        (out, pages)
    }

    #[test]
    fn what_is_written_in_pages_reads_back_whole() {
        for counts in [&[0][..], &[1], &[0, 0, 0], &[5, 0, 7], &[0, 3, 0], &[10, 10]] {
            let (out, pages) = written(counts, 5);
            let Document::Draw(bundle) = Document::read(&out[..]).unwrap() else {
                panic!("it is a draw")
            };
            assert_eq!(bundle.head, BundleHead::of(POOL, &view(counts), &QUICKNET).unwrap());
            assert_eq!(bundle.sealed(), view(counts).boxes);
            assert_eq!(bundle.head.root.0, lottery_root(&view(counts).boxes));
            assert_eq!(bundle.misplaced, None);
            let nonces: Vec<Vec<u64>> = counts.iter().map(|count| (0..*count).collect()).collect();
            assert_eq!(
                bundle.boxes.into_iter().map(|listed| listed.nonces).collect::<Vec<_>>(),
                nonces
            );
            assert_eq!(pages as u64, counts.iter().map(|count| count.div_ceil(5)).sum::<u64>());
        }
    }

    #[test]
    fn members_stand_in_their_order_and_no_others_among_them() {
        let whole = String::from_utf8(written(&[2, 1], 5).0).unwrap();
        assert!(
            whole.starts_with(
                r#"{"format":"stampede draw 1","lottery":"2026-12-31","commitment":"0505"#
            ),
            "{whole}"
        );
        assert!(whole.ends_with(r#""ballots":["bl_20261231_1_0_0000000000000000"]}]}"#), "{whole}");
        let wrong = |from: &str, to: &str| {
            Document::read(whole.replacen(from, to, 1).as_bytes()).unwrap_err().to_string()
        };
        assert!(
            wrong("\"winners\":1", "\"winners\":1,\"losers\":2")
                .contains("\"losers\" stands where \"reserves\" belongs")
        );
        assert!(
            wrong("\"winners\":1,", "").contains("\"reserves\" stands where \"winners\" belongs")
        );
        assert!(
            wrong("\"reserves\":0", "\"reserves\":0,\"reserves\":0")
                .contains("\"reserves\" stands where \"beacon\" belongs")
        );
        assert!(wrong("]}]}", "],\"more\":1}]}").contains("\"more\" does not belong there"));
        assert!(wrong("]}]}", "]}],\"more\":1}").contains("\"more\" does not belong there"));
        assert!(wrong("]}]}", "]}]} {}").contains("trailing"));
        assert!(wrong("draw 1", "draw 9").contains("unknown to this version"));
        for cut in 0..whole.len() {
            assert!(
                Document::read(&whole.as_bytes()[..cut]).unwrap_err().is_eof(),
                "cut after {cut} bytes"
            );
        }
    }

    #[test]
    fn a_proof_has_one_to_sixty_four_boxes() {
        assert!(Document::read(&written(&[1; 64], 5).0[..]).is_ok());
        let none = br#"{"boxes":[]}"#;
        let whole = String::from_utf8(written(&[0], 5).0).unwrap();
        let (head, _) = whole.split_once("\"boxes\"").unwrap();
        assert!(Document::read(&[head.as_bytes(), &none[1..]].concat()[..]).is_err());
        let one = whole.split_once("\"boxes\":[").unwrap().1.trim_end_matches("]}");
        let many = format!("{head}\"boxes\":[{}]}}", vec![format!("{one}]}}"); 65].join(","));
        assert!(
            Document::read(many.as_bytes()).unwrap_err().to_string().contains("1 to 64 boxes"),
            "{many}"
        );
    }

    #[test]
    fn a_ballot_that_stands_elsewhere_than_its_id_says_is_noticed() {
        let whole = String::from_utf8(written(&[3], 5).0).unwrap();
        let moved = whole.replacen("_0_1_", "_0_7_", 1).replacen("_0_2_", "_0_8_", 1);
        let Document::Draw(bundle) = Document::read(moved.as_bytes()).unwrap() else {
            panic!("it is a draw")
        };
        let id = |index| BallotId { name: BoxName { pool: POOL, number: 0 }, index, nonce: 1 };
        assert_eq!(bundle.misplaced, Some((id(7), id(1))));
    }

    #[test]
    fn a_box_that_lost_ballots_breaks_the_proof_off() {
        let mut out = Vec::new();
        let mut writer = Writer::begin(POOL, &view(&[3]), &QUICKNET, &mut out).unwrap();
        writer.write(&page(0, 2), &mut out).unwrap();
        assert_eq!(
            writer.write(&[], &mut out),
            Err(Lost { name: BoxName { pool: POOL, number: 0 }, place: 2 })
        );
    }
}
