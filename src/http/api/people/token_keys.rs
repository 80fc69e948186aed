//! `GET /.well-known/jwks.json`: with what others verify access tokens.

use crate::http::flags::{self, Params};
use crate::http::reply;
use crate::http::words;
use crate::shared::Shared;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use people::PublishedKey;
use serde::Serialize;
use utoipa::ToSchema;

/// Shorter than a new key waits before it signs, so that nobody meets a token of a key that they
/// have not read.
const CACHED: &str = "public, max-age=15";

/// A set of keys as RFC 7517 has it.
#[derive(Serialize, ToSchema)]
#[schema(as = TokenKeys)]
pub struct TokenKeysBody {
    keys: Vec<TokenKeyBody>,
}

/// An Ed25519 key as RFC 8037 has it.
#[derive(Serialize, ToSchema)]
#[schema(as = TokenKey)]
pub struct TokenKeyBody {
    #[schema(value_type = words::KeyTypes)]
    kty: &'static str,
    #[schema(value_type = words::KeyCurves)]
    crv: &'static str,
    #[schema(value_type = words::KeyAlgorithms)]
    alg: &'static str,
    #[serde(rename = "use")]
    #[schema(value_type = words::KeyUses)]
    used_for: &'static str,
    kid: String,
    /// The key, in base64url.
    x: String,
}

pub async fn published(shared: web::Data<Shared>, _: Params<flags::Nothing>) -> HttpResponse {
    let keys = shared.people.published_keys().into_iter().map(TokenKeyBody::from).collect();
    let mut response = reply::ok(&TokenKeysBody { keys });
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(CACHED));
    response
}

impl From<PublishedKey> for TokenKeyBody {
    fn from(key: PublishedKey) -> TokenKeyBody {
        TokenKeyBody {
            kty: "OKP",
            crv: "Ed25519",
            alg: "EdDSA",
            used_for: "sig",
            kid: key.kid,
            x: URL_SAFE_NO_PAD.encode(key.public),
        }
    }
}
