//! Where the certificates of services are.

use crate::process::causes;
use crate::roles::{ROLES, Role};
use crate::start::StartError;
use std::path::{Path, PathBuf};
use svrkit_rt::MutualTls;

/// In a path: the name of the service whose file it is.
const ROLE: &str = "{role}";

/// Three files by which a service shows who it is, and sees who others are.
#[derive(Clone, Debug)]
pub(super) struct CertificateFiles {
    pub(super) certificate: PathBuf,
    pub(super) private_key: PathBuf,
    pub(super) roots: PathBuf,
}

impl CertificateFiles {
    /// A service's own.
    ///
    /// # Errors
    /// One of them is of no use; it is another service's.
    pub(super) fn of(&self, role: &Role) -> Result<MutualTls, StartError> {
        let tls = self.load(role.name)?;
        if tls.name() != role.name {
            let path = at(&self.certificate, role.name);
            return Err(format!(
                "auth.certificate_file: {} is the certificate of {:?}, not of {:?}",
                path.display(),
                tls.name(),
                role.name
            )
            .into());
        }
        Ok(tls)
    }

    /// Looks at all that are on this machine.
    ///
    /// # Errors
    /// There are none; one is of no use, or of no service.
    pub(super) fn check(&self) -> Result<(), StartError> {
        match self.differ() {
            true => self.check_each(),
            false => self.check_one(),
        }
    }

    fn check_each(&self) -> Result<(), StartError> {
        let is_here = |role: &&Role| at(&self.certificate, role.name).exists();
        let mut here = ROLES.iter().filter(is_here).peekable();
        if here.peek().is_none() {
            let path = self.certificate.display();
            return Err(format!("auth.certificate_file: no service has one at {path}").into());
        }
        here.try_for_each(|role| self.of(role).map(drop))
    }

    fn check_one(&self) -> Result<(), StartError> {
        let tls = self.load("")?;
        match Role::named(tls.name()) {
            Some(_) => Ok(()),
            None => {
                let name = tls.name();
                Err(format!("auth.certificate_file: there is no service {name:?}").into())
            }
        }
    }

    /// Whether each service has its own.
    fn differ(&self) -> bool {
        at(&self.certificate, "") != self.certificate
    }

    /// Chain, private key and roots of a service.
    pub(super) fn paths(&self, name: &str) -> [PathBuf; 3] {
        [&self.certificate, &self.private_key, &self.roots].map(|path| at(path, name))
    }

    fn load(&self, name: &str) -> Result<MutualTls, StartError> {
        let [chain, key, roots] = self.paths(name);
        let tls = MutualTls::from_files(&chain, key, roots);
        Ok(tls.map_err(|e| format!("auth.certificate_file {}: {}", chain.display(), causes(&e)))?)
    }
}

/// The path of a service's file.
fn at(path: &Path, role: &str) -> PathBuf {
    path.to_string_lossy().replace(ROLE, role).into()
}
