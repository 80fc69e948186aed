//! The shop in `examples/shop`, run against the real server by a crowd of its customers. With a
//! client that was generated from the document, `src/tests/openapi/check` runs it.

use crate::STAMPEDE;
use harness::process::succeeds;
use harness::verifiers::python;
use harness::{ADMIN_PASSWORD, TestFolder, root};
use std::process::Command;

#[test]
fn of_300_customers_of_a_shop_100_have_won_and_the_shop_knows_who() {
    let Some(python) = python() else { return };
    let folder = TestFolder::new();
    let server = STAMPEDE.start(&folder);
    let shop = root().join("examples/shop");
    let mut crowd = Command::new(python);
    crowd.arg(shop.join("crowd.py")).arg(format!("http://{}", server.address));
    crowd.arg(ADMIN_PASSWORD).arg(shop.join("shop.py"));
    let said = succeeds(crowd.output().unwrap());
    assert_eq!(said.trim(), "100 of 300 customers have won, and the shop knows who");
    server.stop();
    STAMPEDE.verify(&folder);
}
