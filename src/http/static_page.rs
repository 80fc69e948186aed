//! Pages that are always the same: kept once for all callers, packed once for those who can unpack,
//! and not sent again to those who have them.

use super::pieces::Pieces;
use actix_web::http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH, VARY,
};
use actix_web::web::{Bytes, block};
use actix_web::{HttpRequest, HttpResponse};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use std::io::Write;
use tokio::sync::OnceCell;

pub struct StaticPage {
    kind: HeaderValue,
    plain: Bytes,
    /// Names exactly these bytes.
    tag: String,
    packed: OnceCell<Option<Bytes>>,
}

impl StaticPage {
    pub fn of(kind: &str, plain: Bytes) -> StaticPage {
        let kind = HeaderValue::from_str(kind);
        let kind = kind.unwrap_or(HeaderValue::from_static("application/octet-stream"));
        let digest = Sha256::digest(&plain);
        let tag = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        StaticPage { kind, plain, tag, packed: OnceCell::new() }
    }

    pub async fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let packed = if takes_packed(request) { self.packed().await } else { None };
        let tag = format!("\"{}{}\"", self.tag, if packed.is_some() { "-gzip" } else { "" });
        if has_it(request, &tag) {
            let mut response = HttpResponse::NotModified();
            return response
                .insert_header((ETAG, tag))
                .insert_header((VARY, "Accept-Encoding"))
                .finish();
        }
        let mut response = HttpResponse::Ok();
        response.insert_header((CONTENT_TYPE, self.kind.clone()));
        response.insert_header((ETAG, tag)).insert_header((VARY, "Accept-Encoding"));
        if packed.is_some() {
            response.insert_header((CONTENT_ENCODING, "gzip"));
        }
        response.body(Pieces::shared(packed.unwrap_or(&self.plain)))
    }

    /// None where packing saves nothing.
    async fn packed(&self) -> Option<&Bytes> {
        let pack = || async {
            let plain = self.plain.clone();
            let packed = block(move || pack(&plain)).await.ok()?.ok()?;
            (packed.len() < self.plain.len()).then(|| packed.into())
        };
        self.packed.get_or_init(pack).await.as_ref()
    }
}

fn pack(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packing = GzEncoder::new(Vec::new(), Compression::default());
    packing.write_all(plain)?;
    packing.finish()
}

fn takes_packed(request: &HttpRequest) -> bool {
    let lines = request.headers().get_all(ACCEPT_ENCODING);
    lines.filter_map(|line| line.to_str().ok()).any(names_gzip)
}

/// Whether `gzip` is in the list, and not with the weight 0, which forbids it.
fn names_gzip(line: &str) -> bool {
    let is_zero = |weight: &str| {
        let digits = weight.trim().strip_prefix("q=").unwrap_or("1");
        digits.parse::<f32>().is_ok_and(|weight| weight == 0.0)
    };
    line.split(',').any(|item| {
        let mut parts = item.split(';');
        let name = parts.next().unwrap_or_default().trim();
        name.eq_ignore_ascii_case("gzip") && !parts.any(is_zero)
    })
}

/// Whether the caller names what they have, and it is this.
fn has_it(request: &HttpRequest, tag: &str) -> bool {
    let lines = request.headers().get_all(IF_NONE_MATCH);
    let mut tags = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
    tags.any(|one| one.trim() == "*" || one.trim().trim_start_matches("W/") == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_can_unpack_says_so() {
        for line in ["gzip", "deflate, GZip", "br;q=1, gzip;q=0.5", "gzip; q=1"] {
            assert!(names_gzip(line), "{line}");
        }
        for line in ["", "br", "gzip;q=0", "gzip; q=0.0, br", "x-gzip-not"] {
            assert!(!names_gzip(line), "{line}");
        }
    }
}
