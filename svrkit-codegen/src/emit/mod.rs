//! Model → tokens. Nothing here can fail: what could be wrong was refused before.
//!
//! Everything generated names `::svrkit_rt` and `::core` in full, so that no message of the IDL (`Result`, `Status`, `Send`) can
//! get in its way.

mod client;
mod descriptor;
mod server;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::docs;
use crate::idents::plain;
use crate::messages::Types;
use crate::model::{Package, Service};

/// The services of a package. `descriptor_set` is an expression that gives its encoded descriptor set.
pub(crate) fn package(
    package: &Package,
    types: &Types,
    descriptor_set: &TokenStream,
) -> TokenStream {
    let services = package.services.iter().map(|service| {
        let server = server::emit(service, types);
        let client = client::emit(service, types, client::Flavour::Async);
        let descriptor = descriptor::emit(service);
        let routing_keys = client::routing_keys(service, types);
        quote! { #server #client #routing_keys #descriptor }
    });
    let blocking = package
        .services
        .iter()
        .map(|service| client::emit(service, types, client::Flavour::Blocking));
    quote! {
        #(#services)*
        /// Clients for plain threads: their functions wait for the answer, and need no runtime.
        pub mod blocking {
            #(#blocking)*
        }
        /// All that was compiled together with this package, for reflection.
        static FILE_DESCRIPTOR_SET: &[u8] = #descriptor_set;
    }
}

/// `name` as an identifier, `r#` and all.
fn ident(name: &str) -> Ident {
    match name.strip_prefix("r#") {
        Some(keyword) => Ident::new_raw(keyword, Span::call_site()),
        None => Ident::new(name, Span::call_site()),
    }
}

/// A type as prost-build wrote it, seen from the module of the package.
fn type_of(path: &str) -> TokenStream {
    // These are paths that prost-build writes into sources of its own.
    path.parse().unwrap_or_default()
}

/// The same, seen from a module inside it.
fn type_from_inside(path: &str) -> TokenStream {
    let is_absolute = path == "()" || path.starts_with("::") || path.starts_with("crate::");
    let is_primitive = matches!(path, "bool" | "f32" | "f64" | "i32" | "i64" | "u32" | "u64");
    if is_absolute || is_primitive {
        type_of(path)
    } else {
        type_of(&format!("super::{path}"))
    }
}

/// A comment as doc attributes.
fn docs(comment: &str) -> TokenStream {
    let lines = docs::rustdoc(comment)
        .into_iter()
        .map(|line| match line.as_str() {
            "" => line,
            line => format!(" {line}"),
        });
    quote! { #(#[doc = #lines])* }
}

fn server_name(service: &Service) -> Ident {
    ident(&format!("{}Server", plain(&service.rust_name)))
}

fn client_name(service: &Service) -> Ident {
    ident(&format!("{}Client", plain(&service.rust_name)))
}
