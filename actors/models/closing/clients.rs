//! What each client asks next. Whoever hears nothing asks no more, but for an order that is begun:
//! it is given up.

use super::parts::ClosingModel;
use super::place::{TILL_OF_CARD, TILL_OF_ORDER};
use super::words::{Ask, AskFate, Client, Hall, HallStep, Heard};

impl Client {
    fn hear(&mut self, ask: Ask, heard: Heard) {
        self.asks = match (ask, heard) {
            (Ask::OpenSlice | Ask::OpenTill(_) | Ask::OpenBox, Heard::Done) => {
                self.after_opening.take()
            }
            (_, Heard::NotOpened) => {
                self.after_opening = Some(ask);
                opening(ask)
            }
            (Ask::Hold, Heard::Done) => Some(Ask::ConfirmHold),
            (Ask::Begin, Heard::Done) => Some(Ask::Take),
            (Ask::Take, Heard::Done) => Some(Ask::HoldFor),
            (Ask::HoldFor, Heard::Copy(copy)) => Some(Ask::Place(copy)),
            (Ask::Place(_), Heard::Done) => Some(Ask::ConfirmOrder),
            (Ask::ConfirmHold | Ask::ConfirmOrder | Ask::Submit, Heard::Done) => {
                self.has = true;
                None
            }
            (Ask::Take | Ask::HoldFor | Ask::Place(_), _) => Some(Ask::GiveUp),
            _ => None,
        };
        if self.asks.is_none() {
            self.after_opening = None;
        }
    }
}

fn opening(ask: Ask) -> Option<Ask> {
    Some(match ask {
        Ask::Begin => Ask::OpenTill(TILL_OF_ORDER),
        Ask::Take => Ask::OpenTill(TILL_OF_CARD),
        Ask::Hold | Ask::HoldFor => Ask::OpenSlice,
        Ask::Submit => Ask::OpenBox,
        _ => return None,
    })
}

impl ClosingModel {
    /// What a client asks arrives, or not, or later.
    pub fn client_steps(&mut self, hall: &Hall) -> Vec<(HallStep, Hall)> {
        let mut came = Vec::new();
        for client in 0..hall.clients.len() {
            let Some(ask) = hall.clients[client].asks else { continue };
            let fates =
                [AskFate::IsAnswered, AskFate::AnswerIsLost, AskFate::IsLost, AskFate::IsLate];
            for fate in fates {
                let is_fault = fate != AskFate::IsAnswered;
                if is_fault && hall.faults == 0 {
                    continue;
                }
                let mut after = hall.clone();
                after.faults -= u8::from(is_fault);
                let heard = match fate {
                    AskFate::IsAnswered => self.arrive(&mut after, ask),
                    AskFate::AnswerIsLost => {
                        self.arrive(&mut after, ask);
                        Heard::Nothing
                    }
                    AskFate::IsLost => Heard::Nothing,
                    AskFate::IsLate => {
                        after.late.push(ask);
                        after.late.sort_unstable();
                        Heard::Nothing
                    }
                };
                after.clients[client].hear(ask, heard);
                came.push((HallStep::Asks(client, ask, fate), after));
            }
        }
        came
    }
}
