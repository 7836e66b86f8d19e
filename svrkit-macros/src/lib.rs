//! The macros of svrkit. They hold nothing that a function could hold: what they write is what one would write by hand.
//!
//! Each goes through the same stages: a typed view of its tokens (`ast`), checks with a diagnostic at the right place (`valid`),
//! and the code (`expand`).
#![forbid(unsafe_code)]

mod entry;
mod error_code;
#[cfg(feature = "idl")]
mod idl;
mod service;

use proc_macro::TokenStream;

/// Generates services from protos and puts them right here, as modules named after their packages.
///
/// ```text
/// svrkit::idl!("proto/hello.proto");                                 // hello::v1::Greeter
/// svrkit::idl!("proto/a.proto", "proto/b.proto"; include = "proto");  // several, and a folder to import from
/// ```
///
/// Paths are relative to the folder of `Cargo.toml`. A proto that is in no include folder brings its own. The code is generated
/// again when a proto changes. What is wrong in a proto becomes an error of the compiler, with file, line and column.
#[cfg(feature = "idl")]
#[proc_macro]
pub fn idl(input: TokenStream) -> TokenStream {
    finish(idl::expand(input.into()))
}

/// Runs an `async fn main` on a runtime with many threads.
///
/// `#[svrkit::main(worker_threads = 4)]` sets how many; as many as there are cores unless set.
#[proc_macro_attribute]
pub fn main(options: TokenStream, item: TokenStream) -> TokenStream {
    finish(entry::main(options.into(), item.into()))
}

/// Runs an `async fn` as a test in which time stands still: it advances by itself to the next timer whenever nothing else can run.
///
/// The test may take a `seed: svrkit_rt::testing::Seed`, of which all its randomness should come. The seed is random, is printed when
/// the test fails, and is set by `SVRKIT_SEED`.
#[proc_macro_attribute]
pub fn test(options: TokenStream, item: TokenStream) -> TokenStream {
    finish(entry::test(options.into(), item.into()))
}

/// Lets an implementation of a generated trait mix `async fn` and `fn`: plain functions run on threads that may block.
#[proc_macro_attribute]
pub fn service(options: TokenStream, item: TokenStream) -> TokenStream {
    finish(service::service(options.into(), item.into()))
}

/// Makes an enum of errors travel: `From<E> for Status`, `TryFrom<&Status> for E`, `Display` and `Error`.
///
/// ```text
/// #[derive(Clone, Copy, Debug, PartialEq, svrkit::ErrorCode)]
/// #[error_code(domain = "im.account")]
/// enum AccountError {
///     #[error_code(code = NotFound, message = "no such account")]
///     NoSuchAccount,
/// }
/// ```
///
/// On the wire: the code, the message, the domain, and the variant's name in capitals as the reason (`NO_SUCH_ACCOUNT`). Back
/// from the wire, domain and reason decide; a `Status` of another domain or with an unknown reason comes back as the error.
#[proc_macro_derive(ErrorCode, attributes(error_code))]
pub fn derive_error_code(item: TokenStream) -> TokenStream {
    finish(error_code::derive(item.into()))
}

fn finish(result: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    result
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}
