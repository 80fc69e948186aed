//! What the outside hears of webhooks.

use crate::telling::said::{Says, Told};
use actors::Id;
use actors::domain::webhooks::{self, Webhook};

/// A webhook is told nothing of webhooks: there would be no end.
impl Told for Webhook {
    fn tell(_: &Id, _: &webhooks::Event, _: &mut Says) {}
}
