//! capnp-rpc, two parties. Its types stay on one thread, so both sides have a single-threaded runtime.

use crate::load::Load;
use crate::{Fault, server, work};
use bytes::Bytes;
use capnp_rpc::RpcSystem;
use capnp_rpc::rpc_twoparty_capnp::Side;
use capnp_rpc::twoparty::VatNetwork;
use futures::AsyncReadExt;
use futures::io::{AsyncRead, BufReader, BufWriter};
use std::net::SocketAddr;
use std::rc::Rc;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{LocalSet, spawn_local};
use tokio_util::compat::TokioAsyncReadCompatExt;

use crate::echo_capnp::echo;

struct Service;

impl echo::Server for Service {
    async fn echo(
        self: Rc<Self>,
        params: echo::EchoParams,
        mut results: echo::EchoResults,
    ) -> Result<(), capnp::Error> {
        let request = params.get()?.get_request()?;
        let payload = request.get_payload()?;
        work::handle(payload).await;
        results.get().init_reply().set_payload(payload);
        Ok(())
    }
}

pub(crate) fn server(addr: SocketAddr) -> Result<(), Fault> {
    run_on_one_thread(async move {
        let listener = TcpListener::bind(addr).await?;
        server::announce(listener.local_addr()?);
        let service: echo::Client = capnp_rpc::new_client(Service);
        loop {
            let (stream, _) = listener.accept().await?;
            let network = Box::new(network(stream, Side::Server)?);
            spawn_local(RpcSystem::new(network, Some(service.clone().client)));
        }
    })
}

pub(crate) fn client(load: Load) -> Result<(), Fault> {
    run_on_one_thread(async move {
        for _ in 0..load.cell.connections {
            let stream = TcpStream::connect(load.addr).await?;
            let mut system = RpcSystem::new(Box::new(network(stream, Side::Client)?), None);
            let client: echo::Client = system.bootstrap(Side::Server);
            spawn_local(system);
            let call = async move |payload: Bytes| {
                let mut request = client.echo_request();
                request.get().init_request().set_payload(&payload);
                let answer = request.send().promise.await?;
                Ok(answer.get()?.get_reply()?.get_payload()?.len())
            };
            load.slots(call).for_each(|slot| drop(spawn_local(slot)));
        }
        load.measure().await
    })
}

fn network(stream: TcpStream, side: Side) -> Result<VatNetwork<BufReader<impl AsyncRead>>, Fault> {
    stream.set_nodelay(true)?;
    let (reader, writer) = stream.compat().split();
    Ok(VatNetwork::new(
        BufReader::new(reader),
        BufWriter::new(writer),
        side,
        Default::default(),
    ))
}

fn run_on_one_thread(main: impl Future<Output = Result<(), Fault>>) -> Result<(), Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    LocalSet::new().block_on(&runtime, main)
}
