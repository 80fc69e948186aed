//! `kill -9` while sixty-four clients buy as one member: they buy exactly as many as one may, each
//! order as a whole, and no order of a process that died stays behind.

use crate::STAMPEDE;
use harness::one_member::OneMember;
use harness::{Process, TestFolder};
use serde_json::json;

const CLIENTS: usize = 64;
const MAY_BUY: usize = 7;
const KILLS: usize = 6;
const SEED: u64 = 31;

#[test]
fn sixty_four_who_buy_as_one_member_buy_seven_however_often_the_server_is_killed() {
    let folder = TestFolder::new();
    let mut server = STAMPEDE.start(&folder);
    let admin = server.admin();
    let made = admin.post("/service-keys", json!({"name": "shop"})).expect(201);
    let key = made["key"].as_str().expect("a new key is told");
    let ada = OneMember::of_new_pool(&admin, key, MAY_BUY);
    ada.is_at(vec![server.address.clone()]);
    let server = &mut server;
    ada.buys_all(CLIENTS, SEED, || {
        for kill in 0..KILLS {
            ada.wait_for_answers(3 + 5 * kill);
            let again = || STAMPEDE.start(&folder);
            kill_and_start(server, again);
            ada.is_at(vec![server.address.clone()]);
        }
    });
    ada.has_bought_as_many_as_one_may();
    server.kill_now();
    assert!(!server.wait().success(), "it was killed");
    let said = STAMPEDE.verify(&folder);
    assert!(said.contains("in order"), "{said}");
}

fn kill_and_start(server: &mut Process, again: impl FnOnce() -> Process) {
    server.kill_now();
    server.wait();
    *server = again();
}
