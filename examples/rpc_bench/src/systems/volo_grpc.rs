//! volo-grpc with pilota, as by default; a client object a connection.

use super::run_on_workers;
use crate::load::Load;
use crate::{Fault, server, work};
use bytes::Bytes;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use volo::net::Address;
use volo::net::incoming::DefaultIncoming;
use volo_grpc::server::{Server, ServiceBuilder};
use volo_grpc::{Request, Response, Status};

mod generated {
    #![allow(warnings)]
    include!(concat!(env!("OUT_DIR"), "/volo_grpc.rs"));
}
use generated::volo_grpc::bench::{Echo, EchoClientBuilder, EchoRequest, EchoResponse, EchoServer};

struct Service;

impl Echo for Service {
    async fn echo(&self, request: Request<EchoRequest>) -> Result<Response<EchoResponse>, Status> {
        let payload = request.into_inner().payload;
        work::handle(&payload).await;
        Ok(Response::new(EchoResponse { payload }))
    }
}

pub(crate) fn server(addr: SocketAddr) -> Result<(), Fault> {
    run_on_workers(async move {
        let listener = TcpListener::bind(addr).await?;
        server::announce(listener.local_addr()?);
        let service = ServiceBuilder::new(EchoServer::new(Service)).build();
        let incoming = DefaultIncoming::from(listener);
        Server::new().add_service(service).run(incoming).await
    })
}

pub(crate) fn client(load: Load) -> Result<(), Fault> {
    run_on_workers(async move {
        for _ in 0..load.cell.connections {
            let builder = EchoClientBuilder::new("echo").address(Address::from(load.addr));
            let client = builder.build();
            let request = |payload| EchoRequest { payload };
            // The first call alone, so that one client object makes one connection.
            client.echo(request(work::payload(1, false))).await?;
            let call = async move |payload: Bytes| {
                let answer = client.echo(request(payload)).await?;
                Ok(answer.into_inner().payload.len())
            };
            load.slots(call).for_each(|slot| drop(tokio::spawn(slot)));
        }
        load.measure().await
    })
}
