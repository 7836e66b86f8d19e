//! Where a request goes.

use super::error::HttpError;
use crate::transport::Stream;
#[cfg(feature = "tls")]
use crate::transport::TlsClient;
use hyper::http::Uri;
use std::fmt;
use std::io;
use tokio::net::TcpStream;

/// An address such as `http://127.0.0.1:9093/api/v2/alerts`. A cheap clone.
#[derive(Clone)]
pub struct HttpTarget {
    uri: Uri,
    #[cfg(feature = "tls")]
    tls: Option<TlsClient>,
}

impl HttpTarget {
    /// Reads an `http://` address; an `https://` one needs [`HttpTarget::tls`] to say whom to trust.
    ///
    /// # Errors
    /// [`HttpError::Url`].
    pub fn parse(url: &str) -> Result<HttpTarget, HttpError> {
        let wrong = || HttpError::Url {
            url: url.to_owned(),
        };
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let scheme_ok = matches!(uri.scheme_str(), Some("http" | "https"));
        let user = uri.authority().is_some_and(|a| a.as_str().contains('@'));
        if !scheme_ok || user || uri.host().is_none_or(str::is_empty) {
            return Err(wrong());
        }
        Ok(HttpTarget {
            uri,
            #[cfg(feature = "tls")]
            tls: None,
        })
    }

    /// Trusts for an `https://` address whom `tls` trusts. Of no meaning for another.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: TlsClient) -> HttpTarget {
        self.tls = Some(tls);
        self
    }

    /// Whether it is an `https://` address.
    pub fn is_https(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    /// The same host and scheme, and this path with its query, which begins with `/`.
    ///
    /// # Errors
    /// [`HttpError::Url`] when it is none.
    pub fn path(&self, path: &str) -> Result<HttpTarget, HttpError> {
        let wrong = || HttpError::Url {
            url: path.to_owned(),
        };
        let mut parts = self.uri.clone().into_parts();
        parts.path_and_query = Some(path.parse().map_err(|_| wrong())?);
        let uri = Uri::from_parts(parts).map_err(|_| wrong())?;
        Ok(HttpTarget {
            uri,
            ..self.clone()
        })
    }

    /// As a request line names it.
    pub(super) fn path_and_query(&self) -> &str {
        self.uri.path_and_query().map_or("/", |path| path.as_str())
    }

    /// As the `host` header names it.
    pub(super) fn authority(&self) -> &str {
        self.uri
            .authority()
            .map_or("", |authority| authority.as_str())
    }

    /// `host:port`.
    pub(super) fn address(&self) -> String {
        let usual = if self.is_https() { 443 } else { 80 };
        let port = self.uri.port_u16().unwrap_or(usual);
        format!("{}:{port}", self.uri.host().unwrap_or_default())
    }

    pub(super) async fn connect(&self) -> Result<Stream, HttpError> {
        let address = self.address();
        self.open(&address)
            .await
            .map_err(|source| HttpError::Connect { address, source })
    }

    async fn open(&self, address: &str) -> io::Result<Stream> {
        let socket = TcpStream::connect(address).await?;
        // A request is one write; there is nothing to wait for.
        socket.set_nodelay(true)?;
        let stream = Stream::new(socket);
        if !self.is_https() {
            return Ok(stream);
        }
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            return tls.connect(stream, address).await;
        }
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "nobody said whom to trust: https needs root certificates",
        ))
    }
}

/// The address.
impl fmt::Display for HttpTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uri.fmt(f)
    }
}

impl fmt::Debug for HttpTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HttpTarget").field(&self.uri).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_scheme_and_a_host() {
        let address = |url: &str| HttpTarget::parse(url).unwrap().address();
        assert_eq!(address("http://a/x"), "a:80");
        assert_eq!(address("https://a"), "a:443");
        assert_eq!(address("http://[::1]:9"), "[::1]:9");
        for bad in ["", "/x", "ftp://a", "a:80", "http://", "http://u:p@a/"] {
            HttpTarget::parse(bad).unwrap_err();
        }
    }

    #[test]
    fn another_path_at_the_same_host() {
        let target = HttpTarget::parse("http://a:1/x?y").unwrap();
        assert_eq!(
            target.path("/api?q=1").unwrap().to_string(),
            "http://a:1/api?q=1"
        );
        target.path("no slash").unwrap_err();
    }
}
