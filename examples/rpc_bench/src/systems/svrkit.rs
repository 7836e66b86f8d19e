//! svrkit: the generated stubs, all as by default; a channel a connection. Both processes count their calls in a segment of their own,
//! as a service does, or not at all; or they also keep what is worth a look, as with an admin listener.

use super::run_on_workers;
use crate::cell::Kind;
use crate::load::Load;
use crate::{Fault, server, work};
use bytes::Bytes;
use std::future::pending;
use std::net::SocketAddr;
use svrkit_rt::{Channel, Context, Listener, Server, Status, monitor, spans};

mod generated {
    #![allow(unreachable_pub)]
    include!(concat!(env!("OUT_DIR"), "/svrkit/bench.rs"));
}
use generated::{Echo, EchoClient, EchoRequest, EchoResponse, EchoServer, blocking};

struct Service;

impl Echo for Service {
    async fn echo(&self, _: &mut Context, request: EchoRequest) -> Result<EchoResponse, Status> {
        let payload = request.payload;
        work::handle(&payload).await;
        Ok(EchoResponse { payload })
    }
}

/// Whether calls are counted, and whether those worth a look are kept.
#[derive(Clone, Copy)]
pub(crate) enum Variant {
    Counted,
    Uncounted,
    /// Counted and watched, as with an admin listener.
    Watched,
}

/// A segment, which loses its name at once: nobody reads it, and a killed process leaves nothing behind.
fn open_monitor(variant: Variant) -> Result<(), Fault> {
    let config = monitor::Config {
        instance: format!("rpc_bench-{}", std::process::id()),
        count_calls: !matches!(variant, Variant::Uncounted),
        ..monitor::Config::default()
    };
    monitor::open(&config)?;
    let path = monitor::segment_path(&config.directory, &config.instance);
    Ok(std::fs::remove_file(path)?)
}

fn keep_calls(variant: Variant) -> Option<spans::Keeping> {
    matches!(variant, Variant::Watched).then(spans::keep)
}

pub(crate) fn server(addr: SocketAddr, variant: Variant) -> Result<(), Fault> {
    open_monitor(variant)?;
    let _keeping = keep_calls(variant);
    run_on_workers(async move {
        let listener = Listener::bind(&addr.to_string()).await?;
        server::announce(listener.address().parse()?);
        let server = Server::new().service(EchoServer::new(Service));
        Ok(server.run(listener, pending()).await?)
    })
}

pub(crate) fn client(load: Load, variant: Variant) -> Result<(), Fault> {
    open_monitor(variant)?;
    let _keeping = keep_calls(variant);
    if load.cell.kind == Kind::Threads {
        return client_of_threads(load);
    }
    run_on_workers(async move {
        for _ in 0..load.cell.connections {
            let client = EchoClient::new(Channel::connect(&load.addr.to_string())?);
            let call = async move |payload: Bytes| {
                let answer = client.echo(EchoRequest { payload }).await?;
                Ok(answer.payload.len())
            };
            load.slots(call).for_each(|slot| drop(tokio::spawn(slot)));
        }
        load.measure().await
    })
}

/// Plain threads that share one channel; nothing of ours runs on a runtime.
fn client_of_threads(load: Load) -> Result<(), Fault> {
    let client = blocking::EchoClient::new(Channel::connect(&load.addr.to_string())?);
    let call = move |payload: Bytes| Ok(client.echo(EchoRequest { payload })?.payload.len());
    load.spawn_threads(call);
    load.measure_here()
}
