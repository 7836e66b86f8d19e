//! What operators say of it.

use super::authentication::{Authentication, Means};
use super::certificate_files::CertificateFiles;
use crate::files::Files;
use crate::roles::Role;
use crate::settings::{Settings, SettingsError};
use crate::start::StartError;
use im_idl::SERVICES;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use svrkit_rt::auth::{AllowList, Allowed, Keys};

/// Off as long as there are neither keys nor certificates: then services let in everybody who reaches them. With either each process shows
/// the name of its service, as in [`crate::ROLES`], and each service lets in those that the table says call it. In one process there is
/// nobody to keep out. When one of the files changes it is read again, for connections that are made from then on.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct AuthSettings {
    /// Where the keys are, a line each: `NAME HEX`, as `im keys` prints them ([`Keys`]). Others must not be able to read it.
    pub key_file: Option<PathBuf>,
    /// Instead of keys, where a service's certificate chain is, PEM, its own certificate first. That has the service's name as URI
    /// `svrkit://NAME` and as DNS name `NAME` ([`svrkit_rt::MutualTls`]). In this path and the next two, `{role}` stands for that name.
    pub certificate_file: Option<PathBuf>,
    /// Where the private key of that certificate is, PEM. Others must not be able to read it.
    pub private_key_file: Option<PathBuf>,
    /// Where the certificates are, PEM, of those who sign for services, and for nobody else.
    pub roots_file: Option<PathBuf>,
    /// Who else, or who alone, may call what: by `package.Service/Method` or `package.Service/*`, names of services or of tools that have
    /// keys or certificates; `*` is whoever has one, `anyone` strangers too. The most specific entry counts, and the table where there is
    /// none.
    pub allow: BTreeMap<String, Vec<String>>,
}

/// By what services are to know each other.
#[derive(Clone, Debug)]
pub(super) enum Chosen {
    Nothing,
    /// Those in this file.
    Keys(PathBuf),
    Certificates(CertificateFiles),
}

impl Chosen {
    /// # Errors
    /// Keys without one of the service's own; a certificate that is of no use, or another's.
    pub(super) fn means(&self, role: &Role) -> Result<Means, StartError> {
        Ok(match self {
            Chosen::Nothing => Means::None,
            Chosen::Keys(path) => {
                let all = keys(path)?;
                let own = all.of(role.name);
                let own =
                    own.ok_or_else(|| format!("auth.key_file has no key of {}", role.name))?;
                Means::Keys { own, all }
            }
            Chosen::Certificates(files) => Means::Certificates(files.of(role)?),
        })
    }

    /// What is read for a service.
    fn files(&self, role: &Role) -> Vec<PathBuf> {
        match self {
            Chosen::Nothing => Vec::new(),
            Chosen::Keys(path) => vec![path.clone()],
            Chosen::Certificates(files) => files.paths(role.name).into(),
        }
    }
}

fn keys(path: &Path) -> Result<Keys, StartError> {
    Ok(Keys::from_file(path).map_err(|e| format!("auth.key_file: {e}"))?)
}

impl AuthSettings {
    /// As in the settings.
    ///
    /// # Errors
    /// A name it does not know, or a value of another type.
    pub fn from_settings(settings: &Settings) -> Result<AuthSettings, SettingsError> {
        settings.section("auth")
    }

    /// Whether they make sense, for all services alike: that rules have something to go by, and of certificates, that all three files are
    /// named.
    ///
    /// # Errors
    /// What does not.
    pub fn check(&self) -> Result<(), StartError> {
        self.rules()?;
        if let Chosen::Keys(path) = self.chosen()? {
            keys(&path)?;
        }
        Ok(())
    }

    /// Whether the certificates that this machine has are of use. A process looks at its own only: another's key need not be for it to read.
    ///
    /// # Errors
    /// What is not; there are none where there should be.
    pub fn check_certificates(&self) -> Result<(), StartError> {
        match self.chosen()? {
            Chosen::Certificates(files) => files.check(),
            Chosen::Nothing | Chosen::Keys(_) => Ok(()),
        }
    }

    /// What a service shows and asks.
    ///
    /// # Errors
    /// Settings that make no sense; keys without one of its own; a certificate that is of no use, or another's.
    pub fn of(&self, role: &'static Role) -> Result<Authentication, StartError> {
        let chosen = self.chosen()?;
        let files = Files::now(chosen.files(role));
        Ok(Authentication {
            role,
            means: chosen.means(role)?,
            allow: self.rules()?,
            chosen,
            files,
        })
    }

