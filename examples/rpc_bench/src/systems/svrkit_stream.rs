//! svrkit's streams: an echo of messages in place of calls. Each slot has a stream of its own, and sends its next request when it has
//! the answer to the last.

use super::run_on_workers;
use crate::load::Load;
use crate::{Fault, server, work};
use bytes::Bytes;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use svrkit_rt::{Channel, Context, Listener, Receiver, Sender, Server, Status};

mod generated {
    #![allow(unreachable_pub, dead_code, reason = "its blocking client is not used")]
    include!(concat!(env!("OUT_DIR"), "/svrkit_stream/bench_stream.rs"));
}
use generated::{Echo, EchoClient, EchoRequest, EchoResponse, EchoServer};

struct Service;

impl Echo for Service {
    async fn echo(
        &self,
        _: &mut Context,
        mut requests: Receiver<EchoRequest>,
        mut answers: Sender<EchoResponse>,
    ) -> Result<(), Status> {
        while let Some(EchoRequest { payload }) = requests.next().await? {
            work::handle(&payload).await;
            answers.send(EchoResponse { payload }).await?;
        }
        Ok(())
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

/// A stream's two ends.
type Ends = (Sender<EchoRequest>, Receiver<EchoResponse>);

pub(crate) fn client(load: Load) -> Result<(), Fault> {
    run_on_workers(async move {
        for _ in 0..load.cell.connections {
            let client = EchoClient::new(Channel::connect(&load.addr.to_string())?);
            // Those that no slot has in its hands.
            let idle: Arc<Mutex<Vec<Ends>>> = Arc::default();
            let call = async move |payload: Bytes| {
                let kept = idle.lock().map_or(None, |mut idle| idle.pop());
                let (mut requests, mut answers) = match kept {
                    Some(ends) => ends,
                    None => client.echo().await?,
                };
                requests.send(EchoRequest { payload }).await?;
                let answer = answers.next().await?.ok_or("the stream ended")?;
                if let Ok(mut idle) = idle.lock() {
                    idle.push((requests, answers));
                }
                Ok(answer.payload.len())
            };
            load.slots(call).for_each(|slot| drop(tokio::spawn(slot)));
        }
        load.measure().await
    })
}
