//! The job in a path.

use crate::http::api::imports::explain::no_job;
use crate::http::problem::Problem;
use crate::shared::Shared;
use actors::Id;
use actors::domain::imports::ImportView;

pub async fn find_job(shared: &Shared, job: Id) -> Result<ImportView, Problem> {
    shared.imports.view(job).await?.ok_or_else(no_job)
}

pub fn job_in_path(text: &str) -> Result<Id, Problem> {
    text.parse().map_err(|_| no_job())
}
