//! tonic with prost: bytes fields as `Bytes`, all else as by default.

use super::run_on_workers;
use crate::load::Load;
use crate::{Fault, server, work};
use bytes::Bytes;
use std::net::SocketAddr;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Endpoint, Server};
use tonic::{Request, Response, Status};

mod bench {
    #![allow(unreachable_pub)]
    include!(concat!(env!("OUT_DIR"), "/tonic/bench.rs"));
}
use bench::echo_client::EchoClient;
use bench::echo_server::{Echo, EchoServer};
use bench::{EchoRequest, EchoResponse};

struct Service;

#[tonic::async_trait]
impl Echo for Service {
    async fn echo(&self, request: Request<EchoRequest>) -> Result<Response<EchoResponse>, Status> {
        let payload = request.into_inner().payload;
        work::handle(&payload).await;
        Ok(Response::new(EchoResponse { payload }))
    }
}

pub(crate) fn server(addr: SocketAddr) -> Result<(), Fault> {
    run_on_workers(async move {
        // As `serve(addr)` does, which would not tell the port.
        let incoming = TcpIncoming::bind(addr)?.with_nodelay(Some(true));
        server::announce(incoming.local_addr()?);
        let router = Server::builder().add_service(EchoServer::new(Service));
        Ok(router.serve_with_incoming(incoming).await?)
    })
}

pub(crate) fn client(load: Load) -> Result<(), Fault> {
    run_on_workers(async move {
        for _ in 0..load.cell.connections {
            let endpoint = Endpoint::from_shared(format!("http://{}", load.addr))?;
            let client = EchoClient::new(endpoint.connect().await?);
            let call = async move |payload: Bytes| {
                // A client is cheap to clone, and a call needs it mutable.
                let answer = client.clone().echo(EchoRequest { payload }).await?;
                Ok(answer.into_inner().payload.len())
            };
            load.slots(call).for_each(|slot| drop(tokio::spawn(slot)));
        }
        load.measure().await
    })
}
