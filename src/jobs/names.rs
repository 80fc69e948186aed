//! Gives back the names that somebody who died has left over of a rename.

use base::journal;
use base::journal::Value;
use products::Engine;
use products::campaigns::Campaigns;

/// By which nodes share out the job.
const NAME: &str = "job/names";

pub async fn give_back(engine: &Engine, campaigns: &Campaigns) {
    if !engine.should_do(NAME) {
        return;
    }
    if let Err(error) = campaigns.finish_renames().await {
        journal::warn("names could not be given back", &[("error", Value::Text(&error))]);
    }
}
