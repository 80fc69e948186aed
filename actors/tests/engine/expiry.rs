//! No caller ever sees an expired thing alive, and time never goes back.

use super::bench::*;
use actors::domain::tickets::{Answer, HoldState, Question};
use actors::domain::tickets::{Command, Event, Refusal};
use actors::engine::Failure;

#[test]
fn a_hold_is_alive_to_its_last_millisecond_and_gone_at_its_instant() {
    with_engine(async |bench| {
        bench.command(0, hold("0123"), ADA, None).await.expect("it was free");
        bench.pass_s(299);
        let view = bench.look(0, Question::Hold(0)).await;
        assert!(
            matches!(view, Answer::Hold(Some(view)) if matches!(view.state, HoldState::Held { .. }))
        );
        bench.pass_s(1);
        let view = bench.look(0, Question::Hold(0)).await;
        assert_eq!(view, Answer::Hold(None));
        assert!(
            matches!(bench.facts(0).last(), Some(Event::Expired { .. })),
            "and it is written down"
        );
    });
}

#[test]
fn an_expired_ticket_is_free_for_the_very_request_that_found_it_expired() {
    with_engine(async |bench| {
        bench.command(0, hold("0123"), ADA, None).await.expect("it was free");
        bench.pass_s(300);
        assert!(bench.command(0, hold("0123"), BOB, None).await.is_ok());
        assert_eq!(
            bench.command(0, Command::Confirm { hold: 0 }, ADA, None).await,
            Err(Failure::Refused(Refusal::HoldExpired))
        );
    });
}

#[test]
fn a_hold_made_before_a_restart_expires_on_time_after_it() {
    with_engine(async |bench| {
        bench.command(0, hold("0123"), ADA, None).await.expect("it was free");
        let bench = bench.restarted();
        bench.pass_s(299);
        assert_eq!(bench.ledger(0).await.held, 1);
        bench.pass_s(1);
        assert_eq!(bench.ledger(0).await.held, 0);
    });
}

#[test]
fn a_clock_that_is_put_back_brings_nothing_back() {
    with_engine(async |bench| {
        bench.command(0, hold("0123"), ADA, None).await.expect("it was free");
        bench.pass_s(300);
        assert_eq!(bench.ledger(0).await.held, 0);
        bench.pass_s(-3_000);
        let done = bench.command(0, hold("0123"), ADA, None).await.expect("it is free again");
        assert_eq!(done.at, actors::Time(START + 300_000));
    });
}
