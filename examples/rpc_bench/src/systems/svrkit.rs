//! svrkit: the generated stubs, all as by default; a channel a connection.

use super::run_on_workers;
use crate::cell::Kind;
use crate::load::Load;
use crate::{Fault, server, work};
use bytes::Bytes;
use std::future::pending;
use std::net::SocketAddr;
use svrkit_rt::{Channel, Context, Listener, Server, Status};

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

pub(crate) fn server(addr: SocketAddr) -> Result<(), Fault> {
    run_on_workers(async move {
        let listener = Listener::bind(&addr.to_string()).await?;
        server::announce(listener.address().parse()?);
        let server = Server::new().service(EchoServer::new(Service));
        Ok(server.run(listener, pending()).await?)
    })
}

pub(crate) fn client(load: Load) -> Result<(), Fault> {
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
