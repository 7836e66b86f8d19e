//! The keys that tickets are sealed with, as the store has them.

use crate::hashing::random;
use crate::refused::Refused;
use crate::rotation::{self, Lifetimes};
use crate::ticket::{Claims, Seal, Sealed};
use im_idl::account_store::{AccountStoreClient, Key, RotateKeysRequest};
use im_idl::base::Empty;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use svrkit_rt::{Code, Status, clock};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// Keys are read again when they are older than this: well before a new one signs.
const FRESH: Duration = Duration::from_millis(rotation::KEY_SETTLE_MS / 5);
/// A ticket with a key that is not known has the keys read again, but not more often than this: forged ones cost a call a second.
const UNKNOWN_KEY_PAUSE: Duration = Duration::from_secs(1);
const SECRET_BYTES: usize = 32;

/// Keys, read when they are first needed and then from time to time. While the store cannot be reached, the old ones serve.
pub(crate) struct KeyRing {
    store: AccountStoreClient,
    lifetimes: Lifetimes,
    /// Read by every call and written once a minute.
    read: RwLock<Option<Arc<Keys>>>,
    /// Held while keys are read: one call for all who need them.
    reading: Mutex<()>,
}

/// Keys as they were read. Has no `Debug`: they are secrets.
struct Keys {
    seals: Vec<Seal>,
    /// Its place among them.
    signer: usize,
    read_at: Instant,
}

/// What signs tickets.
pub(crate) struct Signer {
    keys: Arc<Keys>,
    ticket_ms: u64,
}

impl Signer {
    /// A ticket of this device, and when it expires.
    pub(crate) fn sign(&self, uin: u64, device: String, serial: u64) -> (String, u64) {
        let expires_ms = clock::now_ms() + self.ticket_ms;
        let claims = Claims {
            uin,
            device,
            serial,
            expires_ms,
        };
        (self.keys.seals[self.keys.signer].seal(&claims), expires_ms)
    }
}

impl KeyRing {
    pub(crate) fn new(store: AccountStoreClient, lifetimes: Lifetimes) -> KeyRing {
        KeyRing {
            store,
            lifetimes,
            read: RwLock::new(None),
            reading: Mutex::new(()),
        }
    }

    /// What signs now.
    pub(crate) async fn signer(&self) -> Result<Signer, Status> {
        Ok(Signer {
            keys: self.fresh().await?,
            ticket_ms: self.lifetimes.ticket_ms,
        })
    }

    /// What a ticket says, when it is sealed with one of the keys and has not expired.
    pub(crate) async fn open(&self, ticket: &str) -> Result<Claims, Status> {
        let sealed = Sealed::read(ticket).ok_or(Refused::TicketInvalid)?;
        let mut keys = self.fresh().await?;
        if keys.seal(sealed.key()).is_none() && keys.read_at.elapsed() >= UNKNOWN_KEY_PAUSE {
            keys = self.read_again(Some(&keys)).await?;
        }
        let seal = keys.seal(sealed.key()).ok_or(Refused::TicketInvalid)?;
        let claims = seal.open(&sealed).ok_or(Refused::TicketInvalid)?;
        if claims.expires_ms <= clock::now_ms() {
            return Err(Refused::TicketInvalid.into());
        }
        Ok(claims)
    }

    fn known(&self) -> Option<Arc<Keys>> {
        let read = self.read.read().unwrap_or_else(PoisonError::into_inner);
        read.clone()
    }

    async fn fresh(&self) -> Result<Arc<Keys>, Status> {
        let Some(keys) = self.known() else {
            return self.read_again(None).await;
        };
        // While somebody reads them again, the old ones serve: nobody queues up behind a store that is away.
        if keys.read_at.elapsed() < FRESH || self.reading.try_lock().is_err() {
            return Ok(keys);
        }
        match self.read_again(Some(&keys)).await {
            Err(status) => {
                tracing::debug!(%status, "ticket keys cannot be read again; the old ones serve");
                Ok(keys)
            }
            fresh => fresh,
        }
    }

    /// Reads the keys unless somebody else has since `before`.
    async fn read_again(&self, before: Option<&Arc<Keys>>) -> Result<Arc<Keys>, Status> {
        let _reading = self.reading.lock().await;
        let read_at = |keys: &Arc<Keys>| keys.read_at;
        if let Some(keys) = self.known()
            && Some(keys.read_at) != before.map(read_at)
        {
            return Ok(keys);
        }
        let mut listed = self.store.list_keys(Empty {}).await?;
        let now_ms = clock::now_ms();
        if rotation::is_due(&listed.keys, now_ms, self.lifetimes) {
            let rotate = RotateKeysRequest {
                add: Some(Key {
                    id: rotation::next_id(&listed.keys),
                    secret: random::<SECRET_BYTES>()?.to_vec().into(),
                    created_ms: now_ms,
                }),
                forget: rotation::forgotten(&listed.keys, now_ms, self.lifetimes),
                expected_version: listed.version,
            };
            match self.store.rotate_keys(rotate).await {
                // Somebody else was first.
                Err(status) if status.code() != Code::Aborted && listed.keys.is_empty() => {
                    return Err(status);
                }
                _ => listed = self.store.list_keys(Empty {}).await?,
            }
        }
        let signer = rotation::signer(&listed.keys, now_ms);
        let keys = Arc::new(Keys {
            signer: signer.ok_or_else(|| Status::unavailable("there are no ticket keys yet"))?,
            seals: seals(&listed.keys),
            read_at: Instant::now(),
        });
        *self.read.write().unwrap_or_else(PoisonError::into_inner) = Some(keys.clone());
        Ok(keys)
    }
}

impl Keys {
    fn seal(&self, key: u32) -> Option<&Seal> {
        self.seals.iter().find(|seal| seal.key == key)
    }
}

fn seals(keys: &[Key]) -> Vec<Seal> {
    let seal = |key: &Key| Seal::new(key.id, &key.secret);
    keys.iter().map(seal).collect()
}
