//! HTTP/2 where something ends: the node, a caller's patience, the places of a stream.

use crate::http2::{DAY, PATIENCE, ask, begin, connect, next, request, run, start, start_with};
use h2::Reason;
use std::sync::mpsc::sync_channel;
use std::thread;

#[test]
fn when_the_node_stops_what_was_asked_is_answered_to_its_end_and_nothing_new_is() {
    let app = start();
    app.lottery(DAY, 1);
    let page = app.anybody().get("//openapi.json").text;
    let admin = app.admin();
    let (say, hear) = sync_channel(1);
    thread::scope(|scope| {
        let client = scope.spawn(|| {
            run(async {
                let mut caller = connect(&app).await;
                let asked = request(&admin, "GET", "/openapi.json");
                let answer = begin(&mut caller, asked, Some("")).await.unwrap().await.unwrap();
                let mut listening = Vec::new();
                // None of these ends by itself.
                let left = format!("/api/v1/pools/{DAY}/availability/events");
                for path in ["/api/v1/events", "/api/v1/live", &left] {
                    let asked = request(&admin, "GET", path);
                    let told = begin(&mut caller, asked, Some("")).await.unwrap().await.unwrap();
                    assert_eq!(told.status(), 200, "{path}");
                    listening.push(told.into_body());
                }
                let unfinished = request(&admin, "POST", "/api/v1/auth/login");
                let unfinished = begin(&mut caller, unfinished, None).await.unwrap();
                say.send(()).unwrap();
                // Until it is told that there will be no more.
                loop {
                    let lives = request(&admin, "GET", "/health/live");
                    let Ok(answer) = begin(&mut caller, lives, Some("")).await else { break };
                    let Ok(answer) = answer.await else { break };
                    assert!([200, 503].contains(&answer.status().as_u16()), "{answer:?}");
                }
                let (mut body, mut text) = (answer.into_body(), String::new());
                while let Some(piece) = next(&mut body).await {
                    text += &piece;
                }
                assert_eq!(text.len(), page.len(), "it came to its end");
                for mut told in listening {
                    while next(&mut told).await.is_some() {}
                }
                // Nobody waits for what is not whole, or was not there yet.
                let told = unfinished.await.map(|answer| answer.status().as_u16());
                assert!(told.as_ref().map_or(true, |status| *status == 503), "{told:?}");
            })
        });
        hear.recv_timeout(PATIENCE).unwrap();
        app.stop();
        client.join().unwrap();
    });
    app.serve();
    app.anybody().get("//health/live").expect(200);
}

#[test]
fn an_answer_that_nobody_takes_is_given_up_and_its_connection_goes_on() {
    let app = start_with(|config| config.unread_timeout_s = 1);
    let nobody = app.anybody();
    run(async {
        let mut caller = connect(&app).await;
        let asked = request(&nobody, "GET", "/openapi.json");
        let answer = begin(&mut caller, asked, Some("")).await.unwrap().await.unwrap();
        assert_eq!(answer.status(), 200);
        // What comes is not taken, so that there is never room for more.
        let mut body = answer.into_body();
        let end = loop {
            match body.data().await.expect("it is longer than there is room") {
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert_eq!(end.reason(), Some(Reason::CANCEL), "{end}");
        drop(body);
        let lives = request(&nobody, "GET", "/health/live");
        assert_eq!(ask(&mut caller, lives, "").await.status, 200);
    });
}

#[test]
fn where_all_places_of_a_stream_are_taken_the_next_one_is_told_so() {
    let app = start_with(|config| config.streams = 1);
    let admin = app.admin();
    run(async {
        let mut caller = connect(&app).await;
        let listening = || request(&admin, "GET", "/api/v1/events");
        let first = begin(&mut caller, listening(), Some("")).await.unwrap().await.unwrap();
        assert_eq!(first.status(), 200);
        ask(&mut caller, listening(), "").await.refused(503, "busy");
        // On another connection, too; and each goes on with something else.
        let mut other = connect(&app).await;
        ask(&mut other, listening(), "").await.refused(503, "busy");
        let me = || request(&admin, "GET", "/api/v1/me");
        assert_eq!(ask(&mut caller, me(), "").await.status, 200);
        // Who lets go of a place leaves it to the next one.
        drop(first);
        while ask_for_events(&mut other, listening()).await != 200 {}
    });
}

async fn ask_for_events(
    caller: &mut h2::client::SendRequest<crate::http2::Body>,
    listening: ureq::http::Request<()>,
) -> u16 {
    begin(caller, listening, Some("")).await.unwrap().await.unwrap().status().as_u16()
}
