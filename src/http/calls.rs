//! What may be known of the call that a request makes, before it is served.

use actix_web::http::Method;
use ports::scopes::Scope;

/// The calls at one path.
pub struct Calls(pub Vec<PathCall>);

pub struct PathCall {
    pub method: Method,
    /// What a client's method for it is called.
    pub name: &'static str,
    /// Of which a service key needs one; none where every key will do, or none at all.
    pub scopes: &'static [Scope],
}

impl Calls {
    pub fn of(&self, method: &Method) -> Option<&PathCall> {
        self.0.iter().find(|call| call.method == *method)
    }
}
