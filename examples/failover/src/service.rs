//! What each instance serves.

use crate::shop::v1::{
    BuyReply, BuyRequest, PriceReply, PriceRequest, Shop, ShopServer, SlowDownReply,
    SlowDownRequest,
};
use std::error::Error;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;
use svrkit_rt::{Context, Listener, Server, Status};
use tokio::time::sleep;

/// What a call takes: so much, and as much again by chance.
const WORK_US: u64 = 1_000;

struct Stall {
    times_slower: AtomicU32,
}

impl Stall {
    async fn work(&self) {
        let us = WORK_US + fastrand::u64(..WORK_US);
        let times = self.times_slower.load(Relaxed);
        sleep(Duration::from_micros(us) * times).await;
    }
}

impl Shop for Stall {
    async fn price(&self, _: &mut Context, _: PriceRequest) -> Result<PriceReply, Status> {
        self.work().await;
        Ok(PriceReply {})
    }

    async fn buy(&self, _: &mut Context, _: BuyRequest) -> Result<BuyReply, Status> {
        self.work().await;
        Ok(BuyReply {})
    }

    async fn slow_down(
        &self,
        _: &mut Context,
        request: SlowDownRequest,
    ) -> Result<SlowDownReply, Status> {
        self.times_slower.store(request.times, Relaxed);
        Ok(SlowDownReply {})
    }
}

/// The whole of an instance's process: says where it listens, and serves until it is killed.
pub(crate) async fn serve() -> Result<(), Box<dyn Error>> {
    let listener = Listener::bind("127.0.0.1:0").await?;
    println!("{}", listener.address());
    let stall = Stall {
        times_slower: AtomicU32::new(1),
    };
    let server = Server::new().service(ShopServer::new(stall));
    Ok(server.run(listener, std::future::pending()).await?)
}
