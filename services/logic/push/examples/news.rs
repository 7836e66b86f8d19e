//! What a piece of news costs: from a service that has news to the access node that hears of it, everything in one thread, over
//! memory. The session service is a map here; its own cost is in the example of that crate. A process that wakes up 1,000 times a second
//! to do nothing (NEWS_PER_S = 0) uses some CPU too: what news cost is the difference.
//!
//! ```text
//! cargo run --release -p im-push --example news -- [NEWS_PER_S, default 25000] [USERS, default 200] [SECONDS, default 5]
//! ```

use im_idl::base::{Empty, Uins};
use im_idl::push::{PushClient, WaitRequest};
use im_idl::session::{
    CountResponse, Link, LookupResponse, RegisterRequest, RegisterResponse, RenewRequest,
    RenewResponse, Session, SessionClient, SessionServer, UnregisterRequest,
};
use im_push::{Config, Deps, build};
use im_serve::Notifier;
use std::cell::Cell;
use std::collections::HashMap;
use std::error::Error;
use std::rc::Rc;
use std::time::{Duration, Instant};
use svrkit_rt::testing::serve;
use svrkit_rt::{Context, Server, Status};
use tokio::task::LocalSet;
use tokio::time::{MissedTickBehavior, interval};

const NODES: [&str; 2] = ["access-1@5f3a", "access-2@77c0"];
const UIN_MIN: u64 = 10_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let mut number = |default: u64| args.next().map_or(Ok(default), |arg| arg.parse());
    let (per_s, users, seconds) = (number(25_000)?, number(200)?, number(5)?);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(LocalSet::new().run_until(run(per_s, users, seconds)))
}

async fn run(per_s: u64, users: u64, seconds: u64) -> Result<(), Box<dyn Error>> {
    let session = SessionClient::new(serve(sessions(users)));
    let server = build(Config::default(), Deps { session }).await?;
    let push = PushClient::new(serve(server));
    let heard = Rc::new(Cell::new((0_u64, 0_u64)));
    for node in NODES {
        tokio::task::spawn_local(listen(push.clone(), node, heard.clone()));
    }
    let notifier = Notifier::new(push);
    let (begun, cpu) = (Instant::now(), cpu_us()?);
    let mut tick = interval(Duration::from_millis(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut news = 0;
    while begun.elapsed() < Duration::from_secs(seconds) {
        tick.tick().await;
        for _ in 0..per_s / 1_000 {
            news += 1;
            notifier.messages(UIN_MIN + fastrand::u64(..users), news);
        }
    }
    let (elapsed, cpu) = (begun.elapsed(), cpu_us()? - cpu);
    let (events, answers) = heard.get();
    println!(
        "{:.0} news/s of {users} users",
        news as f64 / elapsed.as_secs_f64()
    );
    println!("{events} events in {answers} answers of {news} news");
    println!(
        "{:.2} us CPU a piece of news",
        cpu as f64 / news.max(1) as f64
    );
    println!(
        "{:.1} ms CPU a second",
        cpu as f64 / 1e3 / elapsed.as_secs_f64()
    );
    Ok(())
}

/// An access node that polls and counts.
async fn listen(push: PushClient, node: &'static str, heard: Rc<Cell<(u64, u64)>>) {
    let mut taken = 0;
    loop {
        let (node, wait_ms) = (node.to_owned(), 30_000);
        let request = WaitRequest {
            node,
            wait_ms,
            taken,
        };
        match push.wait(request).await {
            Ok(answer) => {
                taken = answer.taken;
                let (events, answers) = heard.get();
                heard.set((events + answer.events.len() as u64, answers + 1));
            }
            Err(status) => {
                println!("{status}");
                return;
            }
        }
    }
}

/// Processor time of the process, in microseconds: in user mode and in the kernel, in ticks of 10 ms.
fn cpu_us() -> Result<u64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').ok_or("no name in /proc/self/stat")?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || fields.next().ok_or("too few fields").map(str::parse::<u64>);
    Ok((ticks()?? + ticks()??) * 10_000)
}

/// A session service of users with one link each.
fn sessions(users: u64) -> Server {
    let link = |n: u64| Link {
        uin: UIN_MIN + n,
        device: format!("device-{n:08x}"),
        link: n,
        opened_ms: 1_700_000_000_000,
        client_version: 200,
        node: NODES[n as usize % NODES.len()].to_owned(),
    };
    let links = (0..users).map(|n| (UIN_MIN + n, link(n))).collect();
    Server::new().service(SessionServer::new(Links { links }))
}

struct Links {
    links: HashMap<u64, Link>,
}

impl Session for Links {
    async fn lookup(&self, _ctx: &mut Context, request: Uins) -> Result<LookupResponse, Status> {
        let links = request.uins.iter().filter_map(|uin| self.links.get(uin));
        let links = links.cloned().collect();
        Ok(LookupResponse { links })
    }

    async fn register(
        &self,
        _ctx: &mut Context,
        _request: RegisterRequest,
    ) -> Result<RegisterResponse, Status> {
        Err(Status::unimplemented("register"))
    }

    async fn unregister(
        &self,
        _ctx: &mut Context,
        _request: UnregisterRequest,
    ) -> Result<Empty, Status> {
        Err(Status::unimplemented("unregister"))
    }

    async fn renew(
        &self,
        _ctx: &mut Context,
        _request: RenewRequest,
    ) -> Result<RenewResponse, Status> {
        Err(Status::unimplemented("renew"))
    }

    async fn online(&self, _ctx: &mut Context, _request: Uins) -> Result<Uins, Status> {
        Err(Status::unimplemented("online"))
    }

    async fn count(&self, _ctx: &mut Context, _request: Empty) -> Result<CountResponse, Status> {
        Err(Status::unimplemented("count"))
    }
}
