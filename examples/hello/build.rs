//! Generates the service from its IDL.

fn main() -> Result<(), svrkit_codegen::Error> {
    svrkit_codegen::configure()
        .include("proto")
        .compile(&["proto/hello.proto"])
}
