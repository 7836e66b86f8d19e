//! Whoever signs certificates, and for whom.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType};
use svrkit_rt::{MutualTls, TlsClient};

/// A chain and its private key, PEM.
pub(crate) type Pem = (Vec<u8>, Vec<u8>);

/// An authority and what it signs.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Authority {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// What others trust it by.
    pub(crate) fn pem(&self) -> Vec<u8> {
        self.0.pem().into_bytes()
    }

    /// A certificate with these names: URIs, IP addresses and DNS names, told apart by how they look.
    pub(crate) fn issue(&self, names: &[&str]) -> Pem {
        self.issue_with(names, CertificateParams::default())
    }

    /// The same, with something else in it.
    pub(crate) fn issue_with(&self, names: &[&str], mut params: CertificateParams) -> Pem {
        params.subject_alt_names = names.iter().map(|name| subject(name)).collect();
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let pem = (certificate.pem(), key.serialize_pem());
        (pem.0.into_bytes(), pem.1.into_bytes())
    }

    /// A client with these names.
    pub(crate) fn client(&self, names: &[&str]) -> TlsClient {
        let (chain, key) = self.issue(names);
        TlsClient::from_pem_with_identity(&self.pem(), &chain, &key).unwrap()
    }

    /// A service of this name.
    pub(crate) fn service(&self, name: &str) -> MutualTls {
        let (chain, key) = self.issue(&[&format!("svrkit://{name}"), name]);
        MutualTls::from_pem(&chain, &key, &self.pem()).unwrap()
    }
}

fn subject(name: &str) -> SanType {
    match (name.contains("://"), name.parse()) {
        (true, _) => SanType::URI(name.try_into().unwrap()),
        (false, Ok(address)) => SanType::IpAddress(address),
        (false, Err(_)) => SanType::DnsName(name.try_into().unwrap()),
    }
}
