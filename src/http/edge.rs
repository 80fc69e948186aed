//! What stands around every route: the request's id, its line in the log, its metrics, and the body
//! of a problem.
//!
//! One edge is made per route and worker, so its meters are made once and its path is known without
//! asking the router.

use crate::http::accepted::Accepted;
use crate::http::acts;
use crate::http::connection::{self, Connection};
use crate::http::introductions;
use crate::http::pieces;
use crate::http::problem::{self, Problem};
use crate::http::request_id::{self, REQUEST_ID, request_id};
use crate::http::sealing;
use crate::shared::Shared;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::header::HeaderValue;
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::web::{self, Data};
use actix_web::{Error, HttpResponse};
use base::journal;
use futures_util::future::LocalBoxFuture;
use metrics::{Histogram, histogram};
use std::cell::RefCell;
use std::collections::HashMap;
use std::future::{Ready, ready};
use std::rc::Rc;
use std::time::Instant;

/// Wraps one route.
#[derive(Clone)]
pub struct Edge {
    route: &'static str,
}

impl Edge {
    pub fn around(route: &'static str) -> Edge {
        Edge { route }
    }
}

impl<S, B> Transform<S, ServiceRequest> for Edge
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Transform = Wrapped<S>;
    type InitError = ();
    type Future = Ready<Result<Wrapped<S>, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(Wrapped { service, meters: Rc::new(Meters::of(self.route)) }))
    }
}

pub struct Wrapped<S> {
    service: S,
    meters: Rc<Meters>,
}

impl<S, B> Service<ServiceRequest> for Wrapped<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<ServiceResponse<BoxBody>, Error>>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let began = Instant::now();
        let method = request.method().clone();
        let meters = self.meters.clone();
        let call = self.service.call(request);
        Box::pin(async move {
            let mut response = call.await?.map_into_boxed_body();
            let id = acts::request_id(response.request())
                .or_else(|| request_id::told(response.request()))
                .unwrap_or_else(|| request_id(response.request().headers()));
            if let Err(problem) = introductions::end(response.request()).await {
                let problem = problem.response(&id);
                response = response.into_response(problem);
            }
            let mut response = with_problem_body(response, &id);
            if pieces::is_large(&response) {
                response = in_pieces(response, &id);
            }
            acts::end(response.request(), response.status().as_u16()).await;
            let took = began.elapsed();
            meters.record(&method, response.status(), took.as_secs_f64());
            let status = response.status().as_u16();
            journal::request(&journal::AnsweredRequest {
                method: method.as_str(),
                route: meters.route,
                status,
                took,
                id: &id,
            });
            if let Ok(id) = HeaderValue::from_str(&id) {
                response.headers_mut().insert(REQUEST_ID, id);
            }
            Ok(response)
        })
    }
}

/// Gives every answer that carries an error its problem+json, and one that says nothing but that
/// there is no such path.
fn with_problem_body(response: ServiceResponse<BoxBody>, id: &str) -> ServiceResponse<BoxBody> {
    if is_bare_not_found(&response) {
        return response.into_response(Problem::plain(&problem::UNKNOWN_ROUTE).response(id));
    }
    let Some(error) = response.response().error() else { return response };
    let body = match error.as_error::<Problem>() {
        Some(problem) => problem.refuse(id),
        None => stranger(error, response.status()).response(id),
    };
    response.into_response(body)
}

fn in_pieces(response: ServiceResponse<BoxBody>, id: &str) -> ServiceResponse<BoxBody> {
    let shared = response.request().app_data::<Data<Shared>>().cloned();
    match shared {
        Some(shared) => pieces::count_in(&shared.rooms.answers, response, id),
        None => response,
    }
}

/// What a service that is not ours answers where it has nothing.
fn is_bare_not_found(response: &ServiceResponse<BoxBody>) -> bool {
    let is_empty = matches!(response.response().body().size(), BodySize::None | BodySize::Sized(0));
    response.status() == StatusCode::NOT_FOUND && response.response().error().is_none() && is_empty
}

