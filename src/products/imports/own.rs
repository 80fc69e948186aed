//! What a row says of its code that is otherwise than in its batch: an earlier end, and what it is
//! worth.

use crate::imports::mark::Mark;
use actors::Time;
use actors::domain::coupons::{CodeTerms, Discount, MOST_MONEY, Offer, Percent};
use actors::domain::imports::ImportView;

/// What rows are held against. It is the same whenever a row is read again.
#[derive(Clone, Copy, Debug)]
pub struct BatchFrame {
    pub offer: Offer,
    pub expires_at: Time,
    /// When the file came. What had expired by then has nothing to do here.
    pub came_at: Time,
}

impl BatchFrame {
    pub fn of(view: &ImportView) -> BatchFrame {
        let (offer, expires_at) = (view.plan.offer, view.plan.expires_at);
        BatchFrame { offer, expires_at, came_at: view.created_at }
    }
}

/// The cells of a row, as they stand there.
pub(super) struct OwnCells<'a> {
    pub expires_at: Option<&'a str>,
    pub percent: Option<&'a str>,
    pub discount: Option<&'a str>,
    pub least: Option<&'a str>,
    pub most: Option<&'a str>,
}

pub(super) fn read_own(cells: &OwnCells<'_>, frame: &BatchFrame) -> Result<CodeTerms, Mark> {
    let expires_at = cells.expires_at.map(|text| read_end(text, frame)).transpose()?;
    let discount = match (cells.percent, cells.discount) {
        (Some(_), Some(_)) => return Err(Mark::TwoDiscounts),
        (Some(text), None) => Some(Discount::Percent(read_percent(text).ok_or(Mark::Discount)?)),
        (None, Some(text)) => Some(Discount::Amount(read_money(text)?)),
        (None, None) => None,
    };
    let min_amount = cells.least.map(read_money).transpose()?;
    let max_discount = cells.most.map(read_money).transpose()?;
    let own = CodeTerms { expires_at, discount, min_amount, max_discount };
    match own.offer(frame.offer) {
        Offer { discount: Discount::Nothing, max_discount: Some(_), .. } => Err(Mark::Cap),
        _ => Ok(own),
    }
}

fn read_end(text: &str, frame: &BatchFrame) -> Result<Time, Mark> {
    let at: jiff::Timestamp = text.parse().map_err(|_| Mark::NoEnd)?;
    match Time(at.as_millisecond()) {
        at if at > frame.expires_at => Err(Mark::EndTooLate),
        at if at <= frame.came_at => Err(Mark::EndOver),
        at => Ok(at),
    }
}

/// Digits, and a point with one or two more.
fn read_percent(text: &str) -> Option<Percent> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || !(1..=2).contains(&part.len()) {
        return None;
    }
    let part: u16 = format!("{part:0<2}").parse().ok()?;
    let hundredths = whole.parse::<u16>().ok()?.checked_mul(100)?.checked_add(part)?;
    Percent::of_hundredths(hundredths)
}

fn read_money(text: &str) -> Result<u64, Mark> {
    let money = text.parse().ok().filter(|money| (1..=MOST_MONEY).contains(money));
    money.ok_or(Mark::Money)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub const FRAME: BatchFrame = BatchFrame {
        offer: Offer::of(Discount::percent(10)),
        expires_at: Time(1_798_761_600_000),
        came_at: Time(1_767_225_600_000),
    };

    /// The cells in the order of their columns.
    fn read(cells: [&str; 5], frame: &BatchFrame) -> Result<CodeTerms, Mark> {
        let [expires_at, percent, discount, least, most] =
            cells.map(|cell| Some(cell).filter(|cell| !cell.is_empty()));
        read_own(&OwnCells { expires_at, percent, discount, least, most }, frame)
    }

    #[test]
    fn an_end_lies_between_the_coming_of_the_file_and_the_end_of_the_batch() {
        let end = |text| read([text, "", "", "", ""], &FRAME).map(|own| own.expires_at);
        for (text, at) in [
            ("2026-07-01T00:00:00Z", Ok(1_782_864_000_000)),
            ("2026-07-01T02:00:00.5+02:00", Ok(1_782_864_000_500)),
            ("2027-01-01T00:00:00Z", Ok(1_798_761_600_000)),
            ("2027-01-01T00:00:00.001Z", Err(Mark::EndTooLate)),
            ("2026-01-01T00:00:00Z", Err(Mark::EndOver)),
            ("2026-07-01", Err(Mark::NoEnd)),
            ("1782864000", Err(Mark::NoEnd)),
            ("soon", Err(Mark::NoEnd)),
        ] {
            assert_eq!(end(text), at.map(|at| Some(Time(at))), "{text}");
        }
    }

    #[test]
    fn a_row_is_worth_what_it_says_and_else_what_its_batch_is() {
        let none = CodeTerms::default();
        let hundredths = |of| Some(Discount::Percent(Percent::of_hundredths(of).unwrap()));
        for (cells, own) in [
            (["", "", "", "", ""], Ok(none)),
            (["", "12.5", "", "", ""], Ok(CodeTerms { discount: hundredths(1250), ..none })),
            (["", "0.01", "", "", ""], Ok(CodeTerms { discount: hundredths(1), ..none })),
            (["", "100", "", "", ""], Ok(CodeTerms { discount: hundredths(10_000), ..none })),
            (
                ["", "", "500", "1000", "1"],
                Ok(CodeTerms {
                    discount: Some(Discount::Amount(500)),
                    min_amount: Some(1000),
                    max_discount: Some(1),
                    ..none
                }),
            ),
            (["", "10", "500", "", ""], Err(Mark::TwoDiscounts)),
            (["", "", "0", "", ""], Err(Mark::Money)),
            (["", "", "4.99", "", ""], Err(Mark::Money)),
            (["", "", "", "-1", ""], Err(Mark::Money)),
            (["", "", "", "", "1000000000000001"], Err(Mark::Money)),
        ] {
            assert_eq!(read(cells, &FRAME), own, "{cells:?}");
        }
        for percent in ["0", "100.01", "12.345", "12,5", "-1", "+1", ".5", "5.", "1e1", "70000"] {
            assert_eq!(read(["", percent, "", "", ""], &FRAME), Err(Mark::Discount), "{percent}");
        }
    }

    #[test]
    fn only_a_discount_has_a_cap() {
        let free = BatchFrame { offer: Offer::of(Discount::Nothing), ..FRAME };
        assert_eq!(read(["", "", "", "", "5"], &free), Err(Mark::Cap));
        assert!(read(["", "10", "", "", "5"], &free).is_ok());
        let mut capped = FRAME;
        capped.offer.max_discount = Some(5);
        assert!(read(["", "10", "", "", ""], &capped).is_ok());
    }
}
