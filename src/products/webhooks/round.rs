//! How far a courier has come with what happens now, or with a replay. The webhook's cursor may
//! know nothing of it yet.

use crate::feed::Event;
use actors::domain::webhooks::{Command, Telling, WebhookReplay, WebhookView};
use std::collections::VecDeque;
use std::sync::Arc;

/// How far one of the two tellings has come, in memory.
pub struct WebhookRound {
    pub line: Telling,
    /// The number of the replay.
    replay: u32,
    /// What has been read and is still to be delivered.
    pub events: VecDeque<Arc<Event>>,
    pub read_to: u64,
    pub written: u64,
    pub delivered: u32,
    pub idle_turns: u32,
    /// There is more to read at once.
    pub is_behind: bool,
    /// A replay ends there.
    pub end: u64,
}

impl WebhookRound {
    /// The one before, if it is of this telling, or else from where the webhook is: how far an
    /// earlier replay has come says nothing of the one under way.
    pub fn going_on(
        before: Option<WebhookRound>,
        line: Telling,
        view: &WebhookView,
    ) -> Option<WebhookRound> {
        let anew = match line {
            Telling::Live => WebhookRound::over(line, 0, view.cursor, u64::MAX),
            Telling::Replay => {
                let WebhookReplay { cursor, end, .. } = view.replay?;
                WebhookRound::over(line, view.replays, cursor, end)
            }
        };
        Some(before.filter(|round| round.replay == anew.replay).unwrap_or(anew))
    }

    fn over(line: Telling, replay: u32, cursor: u64, end: u64) -> WebhookRound {
        WebhookRound {
            line,
            replay,
            events: VecDeque::new(),
            read_to: cursor,
            written: cursor,
            delivered: 0,
            idle_turns: 0,
            is_behind: false,
            end,
        }
    }

    /// Writes down how far it has come.
    pub fn command(&self) -> Command {
        let to = self.reached();
        match self.line {
            Telling::Live => Command::Advance { to },
            Telling::Replay => Command::AdvanceReplay { number: self.replay, to },
        }
    }

    pub fn has_ended(&self) -> bool {
        self.events.is_empty() && self.read_to >= self.end
    }

    /// Everything up to here is delivered. A frame counts when its last event is.
    pub fn reached(&self) -> u64 {
        self.events.front().map_or(self.read_to, |event| event.place.position - 1).max(self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actors::Time;
    use actors::domain::webhooks::WebhookPlan;

    fn view(replays: u32, replay: Option<u64>) -> WebhookView {
        let (from, to) = (Time(0), Time(9));
        WebhookView {
            plan: WebhookPlan { url: String::new(), events: Vec::new() },
            created_at: from,
            from: 0,
            cursor: 30,
            trouble: None,
            disabled: None,
            replay: replay.map(|cursor| WebhookReplay { from, to, cursor, end: 20 }),
            replays,
        }
    }

    #[test]
    fn what_is_left_of_an_earlier_replay_is_not_taken_for_the_next_one() {
        let go_on = |before, view| WebhookRound::going_on(before, Telling::Replay, &view);
        let first = go_on(None, view(1, Some(3))).unwrap();
        let told = WebhookRound { read_to: 12, delivered: 4, ..first };
        let told = go_on(Some(told), view(1, Some(3))).unwrap();
        assert_eq!((told.replay, told.reached()), (1, 12));
        // Another courier has brought it to its end.
        let second = go_on(Some(told), view(2, Some(5))).unwrap();
        assert_eq!((second.reached(), second.delivered), (5, 0));
        assert!(matches!(second.command(), Command::AdvanceReplay { number: 2, to: 5 }));
        assert!(go_on(Some(second), view(2, None)).is_none());
        let live = WebhookRound::going_on(None, Telling::Live, &view(2, Some(5))).unwrap();
        assert!(matches!(live.command(), Command::Advance { to: 30 }));
    }
}
