//! Who has won as a table, for whoever pays them with a spreadsheet.

use crate::http::api::lottery::bodies::{DrawBody, LotBody};
use base::cells::Cell;
use std::fmt::Write;

const HEADER: &str = "drawn_as,place,ballot,name,member,service,their_id\n";

/// As CSV: a line for each lot, in the order of the draw.
pub fn written(draw: &DrawBody) -> String {
    let winners = (1..).zip(&draw.winners).map(|(place, lot)| ("winner", place, lot));
    let reserves = (1..).zip(&draw.reserves).map(|(place, lot)| ("reserve", place, lot));
    let mut text = HEADER.to_owned();
    for (drawn_as, place, lot) in winners.chain(reserves) {
        // Writing to a String cannot fail.
        let _ = line(&mut text, drawn_as, place, lot);
    }
    text
}

fn line(text: &mut String, drawn_as: &str, place: usize, lot: &LotBody) -> std::fmt::Result {
    let LotBody { ballot, name, member, known_as } = lot;
    let member = member.as_deref().unwrap_or_default();
    let (service, theirs) =
        known_as.as_ref().map_or(("", ""), |known| (known.service.as_str(), known.id.as_str()));
    let [name, service, theirs] = [name.as_str(), service, theirs].map(Cell);
    writeln!(text, "{drawn_as},{place},{ballot},{name},{member},{service},{theirs}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::api::known_as::KnownAsBody;
    use base::Hex;

    #[test]
    fn a_table_has_a_line_for_each_lot_and_nothing_that_a_spreadsheet_would_run() {
        let lot = |ballot: &str, known_as| LotBody {
            ballot: ballot.to_owned(),
            name: "a member".to_owned(),
            member: Some("7M".to_owned()),
            known_as,
        };
        let known = |id: &str| Some(KnownAsBody { service: "shop".to_owned(), id: id.to_owned() });
        let winners = vec![lot("bl_1", known("=m,1")), lot("bl_2", None)];
        let draw = DrawBody {
            lottery: "2026-12-31".to_owned(),
            winner: winners.first().cloned(),
            winners,
            reserves: vec![LotBody { member: None, ..lot("bl_3", None) }],
            seed: Hex([0; 32]),
            root: Hex([0; 32]),
        };
        let lines = [
            "drawn_as,place,ballot,name,member,service,their_id",
            "winner,1,bl_1,a member,7M,shop,\"'=m,1\"",
            "winner,2,bl_2,a member,7M,,",
            "reserve,1,bl_3,a member,,,",
        ];
        assert_eq!(written(&draw).lines().collect::<Vec<_>>(), lines);
    }
}
