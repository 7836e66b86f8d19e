//! Who is at the other end of a connection: what the transport knows, and what the peer proves by a key.

use super::guard::Guard;
use crate::auth::Caller;
#[cfg(feature = "auth")]
use crate::auth::Means;
#[cfg(feature = "auth")]
use crate::auth::proof::{Challenged, NONCE_BYTES, NotChallenged};
use crate::context::{Context, Priority};
use crate::status::Status;
use crate::transport::Stream;
use bytes::Bytes;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

/// What a connection has shown. Of a server that asks nothing of its callers, it is still known what the transport says.
#[derive(Debug)]
pub(crate) struct Identity {
    address: Option<SocketAddr>,
    caller: Option<Caller>,
    /// The user level of what it asks while it is a stranger; nothing where strangers are believed.
    stranger_level: Option<u8>,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Nothing was said.
    Silent,
    /// It was challenged, and must answer by then.
    #[cfg(feature = "auth")]
    Challenged(Box<Challenged>, Instant),
    /// It has proven its name; once is enough.
    #[cfg(feature = "auth")]
    Proven,
}

impl Identity {
    /// Of a connection that has sent its first bytes: TLS has shaken hands by then.
    pub(super) fn new(
        stream: &Stream,
        address: Option<SocketAddr>,
        guard: Option<&Guard>,
    ) -> Identity {
        let caller = stream.caller();
        let is_disbelieved = caller.is_none();
        Identity {
            address,
            stranger_level: guard
                .filter(|_| is_disbelieved)
                .map(|guard| guard.stranger_level(address)),
            caller,
            stage: Stage::Silent,
        }
    }

    /// Who it is, if it has shown that.
    pub(crate) fn caller(&self) -> Option<&Caller> {
        self.caller.as_ref()
    }

    /// Notes on a call who makes it, and takes away what a stranger's says of itself.
    pub(crate) fn stamp(&self, context: &mut Context) {
        context.caller.clone_from(&self.caller);
        if let Some(user) = self.stranger_level() {
            let business = context.method.priority;
            context.priority = Priority { business, user };
            context.remove_tag();
        }
    }

    /// The user level of its requests, whose own word on priorities and tags does not count.
    pub(super) fn stranger_level(&self) -> Option<u8> {
        self.stranger_level.filter(|_| self.caller.is_none())
    }

    /// When the proof must be there that it was asked for.
    pub(super) fn proof_due(&self) -> Option<Instant> {
        match &self.stage {
            #[cfg(feature = "auth")]
            Stage::Challenged(_, due) => Some(*due),
            _ => None,
        }
    }

    /// It wants to show its name. Returns the body of the challenge that it is to answer in `time`.
    ///
    /// # Errors
    /// The connection ends with this.
    #[cfg(feature = "auth")]
    pub(super) fn identify(
        &mut self,
        guard: Option<&Guard>,
        body: &[u8],
        time: Duration,
    ) -> Result<Bytes, Status> {
        let Some((guard, keys)) = guard.and_then(|guard| Some((guard, guard.keys()?))) else {
            return Err(no_keys());
        };
        if !matches!(self.stage, Stage::Silent) {
            return Err(Status::invalid_argument("identify: said twice"));
        }
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce)
            .map_err(|e| Status::internal(format!("no random numbers: {e}")))?;
        let challenged = Challenged::by(body, keys, nonce).map_err(|why| match why {
            NotChallenged::Malformed => malformed("identify"),
            NotChallenged::Unknown => {
                guard.unproven(self.address, "its name is unknown, or its key");
                Status::unauthenticated("no caller of this name has this key")
            }
        })?;
        let challenge = challenged.challenge();
        self.stage = Stage::Challenged(Box::new(challenged), Instant::now() + time);
        Ok(challenge)
    }

    /// As with feature `auth`, of a server that cannot tell.
    #[cfg(not(feature = "auth"))]
    pub(super) fn identify(
        &mut self,
        _: Option<&Guard>,
        _: &[u8],
        _: Duration,
    ) -> Result<Bytes, Status> {
        Err(no_keys())
    }

    /// It answers the challenge.
    ///
    /// # Errors
    /// The connection ends with this.
    pub(super) fn prove(&mut self, guard: Option<&Guard>, body: &[u8]) -> Result<(), Status> {
        #[cfg(feature = "auth")]
        if let Stage::Challenged(challenged, _) = &self.stage {
            if challenged.is_proven_by(body) {
                self.caller = Some(Caller::new(challenged.name(), Means::Key)?);
                self.stage = Stage::Proven;
                return Ok(());
            }
            if let Some(guard) = guard {
                let why = format_args!("its proof that it is {} is wrong", challenged.name());
                guard.unproven(self.address, why);
            }
            return Err(Status::unauthenticated("the proof is wrong"));
        }
        let _ = (guard, body);
        Err(Status::invalid_argument("proof: nothing was to be proven"))
    }

    /// Why the connection ends that owes a proof.
    pub(super) fn overdue(&self, guard: Option<&Guard>) -> Status {
        let message = "proof_timeout_ms: no proof in time";
        if let Some(guard) = guard {
            guard.unproven(self.address, message);
        }
        Status::unauthenticated(message)
    }
}

/// What a frame of these is too long to be.
pub(super) fn malformed(frame: &'static str) -> Status {
    Status::invalid_argument(format!("{frame}: malformed"))
}

fn no_keys() -> Status {
    Status::unimplemented("identify: this server knows no callers by keys")
}
