//! volo-thrift with pilota, framed binary.

use super::run_on_workers;
use crate::load::Load;
use crate::{Fault, server, work};
use bytes::Bytes;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use volo::net::Address;
use volo::net::incoming::DefaultIncoming;
use volo_thrift::ServerError;

// Generated; it does use unsafe code.
mod generated {
    #![allow(warnings, unsafe_code)]
    include!(concat!(env!("OUT_DIR"), "/volo_thrift.rs"));
}
use generated::volo_thrift::bench::{
    EchoRequest, EchoResponse, EchoService, EchoServiceClientBuilder, EchoServiceServer,
};

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Variant {
    /// Many calls in flight on a connection.
    Multiplex,
    /// The default: a call at a time on a pooled connection, so connections x in flight of them.
    Pool,
}

struct Service;

impl EchoService for Service {
    async fn echo(&self, request: EchoRequest) -> Result<EchoResponse, ServerError> {
        work::handle(&request.payload).await;
        Ok(EchoResponse {
            payload: request.payload,
        })
    }
}

pub(crate) fn server(addr: SocketAddr, variant: Variant) -> Result<(), Fault> {
    run_on_workers(async move {
        let listener = TcpListener::bind(addr).await?;
        server::announce(listener.local_addr()?);
        let incoming = DefaultIncoming::from(listener);
        let service = EchoServiceServer::new(Service);
        match variant {
            Variant::Multiplex => service.multiplex(true).run(incoming).await,
            Variant::Pool => service.run(incoming).await,
        }
    })
}

pub(crate) fn client(load: Load, variant: Variant) -> Result<(), Fault> {
    run_on_workers(async move {
        for _ in 0..load.cell.connections {
            let client = EchoServiceClientBuilder::new("echo")
                .multiplex(variant == Variant::Multiplex)
                .address(Address::from(load.addr))
                .build();
            // The first call alone, so that one multiplexing client makes one connection.
            client
                .echo(EchoRequest {
                    payload: work::payload(1, false),
                })
                .await?;
            let call = async move |payload: Bytes| {
                let answer = client.echo(EchoRequest { payload }).await?;
                Ok(answer.payload.len())
            };
            load.slots(call).for_each(|slot| drop(tokio::spawn(slot)));
        }
        load.measure().await
    })
}
