//! Newest versions of users' data of one kind, asked for together.

use im_idl::base::{Uins, UserVersions};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use svrkit_rt::{BoxFuture, Code, Status};
use tokio::sync::oneshot;

/// Users in one call.
const USERS_PER_CALL_MAX: usize = 1_000;
/// Users who may wait for the call after the one under way.
const WAITING_USERS_MAX: usize = 50_000;

type Ask = Box<dyn Fn(Uins) -> BoxFuture<Result<UserVersions, Status>> + Send + Sync>;

/// Asks a store for versions, one call at a time: who comes while it is under way goes with the next.
///
/// Most who sync have nothing new of most kinds. To learn that, a lone one pays a call, and many at a time pay a fraction of one each. An
/// answer is never older than the question: nobody joins a call that has begun.
#[derive(Clone)]
pub(crate) struct Latest {
    inner: Arc<Inner>,
}

struct Inner {
    ask: Ask,
    /// A lock, and never over an await.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: Vec<Waiting>,
    asking: bool,
}

struct Waiting {
    uin: u64,
    answer: oneshot::Sender<Result<u64, Status>>,
}

impl Latest {
    pub(crate) fn new(
        ask: impl Fn(Uins) -> BoxFuture<Result<UserVersions, Status>> + Send + Sync + 'static,
    ) -> Latest {
        let ask = Box::new(ask);
        let state = Mutex::default();
        let inner = Arc::new(Inner { ask, state });
        Latest { inner }
    }

    /// The newest version of a user's data.
    ///
    /// # Errors
    /// What the store answers; `Overloaded` when too many wait.
    pub(crate) async fn of(&self, uin: u64) -> Result<u64, Status> {
        let (answer, answered) = oneshot::channel();
        {
            let mut state = self.inner.lock();
            if state.waiting.len() >= WAITING_USERS_MAX {
                return Err(Status::new(Code::Overloaded, "too many ask for versions"));
            }
            state.waiting.push(Waiting { uin, answer });
            if !state.asking {
                state.asking = true;
                tokio::spawn(ask(self.inner.clone()));
            }
        }
        let answer = answered.await;
        answer.unwrap_or_else(|_| Err(Status::unavailable("the call for versions was lost")))
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in it can be half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_call(&self) -> Option<Vec<Waiting>> {
        let mut state = self.lock();
        if state.waiting.is_empty() {
            state.asking = false;
            return None;
        }
        let rest = state.waiting.len().min(USERS_PER_CALL_MAX);
        let rest = state.waiting.split_off(rest);
        Some(std::mem::replace(&mut state.waiting, rest))
    }
}

async fn ask(inner: Arc<Inner>) {
    while let Some(waiting) = inner.next_call() {
        let uins = waiting.iter().map(|waiting| waiting.uin).collect();
        let answer = (inner.ask)(Uins { uins }).await;
        let answer = answer.and_then(|answer| match answer.versions.len() == waiting.len() {
            true => Ok(answer.versions),
            false => Err(Status::new(Code::Internal, "not a version for each user")),
        });
        for (place, waiting) in waiting.into_iter().enumerate() {
            let version = answer.as_ref().map(|versions| versions[place]);
            // Whoever has gone away does not hear it.
            let _ = waiting.answer.send(version.map_err(Status::clone));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use svrkit_rt::testing::run_test;
    use tokio::time::sleep;

    /// Versions are the users' numbers; each call takes a second and is noted.
    fn latest() -> (Latest, Arc<Mutex<Vec<Vec<u64>>>>) {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let noted = calls.clone();
        let latest = Latest::new(move |request: Uins| {
            noted.lock().unwrap().push(request.uins.clone());
            Box::pin(async {
                sleep(Duration::from_secs(1)).await;
                match request.uins.contains(&0) {
                    true => Err(Status::unavailable("down")),
                    false => Ok(UserVersions {
                        versions: request.uins,
                    }),
                }
            })
        });
        (latest, calls)
    }

    #[test]
    fn who_comes_during_a_call_goes_with_the_next() {
        run_test("latest", |_| async {
            let (latest, calls) = latest();
            let mut asking = Vec::new();
            for uin in 1..=3 {
                let latest = latest.clone();
                asking.push(tokio::spawn(async move { latest.of(uin).await }));
                sleep(Duration::from_millis(100)).await;
            }
            for (uin, asking) in (1..=3).zip(asking) {
                assert_eq!(asking.await.unwrap().unwrap(), uin);
            }
            assert_eq!(*calls.lock().unwrap(), [vec![1], vec![2, 3]]);
            assert_eq!(latest.of(9).await.unwrap(), 9);
        });
    }

    #[test]
    fn a_failure_is_everybodys_and_the_next_call_is_another() {
        run_test("latest", |_| async {
            let (latest, _) = latest();
            let (none, one) = tokio::join!(latest.of(0), latest.of(1));
            assert_eq!(none.unwrap_err().code(), Code::Unavailable);
            assert_eq!(one.unwrap_err().code(), Code::Unavailable);
            assert_eq!(latest.of(1).await.unwrap(), 1);
        });
    }
}
