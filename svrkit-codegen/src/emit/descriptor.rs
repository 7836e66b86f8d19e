//! The static that says what the IDL says. Only what the IDL sets is written; the runtime knows the rest.

use proc_macro2::TokenStream;
use quote::quote;

use super::ident;
use crate::model::{Cgi, Method, Service, Streaming};

pub(super) fn emit(service: &Service) -> TokenStream {
    let name = ident(&service.static_name);
    let full_name = &service.full_name;
    let docs = &service.docs;
    let methods = service.methods.iter().map(|it| method(service, it));
    let docs_of_static = format!(" What the IDL says of `{full_name}`.");
    quote! {
        #[doc = #docs_of_static]
        pub static #name: ::svrkit_rt::ServiceDescriptor = ::svrkit_rt::ServiceDescriptor {
            full_name: #full_name,
            docs: #docs,
            methods: &[#(#methods),*],
            file_descriptor_set: FILE_DESCRIPTOR_SET,
        };
    }
}

fn method(service: &Service, method: &Method) -> TokenStream {
    let Method {
        name,
        full_name,
        id,
        input,
        output,
        ..
    } = method;
    let service = &service.full_name;
    let id = number(*id);
    let mut fields = vec![quote!(input: #input), quote!(output: #output)];
    if !method.docs.is_empty() {
        let docs = &method.docs;
        fields.push(quote!(docs: #docs));
    }
    if !method.usage.is_empty() {
        let usage = &method.usage;
        fields.push(quote!(usage: #usage));
    }
    if let Some(timeout_ms) = method.timeout_ms.map(number) {
        fields.push(quote!(timeout_ms: #timeout_ms));
    }
    if let Some(idempotent) = method.idempotent {
        fields.push(quote!(idempotent: #idempotent));
    }
    if let Some(priority) = method.priority.map(|it| number(u32::from(it))) {
        fields.push(quote!(priority: #priority));
    }
    if let Some(path) = method.hash_key.as_ref().map(|key| &key.path) {
        fields.push(quote!(hash_key: ::core::option::Option::Some(#path)));
    }
    if let Some(bytes) = method.request_bytes_max.map(number) {
        fields.push(quote!(request_bytes_max: #bytes));
    }
    if let Some(bytes) = method.response_bytes_max.map(number) {
        fields.push(quote!(response_bytes_max: #bytes));
    }
    if let Some(never_compressed) = method.never_compressed {
        fields.push(quote!(never_compressed: #never_compressed));
    }
    if let Some(cgi) = &method.cgi {
        let cgi = cgi_of(cgi);
        fields.push(quote!(cgi: ::core::option::Option::Some(#cgi)));
    }
    let streams = match method.streaming {
        Streaming::None => quote!(),
        Streaming::Client => quote!(.streams(::svrkit_rt::Streaming::Client)),
        Streaming::Server => quote!(.streams(::svrkit_rt::Streaming::Server)),
        Streaming::Both => quote!(.streams(::svrkit_rt::Streaming::Both)),
    };
    quote! {
        ::svrkit_rt::MethodDescriptor {
            #(#fields,)*
            ..::svrkit_rt::MethodDescriptor::plain(#id, #service, #name, #full_name) #streams
        }
    }
}

fn cgi_of(cgi: &Cgi) -> TokenStream {
    let path = &cgi.path;
    let cmd_id = number(cgi.cmd_id);
    let ticket = if cgi.ticket_required {
        quote!(Required)
    } else {
        quote!(None)
    };
    quote! {
        ::svrkit_rt::Cgi { path: #path, cmd_id: #cmd_id, ticket: ::svrkit_rt::Ticket::#ticket }
    }
}

fn number(value: u32) -> proc_macro2::Literal {
    proc_macro2::Literal::u32_unsuffixed(value)
}
