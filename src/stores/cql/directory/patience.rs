//! How long to wait between tries, and for how long something is tried again.

use base::fresh;
use std::time::Duration;
use tokio::time::Instant;

/// How long something is repeated that fails or is not answered.
const PATIENCE: Duration = Duration::from_secs(10);

/// Longer each time and never the same, so that two who collided do not collide again.
pub async fn pause(times: u32) {
    let [random] = fresh::bytes::<1>();
    let most_ms = 4u64 << times.min(6);
    tokio::time::sleep(Duration::from_millis(1 + most_ms * u64::from(random) / 255)).await;
}

/// How long a question may still be repeated.
pub struct Patience {
    until: Instant,
    times: u32,
}

impl Patience {
    pub fn new() -> Patience {
        Patience { until: Instant::now() + PATIENCE, times: 0 }
    }

    /// Waits a little. False when it is over.
    pub async fn lasts(&mut self) -> bool {
        pause(self.times).await;
        self.times += 1;
        Instant::now() < self.until
    }
}
