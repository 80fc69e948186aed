//! What nobody would think of as a history of orders.

use harness::histories::{HELD, HistoryLine};

/// What nobody would think of as a history of orders, made of one that is right.
pub fn forgeries(lines: &[HistoryLine]) -> Vec<(&'static str, Vec<HistoryLine>)> {
    let first = |did: &str, told: &str| {
        let is_it =
            |line: &HistoryLine| line.is_about_orders() && line.did == did && line.told == told;
        lines.iter().position(is_it).unwrap_or_else(|| panic!("nobody was told {told}"))
    };
    let late = (u64::MAX / 4, u64::MAX / 4 + 1);
    let forge = |change: &dyn Fn(&mut Vec<HistoryLine>)| {
        let mut forged = lines.to_vec();
        change(&mut forged);
        forged
    };
    vec![
        (
            "held although the limit was reached",
            forge(&|lines| {
                for number in 0..=HELD {
                    let line = lines[first("order", "held")].clone();
                    let (asked, heard) = (late.0 + 2 * number, late.1 + 2 * number);
                    let gave = format!("one too many {number}");
                    lines.push(HistoryLine { gave, asked, heard, ..line });
                }
            }),
        ),
        (
            "the limit was reached by nobody",
            forge(&|lines| {
                let refused = first("order", "hold-limit-reached");
                (lines[refused].asked, lines[refused].heard) = (0, 1);
            }),
        ),
        (
            "bought what was given back",
            forge(&|lines| {
                let line = lines[first("give back", "released")].clone();
                let (did, told, (asked, heard)) = ("buy", "confirmed".into(), late);
                lines.push(HistoryLine { did, told, asked, heard, ..line });
            }),
        ),
        (
            "bought before it was held",
            forge(&|lines| {
                let bought = first("buy", "confirmed");
                (lines[bought].asked, lines[bought].heard) = (0, 1);
            }),
        ),
        (
            "refunded before it was bought",
            forge(&|lines| {
                let refunded = first("refund", "refunded");
                (lines[refunded].asked, lines[refunded].heard) = (0, 1);
            }),
        ),
        (
            "a part of an order is held by another",
            forge(&|lines| {
                let is_part = |line: &&HistoryLine| {
                    line.thing.starts_with("ticket") && line.told == "confirmed"
                };
                let line = lines.iter().rev().find(is_part).expect("one was bought").clone();
                let never_back = |other: &&mut HistoryLine| other.thing == line.thing;
                lines.iter_mut().filter(never_back).for_each(|other| {
                    if other.did == "refund" {
                        other.did = "look";
                        other.lost = true;
                    }
                });
                let (did, told, gave) = ("hold", "held".to_owned(), "another".to_owned());
                let (asked, heard) = late;
                lines.push(HistoryLine {
                    did,
                    told,
                    gave,
                    with: String::new(),
                    asked,
                    heard,
                    ..line
                });
            }),
        ),
    ]
}
