//! TLS on `listen`: the certificate, how it is replaced while the server runs, and handshakes that
//! end in time.
//!
//! Versions, ciphers and groups are the defaults of rustls: TLS 1.2 and 1.3. A client may ask for
//! HTTP/2 by ALPN. Files that were replaced are used from the next handshake on; connections that
//! are there go on. Files that are no good change nothing, and the journal says why.

mod certificate;
mod handshakes;
mod validity;

pub use handshakes::Handshakes;

use actors::Time;
use base::calendar::wire_time;
use base::journal::{self, Value};
use certificate::{PemPaths, ServerCertificate, WrongFiles};
use config::Config;
use metrics::{counter, gauge};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use validity::Validity;

/// In the order in which the server likes them.
const PROTOCOLS: [&[u8]; 2] = [HTTP_2, b"http/1.1"];
pub const HTTP_2: &[u8] = b"h2";
/// So long before its end a certificate is told to need a successor.
const EXPIRING_MS: i64 = 14 * 86_400_000;
const RELOADS: &str = "stampede_tls_reloads_total";

pub struct Tls {
    paths: PemPaths,
    provider: Arc<CryptoProvider>,
    shown: Arc<Shown>,
    acceptor: TlsAcceptor,
    seen: Mutex<Seen>,
}

/// The certificate that is shown to whoever comes.
#[derive(Debug)]
struct Shown(RwLock<Arc<CertifiedKey>>);

/// What the last look has found.
struct Seen {
    digest: [u8; 32],
    /// Of the certificate that is shown.
    validity: Validity,
}

/// Why the files are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// It is time again. What was told before is not told again.
    Turn,
    /// The operator says so (SIGHUP).
    Asked,
}

impl Tls {
    /// None where the server speaks no TLS. All that is wrong with the files is in the error.
    pub fn open(config: &Config, now: Time) -> anyhow::Result<Option<Arc<Tls>>> {
        let Some(paths) = PemPaths::of(config) else {
            measure_none();
            return Ok(None);
        };
        let provider = Arc::new(ring::default_provider());
        let (digest, made, warnings) = first_look(&paths, &provider, now)?;
        warn(&warnings);
        let ServerCertificate { certified, validity } = made;
        let shown = Arc::new(Shown(RwLock::new(certified)));
        let server = ServerConfig::builder_with_provider(provider.clone());
        let server = server.with_safe_default_protocol_versions()?.with_no_client_auth();
        let mut server = server.with_cert_resolver(shown.clone());
        server.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        let (acceptor, seen) = (Arc::new(server).into(), Mutex::new(Seen { digest, validity }));
        measure(validity, now);
        for outcome in ["taken", "refused"] {
            counter!(RELOADS, "outcome" => outcome).increment(0);
        }
        Ok(Some(Arc::new(Tls { paths, provider, shown, acceptor, seen })))
    }

    /// Whether a server with these settings could begin.
    pub fn check(config: &Config, now: Time) -> anyhow::Result<()> {
        let Some(paths) = PemPaths::of(config) else { return Ok(()) };
        first_look(&paths, &ring::default_provider(), now).map(drop)
    }

    pub fn acceptor(&self) -> &TlsAcceptor {
        &self.acceptor
    }

    /// Looks at the files, and takes them if they are new and good.
    pub fn look(&self, occasion: Occasion, now: Time) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let files = self.paths.read();
        let digest = files.digest();
        if digest != seen.digest || occasion == Occasion::Asked {
            seen.digest = digest;
            match files.certificate(&self.provider) {
                Ok(ServerCertificate { certified, validity }) => {
                    *self.shown.0.write().unwrap_or_else(PoisonError::into_inner) = certified;
                    seen.validity = validity;
                    counter!(RELOADS, "outcome" => "taken").increment(1);
                    let until = wire_time(validity.not_after);
                    let fields = [("until", Value::Text(&until))];
                    journal::info("a certificate was taken over", &fields);
                    warn(&files.warnings(validity, now));
                }
                Err(WrongFiles(wrong)) => {
                    counter!(RELOADS, "outcome" => "refused").increment(1);
                    let wrong = wrong.join("; ");
                    let fields = [("because", Value::Text(&wrong))];
                    journal::warn("a certificate is not taken over; the old one stays", &fields);
                }
            }
        }
        measure(seen.validity, now);
    }
}

/// What is there, with what deserves a warning.
fn first_look(
    paths: &PemPaths,
    provider: &CryptoProvider,
    now: Time,
) -> anyhow::Result<([u8; 32], ServerCertificate, Vec<String>)> {
    let files = paths.read();
    let made = files.certificate(provider);
    // The caller says who says it, once.
    let made = made.map_err(|WrongFiles(wrong)| anyhow::anyhow!(wrong.join("\nstampede: ")))?;
    let warnings = files.warnings(made.validity, now);
    Ok((files.digest(), made, warnings))
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// Shown also where there is none, so that its alarm is known to work.
fn measure_none() {
    gauge!("stampede_tls_certificates_expiring").set(0.0);
}

fn measure(validity: Validity, now: Time) {
    let left_ms = validity.not_after.0 - now.0;
    gauge!("stampede_tls_certificate_left_seconds").set(left_ms as f64 / 1000.0);
    let is_expiring = left_ms <= EXPIRING_MS;
    gauge!("stampede_tls_certificates_expiring").set(f64::from(u8::from(is_expiring)));
}

fn warn(of: &[String]) {
    of.iter().for_each(|warning| journal::warn(warning, &[]));
}
