//! How a guarded server is spoken to: over TLS, and who calls. The same options for every command that speaks to one.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use svrkit_rt::auth::{Keys, KeysError};
use svrkit_rt::{Endpoint, TlsClient};

use super::failure::Failure;

/// Names the file of trusted roots, as OpenSSL has it.
const SYSTEM_ROOTS_VARIABLE: &str = "SSL_CERT_FILE";
/// Where systems keep them otherwise: Debian, Alpine and Arch; Red Hat; SUSE; BSD and macOS.
const SYSTEM_ROOTS: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// What the options stand under in help texts.
pub(crate) const HEADING: &str = "Guarded servers";

/// As typed.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Credentials {
    /// Speak TLS 1.3, to a server that the system's roots vouch for. Any of the next three options speaks it, too
    #[arg(long)]
    tls: bool,
    /// Trust these roots instead, PEM
    #[arg(long, value_name = "FILE")]
    tls_roots: Option<PathBuf>,
    /// Name that the server's certificate must have [default: the host of its address; unix:/path has none]
    #[arg(long, value_name = "NAME")]
    tls_name: Option<String>,
    /// Show this certificate, PEM, and those between it and its root behind it
    #[arg(long, value_name = "FILE", requires = "cert_key")]
    cert: Option<PathBuf>,
    /// Private key of the certificate, PEM
    #[arg(long, value_name = "FILE", requires = "cert")]
    cert_key: Option<PathBuf>,
    /// Call as NAME, shown by a key that the server has, too
    #[arg(long = "as", value_name = "NAME", requires = "key_file")]
    caller: Option<String>,
    /// Keys, a line each: NAME HEX. Others must not be able to read it
    #[arg(long, value_name = "FILE", requires = "caller")]
    key_file: Option<PathBuf>,
}

impl Credentials {
    /// The endpoint, spoken to as they say. `address` is what was typed of it.
    pub(crate) fn of(&self, endpoint: Endpoint, address: &str) -> Result<Endpoint, Failure> {
        let endpoint = match self.speaks_tls() {
            true => endpoint.tls(self.tls(address)?),
            false => endpoint,
        };
        let (Some(name), Some(path)) = (&self.caller, &self.key_file) else {
            return Ok(endpoint);
        };
        let keys = Keys::from_file(path).map_err(|error| match error {
            // Says which one itself.
            KeysError::File(error) => Failure::usage(format!("--key-file: {error}")),
            error => of_file("--key-file", path)(error),
        })?;
        let key = keys.of(name);
        let key = key.ok_or_else(|| of_file("--key-file", path)(format!("no key of {name}")))?;
        Ok(endpoint.identify(key))
    }

    fn speaks_tls(&self) -> bool {
        self.tls || self.tls_roots.is_some() || self.tls_name.is_some() || self.cert.is_some()
    }

    fn tls(&self, address: &str) -> Result<TlsClient, Failure> {
        let roots = match &self.tls_roots {
            Some(path) => ("--tls-roots", path.clone()),
            None => ("--tls", system_roots()?),
        };
        let (option, path) = roots;
        let roots = read(option, &path)?;
        let mut tls = TlsClient::from_pem(&roots).map_err(of_file(option, &path))?;
        if let (Some(cert), Some(cert_key)) = (&self.cert, &self.cert_key) {
            let (chain, key) = (read("--cert", cert)?, read("--cert-key", cert_key)?);
            let identified = TlsClient::from_pem_with_identity(&roots, &chain, &key);
            let option = format!("--cert {} --cert-key", cert.display());
            tls = identified.map_err(of_file(&option, cert_key))?;
        }
        match &self.tls_name {
            Some(name) => tls
                .server_name(name)
                .map_err(|error| Failure::usage(format!("--tls-name: {error}"))),
            None if address.starts_with("unix:") => Err(Failure::usage(format!(
                "{address} has no host for a certificate to name: --tls-name says what it names"
            ))),
            None => Ok(tls),
        }
    }
}

fn system_roots() -> Result<PathBuf, Failure> {
    if let Some(path) = std::env::var_os(SYSTEM_ROOTS_VARIABLE) {
        return Ok(path.into());
    }
    let found = SYSTEM_ROOTS.iter().map(Path::new).find(|it| it.exists());
    found.map(Path::to_owned).ok_or_else(|| {
        Failure::usage(format!(
            "--tls: this system has no roots at {}: --tls-roots FILE says whom to trust",
            SYSTEM_ROOTS.join(", ")
        ))
    })
}

fn read(option: &str, path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(of_file(option, path))
}

/// What is wrong with the file that an option names.
fn of_file<E: Display>(option: &str, path: &Path) -> impl FnOnce(E) -> Failure {
    move |error| Failure::usage(format!("{option} {}: {error}", path.display()))
}
