//! What happens, a bulletin a second, as server-sent events.

use crate::http::caller::{Viewer, stay};
use crate::http::flags::{self, Params};
use crate::http::problem::Problem;
use crate::http::telling;
use crate::shared::Shared;
use actix_web::{HttpRequest, HttpResponse, web};

pub async fn listen(
    shared: web::Data<Shared>,
    _: Viewer,
    request: HttpRequest,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let seat = shared.streams.bulletins.take(stay(&shared, &request)?)?;
    Ok(telling::tell(shared.board.listen(), seat))
}
