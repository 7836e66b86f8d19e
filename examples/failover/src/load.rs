//! Calls at a steady rate, whatever becomes of them: an open loop, so that what waits is counted from when it was to begin.

use crate::shop::v1::{BuyRequest, PriceRequest, ShopClient};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use svrkit_rt::Channel;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// One call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    /// When it was to begin, since the load began.
    pub(crate) at: Duration,
    pub(crate) took: Duration,
    pub(crate) failed: bool,
}

/// Calls in turn what may be called twice and what may not, so many times a second for so long.
pub(crate) async fn run(channel: Channel, rate: u32, lasts: Duration) -> Vec<Call> {
    let shop = ShopClient::new(channel);
    let calls = Arc::new(Mutex::new(Vec::new()));
    let began = Instant::now();
    let mut running = JoinSet::new();
    for n in 0.. {
        let at = Duration::from_secs(1) * n / rate;
        if at >= lasts {
            break;
        }
        sleep_until(began + at).await;
        let (shop, calls) = (shop.clone(), calls.clone());
        running.spawn(async move {
            let result = match n % 2 {
                0 => shop.price(PriceRequest {}).await.map(drop),
                _ => shop.buy(BuyRequest {}).await.map(drop),
            };
            let call = Call {
                at,
                took: (began + at).elapsed(),
                failed: result.is_err(),
            };
            calls
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(call);
        });
        while running.try_join_next().is_some() {}
    }
    while running.join_next().await.is_some() {}
    std::mem::take(&mut *calls.lock().unwrap_or_else(PoisonError::into_inner))
}
