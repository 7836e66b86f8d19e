//! What a service shows those it calls, and asks those that call it.

use super::settings::Chosen;
use crate::files::Files;
use crate::roles::{ROLES, Role};
use crate::start::StartError;
use svrkit_rt::auth::{AllowList, Allowed, Auth, CallerKey, Keys};
use svrkit_rt::{Endpoint, Listener, MutualTls, Server};

/// What a service shows, and what it asks: of nobody anything, where services need not show who they are.
#[derive(Clone, Debug)]
pub struct Authentication {
    pub(super) role: &'static Role,
    pub(super) means: Means,
    pub(super) allow: AllowList,
    /// Where the means are from, and how those files were before they were read.
    pub(super) chosen: Chosen,
    pub(super) files: Files,
}

/// By what services know each other. Clones change together.
#[derive(Clone, Debug)]
pub(super) enum Means {
    /// They do not.
    None,
    /// By keys.
    Keys { own: CallerKey, all: Keys },
    /// By certificates.
    Certificates(MutualTls),
}

impl Means {
    /// # Errors
    /// They are another service's, or of another kind.
    fn replace(&self, new: Means) -> Result<(), StartError> {
        match (self, new) {
            (
                Means::Keys { own, all },
                Means::Keys {
                    own: shown,
                    all: taken,
                },
            ) => {
                own.replace(&shown)?;
                all.replace(&taken);
                Ok(())
            }
            (Means::Certificates(own), Means::Certificates(new)) => Ok(own.replace(&new)?),
            _ => Err("services know each other in another way than before".into()),
        }
    }
}

impl Authentication {
    /// Takes over other keys or certificates when their files change, for connections that are made from then on: in servers, listeners and
    /// endpoints that this, or a clone, guards or makes.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn follow(&self) {
        let what = match &self.means {
            Means::None => return,
            Means::Keys { .. } => "keys",
            Means::Certificates(_) => "certificates",
        };
        let Authentication {
            role,
            means,
            chosen,
            files,
            ..
        } = self.clone();
        files.follow(what, move || means.replace(chosen.means(role)?));
    }

    /// What makes an endpoint one of `callee`, which is shown who calls and, where there are certificates, shows who it is.
    ///
    /// # Errors
    /// A service's name that no certificate can have.
    pub fn endpoints_of(
        &self,
        callee: &Role,
    ) -> Result<impl Fn(Endpoint) -> Endpoint + Send + Sync + 'static, StartError> {
        let (mut key, mut tls) = (None, None);
        match &self.means {
            Means::None => {}
            Means::Keys { own, .. } => key = Some(own.clone()),
            Means::Certificates(own) => tls = Some(own.client(callee.name)?),
        }
        Ok(move |endpoint: Endpoint| match (&key, &tls) {
            (Some(key), _) => endpoint.identify(key.clone()),
            (None, Some(tls)) => endpoint.tls(tls.clone()),
            (None, None) => endpoint,
        })
    }

    /// The service's listener: with certificates, it speaks TLS and nothing else.
    pub fn listener(&self, listener: Listener) -> Listener {
        match &self.means {
            Means::Certificates(own) => listener.with_tls(own.server()),
            Means::None | Means::Keys { .. } => listener,
        }
    }

    /// The service's server, which lets in only whom it should.
    pub fn server(&self, server: Server) -> Server {
        let keys = match &self.means {
            Means::None => return server,
            Means::Keys { all, .. } => all.clone(),
            Means::Certificates(_) => Keys::default(),
        };
        let callers = ROLES
            .iter()
            .filter(|role| role.calls.contains(&self.role.name));
        let callers = callers.map(|role| role.name.to_owned());
        let allow = AllowList {
            otherwise: Allowed::Only(callers.collect()),
            ..self.allow.about(server.services())
        };
        server.auth(Auth { allow, keys })
    }
}
