//! HTTP/1.1 by hand, so that nothing stands between a test and the bytes.

use svrkit_rt::Stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// One connection.
pub(crate) struct Peer {
    pub(crate) stream: Stream,
    read: Vec<u8>,
}

/// An answer taken apart.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// A POST of `body`; `headers` are whole lines, each with its line end.
pub(crate) fn post(path: &str, content_type: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: shop\r\ncontent-type: {content_type}\r\n{headers}content-length: {length}\r\n\r\n{body}"
    )
}

impl Peer {
    pub(crate) fn new(stream: Stream) -> Peer {
        Peer {
            stream,
            read: Vec::new(),
        }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let written = self.stream.write_all(bytes.as_ref()).await;
        written.expect("the server reads");
    }

    /// The next answer that is no 100.
    pub(crate) async fn answer(&mut self) -> Answer {
        self.try_answer(false).await.expect("an answer")
    }

    /// The next answer to a HEAD, which has no body whatever its headers say.
    pub(crate) async fn bare_answer(&mut self) -> Answer {
        self.try_answer(true).await.expect("an answer")
    }

    /// The next chunk of an answer in chunks; the last one is empty. `None` when the server is gone before.
    pub(crate) async fn chunk(&mut self) -> Option<String> {
        let head = loop {
            match self.read.windows(2).position(|w| w == b"\r\n") {
                Some(at) => break at,
                None if self.more().await => {}
                None => return None,
            }
        };
        let length = std::str::from_utf8(&self.read[..head]).expect("a length");
        let length = usize::from_str_radix(length, 16).expect("a length");
        while self.read.len() < head + 2 + length + 2 {
            if !self.more().await {
                return None;
            }
        }
        let chunk: Vec<u8> = self.read.drain(..head + 2 + length + 2).collect();
        let data = chunk[head + 2..head + 2 + length].to_vec();
        Some(String::from_utf8(data).expect("text"))
    }

    /// Whether the server has closed, with nothing more said.
    pub(crate) async fn is_closed(&mut self) -> bool {
        self.read.is_empty() && !self.more().await
    }

    async fn more(&mut self) -> bool {
        let mut chunk = [0; 16 * 1024];
        match self.stream.read(&mut chunk).await {
            Ok(0) | Err(_) => false,
            Ok(n) => {
                self.read.extend_from_slice(&chunk[..n]);
                true
            }
        }
    }

    async fn try_answer(&mut self, bare: bool) -> Option<Answer> {
        loop {
            let end = loop {
                let found = self.read.windows(4).position(|w| w == b"\r\n\r\n");
                match found {
                    Some(at) => break at,
                    None if self.more().await => {}
                    None => return None,
                }
            };
            let head = String::from_utf8(self.read[..end].to_vec()).expect("an ASCII head");
            self.read.drain(..end + 4);
            let mut lines = head.split("\r\n");
            let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
            if status == 100 {
                continue;
            }
            let headers: Vec<(String, String)> = lines
                .map(|l| l.split_once(':').expect("a header"))
                .map(|(k, v)| (k.to_ascii_lowercase(), v.trim().to_owned()))
                .collect();
            let length = headers.iter().find(|(k, _)| k == "content-length");
            let length = length.map_or(0, |(_, v)| v.parse().expect("a length"));
            let length = if bare { 0 } else { length };
            while self.read.len() < length {
                if !self.more().await {
                    return None;
                }
            }
            let body = self.read.drain(..length).collect();
            return Some(Answer {
                status,
                headers,
                body,
            });
        }
    }
}

impl Answer {
    /// The values of a header, joined.
    pub(crate) fn header(&self, name: &str) -> String {
        let values = self.headers.iter().filter(|(k, _)| k == name);
        let values: Vec<&str> = values.map(|(_, v)| v.as_str()).collect();
        values.join(",")
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// Checks that it is an error of the Connect protocol and gives its message.
    #[track_caller]
    pub(crate) fn error(&self, status: u16, code: &str) -> String {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), "application/json");
        let error = self.json();
        assert_eq!(error["code"], code, "{error}");
        error["message"].as_str().unwrap_or_default().to_owned()
    }
}
