//! One member buys at two nodes at once, while both are killed, one after the other.

use super::town::Town;
use harness::database::database;

const CLIENTS: usize = 64;
const MAY_BUY: usize = 7;
const SEED: u64 = 41;

#[test]
fn sixty_four_who_buy_as_one_member_at_two_nodes_that_are_killed_buy_seven() {
    let Some(database) = database() else { return };
    let mut town = Town::of(2, database);
    let ada = town.one_member(MAY_BUY);
    ada.buys_all(CLIENTS, SEED, || {
        for node in [1, 0, 1] {
            ada.wait_for_answers(20);
            town.kill(node);
            ada.wait_for_answers(20);
            town.start(node);
        }
    });
    ada.has_bought_as_many_as_one_may();
    let verified = town.verify();
    assert!(verified.contains("in order"), "{verified}");
}
