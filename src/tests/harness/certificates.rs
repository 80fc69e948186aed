//! Certificates for a server under test, made by the command `openssl`, and a client that trusts
//! whoever signed them and nobody else.

use crate::folder::TestFolder;
use crate::needed;
use std::path::PathBuf;
use std::process::Command;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

const CURVE: [&str; 5] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

pub struct TestAuthority(TestFolder);

impl TestAuthority {
    /// None if there is no `openssl`: the test says so, and passes.
    pub fn new() -> Option<TestAuthority> {
        if !needed::are_there(&["openssl"], "apt-get install openssl") {
            return None;
        }
        let authority = TestAuthority(TestFolder::new());
        let args = ["req", "-x509", "-days", "900", "-subj", "/CN=authority"];
        let to = ["-keyout", "authority.key", "-out", "authority.crt"];
        authority.openssl(&[&args[..], &CURVE, &to].concat());
        Some(authority)
    }

    /// Makes NAME.crt and NAME.key for this machine, good from now on for so many days.
    pub fn certify(&self, name: &str, days: u32) {
        let [key, request, cert] = ["key", "csr", "crt"].map(|ending| format!("{name}.{ending}"));
        let args = ["req", "-subj", "/CN=localhost"];
        let names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
        let to = ["-keyout", &key, "-out", &request];
        self.openssl(&[&args[..], &CURVE, &names, &to].concat());
        let (days, by) = (days.to_string(), ["-CA", "authority.crt", "-CAkey", "authority.key"]);
        let args = ["x509", "-req", "-in", &request, "-days", &days, "-copy_extensions", "copy"];
        self.openssl(&[&args[..], &by, &["-CAcreateserial", "-out", &cert]].concat());
    }

    /// Where that file is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Puts the one certificate in the place of the other, with its key.
    pub fn replace(&self, old: &str, new: &str) {
        for ending in ["crt", "key"] {
            let path = |name: &str| self.path(&format!("{name}.{ending}"));
            std::fs::copy(path(new), path(old)).unwrap();
        }
    }

    pub fn agent(&self) -> ureq::Agent {
        let pem = std::fs::read(self.path("authority.crt")).unwrap();
        let roots = RootCerts::new_with_certs(&[Certificate::from_pem(&pem).unwrap()]);
        ureq::Agent::config_builder()
            .http_status_as_error(false)
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .build()
            .into()
    }

    fn openssl(&self, args: &[&str]) {
        let said = Command::new("openssl").args(args).current_dir(&*self.0).output().unwrap();
        assert!(said.status.success(), "{args:?}: {}", String::from_utf8_lossy(&said.stderr));
    }
}
