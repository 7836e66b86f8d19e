//! tarpc over TCP with bincode; the payload is a `ByteBuf`, because serde would walk a `Vec` byte by byte.

use super::run_on_workers;
use crate::load::Load;
use crate::{Fault, server, work};
use bytes::Bytes;
use futures::{StreamExt, future};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use std::net::SocketAddr;
use tarpc::server::{BaseChannel, Channel};
use tarpc::tokio_serde::formats::Bincode;
use tarpc::{client, context, serde_transport};

#[derive(Serialize, Deserialize, Debug)]
pub(crate) struct Message {
    payload: ByteBuf,
}

#[derive(Serialize, Deserialize, Debug)]
pub(crate) struct Answer {
    payload: ByteBuf,
}

#[tarpc::service]
pub(crate) trait Echo {
    async fn echo(request: Message) -> Answer;
}

#[derive(Clone)]
struct Service;

impl Echo for Service {
    async fn echo(self, _: context::Context, request: Message) -> Answer {
        work::handle(&request.payload).await;
        Answer {
            payload: request.payload,
        }
    }
}

pub(crate) fn server(addr: SocketAddr) -> Result<(), Fault> {
    run_on_workers(async move {
        let mut listener = serde_transport::tcp::listen(addr, Bincode::default).await?;
        listener.config_mut().max_frame_length(usize::MAX);
        server::announce(listener.local_addr());
        while let Some(transport) = listener.next().await {
            let transport = transport?;
            transport.get_ref().set_nodelay(true)?;
            let calls = BaseChannel::with_defaults(transport).execute(Service.serve());
            tokio::spawn(calls.for_each(|call| {
                tokio::spawn(call);
                future::ready(())
            }));
        }
        Ok(())
    })
}

pub(crate) fn client(load: Load) -> Result<(), Fault> {
    run_on_workers(async move {
        for _ in 0..load.cell.connections {
            let mut connect = serde_transport::tcp::connect(load.addr, Bincode::default);
            connect.config_mut().max_frame_length(usize::MAX);
            let transport = connect.await?;
            transport.get_ref().set_nodelay(true)?;
            let client = EchoClient::new(client::Config::default(), transport).spawn();
            let call = async move |payload: Bytes| {
                let payload = ByteBuf::from(&payload[..]);
                let answer = client.echo(context::current(), Message { payload }).await?;
                Ok(answer.payload.len())
            };
            load.slots(call).for_each(|slot| drop(tokio::spawn(slot)));
        }
        load.measure().await
    })
}
