//! Who may look, and who may change something.

use super::token::Token;
use crate::http::{Fields, PageRequest, PageResponse};
use crate::status::Status;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io;
use std::net::{IpAddr, SocketAddr};

/// Paths that probes ask without a token: they say nothing but whether the process lives and serves.
const OPEN_PATHS: [&str; 2] = ["/health", "/ready"];

/// The rule of a listener: on loopback (and on a Unix socket) whoever gets there may look; elsewhere nobody without the token. Changing
/// something needs the token everywhere.
#[derive(Clone, Debug)]
pub(super) struct Lock {
    token: Option<Token>,
    looking_needs_token: bool,
}

impl Lock {
    /// # Errors
    /// `InvalidInput` for an address that others reach, without a token.
    pub(super) fn new(token: Option<Token>, address: &str) -> io::Result<Lock> {
        let tcp: Option<SocketAddr> = address.parse().ok();
        let reachable = tcp.is_some_and(|address| !address.ip().to_canonical().is_loopback());
        if reachable && token.is_none() {
            let message = format!("an admin listener at {address} needs a token");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        Ok(Lock {
            token,
            looking_needs_token: reachable,
        })
    }

    /// Stands before every page.
    pub(super) fn may_look(&self, request: &PageRequest) -> Result<(), PageResponse> {
        if OPEN_PATHS.contains(&request.path()) {
            return Ok(());
        }
        if !self.looking_needs_token {
            // Whoever can be reached by a name of his own could have it point here, and have a browser read these pages to him.
            let host = request.header("host").unwrap_or_default();
            return match is_local_name(host) {
                true => Ok(()),
                false => Err(Status::permission_denied("ask by address, or as localhost").into()),
            };
        }
        let shown = shown(request);
        if shown.is_some_and(|shown| self.is_token(&shown)) {
            return Ok(());
        }
        let refused = PageResponse::text("these pages need the token of [admin]\n").status(401);
        Err(refused.header("www-authenticate", "Basic realm=\"admin\""))
    }

    /// Stands before every change. The token comes in a header that no other site's form can set, or in the form itself: what a browser
    /// adds by itself does not count.
    ///
    /// # Errors
    /// `PermissionDenied` when there is no token to show, `Unauthenticated` when it is not shown.
    pub(super) fn may_change(&self, request: &PageRequest, form: &Fields) -> Result<(), Status> {
        if self.token.is_none() {
            let message = "nothing can be changed here: no token is configured";
            return Err(Status::permission_denied(message));
        }
        let shown = request.bearer().or(form.get("token"));
        match shown.is_some_and(|shown| self.is_token(shown)) {
            true => Ok(()),
            false => Err(Status::unauthenticated("wrong token")),
        }
    }

    /// Whether anything can be changed at all.
    pub(super) fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// What to show to the like of us.
    pub(super) fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    fn is_token(&self, shown: &str) -> bool {
        self.token.as_ref().is_some_and(|token| token.is(shown))
    }
}

/// The token of a request: as curl sends it, or as a browser does that asked for a password.
fn shown(request: &PageRequest) -> Option<String> {
    if let Some(token) = request.bearer() {
        return Some(token.to_owned());
    }
    let (scheme, credentials) = request.header("authorization")?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = STANDARD.decode(credentials.trim()).ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    let (_, password) = decoded.split_once(':')?;
    Some(password.to_owned())
}

/// Whether a `Host` header is an address or `localhost`; also when there is none.
fn is_local_name(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.is_empty() || name.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_others_reach_needs_a_token() {
        for local in [
            "127.0.0.1:1",
            "127.9.9.9:1",
            "[::1]:1",
            "unix:/run/a",
            "memory",
        ] {
            assert!(Lock::new(None, local).is_ok(), "{local}");
        }
        let token = Token::new("0123456789abcdef").ok();
        for open in ["0.0.0.0:1", "10.0.0.1:1", "[::]:1", "192.168.1.2:80"] {
            assert!(Lock::new(None, open).is_err(), "{open}");
            assert!(Lock::new(token.clone(), open).is_ok(), "{open}");
        }
    }

    #[test]
    fn a_name_of_somebody_elses_is_not_ours() {
        for local in [
            "",
            "localhost",
            "LocalHost:80",
            "127.0.0.1:81",
            "[::1]:80",
            "[::1]",
        ] {
            assert!(is_local_name(local), "{local}");
        }
        for foreign in [
            "evil.example",
            "evil.example:80",
            "localhost.evil",
            "127.0.0.1.evil",
        ] {
            assert!(!is_local_name(foreign), "{foreign}");
        }
    }
}
