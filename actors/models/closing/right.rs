//! What must be true while a pool closes, and of one that is closed.

use super::parts::ClosingModel;
use super::place::{CARD, ORDER, TILL_OF_CARD};
use super::words::{HOLDER, Hall, ORDERER, SUBMITTER};
use actors::domain::ballots;
use actors::domain::lottery::{LotteryView, Phase};
use actors::domain::tickets::{self, HoldState};
use actors::domain::till::{self, OrderEnd, OrderStage, TillLedger};
use actors::{Caller, Stamp, Verdict};

impl ClosingModel {
    pub fn till_ledger(&self, hall: &Hall, till: usize) -> Option<TillLedger> {
        match self.tills.get(hall.tills[till]).look(&till::Question::Ledger) {
            till::Answer::Ledger(ledger) => Some(ledger),
            _ => None,
        }
    }

    /// At any time.
    pub fn is_wrong(&self, hall: &Hall) -> Option<String> {
        let books = [
            ("slice", self.slices.get(hall.slice).imbalance()),
            ("box", self.boxes.get(hall.ballots).imbalance()),
            ("first till", self.tills.get(hall.tills[0]).imbalance()),
            ("second till", self.tills.get(hall.tills[1]).imbalance()),
        ];
        if let Some((part, _)) = books.iter().find(|(_, imbalance)| *imbalance != 0) {
            return Some(format!("the books of the {part} do not add up"));
        }
        for ledger in (0..2).filter_map(|till| self.till_ledger(hall, till)) {
            let TillLedger { gathering, placed, unsettled, held, .. } = ledger;
            if ledger.sealed && (gathering, placed, unsettled, held) != (0, 0, 0, 0) {
                return Some("a sealed till has something".into());
            }
        }
        self.told_a_lie(hall).or_else(|| self.is_badly_closed(hall))
    }

    /// What clients were told that they have is theirs.
    fn told_a_lie(&self, hall: &Hall) -> Option<String> {
        let lie = |client: usize, is_so: bool| hall.clients[client].has && !is_so;
        if lie(HOLDER, self.hold_is_sold(hall)) {
            return Some("a hold that was bought is not sold".into());
        }
        if lie(ORDERER, self.order_is_sold(hall)) {
            return Some("an order that was bought is not sold".into());
        }
        lie(SUBMITTER, self.ballots(hall) > 0).then(|| "a ballot is gone".into())
    }

    fn is_badly_closed(&self, hall: &Hall) -> Option<String> {
        let LotteryView { phase, boxes, drawn, .. } = self.lottery(hall);
        if !matches!(phase, Phase::Closed | Phase::Drawn) {
            return None;
        }
        let slice = self.slices.get(hall.slice);
        let stamp = Stamp { at: hall.now, seed: 0 };
        let said = slice.decide(&tickets::Command::Seal, &Caller::SYSTEM, &stamp);
        let tickets::Answer::Ledger(ledger) = slice.look(&tickets::Question::Ledger) else {
            return Some("closed, and nobody has opened the slice".into());
        };
        if !matches!(said, Ok(Verdict::Already(_))) {
            return Some("closed, and the slice is not sealed".into());
        }
        if ledger.held > 0 {
            return Some(format!("closed, and {} held", ledger.held));
        }
        let sold = u64::from(self.hold_is_sold(hall)) + u64::from(self.order_is_sold(hall));
        if ledger.sold != sold {
            return Some(format!("closed: the slice has sold {}, others say {sold}", ledger.sold));
        }
        let of_boxes: u64 = boxes.iter().map(|sealed| sealed.count).sum();
        if of_boxes != self.ballots(hall) {
            return Some("closed: a ballot is not in the draw".into());
        }
        let drawn_wrong = drawn.is_some_and(|drawn| drawn.lots.is_empty() != (of_boxes == 0));
        drawn_wrong.then(|| "drawn from other ballots than there are".into())
    }

    /// Once all is at rest.
    pub fn leaks(&self, hall: &Hall) -> Option<String> {
        let allowance = self.tills.get(hall.tills[usize::from(TILL_OF_CARD)]);
        let bought = u32::from(self.order_is_sold(hall));
        match allowance.look(&till::Question::Allowance(CARD.0)) {
            till::Answer::NotOpened if bought == 0 => None,
            found if found == (till::Answer::Allowance { held: 0, bought }) => None,
            found => Some(format!("the card has bought {bought}, and its till says {found:?}")),
        }
    }

    fn hold_is_sold(&self, hall: &Hall) -> bool {
        match self.slices.get(hall.slice).look(&tickets::Question::Hold(0)) {
            tickets::Answer::Hold(Some(view)) => view.state == HoldState::Confirmed,
            _ => false,
        }
    }

    fn order_is_sold(&self, hall: &Hall) -> bool {
        let till = self.tills.get(hall.tills[usize::from(ORDER.till)]);
        match till.look(&till::Question::Order(ORDER.number)) {
            till::Answer::Order(Some(view)) => {
                matches!(view.stage, OrderStage::Past(past) if past.end == OrderEnd::Sold)
            }
            _ => false,
        }
    }

    fn ballots(&self, hall: &Hall) -> u64 {
        match self.boxes.get(hall.ballots).look(&ballots::Question::State) {
            ballots::Answer::State { count, .. } => count,
            _ => 0,
        }
    }
}
