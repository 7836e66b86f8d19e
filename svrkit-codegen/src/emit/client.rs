//! Clients: async, and blocking for plain threads.

use proc_macro2::TokenStream;
use quote::quote;

use super::{client_name, docs, ident, ident_in, type_from_inside, type_of};
use crate::idents::plain;
use crate::messages::Types;
use crate::model::{HashKey, HashKeyStep, Method, Service};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavour {
    /// In the module of the package.
    Async,
    /// In its module `blocking`.
    Blocking,
}

pub(super) fn emit(service: &Service, types: &Types, flavour: Flavour) -> TokenStream {
    let name = client_name(service);
    let methods = (0usize..)
        .zip(&service.methods)
        .map(|(index, it)| method(index, service, it, types, flavour));
    let client_docs = match flavour {
        Flavour::Async => format!(" Calls `{}`.", service.full_name),
        Flavour::Blocking => format!(" Calls `{}` and waits.", service.full_name),
    };
    quote! {
        #[doc = #client_docs]
        #[derive(Clone, Debug)]
        pub struct #name {
            channel: ::svrkit_rt::Channel,
        }
        impl #name {
            /// A client over `channel`.
            pub fn new(channel: ::svrkit_rt::Channel) -> Self {
                Self { channel }
            }
            #(#methods)*
        }
    }
}

fn method(
    index: usize,
    service: &Service,
    method: &Method,
    types: &Types,
    flavour: Flavour,
) -> TokenStream {
    let index = proc_macro2::Literal::usize_unsuffixed(index);
    let name = ident(&method.rust_name);
    let name_with = ident_in("", &method.rust_name, "_with");
    let (input, output) = (
        types.input(&method.full_name),
        types.output(&method.full_name),
    );
    let descriptor = ident(&service.static_name);
    let (input, output, descriptor) = match flavour {
        Flavour::Async => (type_of(input), type_of(output), quote!(#descriptor)),
        Flavour::Blocking => (
            type_from_inside(input),
            type_from_inside(output),
            quote!(super::#descriptor),
        ),
    };
    let (asyncness, unary, wait) = match flavour {
        Flavour::Async => (quote!(async), quote!(unary), quote!(.await)),
        Flavour::Blocking => (quote!(), quote!(blocking_unary), quote!()),
    };
    let routing_key = method.hash_key.as_ref().map(routing_key);
    let docs = docs(&method.docs);
    let docs_with = format!(
        " As [`{0}`](Self::{0}), with options for this call and all that its answer carries.",
        plain(&method.rust_name)
    );
    quote! {
        #docs
        pub #asyncness fn #name(
            &self,
            request: #input,
        ) -> ::core::result::Result<#output, ::svrkit_rt::Status> {
            Ok(self.#name_with(request)#wait?.message)
        }
        #[doc = #docs_with]
        pub #asyncness fn #name_with(
            &self,
            call: impl ::core::convert::Into<::svrkit_rt::Call<#input>>,
        ) -> ::core::result::Result<::svrkit_rt::Reply<#output>, ::svrkit_rt::Status> {
            let call = call.into()#routing_key;
            self.channel.#unary(&#descriptor.methods[#index], call)#wait
        }
    }
}

fn routing_key(key: &HashKey) -> TokenStream {
    let value = routing_key_of(&key.steps);
    quote!(.or_routing_key(|m| #value))
}

/// The key of what `m` refers to. A field that is not set gives 0, like one that is.
fn routing_key_of(steps: &[HashKeyStep]) -> TokenStream {
    let Some((step, rest)) = steps.split_first() else {
        return quote!(::svrkit_rt::codegen::HashKey::routing_key(m));
    };
    let field = ident(&step.rust_name);
    if step.optional {
        let inner = routing_key_of(rest);
        quote!(m.#field.as_ref().map_or(0, |m| #inner))
    } else {
        // Messages are always optional, so this is the scalar at the end.
        quote!(::svrkit_rt::codegen::HashKey::routing_key(&m.#field))
    }
}
