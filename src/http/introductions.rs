//! New members of a service are noted while their first request is served, so that one commit can
//! have both; and before it is answered.

use super::problem::{self, Problem};
use actix_web::rt::task::JoinHandle;
use actix_web::{HttpMessage, HttpRequest};
use people::{Error, Introduction};

struct UnderWay(JoinHandle<Result<(), Error>>);

pub fn begin(request: &HttpRequest, introduction: Introduction) {
    let under_way = actix_web::rt::spawn(introduction);
    request.extensions_mut().insert(UnderWay(under_way));
}

/// Waits for the note, if there is one to wait for.
pub async fn end(request: &HttpRequest) -> Result<(), Problem> {
    let Some(UnderWay(noted)) = request.extensions_mut().remove::<UnderWay>() else {
        return Ok(());
    };
    match noted.await {
        Ok(Ok(())) => Ok(()),
        // What was asked for may be done. A repeat notes the member again, and finds out.
        Ok(Err(_)) | Err(_) => Err(Problem::plain(&problem::OUTCOME_UNKNOWN)),
    }
}
