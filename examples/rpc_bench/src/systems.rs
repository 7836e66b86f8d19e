//! The systems that are compared: one file each, one line each in [`SYSTEMS`].

#[cfg(feature = "capnp")]
mod capnp;
#[cfg(feature = "raw")]
mod raw_tokio;
#[cfg(feature = "svrkit")]
mod svrkit;
#[cfg(feature = "streams")]
mod svrkit_stream;
#[cfg(feature = "tarpc")]
mod tarpc;
#[cfg(feature = "tonic")]
mod tonic;
#[cfg(feature = "volo")]
mod volo_grpc;
#[cfg(feature = "volo")]
mod volo_thrift;

use crate::Fault;
use crate::load::Load;
use std::net::SocketAddr;

pub(crate) struct System {
    pub(crate) name: &'static str,
    /// Runs unless others are asked for by name.
    pub(crate) by_default: bool,
    /// Has a client for plain threads.
    pub(crate) blocking_client: bool,
    /// Serves until the process is killed.
    pub(crate) server: fn(SocketAddr) -> Result<(), Fault>,
    /// Puts the load on a server; does not return unless it fails.
    pub(crate) client: fn(Load) -> Result<(), Fault>,
}

/// The system all others are compared to.
pub(crate) const BASE: &str = "raw-tokio-spawn";

pub(crate) static SYSTEMS: &[System] = &[
    #[cfg(feature = "svrkit")]
    System {
        name: "svrkit",
        blocking_client: true,
        server: |addr| svrkit::server(addr, svrkit::Variant::Counted),
        client: |load| svrkit::client(load, svrkit::Variant::Counted),
        ..ROW
    },
    #[cfg(feature = "svrkit")]
    System {
        name: "svrkit-uncounted",
        by_default: false,
        server: |addr| svrkit::server(addr, svrkit::Variant::Uncounted),
        client: |load| svrkit::client(load, svrkit::Variant::Uncounted),
        ..ROW
    },
    #[cfg(feature = "svrkit")]
    System {
        name: "svrkit-watched",
        by_default: false,
        server: |addr| svrkit::server(addr, svrkit::Variant::Watched),
        client: |load| svrkit::client(load, svrkit::Variant::Watched),
        ..ROW
    },
    #[cfg(feature = "streams")]
    System {
        name: "svrkit-stream",
        server: svrkit_stream::server,
        client: svrkit_stream::client,
        ..ROW
    },
    #[cfg(feature = "raw")]
    System {
        name: BASE,
        server: |addr| raw_tokio::server(addr, raw_tokio::Variant::Spawn),
        client: |load| raw_tokio::client(load, raw_tokio::Variant::Spawn),
        ..ROW
    },
    #[cfg(feature = "raw")]
    System {
        name: "raw-tokio-inline",
        by_default: false,
        server: |addr| raw_tokio::server(addr, raw_tokio::Variant::Inline),
        client: |load| raw_tokio::client(load, raw_tokio::Variant::Inline),
        ..ROW
    },
    #[cfg(feature = "raw")]
    System {
        name: "raw-tokio-eager",
        by_default: false,
        server: |addr| raw_tokio::server(addr, raw_tokio::Variant::Eager),
        client: |load| raw_tokio::client(load, raw_tokio::Variant::Eager),
        ..ROW
    },
    #[cfg(feature = "tonic")]
    System {
        name: "tonic",
        server: tonic::server,
        client: tonic::client,
        ..ROW
    },
    #[cfg(feature = "tarpc")]
    System {
        name: "tarpc",
        server: tarpc::server,
        client: tarpc::client,
        ..ROW
    },
    #[cfg(feature = "volo")]
    System {
        name: "volo-grpc",
        server: volo_grpc::server,
        client: volo_grpc::client,
        ..ROW
    },
    #[cfg(feature = "volo")]
    System {
        name: "volo-thrift-mux",
        server: |addr| volo_thrift::server(addr, volo_thrift::Variant::Multiplex),
        client: |load| volo_thrift::client(load, volo_thrift::Variant::Multiplex),
        ..ROW
    },
    #[cfg(feature = "volo")]
    System {
        name: "volo-thrift-pool",
        server: |addr| volo_thrift::server(addr, volo_thrift::Variant::Pool),
        client: |load| volo_thrift::client(load, volo_thrift::Variant::Pool),
        ..ROW
    },
    #[cfg(feature = "capnp")]
    System {
        name: "capnp-rpc",
        server: capnp::server,
        client: capnp::client,
        ..ROW
    },
];

/// What is so of most rows.
const ROW: System = System {
    name: "",
    by_default: true,
    blocking_client: false,
    server: |_| Err("no server".into()),
    client: |_| Err("no client".into()),
};

pub(crate) fn named(name: &str) -> Option<&'static System> {
    SYSTEMS.iter().find(|system| system.name == name)
}

/// Systems by name, or by the beginning of it: `volo` is all of volo's. Without names, all that run by default.
pub(crate) fn chosen(names: Option<&str>) -> Result<Vec<&'static System>, Fault> {
    let Some(names) = names else {
        return Ok(SYSTEMS.iter().filter(|system| system.by_default).collect());
    };
    let mut chosen: Vec<&'static System> = Vec::new();
    for name in names
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        let family =
            |system: &&System| system.name.starts_with(&format!("{name}-")) && system.by_default;
        let found: Vec<_> = match named(name) {
            Some(system) => vec![system],
            None => SYSTEMS.iter().filter(family).collect(),
        };
        if found.is_empty() {
            return Err(unknown(name));
        }
        for system in found {
            if !chosen.iter().any(|other| other.name == system.name) {
                chosen.push(system);
            }
        }
    }
    Ok(chosen)
}

pub(crate) fn unknown(name: &str) -> Fault {
    let names: Vec<_> = SYSTEMS.iter().map(|system| system.name).collect();
    format!(
        "no system {name} in this build; there are {}",
        names.join(", ")
    )
    .into()
}

/// Runs a server or a client on as many workers as there are CPUs for us, and not on the calling thread, which is
/// no worker.
#[allow(dead_code, reason = "capnp has its own, and may be the only one built")]
fn run_on_workers(
    main: impl Future<Output = Result<(), Fault>> + Send + 'static,
) -> Result<(), Fault> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(runtime.spawn(main))?
}
