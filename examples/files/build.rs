//! Generates the services from their IDL.

fn main() -> Result<(), svrkit_codegen::Error> {
    svrkit_codegen::configure()
        .include("proto")
        .compile(&["proto/files.proto"])
}
