//! What somebody in the crowd does when it is their turn. Most are honest; some guess, repeat
//! themselves, flood, or go away in the middle.

use super::seed::{PASSWORD, account};
use super::stage::{SECRET_WORD, Stage};
use crate::remote::{RemoteServer, in_a_path, text};
use actors::dice::Dice;
use serde_json::json;
use std::io::Write;
use std::net::TcpStream;
use std::sync::{PoisonError, RwLock};

/// Calls of one flood.
const FLOOD: u64 = 24;

/// Who plays, and with what.
pub struct Play {
    pub anybody: RemoteServer,
    pub shop: RemoteServer,
    pub stage: RwLock<Stage>,
}

type Turn = fn(&Play, u64, &mut Dice) -> anyhow::Result<()>;

/// How often each is taken, of a hundred.
const TURNS: [(u64, Turn); 10] = [
    (28, claim),
    (26, buy),
    (14, submit),
    (12, redeem),
    (4, look),
    (2, log_in),
    (6, guess),
    (4, repeat),
    (1, flood),
    (3, go_away),
];

impl Play {
    pub fn read<T>(&self, what: impl FnOnce(&Stage) -> T) -> T {
        what(&self.stage.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn change(&self, how: impl FnOnce(&mut Stage)) {
        how(&mut self.stage.write().unwrap_or_else(PoisonError::into_inner));
    }

    fn customer(&self, number: u64) -> RemoteServer {
        self.shop.on_behalf_of(&format!("customer-{number}"))
    }

    /// Somebody who was here before.
    fn regular(&self, number: u64, dice: &mut Dice) -> RemoteServer {
        self.customer(dice.below(number + 1))
    }
}

pub fn take(play: &Play, number: u64, dice: &mut Dice) -> anyhow::Result<()> {
    let kind = dice.weigh(&TURNS.map(|(weight, _)| weight)).unwrap_or_default();
    TURNS[kind].1(play, number, dice)
}

/// A newcomer wants a voucher.
fn claim(play: &Play, number: u64, dice: &mut Dice) -> anyhow::Result<()> {
    let (campaign, body) = play.read(|stage| match dice.below(10) {
        0 => (stage.first_hundred.clone(), json!({})),
        1 => (stage.secret.clone(), json!({"code": SECRET_WORD})),
        2 => (stage.welcome.clone(), json!({"first_login": true})),
        _ => (stage.flash_sale.clone(), json!({})),
    });
    play.customer(number).post(&format!("/campaigns/{campaign}/claims"), &body)?;
    Ok(())
}

/// Most who hold tickets buy them, some let go, some forget them.
fn buy(play: &Play, number: u64, dice: &mut Dice) -> anyhow::Result<()> {
    let buyer = play.regular(number, dice);
    let digit = dice.below(10);
    let patterns =
        [format!("{digit}***"), format!("***{digit}"), format!("*{digit}**"), "****".into()];
    let pattern = &patterns[dice.below(4) as usize];
    let wanted = json!({"pattern": pattern, "count": 1 + dice.below(3), "ttl_s": 30});
    let day = play.read(|stage| stage.tickets.clone());
    let hold = buyer.post(&format!("/lotteries/{day}/holds"), &wanted)?.done()?;
    let hold = format!("/holds/{}", text(&hold, "id")?);
    match dice.below(10) {
        0..7 => drop(buyer.post(&format!("{hold}/confirm"), &json!({}))?),
        7 => drop(buyer.post(&format!("{hold}/extend"), &json!({"ttl_s": 60}))?),
        _ => {}
    }
    Ok(())
}

fn submit(play: &Play, number: u64, dice: &mut Dice) -> anyhow::Result<()> {
    let day = play.read(|stage| stage.ballots.clone());
    play.regular(number, dice).post(&format!("/lotteries/{day}/ballots"), &json!({}))?;
    Ok(())
}

/// Somebody gets a coupon, and most pay with it at once.
fn redeem(play: &Play, number: u64, dice: &mut Dice) -> anyhow::Result<()> {
    let customer = play.regular(number, dice);
    let batch = play.read(|stage| stage.batch.clone());
    let source = json!({"source_id": format!("newsletter {number}")});
    let coupon = customer.post(&format!("/coupon-batches/{batch}/assign"), &source)?.done()?;
    if dice.below(4) > 0 {
        let bill = json!({"amount": 1000 + dice.below(9000),
            "reference": format!("order {number}")});
        customer.post(&format!("/coupons/{}/use", in_a_path(text(&coupon, "code")?)), &bill)?;
    }
    Ok(())
}

fn look(play: &Play, _: u64, dice: &mut Dice) -> anyhow::Result<()> {
    let day = play.read(|stage| stage.tickets.clone());
    let digits = dice.below(100);
    play.anybody.get(&format!("/lotteries/{day}/tickets?pattern=**{digits:02}"))?;
    Ok(())
}

/// One in four has forgotten the password.
fn log_in(play: &Play, _: u64, dice: &mut Dice) -> anyhow::Result<()> {
    let name = account(dice.roll());
    let password = if dice.below(4) == 0 { "tickets for nobody" } else { PASSWORD };
    play.anybody.log_in(name, password)?;
    Ok(())
}

/// Guesses a coupon, or the secret word.
fn guess(play: &Play, number: u64, dice: &mut Dice) -> anyhow::Result<()> {
    let guesser = play.regular(number, dice);
    if dice.below(2) == 0 {
        let code = format!("{0:05}-{0:05}-{0:05}-{0:05}", dice.below(100_000));
        guesser.get(&format!("/coupons/{code}"))?;
    } else {
        let secret = play.read(|stage| stage.secret.clone());
        let wrong = json!({"code": format!("SESAM{}", dice.below(10))});
        guesser.post(&format!("/campaigns/{secret}/claims"), &wrong)?;
    }
    Ok(())
}

/// Sends the same request three times, as whoever lost the answer does. They get one hold.
fn repeat(play: &Play, number: u64, dice: &mut Dice) -> anyhow::Result<()> {
    let buyer = play.regular(number, dice).keyed(&format!("repeated-{number}"));
    let day = play.read(|stage| stage.tickets.clone());
    for _ in 0..3 {
        let wanted = json!({"pattern": "****", "ttl_s": 20});
        buyer.post(&format!("/lotteries/{day}/holds"), &wanted)?;
    }
    Ok(())
}

/// One member wants the same voucher many times at once, and gets one.
fn flood(play: &Play, number: u64, _: &mut Dice) -> anyhow::Result<()> {
    let claim = play.read(|stage| format!("/campaigns/{}/claims", stage.flash_sale));
    std::thread::scope(|scope| {
        for _ in 0..FLOOD {
            scope.spawn(|| play.customer(number).post(&claim, &json!({})));
        }
    });
    Ok(())
}

/// Begins a request, and hangs up.
fn go_away(play: &Play, _: u64, _: &mut Dice) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(play.anybody.address())?;
    stream.write_all(
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: demo\r\nContent-Length: 90\r\n\r\n{\"acc",
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_told_in_parts_of_a_hundred() {
        assert_eq!(TURNS.iter().map(|(weight, _)| weight).sum::<u64>(), 100);
    }
}