/// An error that the framework made.
fn stranger(error: &Error, status: StatusCode) -> Problem {
    match status.as_u16() {
        404 => Problem::plain(&problem::UNKNOWN_ROUTE),
        413 => Problem::new(&problem::TOO_LARGE, error.to_string()),
        400..500 => Problem::new(&problem::NOT_READABLE, error.to_string()),
        _ => {
            journal::error("a request failed", &[("error", journal::Value::Text(&error))]);
            Problem::plain(&problem::INTERNAL)
        }
    }
}

/// Stands in front of everything: counts requests in, and turns them away while the node stops, or
/// where the request before them was to be the last of its connection.
pub struct Outermost;

impl<S, B> Transform<S, ServiceRequest> for Outermost
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Transform = Door<S>;
    type InitError = ();
    type Future = Ready<Result<Door<S>, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(Door { service }))
    }
}

pub struct Door<S> {
    service: S,
}

impl<S, B> Service<ServiceRequest> for Door<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<ServiceResponse<BoxBody>, Error>>;

    forward_ready!(service);

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let accepted = request.app_data::<Data<Shared>>().map(Accepted::count);
        if accepted.as_ref().is_some_and(Accepted::is_too_late) {
            return Box::pin(ready(Ok(turn_away(request, &Problem::plain(&problem::STARTING)))));
        }
        let is_last = connection::is_last(request.head());
        if request.conn_data::<Connection>().is_some_and(|connection| !connection.takes(is_last)) {
            let late = "the request before this one was to be the last of its connection";
            let late = Problem::new(&problem::NOT_READABLE, late);
            return Box::pin(ready(Ok(turn_away(request, &late))));
        }
        if matches!(request.parts_mut().1, Payload::H1 { .. }) {
            connection::watch_body(&mut request);
        }
        let under_way = request.conn_data::<Connection>().map(Connection::begin);
        let call = self.service.call(request);
        Box::pin(async move {
            let mut response = call.await?.map_into_boxed_body();
            sealing::seal(&mut response);
            if is_last {
                // Read ahead, the framework may have taken a later request's word for it.
                response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
            }
            drop(accepted);
            Ok(match under_way {
                Some(under_way) => response.map_body(|_, body| under_way.until_sent(body)),
                None => response,
            })
        })
    }
}

/// Answers before any route, and ends the connection.
fn turn_away(request: ServiceRequest, problem: &Problem) -> ServiceResponse<BoxBody> {
    let id = request_id(request.headers());
    let mut response = problem.response(&id);
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response.head_mut().set_connection_type(ConnectionType::Close);
    let mut response = request.into_response(response);
    sealing::seal(&mut response);
    response
}

/// Takes whatever no route before it takes.
pub fn nowhere(config: &mut web::ServiceConfig) {
    config.service(web::resource(["", "/{_:.*}"]).wrap(Edge::around("unknown")).to(unknown_route));
}

pub async fn unknown_route() -> Result<HttpResponse, Problem> {
    Err(Problem::plain(&problem::UNKNOWN_ROUTE))
}

struct Meters {
    route: &'static str,
    by_outcome: RefCell<HashMap<(&'static str, u16), Histogram>>,
}

impl Meters {
    fn of(route: &'static str) -> Meters {
        Meters { route, by_outcome: RefCell::default() }
    }

    fn record(&self, method: &Method, status: StatusCode, seconds: f64) {
        let mut by_outcome = self.by_outcome.borrow_mut();
        let method = named(method);
        let histogram = by_outcome.entry((method, status.as_u16())).or_insert_with(|| {
            let status = status.as_str().to_owned();
            histogram!("stampede_http_request_seconds", "route" => self.route, "method" => method,
                "status" => status)
        });
        histogram.record(seconds);
    }
}

/// Anybody can invent a method, but not a series of its own for it.
fn named(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}
