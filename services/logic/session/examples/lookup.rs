//! What a lookup costs, and a registration: client and service in one thread, over memory.
//!
//! ```text
//! cargo run --release -p im-session --example lookup -- [LINKS, default 100000] [USERS_PER_LOOKUP, default 50]
//! ```

use im_idl::base::Uins;
use im_idl::session::{Link, RegisterRequest, SessionClient};
use im_session::{Config, Deps, build};
use std::error::Error;
use std::time::{Duration, Instant};
use svrkit_rt::testing::serve;

const UIN_MIN: u64 = 10_000;
const LINKS_PER_CALL: u64 = 1_000;
const SECONDS: u64 = 3;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let mut number = |default: u64| args.next().map_or(Ok(default), |arg| arg.parse());
    let (links, users) = (number(100_000)?, number(50)?);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run(links, users))
}

async fn run(links: u64, users: u64) -> Result<(), Box<dyn Error>> {
    let session = SessionClient::new(serve(build(Config::default(), Deps).await?));
    let begun = Instant::now();
    for first in (0..links).step_by(LINKS_PER_CALL as usize) {
        let links = (first..links.min(first + LINKS_PER_CALL)).map(link);
        let (node, links) = ("access-1@5f3a".to_owned(), links.collect());
        session.register(RegisterRequest { node, links }).await?;
    }
    let per_link = begun.elapsed().as_secs_f64() * 1e6 / links as f64;
    println!("{per_link:.2} us a link registered, {LINKS_PER_CALL} a call");

    let (begun, mut calls) = (Instant::now(), 0);
    while begun.elapsed() < Duration::from_secs(SECONDS) {
        let uins = (0..users).map(|_| UIN_MIN + fastrand::u64(..links));
        let uins = uins.collect();
        session.lookup(Uins { uins }).await?;
        calls += 1;
    }
    let per_user = begun.elapsed().as_secs_f64() * 1e6 / (calls * users) as f64;
    println!("{per_user:.2} us a user looked up, {users} a call");
    Ok(())
}

fn link(n: u64) -> Link {
    Link {
        uin: UIN_MIN + n,
        device: format!("device-{n:08x}"),
        link: n,
        opened_ms: 1_700_000_000_000,
        client_version: 200,
        node: String::new(),
    }
}
