//! Who a certificate says its owner is.

use crate::auth::{Caller, Means};
use tokio_rustls::rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

/// What a caller's name follows in a certificate's URI.
const SCHEME: &str = "svrkit://";

/// The caller that a certificate names, which was found to be signed by whom it should: by a URI `svrkit://NAME` among its subject
/// alternative names, else by the first DNS name there that a caller can have. `None` when there is neither.
pub(super) fn caller(certificate: &CertificateDer<'_>) -> Option<Caller> {
    let certificate = EndEntityCert::try_from(certificate).ok()?;
    first(names(&certificate).chain(certificate.valid_dns_names()))
}

/// The same, by a URI alone.
pub(super) fn caller_by_uri(certificate: &CertificateDer<'_>) -> Option<Caller> {
    let certificate = EndEntityCert::try_from(certificate).ok()?;
    first(names(&certificate))
}

fn names<'a>(certificate: &'a EndEntityCert<'_>) -> impl Iterator<Item = &'a str> {
    let uris = certificate.valid_uri_names();
    uris.filter_map(|uri| uri.strip_prefix(SCHEME))
}

/// The first that is a name.
fn first<'a>(mut names: impl Iterator<Item = &'a str>) -> Option<Caller> {
    names.find_map(|name| Caller::new(name, Means::Certificate).ok())
}
