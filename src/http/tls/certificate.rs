//! The server's certificate and its key, as they lie in two PEM files.
//!
//! They are read together and held against each other. All that is wrong is told at once, a
//! sentence for each thing.

use super::validity::Validity;
use actors::Time;
use base::calendar::wire_time;
use config::Config;
use sha2::{Digest, Sha256};
use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::{CertifiedKey, SigningKey};
use tokio_rustls::rustls::{Error, InconsistentKeys};

/// Where the two lie.
#[derive(Clone)]
pub struct PemPaths {
    cert: PathBuf,
    key: PathBuf,
}

/// What lies there at some moment.
pub struct PemFiles<'a> {
    paths: &'a PemPaths,
    cert: io::Result<Vec<u8>>,
    key: io::Result<Vec<u8>>,
}

/// A certificate that can be shown.
pub struct ServerCertificate {
    pub certified: Arc<CertifiedKey>,
    pub validity: Validity,
}

/// A sentence for each thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongFiles(pub Vec<String>);

impl PemPaths {
    /// None where the server speaks no TLS.
    pub fn of(config: &Config) -> Option<PemPaths> {
        Some(PemPaths { cert: config.tls_cert.clone()?, key: config.tls_key.clone()? })
    }

    pub fn read(&self) -> PemFiles<'_> {
        PemFiles { paths: self, cert: std::fs::read(&self.cert), key: std::fs::read(&self.key) }
    }
}

impl PemFiles<'_> {
    /// The same for the same contents; a file that cannot be read is like an empty one.
    pub fn digest(&self) -> [u8; 32] {
        let empty = Vec::new();
        let each = [&self.cert, &self.key].map(|file| file.as_ref().unwrap_or(&empty));
        let mut digest = Sha256::new();
        for file in each {
            digest.update((file.len() as u64).to_be_bytes());
            digest.update(file);
        }
        digest.finalize().into()
    }

    pub fn certificate(&self, by: &CryptoProvider) -> Result<ServerCertificate, WrongFiles> {
        let mut wrong = Vec::new();
        let mut keep = |why| wrong.push(why);
        let chain = self.chain().map_err(&mut keep).ok();
        let key = self.key(by).map_err(&mut keep).ok();
        let (Some((chain, validity)), Some(key)) = (chain, key) else {
            return Err(WrongFiles(wrong));
        };
        let certified = CertifiedKey::new(chain, key);
        match certified.keys_match() {
            // Of some keys the public half cannot be asked.
            Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => {
                Ok(ServerCertificate { certified: Arc::new(certified), validity })
            }
            Err(Error::InconsistentKeys(_)) => {
                let cert = self.paths.cert.display();
                let why = format!("is not the key of the certificate in {cert}");
                Err(WrongFiles(vec![self.wrong_key(why)]))
            }
            Err(error) => Err(WrongFiles(vec![self.wrong_cert(no_certificate(error))])),
        }
    }

    fn chain(&self) -> Result<(Vec<CertificateDer<'static>>, Validity), String> {
        let bytes = self.cert.as_ref().map_err(|error| self.wrong_cert(unreadable(error)))?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
        let chain = chain.map_err(|error| self.wrong_cert(no_pem(error)))?;
        let Some(own) = chain.first() else {
            return Err(self.wrong_cert("has no certificate (BEGIN CERTIFICATE) in PEM"));
        };
        let validity = Validity::of(own);
        let validity = validity.ok_or_else(|| self.wrong_cert(no_certificate("its dates")))?;
        Ok((chain, validity))
    }

    fn key(&self, by: &CryptoProvider) -> Result<Arc<dyn SigningKey>, String> {
        let bytes = self.key.as_ref().map_err(|error| self.wrong_key(unreadable(error)))?;
        let key = PrivateKeyDer::from_pem_slice(bytes).map_err(|error| match error {
            pem::Error::NoItemsFound => self.wrong_key(
                "has no private key (BEGIN PRIVATE KEY) in PEM; one under a password is not read",
            ),
            error => self.wrong_key(no_pem(error)),
        })?;
        let loaded = by.key_provider.load_private_key(key);
        loaded.map_err(|error| self.wrong_key(format!("has a key that cannot be used: {error}")))
    }

    fn wrong_cert(&self, why: impl Display) -> String {
        format!("tls_cert: {} {why}", self.paths.cert.display())
    }

    fn wrong_key(&self, why: impl Display) -> String {
        format!("tls_key: {} {why}", self.paths.key.display())
    }

    /// What an operator should see to, although it can be served with.
    pub fn warnings(&self, validity: Validity, now: Time) -> Vec<String> {
        let of_time = match validity {
            Validity { not_after, .. } if now > not_after => {
                Some(self.wrong_cert(format!("expired at {}", wire_time(not_after))))
            }
            Validity { not_before, .. } if now < not_before => {
                Some(self.wrong_cert(format!("is not good before {}", wire_time(not_before))))
            }
            _ => None,
        };
        let of_mode = mode(&self.paths.key).filter(|mode| mode & 0o077 != 0).map(|mode| {
            self.wrong_key(format!("can be read by others (mode {:04o})", mode & 0o7777))
        });
        of_time.into_iter().chain(of_mode).collect()
    }
}

fn unreadable(error: &io::Error) -> String {
    format!("cannot be read: {error}")
}

fn no_pem(error: impl Display) -> String {
    format!("is not PEM: {error}")
}

fn no_certificate(why: impl Display) -> String {
    format!("begins with what is no certificate: {why}")
}

#[cfg(unix)]
fn mode(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    Some(std::fs::metadata(path).ok()?.permissions().mode())
}

#[cfg(not(unix))]
fn mode(_: &Path) -> Option<u32> {
    None
}
