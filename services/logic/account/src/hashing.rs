//! Hashing passwords, on a bounded number of threads.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use im_idl::refusal::with_retry_after;
use svrkit_rt::Status;

use crate::config::Config;
use crate::workers::{NotDone, Workers};

const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;
/// What a client waits before it tries again while all places are taken: some 25 of them are free again by then.
const BUSY_RETRY_MS: u32 = 1_000;

/// Argon2id with the settings' cost.
pub(crate) struct Hasher {
    argon2: Argon2<'static>,
    /// No password has it; whoever has no hash is compared with it, at the same cost.
    nobodys: String,
    workers: Workers,
}

impl Hasher {
    pub(crate) fn new(config: &Config) -> Result<Hasher, Status> {
        let (memory, passes, lanes) = (config.memory_kib, config.iterations, config.lanes);
        let params = Params::new(memory, passes, lanes, Some(HASH_BYTES))
            .map_err(|e| Status::invalid_argument(format!("memory_kib, iterations, lanes: {e}")))?;
        // Written by hand, since hashing something would delay the start.
        let nobodys = format!(
            "$argon2id$v=19$m={memory},t={passes},p={lanes}${}${}",
            STANDARD_NO_PAD.encode(random::<SALT_BYTES>()?),
            STANDARD_NO_PAD.encode(random::<HASH_BYTES>()?),
        );
        Ok(Hasher {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            nobodys,
            workers: Workers::new(config.hash_threads_max, config.hash_waiting_max),
        })
    }

    /// A password's hash with a salt of its own, as a PHC string.
    pub(crate) async fn hash(&self, password: String) -> Result<String, Status> {
        let salt = random::<SALT_BYTES>()?;
        let argon2 = self.argon2.clone();
        let work = move || argon2.hash_password_with_salt(password.as_bytes(), &salt);
        let hash: PasswordHash = self.run(work).await?.map_err(failed)?;
        Ok(hash.to_string())
    }

    /// Whether this is the password of that hash. Nobody's hash costs what a hash of today costs, and never matches.
    pub(crate) async fn matches(
        &self,
        password: String,
        hash: Option<&str>,
    ) -> Result<bool, Status> {
        let somebodys = hash.is_some();
        let hash = PasswordHash::new(hash.unwrap_or(&self.nobodys)).map_err(failed)?;
        let argon2 = self.argon2.clone();
        let work = move || argon2.verify_password(password.as_bytes(), &hash).is_ok();
        Ok(self.run(work).await? && somebodys)
    }

    /// Whether a hash has the cost of today's settings. One that has not takes another time to compare than nobody's.
    pub(crate) fn is_current(&self, hash: &str) -> bool {
        let cost = |hash: &str| -> Option<Params> {
            let hash = PasswordHash::new(hash).ok()?;
            Params::try_from(&hash).ok()
        };
        cost(hash) == cost(&self.nobodys)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Status> {
        self.workers
            .run(work)
            .await
            .map_err(|not_done| match not_done {
                NotDone::Busy => {
                    let message = "hash_waiting_max: too many passwords to look at";
                    let status = Status::overloaded(message);
                    with_retry_after(status, "im.account", "BUSY", BUSY_RETRY_MS)
                }
                NotDone::Failed => failed("a thread panicked"),
            })
    }
}

/// Random bytes of the system, for what must not be guessed.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Status> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

fn failed(error: impl std::fmt::Display) -> Status {
    Status::internal(format!("hashing failed: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use svrkit_rt::Code;
    use svrkit_rt::testing::run_test;

    fn cheap() -> Config {
        Config {
            memory_kib: 8,
            iterations: 1,
            ..Config::default()
        }
    }

    #[test]
    fn a_hash_matches_its_password_and_nobodys_matches_none() {
        run_test("hash", |_| async {
            let hasher = Hasher::new(&cheap()).unwrap();
            let hash = hasher.hash("correct horse".into()).await.unwrap();
            let again = hasher.hash("correct horse".into()).await.unwrap();
            assert_ne!(hash, again, "each has a salt of its own");
            let matches = |password: &str, hash| hasher.matches(password.into(), hash);
            assert!(matches("correct horse", Some(&hash)).await.unwrap());
            assert!(!matches("correct hors", Some(&hash)).await.unwrap());
            assert!(!matches("correct horse", None).await.unwrap());
        });
    }

    #[test]
    fn nobodys_hash_costs_what_others_do() {
        run_test("cost", |_| async {
            let hasher = Hasher::new(&cheap()).unwrap();
            let hash = hasher.hash("correct horse".into()).await.unwrap();
            assert!(hasher.is_current(&hash));
            assert!(hasher.is_current(&hasher.nobodys));
            let dearer = Config {
                iterations: 2,
                ..cheap()
            };
            assert!(!Hasher::new(&dearer).unwrap().is_current(&hash));
        });
    }

    #[test]
    fn beyond_the_threads_and_those_who_wait_it_says_no() {
        run_test("busy", |_| async {
            let config = Config {
                hash_threads_max: 1,
                hash_waiting_max: 2,
                ..cheap()
            };
            let hasher = Hasher::new(&config).unwrap();
            let hash = || hasher.hash("correct horse".into());
            let (go_on, held) = mpsc::channel::<()>();
            let holds_thread = hasher.run(move || held.recv().is_err());
            let one_too_many = async {
                let refused = hash().await;
                drop(go_on);
                refused
            };
            // They are polled in their order, so the fourth finds all places taken.
            let (a, b, c, d) = tokio::join!(holds_thread, hash(), hash(), one_too_many);
            assert!(a.is_ok() && b.is_ok() && c.is_ok());
            assert_eq!(d.unwrap_err().code(), Code::Overloaded);
            hash().await.expect("places come back");
        });
    }

    #[test]
    fn a_cost_that_cannot_be_is_refused_at_the_start() {
        let config = Config {
            memory_kib: 1,
            ..Config::default()
        };
        let refused = Hasher::new(&config).err().unwrap();
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
}
