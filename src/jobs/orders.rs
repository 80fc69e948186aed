//! Goes on with orders whose parts have yet to hear what became of them, because a process died
//! over it or a slice did not answer.

use base::journal;
use base::journal::Value;
use products::orders::Orders;

pub async fn settle(orders: &Orders) {
    if let Err(error) = orders.sweep().await {
        journal::warn("orders could not be settled", &[("error", Value::Text(&error))]);
    }
}
