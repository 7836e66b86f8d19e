//! Generates each system's stubs, without any tool that is not a crate.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=idl");
    #[cfg(feature = "svrkit")]
    svrkit()?;
    #[cfg(feature = "tonic")]
    tonic()?;
    #[cfg(feature = "volo")]
    volo()?;
    Ok(())
}

#[cfg(feature = "svrkit")]
fn svrkit() -> Result<(), Box<dyn Error>> {
    svrkit_codegen::configure()
        .include("idl")
        .out_dir(folder("svrkit")?)
        .compile(&["idl/echo.proto"])?;
    #[cfg(feature = "streams")]
    svrkit_codegen::configure()
        .include("idl")
        .out_dir(folder("svrkit_stream")?)
        .compile(&["idl/echo_stream.proto"])?;
    Ok(())
}

#[cfg(feature = "tonic")]
fn tonic() -> Result<(), Box<dyn Error>> {
    let out_dir = folder("tonic")?;
    let files = protox::compile(["idl/echo.proto"], ["idl"])?;
    tonic_prost_build::configure()
        .bytes(".")
        .out_dir(out_dir)
        .compile_fds(files)?;
    Ok(())
}

#[cfg(feature = "volo")]
fn volo() -> Result<(), Box<dyn Error>> {
    volo_build::Builder::protobuf()
        .add_service("idl/echo.proto")
        .include_dirs(vec!["idl".into()])
        .filename("volo_grpc.rs".into())
        .write()?;
    volo_build::Builder::thrift()
        .add_service("idl/echo.thrift")
        .filename("volo_thrift.rs".into())
        .write()?;
    Ok(())
}

/// A folder for a system's output: the files of several have the same name.
#[cfg(any(feature = "svrkit", feature = "tonic"))]
fn folder(system: &str) -> Result<std::path::PathBuf, Box<dyn Error>> {
    let folder = std::path::Path::new(&std::env::var("OUT_DIR")?).join(system);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
