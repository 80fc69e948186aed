//! What is told again on request.

use super::{DAY, buy, deliveries, holds, make, start, webhook};
use harness::{Mood, TestReceiver, id};
use serde_json::json;

#[test]
fn a_replay_tells_a_range_of_time_again_under_the_same_ids() {
    let app = start();
    app.lottery(DAY, 1);
    let receiver = TestReceiver::start();
    let made = make(&app, &receiver, json!(["*"]));
    let ada = app.member("ada");
    let mut by_hour = Vec::new();
    for _ in 0..4 {
        by_hour.push(buy(&ada, 3));
        app.pass_s(3600);
    }
    app.until("all of it arrives", || receiver.events().len() == 12);
    let before = receiver.heard();
    let replay = |from: &str, to: &str| {
        app.admin()
            .post(&format!("/webhooks/{}/replay", id(&made)), json!({"from": from, "to": to}))
    };
    // The second and the third hour; the first instant belongs to it, the last does not.
    assert!(
        replay("2026-12-01T13:00:00Z", "2026-12-01T15:00:00Z").expect(202)["replay"].is_object()
    );
    app.until("it is told again", || {
        receiver.heard().len() == 18 && webhook(&app, &made)["replay"].is_null()
    });
    let again: Vec<String> =
        receiver.heard()[12..].iter().map(|heard| heard.text.clone()).collect();
    assert_eq!(again, before[3..9].iter().map(|heard| heard.text.clone()).collect::<Vec<_>>());
    assert!(
        deliveries(&app, &made)[0]["replay"] == true
            && deliveries(&app, &made)[17]["replay"] == false
    );
    // The same once more, one of nothing, and what happens meanwhile.
    replay("2026-12-01T13:00:00Z", "2026-12-01T15:00:00Z").expect(202);
    app.until("it is told a third time", || {
        receiver.heard().len() == 24 && webhook(&app, &made)["replay"].is_null()
    });
    replay("2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z").expect(202);
    app.until("there was nothing", || webhook(&app, &made)["replay"].is_null());
    buy(&ada, 1);
    app.until("and life goes on", || receiver.heard().len() == 25);
    assert_eq!(
        replay("2026-12-01T15:00:00Z", "2026-12-01T15:00:00Z").refused(422, "invalid")["errors"][0]
            ["pointer"],
        "/to"
    );
    assert_eq!(
        replay("yesterday", "2026-12-01T15:00:00Z").refused(422, "invalid")["errors"][0]["pointer"],
        "/from"
    );
}

#[test]
fn a_replay_tells_what_was_archived_meanwhile() {
    let app = start();
    if !app.has_a_file() {
        return;
    }
    app.lottery(DAY, 1);
    let receiver = TestReceiver::start();
    let made = make(&app, &receiver, json!(["tickets.confirmed"]));
    let ada = app.member("ada");
    buy(&ada, 5);
    app.until("they arrive", || receiver.events().len() == 5);
    let before: Vec<String> = receiver.heard().into_iter().map(|heard| heard.text).collect();
    app.stop();
    let said = app.archive();
    assert!(said.contains(" in 1 segments"), "{said}");
    app.serve();
    let replay = json!({"from": "2026-12-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"});
    app.admin().post(&format!("/webhooks/{}/replay", id(&made)), replay).expect(202);
    app.until("they are told again", || {
        let made = deliveries(&app, &made);
        made.iter().filter(|delivery| delivery["replay"] == true).count() == 5
    });
    let again: Vec<String> = receiver.heard()[5..].iter().map(|heard| heard.text.clone()).collect();
    assert!(before.iter().all(|text| again.contains(text)), "{again:?}");
}

#[test]
fn a_replay_goes_on_after_a_restart_and_stands_in_nobody_s_way() {
    let app = start();
    app.lottery(DAY, 1);
    let receiver = TestReceiver::start();
    let made = make(&app, &receiver, json!(["*"]));
    let ada = app.member("ada");
    let bought = buy(&ada, 5);
    app.until("they arrive", || receiver.events().len() == 5);
    receiver.plan([Mood::Answer(500)]);
    let replay = || {
        app.admin().post(
            &format!("/webhooks/{}/replay", id(&made)),
            json!({"from": "2026-12-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"}),
        )
    };
    replay().expect(202);
    app.until("its first delivery fails", || webhook(&app, &made)["state"] == "retrying");
    replay().refused(409, "replay-under-way");
    app.restart();
    let live = buy(&ada, 2);
    app.pass_s(6);
    // The replay begins with the lottery, which was there before the webhook.
    app.until("both are told", || {
        receiver.events().len() == 8 && receiver.heard().len() == 5 + 1 + 6 + 2
    });
    assert_eq!(holds(&receiver.events()), [bought, live].concat());
    app.until("the replay is over", || webhook(&app, &made)["replay"].is_null());
}
