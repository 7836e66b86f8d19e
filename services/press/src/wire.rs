//! A link and what is asked over it, one thing at a time: for everything before and after the load.

use im_client::{Answer, Link, LinkError, Request, Verdict};
use im_idl::access::{AuthRequest, AuthResponse, Command};
use im_idl::base::Error as Refusal;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use svrkit_rt::{Code, Connect};
use tokio::time::{Instant, sleep, timeout};

/// How long anything may take before it is tried again.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(12);
/// How long somebody insists.
const INSIST: Duration = Duration::from_secs(120);
/// Bound of the pause between two tries, in milliseconds.
const PAUSE_MS: u64 = 400;

/// Why something was not done.
#[derive(Debug)]
#[non_exhaustive]
pub enum WireError {
    /// No link could be opened.
    Connect(std::io::Error),
    /// The link ended.
    Link(LinkError),
    /// The server did not answer.
    TimedOut,
    /// The answer could not be read.
    Answer(prost::DecodeError),
    /// The server said no.
    Refused(Refusal),
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WireError::Connect(_) => f.write_str("no link could be opened"),
            WireError::Link(_) => f.write_str("the link ended"),
            WireError::TimedOut => f.write_str("the server does not answer"),
            WireError::Answer(_) => f.write_str("the answer cannot be read"),
            WireError::Refused(error) => {
                write!(
                    f,
                    "the server refused: {} ({})",
                    error.message, error.reason
                )
            }
        }
    }
}

impl Error for WireError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            WireError::Connect(e) => Some(e),
            WireError::Link(e) => Some(e),
            WireError::Answer(e) => Some(e),
            WireError::TimedOut | WireError::Refused(_) => None,
        }
    }
}

impl WireError {
    /// The refusal's code, when it is one.
    pub(crate) fn code(&self) -> Option<Code> {
        match self {
            WireError::Refused(error) => u16::try_from(error.code).ok().map(Code::from_wire),
            _ => None,
        }
    }

    /// The least pause after which another try makes sense; `None` when none does.
    fn again_after(&self) -> Option<Duration> {
        match self {
            WireError::Refused(error) => (Verdict::on(error, 1) == Verdict::Again)
                .then(|| Duration::from_millis(u64::from(error.retry_after_ms))),
            WireError::Answer(_) => None,
            _ => Some(Duration::ZERO),
        }
    }
}

/// Opens a link.
pub(crate) async fn open(connect: &Arc<dyn Connect>) -> Result<Link, WireError> {
    let stream = timeout(ANSWER_TIMEOUT, connect.connect()).await;
    let stream = stream.map_err(|_| WireError::TimedOut)?;
    Ok(Link::new(stream.map_err(WireError::Connect)?))
}

/// Opens a link for somebody.
pub(crate) async fn open_as(connect: &Arc<dyn Connect>, ticket: &str) -> Result<Link, WireError> {
    let mut link = open(connect).await?;
    let ticket = ticket.to_owned();
    let seq = link.send(Command::Auth as u32, &AuthRequest { ticket });
    answer::<AuthResponse>(&mut link, seq).await?;
    Ok(link)
}

/// Asks, and waits for the answer; what is pushed meanwhile is passed over.
pub(crate) async fn ask<R: Request>(link: &mut Link, request: &R) -> Result<R::Answer, WireError> {
    let cmd_id = R::method().cgi.map_or(0, |cgi| cgi.cmd_id);
    let seq = link.send(cmd_id, request);
    answer(link, seq).await
}

async fn answer<A: Answer>(link: &mut Link, seq: u32) -> Result<A, WireError> {
    let body = timeout(ANSWER_TIMEOUT, async {
        loop {
            let frame = link.next().await?;
            if frame.seq == seq {
                return Ok(frame.body);
            }
        }
    });
    let body = body.await.map_err(|_| WireError::TimedOut)?;
    let mut answer = A::decode(body.map_err(WireError::Link)?).map_err(WireError::Answer)?;
    match answer.take_error() {
        None => Ok(answer),
        Some(error) => Err(WireError::Refused(error)),
    }
}

/// Does something again until it is done, or certainly cannot be.
pub(crate) async fn insist<T>(
    mut work: impl AsyncFnMut() -> Result<T, WireError>,
) -> Result<T, WireError> {
    let end = Instant::now() + INSIST;
    loop {
        let error = match work().await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        let Some(after) = error.again_after().filter(|_| Instant::now() < end) else {
            return Err(error);
        };
        sleep(after + Duration::from_millis(fastrand::u64(0..=PAUSE_MS))).await;
    }
}
