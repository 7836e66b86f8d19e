//! An operator's authority, and where he puts what it signs.

use rcgen::string::Ia5String;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use svrkit_rt::MutualTls;
use tempfile::TempDir;

/// A folder with `roots.pem`, and `NAME.pem` and `NAME.key` of services.
pub(crate) struct Certified {
    authority: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Certified {
    /// Of no service yet.
    pub(crate) fn new() -> Certified {
        let certified = Certified {
            authority: authority(),
            folder: tempfile::tempdir().unwrap(),
        };
        certified.write("roots.pem", &certified.authority.pem());
        certified
    }

    /// The same folder, and another authority, which has not signed anything yet.
    pub(crate) fn renewed(self) -> Certified {
        let certified = Certified {
            authority: authority(),
            folder: self.folder,
        };
        certified.write("roots.pem", &certified.authority.pem());
        certified
    }

    /// Signs for a service, and puts it there.
    pub(crate) fn issue(&self, name: &str) {
        self.issue_at(name, names(name));
    }

    /// Puts what has these names where something of service `place` should be.
    pub(crate) fn issue_at(&self, place: &str, names: impl Into<Vec<SanType>>) {
        let mut params = CertificateParams::default();
        params.subject_alt_names = names.into();
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        self.write(&format!("{place}.pem"), &certificate.pem());
        self.write(&format!("{place}.key"), &key.serialize_pem());
    }

    /// What a service is by what is there.
    pub(crate) fn of(&self, name: &str) -> MutualTls {
        let [chain, key] = ["pem", "key"].map(|kind| self.path(&format!("{name}.{kind}")));
        MutualTls::from_files(chain, key, self.path("roots.pem")).unwrap()
    }

    /// Settings that have each service find its own.
    pub(crate) fn settings(&self) -> [(&'static str, String); 3] {
        [
            ("AUTH__CERTIFICATE_FILE", "{role}.pem"),
            ("AUTH__PRIVATE_KEY_FILE", "{role}.key"),
            ("AUTH__ROOTS_FILE", "roots.pem"),
        ]
        .map(|(key, file)| (key, self.path(file).display().to_string()))
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn write(&self, file: &str, pem: &str) {
        let path = self.path(file);
        fs::write(&path, pem).unwrap();
        fs::set_permissions(path, PermissionsExt::from_mode(0o600)).unwrap();
    }
}

/// How a service's certificate names it: to those that it calls, and to those that call it.
pub(crate) fn names(service: &str) -> [SanType; 2] {
    let text = |text: &str| Ia5String::try_from(text).unwrap();
    let uri = text(&format!("svrkit://{service}"));
    [SanType::URI(uri), SanType::DnsName(text(service))]
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}