    fn chosen(&self) -> Result<Chosen, StartError> {
        let files = [
            &self.certificate_file,
            &self.private_key_file,
            &self.roots_file,
        ];
        match (&self.key_file, files) {
            (None, [None, None, None]) if self.allow.is_empty() => Ok(Chosen::Nothing),
            // Whoever writes rules takes them to hold.
            (None, [None, None, None]) => Err(
                "auth.allow says who may call what, and neither auth.key_file nor auth.certificate_file by what they are known"
                    .into(),
            ),
            (Some(path), [None, None, None]) => Ok(Chosen::Keys(path.clone())),
            (None, [Some(certificate), Some(private_key), Some(roots)]) => {
                Ok(Chosen::Certificates(CertificateFiles {
                    certificate: certificate.clone(),
                    private_key: private_key.clone(),
                    roots: roots.clone(),
                }))
            }
            (None, _) => Err(
                "auth.certificate_file, auth.private_key_file and auth.roots_file go together"
                    .into(),
            ),
            (Some(_), _) => Err(
                "services know each other by auth.key_file or by auth.certificate_file, not by both"
                    .into(),
            ),
        }
    }

    fn rules(&self) -> Result<AllowList, StartError> {
        let mut list = AllowList::default();
        for (rule, names) in &self.allow {
            let allowed = Allowed::of(names.iter().map(String::as_str));
            let allowed = allowed.map_err(|e| format!("auth.allow.{rule:?}: {e}"))?;
            list = list.with(rule, allowed);
        }
        list.check(&SERVICES)
            .map_err(|e| format!("auth.allow: {e}"))?;
        Ok(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use svrkit_rt::auth::CallerKey;
    use tempfile::TempDir;

    fn with_keys(names: &[&str]) -> (TempDir, AuthSettings) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let lines = names.iter().map(|name| CallerKey::new_line(name).unwrap());
        fs::write(&path, lines.collect::<Vec<_>>().join("\n")).unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        let settings = AuthSettings {
            key_file: Some(path),
            ..AuthSettings::default()
        };
        (folder, settings)
    }

    fn error(settings: &AuthSettings) -> String {
        settings.check().unwrap_err().to_string()
    }

    #[test]
    fn without_either_nothing_is_asked() {
        let session = Role::named("session").unwrap();
        let means = AuthSettings::default().of(session).unwrap().means;
        assert!(matches!(means, Means::None), "{means:?}");
    }

    #[test]
    fn a_service_has_a_key_of_its_own() {
        let (_folder, settings) = with_keys(&["session"]);
        settings.check().unwrap();
        let named = |name| settings.of(Role::named(name).unwrap());
        let means = named("session").unwrap().means;
        assert!(matches!(means, Means::Keys { .. }), "{means:?}");
        let error = named("push").unwrap_err().to_string();
        assert!(error.contains("push"), "{error}");
    }

    #[test]
    fn slips_are_named() {
        let mut settings = AuthSettings::default();
        for (rule, names) in [
            ("im.session.Session/Guess", "push"),
            ("im.sessions.Session/*", "push"),
            ("im.session.Session", "push"),
            ("im.session.Session/*", "Push"),
        ] {
            settings.allow = BTreeMap::from([(rule.to_owned(), vec![names.to_owned()])]);
            let said = error(&settings);
            assert!(said.contains("auth.allow") && said.contains(rule), "{said}");
        }
        let names = vec!["push".to_owned()];
        settings.allow = BTreeMap::from([("im.session.Session/*".to_owned(), names)]);
        assert!(error(&settings).contains("by what they are known"));
        settings.allow.clear();
        settings.key_file = Some("/nowhere/keys".into());
        assert!(error(&settings).contains("/nowhere/keys"));
    }

    #[test]
    fn keys_or_a_whole_set_of_certificates() {
        let path = |name: &str| Some(PathBuf::from(name));
        let whole = AuthSettings {
            certificate_file: path("/x/{role}.pem"),
            private_key_file: path("/x/{role}.key"),
            roots_file: path("/x/roots.pem"),
            ..AuthSettings::default()
        };
        whole.check().unwrap();
        let said = whole.check_certificates().unwrap_err().to_string();
        assert!(said.contains("/x/{role}.pem"), "{said}");
        let session = Role::named("session").unwrap();
        let said = whole.of(session).unwrap_err().to_string();
        assert!(said.contains("/x/session.pem: cannot read"), "{said}");
        for half in [
            AuthSettings {
                certificate_file: None,
                ..whole.clone()
            },
            AuthSettings {
                private_key_file: None,
                ..whole.clone()
            },
            AuthSettings {
                roots_file: None,
                ..whole.clone()
            },
        ] {
            assert!(error(&half).contains("go together"), "{half:?}");
        }
        let both = AuthSettings {
            key_file: path("/x/keys"),
            ..whole
        };
        assert!(error(&both).contains("not by both"));
    }
}
