//! What a conditional statement was answered.
//!
//! The two servers differ in shape: Cassandra answers `[applied]` alone when it applied, and only
//! adds the columns of the condition when it refused; ScyllaDB always adds them, and where there is
//! no row at all they are null there and missing here. So everything is read by name, and a missing
//! column and a null one are the same.

use super::claim::{Fence, WriteClaim};
use actors::store::Position;
use scylla::response::query_result::QueryRowsResult;
use scylla::value::{CqlValue, Row};

/// The server's answer to a statement with an `IF`.
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionalAnswer {
    pub applied: bool,
    /// What it found instead, of the columns that the condition names.
    found: Vec<(String, CqlValue)>,
}

impl ConditionalAnswer {
    pub fn of(answer: &QueryRowsResult) -> Result<ConditionalAnswer, String> {
        let names: Vec<String> =
            answer.column_specs().iter().map(|column| column.name().to_string()).collect();
        let row = answer.first_row::<Row>().map_err(|error| error.to_string())?;
        ConditionalAnswer::read(names.into_iter().zip(row.columns))
    }

    fn read(
        columns: impl IntoIterator<Item = (String, Option<CqlValue>)>,
    ) -> Result<ConditionalAnswer, String> {
        let (mut applied, mut found) = (None, Vec::new());
        for (name, value) in columns {
            match (name.as_str(), value) {
                ("[applied]", Some(CqlValue::Boolean(value))) => applied = Some(value),
                (_, Some(value)) => found.push((name, value)),
                (_, None) => {}
            }
        }
        let applied = applied.ok_or("the answer does not say whether it was applied")?;
        Ok(ConditionalAnswer { applied, found })
    }

    fn column(&self, name: &str) -> Option<&CqlValue> {
        self.found.iter().find(|(column, _)| column == name).map(|(_, value)| value)
    }

    pub fn bigint(&self, name: &str) -> Option<i64> {
        self.column(name)?.as_bigint()
    }

    pub fn int(&self, name: &str) -> Option<i32> {
        self.column(name)?.as_int()
    }

    pub fn text(&self, name: &str) -> Option<&String> {
        self.column(name)?.as_text()
    }

    pub fn blob(&self, name: &str) -> Option<&[u8]> {
        self.column(name)?.as_blob().map(Vec::as_slice)
    }
}

/// What an answer to the fenced append, or a look at the fence, means to its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// This attempt counted.
    Applied,
    /// An earlier attempt had counted.
    AppliedBefore,
    /// Another node has taken over, or closed the generation.
    Fenced,
    /// No other node can write under this epoch, and yet one has.
    Impossible,
}

/// The table of outcomes. `to` is where the log stands if the append counted.
pub fn meaning(verdict: &ConditionalAnswer, epoch: i64, to: Position) -> Meaning {
    match verdict.bigint("epoch") {
        _ if verdict.applied => Meaning::Applied,
        Some(found) if found > epoch => Meaning::Fenced,
        Some(found)
            if found == epoch
                && verdict.bigint("last_seq") == Some(to.seq as i64)
                && verdict.blob("last_head") == Some(&to.head) =>
        {
            Meaning::AppliedBefore
        }
        _ => Meaning::Impossible,
    }
}

