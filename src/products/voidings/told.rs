//! What the outside hears of voidings: nothing. Each coupon that was voided is told by its own
//! partition.

use crate::telling::said::{Says, Told};
use actors::Id;
use actors::domain::coupons::voiding::{Event, Voiding};

impl Told for Voiding {
    fn tell(_: &Id, _: &Event, _: &mut Says) {}
}
