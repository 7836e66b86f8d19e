//! Whose ticket it is.

use crate::config::Config;
use im_idl::account::{AccountClient, VerifyRequest, VerifyResponse};
use im_idl::refusal::with_retry_after;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use svrkit_rt::Status;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

/// Milliseconds that a ticket waits for its turn to be verified.
const TURN_WAIT_MS: u64 = 2_000;
/// When whoever did not get a turn may try again.
const RETRY_AFTER_MS: u32 = 1_000;

/// Asks the account service, for so many tickets at once.
#[derive(Debug)]
pub(crate) struct Tickets {
    account: AccountClient,
    turns: Semaphore,
    keep: Duration,
    kept_max: usize,
    /// Those verified lately, for the short link, whose every request shows one.
    kept: Mutex<HashMap<String, (Arc<VerifyResponse>, Instant)>>,
}

impl Tickets {
    pub(crate) fn new(account: AccountClient, config: &Config) -> Tickets {
        Tickets {
            account,
            turns: Semaphore::new(config.verifies_max.max(1)),
            keep: Duration::from_millis(config.ticket_cache_ms),
            kept_max: config.ticket_cache_max,
            kept: Mutex::default(),
        }
    }

    /// Whose it is, asked now.
    ///
    /// # Errors
    /// The account service's refusal, or `Overloaded`.
    pub(crate) async fn verify(&self, ticket: String) -> Result<VerifyResponse, Status> {
        let wait = Duration::from_millis(TURN_WAIT_MS);
        let Ok(Ok(_turn)) = timeout(wait, self.turns.acquire()).await else {
            let status = Status::overloaded("too many tickets are being verified");
            let status = status.with_not_started();
            return Err(with_retry_after(
                status,
                crate::DOMAIN,
                "BUSY",
                RETRY_AFTER_MS,
            ));
        };
        self.account.verify(VerifyRequest { ticket }).await
    }

    /// Whose it is, or was a moment ago.
    ///
    /// # Errors
    /// As [`Tickets::verify`].
    pub(crate) async fn verify_or_remember(
        &self,
        ticket: &str,
    ) -> Result<Arc<VerifyResponse>, Status> {
        let now = Instant::now();
        if let Some((whose, until)) = self.kept().get(ticket)
            && *until > now
        {
            return Ok(whose.clone());
        }
        let whose = Arc::new(self.verify(ticket.to_owned()).await?);
        let mut kept = self.kept();
        if kept.len() >= self.kept_max {
            kept.retain(|_, (_, until)| *until > now);
        }
        if kept.len() < self.kept_max {
            kept.insert(ticket.to_owned(), (whose.clone(), now + self.keep));
        }
        Ok(whose)
    }

    /// Forgets a user's tickets: one of them may be worth nothing any more.
    pub(crate) fn forget(&self, uin: u64) {
        self.kept().retain(|_, (whose, _)| whose.uin != uin);
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<String, (Arc<VerifyResponse>, Instant)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
