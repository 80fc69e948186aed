//! Who has won as a table, for whoever pays them with a spreadsheet.

use crate::http::api::lottery::bodies::{DrawBody, LotBody};
use crate::http::export::TableLine;
use serde::Serialize;

#[derive(Serialize)]
pub struct LotLine<'a> {
    drawn_as: &'static str,
    place: usize,
    #[serde(flatten)]
    lot: &'a LotBody,
}

/// A line for each lot, in the order of the draw.
pub fn lines(draw: &DrawBody) -> impl Iterator<Item = LotLine<'_>> {
    let line = |drawn_as| move |(place, lot)| LotLine { drawn_as, place, lot };
    let winners = (1..).zip(&draw.winners).map(line("winner"));
    winners.chain((1..).zip(&draw.reserves).map(line("reserve")))
}

impl TableLine for LotLine<'_> {
    const COLUMNS: &'static [(&'static str, &'static str)] = &[
        ("drawn_as", "/drawn_as"),
        ("place", "/place"),
        ("ballot", "/ballot"),
        ("name", "/name"),
        ("member", "/member"),
        ("service", "/known_as/service"),
        ("their_id", "/known_as/id"),
    ];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::api::known_as::KnownAsBody;
    use crate::http::export::written;
    use base::Hex;
    use base::export_form::ExportForm;

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
            pool: None,
            winner: winners.first().cloned(),
            winners,
            reserves: vec![LotBody { member: None, ..lot("bl_3", None) }],
            seed: Hex([0; 32]),
            root: Hex([0; 32]),
        };
        let expected = [
            "drawn_as,place,ballot,name,member,service,their_id",
            "winner,1,bl_1,a member,7M,shop,\"'=m,1\"",
            "winner,2,bl_2,a member,7M,,",
            "reserve,1,bl_3,a member,,,",
        ];
        let table = written(ExportForm::Csv, lines(&draw));
        assert_eq!(table.lines().collect::<Vec<_>>(), expected);
    }
}
