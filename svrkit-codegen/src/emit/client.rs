//! Clients: async, and blocking for plain threads.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::{client_name, docs, ident, type_from_inside, type_of};
use crate::idents::{function_with, plain};
use crate::messages::Types;
use crate::model::{HashKey, Method, Service, Streaming};

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
    let name_with = ident(&function_with(&method.rust_name));
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
    let (asyncness, wait) = match flavour {
        Flavour::Async => (quote!(async), quote!(.await)),
        Flavour::Blocking => (quote!(), quote!()),
    };
    let call = method.hash_key.as_ref().map_or_else(
        || quote!(call.into()),
        |_| {
            let name = routing_key_name(service, method);
            let super_ = (flavour == Flavour::Blocking).then(|| quote!(super::));
            quote!(call.into().or_routing_key(#super_ #name))
        },
    );
    let Shape {
        verb,
        request,
        given,
        result,
        result_with,
        message,
    } = shape(method.streaming, &input, &output);
    let verb = match flavour {
        Flavour::Async => ident(verb),
        Flavour::Blocking => ident(&format!("blocking_{verb}")),
    };
    let docs = docs(&method.docs);
    let plain = plain(&method.rust_name);
    let docs_with = match method.streaming {
        Streaming::None => format!(
            " As [`{plain}`](Self::{plain}), with options for this call and all that its answer carries."
        ),
        _ => format!(" As [`{plain}`](Self::{plain}), with options for this call."),
    };
    // What it takes to have the message alone.
    let simple = match message {
        true => quote!(Ok(self.#name_with(#given)#wait?.message)),
        false => quote!(self.#name_with(#given)#wait),
    };
    let arguments = request.as_ref().map(|it| quote!(, request: #it));
    let request = request.unwrap_or(quote!(()));
    quote! {
        #docs
        pub #asyncness fn #name(
            &self #arguments
        ) -> ::core::result::Result<#result, ::svrkit_rt::Status> {
            #simple
        }
        #[doc = #docs_with]
        pub #asyncness fn #name_with(
            &self,
            call: impl ::core::convert::Into<::svrkit_rt::Call<#request>>,
        ) -> ::core::result::Result<#result_with, ::svrkit_rt::Status> {
            self.channel.#verb(&#descriptor.methods[#index], #call)#wait
        }
    }
}

/// What differs between methods that stream and those that do not.
struct Shape {
    /// The channel's function.
    verb: &'static str,
    /// Type of the request, if there is one to give.
    request: Option<TokenStream>,
    /// What stands for it.
    given: TokenStream,
    result: TokenStream,
    result_with: TokenStream,
    /// Whether the result is the message of what the other function returns.
    message: bool,
}

fn shape(streaming: Streaming, input: &TokenStream, output: &TokenStream) -> Shape {
    let receiver = quote!(::svrkit_rt::Receiver<#output>);
    let streams = |verb, result: TokenStream| Shape {
        verb,
        request: None,
        given: quote!(()),
        result_with: result.clone(),
        result,
        message: false,
    };
    match streaming {
        Streaming::None => Shape {
            verb: "unary",
            request: Some(input.clone()),
            given: quote!(request),
            result: output.clone(),
            result_with: quote!(::svrkit_rt::Reply<#output>),
            message: true,
        },
        Streaming::Server => Shape {
            request: Some(input.clone()),
            given: quote!(request),
            ..streams("server_streaming", receiver)
        },
        Streaming::Client => streams(
            "client_streaming",
            quote!(::svrkit_rt::ClientStream<#input, #output>),
        ),
        Streaming::Both => streams(
            "both_streaming",
            quote!((::svrkit_rt::Sender<#input>, #receiver)),
        ),
    }
}

/// Functions that find the routing keys of a service's requests, for both of its clients.
pub(super) fn routing_keys(service: &Service, types: &Types) -> TokenStream {
    let functions = service.methods.iter().filter_map(|method| {
        let key = method.hash_key.as_ref()?;
        let name = routing_key_name(service, method);
        let input = type_of(types.input(&method.full_name));
        let value = routing_key(key);
        let docs = format!(
            " Routing key of `{}`: `{}`, or 0.",
            method.full_name, key.path
        );
        Some(quote! {
            #[doc = #docs]
            fn #name(m: &#input) -> u64 {
                #value
            }
        })
    });
    quote! { #(#functions)* }
}

fn routing_key_name(service: &Service, method: &Method) -> Ident {
    let service = plain(&service.static_name).to_lowercase();
    ident(&format!("{service}_{}_key", plain(&method.rust_name)))
}

/// The key of the message `m`. What is optional on the way gives 0 when it is not set, like a field that is 0.
fn routing_key(key: &HashKey) -> TokenStream {
    let routing_key = quote!(::svrkit_rt::codegen::HashKey::routing_key);
    let mut value = quote!(m);
    let mut is_option = false;
    for step in &key.steps {
        let field = ident(&step.rust_name);
        value = match (is_option, step.optional) {
            (false, true) => quote!(#value.#field.as_ref()),
            (true, true) => quote!(#value.and_then(|m| m.#field.as_ref())),
            (false, false) => return quote!(#routing_key(&#value.#field)),
            (true, false) => return quote!(#value.map_or(0, |m| #routing_key(&m.#field))),
        };
        is_option = true;
    }
    if is_option {
        quote!(#value.map_or(0, #routing_key))
    } else {
        // The request itself is what prost-build made of a wrapper: a number or a text.
        quote!(#routing_key(#value))
    }
}