/// What a look at the fence means to its owner, who has written up to `claim.at`.
pub fn seen(fence: Option<&Fence>, claim: &WriteClaim) -> Meaning {
    match fence {
        Some(fence) if fence.epoch > claim.epoch => Meaning::Fenced,
        Some(fence) if fence.epoch == claim.epoch && fence.at == claim.at => Meaning::Applied,
        _ => Meaning::Impossible,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(columns: &[(&str, Option<CqlValue>)]) -> Result<ConditionalAnswer, String> {
        ConditionalAnswer::read(
            columns.iter().map(|(name, value)| (name.to_string(), value.clone())),
        )
    }

    const APPLIED: (&str, Option<CqlValue>) = ("[applied]", Some(CqlValue::Boolean(true)));
    const REFUSED: (&str, Option<CqlValue>) = ("[applied]", Some(CqlValue::Boolean(false)));

    #[test]
    fn applied_is_applied_with_the_old_values_beside_it_and_without() {
        let cassandra = read(&[APPLIED]).unwrap();
        let scylla =
            read(&[APPLIED, ("epoch", Some(CqlValue::BigInt(3))), ("last_head", None)]).unwrap();
        assert!(cassandra.applied && scylla.applied);
        assert_eq!(
            (scylla.bigint("epoch"), scylla.blob("last_head"), cassandra.bigint("epoch")),
            (Some(3), None, None)
        );
    }

    #[test]
    fn a_refusal_shows_what_was_found_in_whatever_order() {
        let (epoch, head) =
            (("epoch", Some(CqlValue::BigInt(4))), ("last_head", Some(CqlValue::Blob(vec![7]))));
        for columns in [[REFUSED, epoch.clone(), head.clone()], [head, epoch, REFUSED]] {
            let verdict = read(&columns).unwrap();
            assert!(!verdict.applied);
            assert_eq!(
                (verdict.bigint("epoch"), verdict.blob("last_head")),
                (Some(4), Some(&[7][..]))
            );
        }
    }

    #[test]
    fn where_there_is_no_row_a_missing_column_and_a_null_one_are_the_same() {
        assert_eq!(read(&[REFUSED]), read(&[REFUSED, ("epoch", None), ("last_head", None)]));
    }

    #[test]
    fn an_answer_that_does_not_say_so_is_no_verdict() {
        assert!(read(&[("epoch", Some(CqlValue::BigInt(4)))]).is_err());
        assert!(read(&[("[applied]", None)]).is_err());
    }

    #[test]
    fn the_table_of_outcomes() {
        let to = Position { seq: 9, head: [7; 32] };
        let refused = |epoch: i64, seq: i64, head: [u8; 32]| {
            let columns = [
                REFUSED,
                ("epoch", Some(CqlValue::BigInt(epoch))),
                ("last_seq", Some(CqlValue::BigInt(seq))),
                ("last_head", Some(CqlValue::Blob(head.to_vec()))),
            ];
            meaning(&read(&columns).unwrap(), 5, to)
        };
        assert_eq!(meaning(&read(&[APPLIED]).unwrap(), 5, to), Meaning::Applied);
        assert_eq!(refused(6, 4, [0; 32]), Meaning::Fenced);
        assert_eq!(refused(i64::MAX, 9, [7; 32]), Meaning::Fenced);
        assert_eq!(refused(5, 9, [7; 32]), Meaning::AppliedBefore);
        for (epoch, seq, head) in
            [(5, 9, [8; 32]), (5, 8, [7; 32]), (5, 4, [0; 32]), (4, 9, [7; 32])]
        {
            assert_eq!(refused(epoch, seq, head), Meaning::Impossible);
        }
        assert_eq!(meaning(&read(&[REFUSED]).unwrap(), 5, to), Meaning::Impossible);
    }

    #[test]
    fn the_table_of_looks_at_the_fence() {
        let at = Position { seq: 9, head: [7; 32] };
        let claim = WriteClaim::new(1, 5, at, 0);
        let look = |epoch: i64, at: Position| {
            seen(Some(&Fence { epoch, at, next: None, closed_epoch: 0 }), &claim)
        };
        assert_eq!(look(5, at), Meaning::Applied);
        for later in [6, i64::MAX] {
            assert_eq!(look(later, at), Meaning::Fenced);
            assert_eq!(look(later, Position { seq: 20, head: [8; 32] }), Meaning::Fenced);
        }
        for (epoch, seq, head) in [(5, 8, [7; 32]), (5, 9, [8; 32]), (4, 9, [7; 32])] {
            assert_eq!(look(epoch, Position { seq, head }), Meaning::Impossible);
        }
        assert_eq!(seen(None, &claim), Meaning::Impossible);
    }
}
